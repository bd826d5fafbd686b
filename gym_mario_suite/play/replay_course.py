"""Replays as a course: of either game, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gym_mario_suite.datasets.any_replay import AnyReplay
from gym_mario_suite.datasets.nes_replay import NESReplay
from gym_mario_suite.errors import OptionError
from gym_mario_suite.play.episodes import Episode, ReplayedEpisode
from gym_mario_suite.play.nes_episodes import ReplayedNESEpisode


class ReplayCourse:
    """Replays, one after the other; after the last comes the first.

    Args:
        replays: Name and replay of each.

    Raises:
        OptionError: If there is none.
    """

    human = False

    def __init__(self, replays: Sequence[tuple[str, AnyReplay]]) -> None:
        if not replays:
            raise OptionError("there is no replay to show")
        self._replays = tuple(replays)
        self._index = 0

    @property
    def headline(self) -> str:
        """That it is a replay."""
        count = len(self._replays)
        return "REPLAY" if count == 1 else f"REPLAY {self._index + 1} OF {count}"

    @property
    def details(self) -> str:
        """The file's name."""
        return Path(self._replays[self._index][0]).name.upper()

    @property
    def alone(self) -> bool:
        """Whether there is no other replay."""
        return len(self._replays) == 1

    def begin(self) -> Episode:
        """The present replay from its start."""
        name, replay = self._replays[self._index]
        if isinstance(replay, NESReplay):
            return ReplayedNESEpisode(replay, name)
        return ReplayedEpisode(replay, name)

    def go_on(self) -> None:
        """Go to the next replay."""
        self._index = (self._index + 1) % len(self._replays)
