"""What a check found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """How something is."""

    OK = "ok"
    NOTE = "note"  # as it should be, and worth knowing
    WARNING = "warning"  # an optional part does not work
    ERROR = "error"  # the core does not work


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        name: What was looked at.
        state: How it is.
        text: What was seen.
        mend: The command, or the sentence, that makes it well; None where nothing is wrong.
    """

    name: str
    state: State
    text: str
    mend: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The finding as a JSON object."""
        return asdict(self)


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
