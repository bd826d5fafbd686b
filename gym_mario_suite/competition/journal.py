"""What a run has done so far, on disk, so that an interrupted run can go on.

The file has a line of JSON for the run and one for each level that is final. A line is written at
once; one that was cut off is left out when the file is read.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from gym_mario_suite.competition.plays import LevelPlay
from gym_mario_suite.competition.units import Unit
from gym_mario_suite.errors import OptionError
from gym_mario_suite.whole_file import write_whole

_FORMAT = "gym-mario-suite journal 1"


def journal_path(results: Path) -> Path:
    """Where the journal of a results file lies."""
    return results.with_name(f"{results.name}.partial")


class Journal:
    """The plays of a run that are final.

    Args:
        path: The file.
        runs: What the run consists of, one unsplit unit for each; a journal of other runs is
            refused.
        resume: Whether to go on from a file that is there; else it is written anew.

    Attributes:
        plays: (run, level number) -> play.

    Raises:
        OptionError: When the file cannot be read or written, or is the journal of other runs.
    """

    def __init__(self, path: Path, runs: Sequence[Unit], versions: Sequence[str], resume: bool):
        self.path = path
        self._full = False
        self.plays: dict[tuple[int, int], LevelPlay] = {}
        head = {"format": _FORMAT, "runs": _key(runs, versions)}
        kept: list[bytes] = []
        if resume and path.exists():
            kept = self._read(head)
        # What was played before is not at stake while it is written again.
        write_whole(path, b"".join(line + b"\n" for line in [json.dumps(head).encode(), *kept]))
        try:
            self._file: IO[bytes] = path.open("ab")
        except OSError as error:
            raise OptionError(f"cannot write {path}: {error.strerror}") from error

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # a full disk was told when it was met
            self._file.close()

    def add(self, run: int, number: int, play: LevelPlay) -> None:
        """Remember a play."""
        self.plays[run, number] = play
        line = json.dumps({"run": run, "level": number, **play.to_json()})
        if self._full:
            return
        try:
            self._file.write(line.encode() + b"\n")
            self._file.flush()
        except OSError as error:
            self._full = True
            print(
                f"{self.path} cannot be written ({error.strerror}): the run goes on, but could "
                "not be resumed from here",
                file=sys.stderr,
            )

    def remove(self) -> None:
        """The run is done and its results are written."""
        with suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)

    def _read(self, head: dict[str, Any]) -> list[bytes]:
        """The sound lines after the head."""
        try:
            first, *rest = self.path.read_bytes().split(b"\n")
        except OSError as error:
            raise OptionError(f"cannot read {self.path}: {error.strerror}") from error
        try:
            found = json.loads(first)
        except ValueError:
            found = None
        if not isinstance(found, dict) or found.get("format") != _FORMAT:
            raise OptionError(f"{self.path} is no journal of an unfinished run")
        if found != head:
            raise OptionError(
                f"{self.path} belongs to another run: agents, their versions, seeds, track and "
                "limits must be the same; delete it to begin anew"
            )
        kept: list[bytes] = []
        for line in rest:
            try:
                value = json.loads(line)
                key = int(value["run"]), int(value["level"])
                self.plays[key] = LevelPlay.from_json(value)
            except (ValueError, KeyError, TypeError, zlib.error):
                continue
            kept.append(line)
        return kept


def _key(runs: Sequence[Unit], versions: Sequence[str]) -> str:
    """A hash of all that decides what is played."""
    parts = [
        [unit.entry, version, [repr(level) for level in unit.levels], unit.limits.to_json()]
        for unit, version in zip(runs, versions, strict=True)
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
