"""What an agent may take: time and memory."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from gym_mario_suite.errors import OptionError, as_integer, as_number

_MOST_MB = 1 << 40
_MOST_TRIES = 1000
MAX_MS_PER_STEP = 40.0  # more, on average over a difficulty, disqualified a controller in 2009


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of one run.

    Attributes:
        strict: Whether an average of more than 40 ms per step loses a level, instead of
            disqualifying the agent by its average over a difficulty.
        answer_s: Seconds for one answer; an agent that takes longer loses the level and its
            process is ended. 2009 had no such limit: a hung agent hung the program.
        start_s: Seconds for an agent's start and its first answer, in which it may compile or
            load what it needs.
        level_s: Seconds for a whole level.
        memory_mb: Megabytes of address space of an agent's process, 0 for any.
        tries: How often a process that dies by itself is started for the same levels.
        isolated: Whether agents run in processes of their own, where the limits are enforced.

    Raises:
        OptionError: For a limit out of range.
    """

    strict: bool = False
    answer_s: float = 10.0
    start_s: float = 120.0
    level_s: float = 600.0
    memory_mb: int = 4096
    tries: int = 2
    isolated: bool = True

    def __post_init__(self) -> None:
        for name in ("answer_s", "start_s", "level_s"):
            value = getattr(self, name)
            if as_number(name, value) <= 0:
                raise OptionError(f"{name} must be more than 0 seconds, got {value!r}")
        if 0 < as_integer("memory_mb", self.memory_mb, 0, _MOST_MB) < 256:
            raise OptionError(f"memory_mb must be 0 or at least 256, got {self.memory_mb}")
        as_integer("tries", self.tries, 1, _MOST_TRIES)

    def to_json(self) -> dict[str, Any]:
        """As a dict of plain values."""
        return asdict(self)
