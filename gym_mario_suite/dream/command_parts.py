"""What the dream's commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from gym_mario_suite.errors import as_integer

Threads = Annotated[int, typer.Option(help="Cores to use at most.")]


def use_threads(threads: int) -> None:
    """Have torch use that many cores.

    Raises:
        OptionError: For a number that is not possible.
    """
    import torch

    from gym_mario_suite.dream.runtime import MAX_THREADS

    torch.set_num_threads(as_integer("--threads", threads, 1, MAX_THREADS))


@contextmanager
def shown(what: str, total: int | None) -> Iterator[Any]:
    """A progress bar on a terminal; elsewhere nothing."""
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    errors = Console(stderr=True)
    with Progress(
        *Progress.get_default_columns()[:3],
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    ) as progress:
        task = progress.add_task(what, total=total, note="")
        yield lambda **changes: progress.update(task, **changes)
