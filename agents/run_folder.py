"""The folder of a training: whether a run may begin or go on there, and its curve."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gym_mario_suite.errors import OptionError, WeightsError
from gym_mario_suite.whole_file import write_whole

CURVE = "curve.csv"


def check_run(folder: Path, resume: bool, checkpoint: str) -> None:
    """See whether a run may begin or go on in a folder.

    The folder is not made yet: a run whose options are refused later on leaves none behind.

    Args:
        folder: Where its files are.
        resume: Whether it goes on.
        checkpoint: Name of the file that it goes on from.

    Raises:
        OptionError: If there is a run already, and it is not to go on; or none that could.
    """
    has_checkpoint, has_curve = (folder / checkpoint).exists(), (folder / CURVE).exists()
    if has_curve and not has_checkpoint:
        raise OptionError(
            f"{folder} holds a run that ended before its first checkpoint: remove it, or give "
            "another --out"
        )
    if resume and not has_checkpoint:
        raise OptionError(f"there is no run to go on with: {folder / checkpoint} is missing")
    if not resume and has_checkpoint:
        raise OptionError(f"{folder} holds a run already: give --resume, or another --out")


def tell_budget_is_spent(made: int, total: int, counted: str = "decisions") -> None:
    """Say on standard error why a run that goes on has nothing to do.

    Args:
        made: What it has made.
        total: Its budget.
        counted: What both are counted in, which is also the option of the budget.
    """
    done = f"{made:,} {counted} are made already, of {total:,}"
    print(f"{done}: a larger --{counted} goes on", file=sys.stderr)


def save_model(model: Any, path: Path) -> None:
    """Write a model of stable-baselines3; what was there before is replaced as a whole."""
    data = io.BytesIO()
    model.save(data)
    write_whole(path, data.getvalue())


def load_model(algorithm: Any, path: Path, **options: Any) -> Any:
    """Read what `save_model` wrote.

    Args:
        algorithm: Class of the model.
        path: The file.
        **options: Of the class's `load`.

    Raises:
        WeightsError: If the file is no such model, or of other spaces than its environment's.
    """
    try:
        return algorithm.load(path, **options)
    except Exception as error:  # zip, pickle, torch and SB3 have each their own
        raise WeightsError(f"{path} cannot be used: {error}") from error


def resumed_model(algorithm: Any, path: Path, seed: int, **options: Any) -> Any:
    """Read the model that a run goes on with, whose random numbers then go on, too.

    Args:
        algorithm: Class of the model.
        path: The file.
        seed: The run's. Loading takes it up as it was, and the run would begin as it began.
        **options: Of the class's `load`.

    Raises:
        WeightsError: As of `load_model`.
    """
    model = load_model(algorithm, path, **options)
    model.set_random_seed((seed + model.num_timesteps) % (1 << 32))
    return model


class Curve:
    """The figures of a run as it went on: a CSV file that grows by rows.

    Args:
        path: The file; a run that goes on keeps its columns.
        counter: The column that says how far the run was.
    """

    def __init__(self, path: Path, counter: str = "decisions") -> None:
        self.path = path
        self._counter = counter
        self._columns: list[str] = []
        self.last: dict[str, str] = {}

    def go_on(self, reached: int) -> None:
        """Take up the file, and forget the rows that were written after the checkpoint.

        Args:
            reached: How far the checkpoint is.

        Raises:
            OptionError: If the file is damaged.
        """
        text = self.until(reached)
        if text:
            write_whole(self.path, text.encode())
        else:
            self.path.unlink(missing_ok=True)

    def until(self, reached: int) -> str:
        """The file as it was then, empty where it had no row; it is left as it is.

        Args:
            reached: How far the run was.

        Raises:
            OptionError: If the file is damaged.
        """
        if not self.path.exists():
            return ""
        rows = [row for row in self._read() if int(row[self._counter]) <= reached]
        if not rows:
            self._columns = []
            return ""
        text = io.StringIO()
        writer = csv.DictWriter(text, self._columns)
        writer.writeheader()
        writer.writerows(rows)
        self.last = rows[-1]
        return text.getvalue()

    def append(self, row: Mapping[str, Any]) -> None:
        """Write a row; of a run that goes on the columns that it began with."""
        is_new = not self._columns
        if is_new:
            self._columns = list(row)
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self._columns, restval="", extrasaction="ignore")
            if is_new:
                writer.writeheader()
            writer.writerow(row)
        self.last = {name: str(row.get(name, "")) for name in self._columns}

    def before(self, column: str) -> float:
        """The column in the last row, 0 where there is none."""
        return float(self.last.get(column) or 0.0)

    def _read(self) -> list[dict[str, str]]:
        try:
            with self.path.open(newline="", encoding="utf-8") as file:
                reader = csv.DictReader(file)
                rows = list(reader)
                self._columns = list(reader.fieldnames or ())
            # A machine that stopped may have left half of the last row.
            if rows and (None in rows[-1] or None in rows[-1].values()):
                del rows[-1]
            for row in rows:
                int(row[self._counter])
        except (ValueError, KeyError, TypeError, csv.Error) as error:
            raise OptionError(
                f"{self.path} is no curve of a run ({error}): mend it, or move it away to go on "
                "without the rows so far"
            ) from None
        return rows
