"""One given level, played by a person until the window is closed."""

from __future__ import annotations

from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.engine.world import Mode
from gym_mario_suite.levels.level import Level
from gym_mario_suite.levels.playability import start_mode
from gym_mario_suite.play.episodes import Archive, Episode, PlayedEpisode


class LevelFileCourse:
    """The same level again and again.

    Args:
        level: The level.
        mode: Power state at the start; None for the rules' usual one.
        time_limit: Seconds of level time.
    """

    human = True

    def __init__(self, level: Level, mode: Mode | None, time_limit: int) -> None:
        self._level = level
        self._mode = start_mode(level, mode)
        self._time_limit = time_limit
        self._game: RecordedGame | None = None
        self._keys = b""

    @property
    def headline(self) -> str:
        """What this is."""
        return "YOUR LEVEL"

    @property
    def details(self) -> str:
        """Which level it is."""
        return str(self._level.metadata.get("file", "")).upper()[:30]

    @property
    def keys_played(self) -> bytes:
        """Buttons of each tick of the last try in which anything happened."""
        self._keep()
        return self._keys

    def begin(self) -> Episode:
        """The level from its start."""
        self._keep()
        self._game = RecordedGame(self._level, self._mode, self._time_limit)
        return PlayedEpisode(self._game, None, Archive(None, "human", {}))

    def go_on(self) -> None:
        """There is no other level."""

    def _keep(self) -> None:
        if self._game is not None and self._game.ticks_recorded:
            self._keys = self._game.replay().keys
