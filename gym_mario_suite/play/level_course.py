"""Given levels, which a person or an agent plays until the window is closed."""

from __future__ import annotations

from collections.abc import Sequence

from gym_mario_suite.agents.base import Agent
from gym_mario_suite.competition.simulation import TIME_LIMIT_S
from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.engine.world import Mode
from gym_mario_suite.levels.level import Level
from gym_mario_suite.levels.playability import start_mode
from gym_mario_suite.play.episodes import Archive, Episode, PlayedEpisode

_LINE_CHARACTERS = 30


def level_game(level: Level, mode: Mode | None, time_limit: int | None) -> RecordedGame:
    """A level at its start; what is None is the level's own, or what is usual."""
    own: int = level.metadata.get("timer_s", TIME_LIMIT_S)
    seconds = own if time_limit is None else time_limit
    return RecordedGame(level, start_mode(level, mode), seconds)


class LevelFileCourse:
    """Levels one after the other; after the last comes the first.

    Args:
        levels: The levels, one or more.
        mode: Power state at the start; None for the rules' usual one.
        time_limit: Seconds of level time; None for a course's own, 200 for other levels.
        agent: Who plays; None for a person.
        archive: Where the replays go; None keeps none.
    """

    def __init__(
        self,
        levels: Sequence[Level],
        mode: Mode | None,
        time_limit: int | None,
        agent: Agent | None = None,
        archive: Archive | None = None,
    ) -> None:
        self._levels = levels
        self._number = 0
        self._mode = mode
        self._time_limit = time_limit
        self._agent = agent
        self._archive = archive or Archive(None, "", {})
        self._game: RecordedGame | None = None
        self._keys = b""

    @property
    def headline(self) -> str:
        """What this is, or the agent's name."""
        return "YOUR LEVEL" if self._agent is None else self._agent.name.upper()

    @property
    def details(self) -> str:
        """Which level it is."""
        return str(self._level.metadata.get("file", "")).upper()[:_LINE_CHARACTERS]

    @property
    def human(self) -> bool:
        """Whether a person plays."""
        return self._agent is None

    @property
    def alone(self) -> bool:
        """Whether there is no other level."""
        return len(self._levels) == 1

    @property
    def keys_played(self) -> bytes:
        """Buttons of each tick of the last try in which anything happened."""
        self._keep()
        return self._keys

    def begin(self) -> Episode:
        """The present level from its start."""
        self._keep()
        self._game = level_game(self._level, self._mode, self._time_limit)
        return PlayedEpisode(self._game, self._agent, self._archive)

    def go_on(self) -> None:
        """Go to the next level."""
        self._number = (self._number + 1) % len(self._levels)

    @property
    def _level(self) -> Level:
        return self._levels[self._number]

    def _keep(self) -> None:
        if self._game is not None and self._game.ticks_recorded:
            self._keys = self._game.replay().keys
