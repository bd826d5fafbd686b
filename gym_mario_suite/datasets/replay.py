"""Replays: an episode as its level, its start, its buttons, and hashes that prove it.

The game is exact, so an episode is known from what was pressed. Hashes after every 64 ticks and
after the last one show that it still takes the same course when it is played. They are a chain that
begins with the level, so a changed tile or button is found even where it makes no difference.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from gym_mario_suite.datasets.replay_file import TICKS_PER_HASH, ReplayFile
from gym_mario_suite.datasets.state_hash import level_hash, next_hash
from gym_mario_suite.engine.game import (
    CREATURES_OFF,
    INVULNERABLE,
    POWER_RESTORATION,
    TIMER_OFF,
    Game,
)
from gym_mario_suite.engine.world import Mode, Rules, Status
from gym_mario_suite.errors import MarioError, ReplayError, ReplayMismatch
from gym_mario_suite.levels.generate import GENERATOR_2009, generate
from gym_mario_suite.levels.level import Level, rules_name

SUFFIX = ".mario"
_ALL_BUTTONS = 31
_ALL_SWITCHES = CREATURES_OFF | INVULNERABLE | POWER_RESTORATION | TIMER_OFF


@dataclass(frozen=True, kw_only=True)
class Replay(ReplayFile):
    """An episode that can be played again.

    Attributes:
        level: The level.
        keys: Button bits in effect in each tick. An episode from the level's start begins with one
            tick without buttons, before a player is first asked.
        hashes: `next_hash` after every 64 ticks and after the last, a chain from `level_hash` on.
        mode: Power state at the start.
        time_limit: Seconds of level time.
        switches: Bits `CREATURES_OFF`, `INVULNERABLE`, `POWER_RESTORATION`, `TIMER_OFF` of
            `engine.game`.
        world: The world it starts from, as `engine.clone.world_to_bytes` saves it; None for the
            start of the level. Then mode, time limit and switches are the world's.
        rules: Rule set.
        metadata: Whatever else is known, JSON-able: who played, for example.

    Raises:
        ReplayError: For parts that do not fit together.
    """

    magic: ClassVar[bytes] = b"GMSR"
    format_version: ClassVar[int] = 1
    tick_name: ClassVar[str] = "ticks"

    level: Level
    mode: Mode = Mode.FIRE
    time_limit: int = 200
    switches: int = 0
    world: bytes | None = None
    rules: Rules = Rules.COMPETITION_2009

    def __post_init__(self) -> None:
        if any(keys > _ALL_BUTTONS for keys in self.keys):
            raise ReplayError(f"buttons must be bits from 0 to {_ALL_BUTTONS}")
        if self.world is None and self.keys[:1] not in (b"", b"\0"):
            raise ReplayError("a level begins with a tick without buttons")
        if not 0 <= self.switches <= _ALL_SWITCHES:
            raise ReplayError(f"switches must be bits from 0 to {_ALL_SWITCHES}")
        if self.rules != self.level.rules:
            raise ReplayError(
                f"the replay has the rules {rules_name(self.rules)}, its level belongs to "
                f"{rules_name(self.level.rules)}"
            )
        super().__post_init__()

    def game(self) -> Game:
        """The game as it starts.

        Raises:
            ReplayError: When the start is not possible in this level.
        """
        try:
            game = Game(
                self.level.image, self.mode, self.time_limit, **switch_options(self.switches)
            )
            if self.world is not None:
                game.load_bytes(self.world)
        except MarioError as error:
            raise ReplayError(f"the replay's start is not possible: {error}") from error
        return game

    def _own_contents(self) -> tuple[dict[str, Any], list[bytes]]:
        level = None if is_generated(self.level) else self.level.to_bytes()
        head = {
            "rules": int(self.rules),
            "level": dict(self.level.metadata) if level is None else None,
            "mode": int(self.mode),
            "time_limit": self.time_limit,
            "switches": self.switches,
        }
        return head, [level or b"", self.world or b""]

    @classmethod
    def _of_contents(cls, head: dict[str, Any], parts: list[bytes], **common: Any) -> Self:
        if head["rules"] not in set(Rules):
            raise ReplayError(
                f"the replay has the rules {head['rules']!r}, which this program does not know"
            )
        level, world = parts
        return cls(
            level=Level.from_bytes(level) if level else _generated(head["level"]),
            mode=Mode(head["mode"]),
            time_limit=int(head["time_limit"]),
            switches=int(head["switches"]),
            world=world or None,
            rules=Rules(head["rules"]),
            **common,
        )


def play(replay: Replay) -> Iterator[Game]:
    """Play a replay: the game after each tick (one and the same object).

    Raises:
        ReplayMismatch: As soon as the game is seen to differ from what was recorded.
        ReplayError: When the replay's start is not possible.
    """
    game = replay.game()
    if not replay.keys:
        _check(replay, 0, game)
    for number, keys in enumerate(replay.keys, 1):
        if game.status != Status.RUNNING:
            raise ReplayMismatch(
                f"the episode ends with tick {number - 1}, but the replay goes on to "
                f"tick {replay.ticks}",
                number - 1,
            )
        game.tick(keys)
        if number % TICKS_PER_HASH == 0 or number == replay.ticks:
            _check(replay, number, game)
        yield game


def verify(replay: Replay) -> Game:
    """Play a replay to its end.

    Returns:
        The game as it ended.

    Raises:
        ReplayMismatch: When the game takes another course than the one recorded.
        ReplayError: When the replay's start is not possible.
    """
    played = deque(play(replay), maxlen=1)
    return played[0] if played else replay.game()


def switch_options(switches: int) -> dict[str, bool]:
    """Switch bits as keyword arguments, of `Game` or of an environment."""
    return {
        "creatures": not switches & CREATURES_OFF,
        "invulnerable": bool(switches & INVULNERABLE),
        "power_restoration": bool(switches & POWER_RESTORATION),
        "timer": not switches & TIMER_OFF,
    }


def is_generated(level: Level) -> bool:
    """Whether the level is what the 2009 generator makes of the level's metadata."""
    if level.metadata.get("generator") != GENERATOR_2009:
        return False
    try:
        made = _generated(dict(level.metadata))
    except (MarioError, KeyError):
        return False
    return made == level and dict(made.metadata) == dict(level.metadata)


def _generated(origin: Mapping[str, Any]) -> Level:
    if origin["generator"] != GENERATOR_2009:
        raise ReplayError(
            f"the replay's level comes from the generator {origin['generator']!r}, "
            "which this program does not have"
        )
    return generate(origin["seed"], origin["difficulty"], origin["type"], origin["length"])


def _check(replay: Replay, tick: int, game: Game) -> None:
    """Compare the hash that is due after `tick`."""
    index = max(0, tick - 1) // TICKS_PER_HASH
    first = index * TICKS_PER_HASH
    previous = replay.hashes[index - 1] if index else level_hash(replay.level)
    if next_hash(previous, replay.keys[first:tick], game.worlds[0]) != replay.hashes[index]:
        place = f"within ticks {first + 1} to {tick}" if tick else "at its start"
        raise ReplayMismatch(
            f"the game takes another course {place}: its level, its buttons or the game are not "
            "those of the recording",
            tick,
        )
