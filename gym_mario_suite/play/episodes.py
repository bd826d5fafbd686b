"""What a window shows: levels that a person or an agent plays, and a replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from gym_mario_suite.agents.base import Agent
from gym_mario_suite.datasets.any_replay import AnyReplay
from gym_mario_suite.datasets.nes_replay import NESReplay, stage_name
from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.replay import SUFFIX, Replay, play
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import RENDER_FPS, Mode, Rules, Status
from gym_mario_suite.errors import ReplayError, as_integer
from gym_mario_suite.levels.generate import DEFAULT_LENGTH, check_parameters, generate
from gym_mario_suite.levels.level import Level
from gym_mario_suite.whole_file import file_name, write_numbered, write_whole

_TYPES = ("OVERGROUND", "UNDERGROUND", "CASTLE")
_ALL_BUTTONS = 31
_SEEDS = 1 << 64
# On the title card Mario has landed.
PREVIEW_TICKS = 24
# A program that is killed outright loses no more than this of a replay.
_TICKS_PER_SAVE = 120


class Shown(Protocol):
    """A game that can be drawn, by the look of its kind (`looks.LOOKS`)."""

    @property
    def status(self) -> Status:
        """Whether it is won or lost."""
        ...

    def tick(self, keys: int) -> None:
        """Advance by one tick."""
        ...


class Episode(Protocol):
    """A level on its way from its start to its end.

    Attributes:
        kind: Which look draws it.
    """

    kind: str

    @property
    def ticks_per_second(self) -> int:
        """How fast it goes."""
        ...

    @property
    def game(self) -> Any:
        """The game as it stands, a `Shown` of this kind."""
        ...

    @property
    def level(self) -> Any:
        """The level, where the kind has one."""
        ...

    @property
    def agent(self) -> Any:
        """The agent that plays, if one does."""
        ...

    def preview(self) -> Shown:
        """What the title card lies over."""
        ...

    def aftermath(self) -> Shown:
        """What goes on when the episode is over, beside its record."""
        ...

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        ...

    def tick(self, buttons: int) -> None:
        """Advance by one tick; `buttons` are those that a person presses."""
        ...

    def close(self) -> None:
        """Keep what was played; more than one call does no harm."""
        ...


class Course(Protocol):
    """Episodes to show one after the other."""

    @property
    def headline(self) -> str:
        """What this is, in capital letters."""
        ...

    @property
    def details(self) -> str:
        """Which level or file it is."""
        ...

    @property
    def human(self) -> bool:
        """Whether a person plays."""
        ...

    @property
    def alone(self) -> bool:
        """Whether there is no other episode to go on to."""
        ...

    def begin(self) -> Episode:
        """The present episode from its start."""
        ...

    def go_on(self) -> None:
        """Make the next episode the present one."""
        ...


class InfiniteEpisode:
    """What the episodes of Infinite Mario have in common."""

    kind = "infinite"
    game: Game

    @property
    def ticks_per_second(self) -> int:
        """As the original program of the game's rules shows it."""
        return RENDER_FPS[Rules(int(self.game.worlds[0]["rules"]))]

    def preview(self) -> Shown:
        """The start a second later: Mario has landed."""
        preview = self.game.clone()
        for _ in range(PREVIEW_TICKS):
            preview.tick(0)
        return preview

    def aftermath(self) -> Shown:
        """The game without its clock: Mario falls, or stands before the exit."""
        aftermath = self.game.clone()
        world = aftermath.worlds[0]
        # The clock has to stand, and not at 0, where Mario would die again in each tick.
        world["timer_on"] = 0
        world["time_left"] = max(1, world["time_left"])
        return aftermath


class PlayedEpisode(InfiniteEpisode):
    """A level that a person or an agent plays, with its recording.

    An agent is asked in the order of `competition.episode.play_level`: after each tick, the last
    one included.

    Args:
        game: The level at its start.
        agent: Who plays; None for a person.
        archive: Where the replay goes.
    """

    def __init__(self, game: RecordedGame, agent: Agent | None, archive: Archive) -> None:
        self.game = self._game = game
        self._agent = agent
        self._archive = archive
        self._answer = 0
        self._file: Path | None = None
        self._kept_ticks = 0
        if agent is not None:
            agent.reset()

    @property
    def level(self) -> Level:
        """The level."""
        return self._game.level

    @property
    def agent(self) -> Agent | None:
        """The agent that plays, if one does."""
        return self._agent

    @property
    def over(self) -> bool:
        """Whether the level is won or lost."""
        return self._game.status != Status.RUNNING

    def tick(self, buttons: int) -> None:
        """Advance by one tick; the first one runs without buttons.

        Raises:
            OptionError: When the agent's answer is no action.
        """
        buttons = buttons & _ALL_BUTTONS if self._agent is None else self._answer
        self._game.tick(buttons if self._game.ticks_recorded else 0)
        if self._agent is not None:
            answer = self._agent.act(self._game)
            name = f"the action of agent {self._agent.name!r}"
            self._answer = as_integer(name, answer, 0, _ALL_BUTTONS)
        if self._game.ticks_recorded % _TICKS_PER_SAVE == 0:
            self.close()

    def close(self) -> None:
        """Write the replay, if it has grown since the last time."""
        if self._archive.folder and self._game.ticks_recorded > self._kept_ticks:
            replay = self._game.replay(self._archive.metadata)
            self._file = self._archive.write(replay, self._file)
            self._kept_ticks = replay.ticks


class ReplayedEpisode(InfiniteEpisode):
    """A replay, verified as it plays.

    Args:
        replay: The replay.
        name: Its name in error messages.
    """

    agent = None

    def __init__(self, replay: Replay, name: str) -> None:
        self._name = name
        self._left = replay.ticks
        self.level = replay.level
        self.game = self._explained(replay.game)
        self._games: Iterator[Game] = play(replay)

    @property
    def over(self) -> bool:
        """Whether all ticks have been shown."""
        return self._left == 0

    def tick(self, buttons: int) -> None:
        """Show the next tick.

        Raises:
            ReplayError: When the game takes another course than the one recorded.
        """
        if self._left:
            self.game = self._explained(lambda: next(self._games))
            self._left -= 1

    def close(self) -> None:
        """There is nothing to keep."""

    def _explained(self, step: Callable[[], Game]) -> Game:
        try:
            return step()
        except ReplayError as error:
            raise ReplayError(f"{self._name}: {error}") from error


class Archive:
    """Where the replays of a window go.

    Args:
        folder: The folder; None keeps nothing.
        who: Beginning of the files' names.
        metadata: What the replays tell of who played.

    Attributes:
        written: The files so far.
    """

    def __init__(self, folder: Path | None, who: str, metadata: dict[str, str]) -> None:
        self.folder = folder
        self.metadata = metadata
        self.written: list[Path] = []
        self._who = who

    def write(self, replay: AnyReplay, path: Path | None) -> Path | None:
        """Write a replay: over its earlier state in `path`, or under a name of its own.

        Returns:
            Where it is now.

        Raises:
            OptionError: When it cannot be written.
        """
        if self.folder is None:
            return None
        if path is not None:
            write_whole(path, replay.to_bytes())
            return path
        name = "-".join([self._who, *_name_parts(replay)])
        path = write_numbered(self.folder, file_name(name, ""), SUFFIX, replay.to_bytes())
        self.written.append(path)
        return path


def _name_parts(replay: AnyReplay) -> list[str]:
    if isinstance(replay, NESReplay):
        return ["nes", stage_name(replay.stage) or "game"]
    origin = replay.level.metadata
    if "file" in origin:
        return [str(origin["file"])]
    return [f"{key}{origin[key]}" for key in ("seed", "difficulty", "type")]


@dataclass(frozen=True)
class LevelOptions:
    """A level of the 2009 generator and how it starts.

    Raises:
        OptionError: For an option out of range.
    """

    seed: int = 0
    difficulty: int = 0
    level_type: int = 0
    length: int = DEFAULT_LENGTH
    mode: int = int(Mode.FIRE)
    time_limit: int = 200

    def __post_init__(self) -> None:
        check_parameters(self.seed, self.difficulty, self.level_type, self.length)

    def next(self) -> LevelOptions:
        """The level of the next seed; after the last one comes the first."""
        seed = (self.seed + 1 + _SEEDS // 2) % _SEEDS - _SEEDS // 2
        return replace(self, seed=seed)

    def game(self) -> RecordedGame:
        """The level at its start."""
        level = generate(self.seed, self.difficulty, self.level_type, self.length)
        return RecordedGame(level, self.mode, self.time_limit)

    def __str__(self) -> str:
        kind = self.level_type
        name = _TYPES[kind] if kind in range(len(_TYPES)) else f"TYPE {kind}"
        return f"SEED {self.seed}  DIFFICULTY {self.difficulty}  {name}"


class LevelCourse:
    """Generated levels, one seed after the other.

    Args:
        options: The first level.
        agent: Who plays; None for a person.
        archive: Where the replays go.
    """

    alone = False

    def __init__(self, options: LevelOptions, agent: Agent | None, archive: Archive) -> None:
        self._options = options
        self._agent = agent
        self._archive = archive

    @property
    def headline(self) -> str:
        """The game, or the agent's name."""
        return "INFINITE MARIO" if self._agent is None else self._agent.name.upper()

    @property
    def details(self) -> str:
        """Which level it is."""
        return str(self._options)

    @property
    def human(self) -> bool:
        """Whether a person plays."""
        return self._agent is None

    def begin(self) -> Episode:
        """The present level from its start."""
        return PlayedEpisode(self._options.game(), self._agent, self._archive)

    def go_on(self) -> None:
        """Go to the next seed."""
        self._options = self._options.next()
