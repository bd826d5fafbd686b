"""The texts of the 2009 competition's TCP protocol, in both directions.

Messages of the server have no line ends: they are told apart by taking turns, and the original
clients take what one `recv` gives for one message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.competition.java_text import float_text
from gym_mario_suite.competition.lines import ProtocolError
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Mode
from gym_mario_suite.errors import MarioError
from gym_mario_suite.levels.generate import generate

WELCOME = b"Server: Hi! Welcome."
_BUTTONS = 5
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}")
_INT32 = 1 << 31


@dataclass(frozen=True)
class Options:
    """The options of an episode that have a meaning without a screen, by their original names.

    Attributes:
        ld: Difficulty.
        ll: Columns.
        ls: Seed.
        lt: Level type.
        mm: Mario's power state at the start; what is above 2 counts as large.
        tl: Seconds of level time.
        zm: Level of detail of tiles.
        ze: Level of detail of creatures.
        t: Whether the clock runs.
        pw: Whether there are no creatures and all but Mario is frozen.
        pr: Whether SPEED makes Mario fire Mario again.
        i: Whether creatures do no harm.
        fastTCP: Whether observations are packed.
    """

    ld: int = 0
    ll: int = 320
    ls: int = 0
    lt: int = 0
    mm: int = 2
    tl: int = 200
    zm: int = 1
    ze: int = 0
    t: bool = True
    pw: bool = False
    pr: bool = False
    i: bool = False
    fastTCP: bool = False

    def changed(self, text: str) -> Options:
        """These options with the pairs of a `reset` message applied on top.

        Unknown options are passed over, and so is a last one without a value.

        Raises:
            ProtocolError: When there is nothing after `reset`, or a number is none.
        """
        words = text.removeprefix("reset").split()
        if not words:
            raise ProtocolError("reset without options")
        changes: dict[str, int | bool] = {}
        for name, value in zip(words[::2], words[1::2], strict=False):
            default = getattr(self, name[1:], None) if name.startswith("-") else None
            if isinstance(default, bool):
                changes[name[1:]] = value == "on" or value.lower() == "true"
            elif isinstance(default, int):
                if not _INTEGER.fullmatch(value) or not -_INT32 <= int(value) < _INT32:
                    raise ProtocolError(f"{name} must be a whole number, got {value[:20]!r}")
                changes[name[1:]] = int(value)
        return replace(self, **changes)

    def game(self) -> Game:
        """The level at its start.

        Raises:
            ProtocolError: For options with which no level can be played.
        """
        mode = Mode(self.mm) if 0 <= self.mm <= 2 else Mode(int(self.mm > 0))
        try:
            level = generate(self.ls, self.ld, self.lt, self.ll)
            game = Game(
                level.image,
                mode,
                self.tl,
                creatures=not self.pw,
                invulnerable=self.i,
                power_restoration=self.pr,
                timer=self.t,
            )
            game.merged_grid(self.zm, self.ze)
        except MarioError as error:
            raise ProtocolError(str(error)) from None
        return game


def client_name(greeting: str) -> str | None:
    """The name in a greeting such as `Client: Dear Server, hello! I am <name>`, if it has one."""
    parts = greeting.split(" am ")
    return parts[1] if len(parts) == 2 else None


def observation(game: Game, options: Options) -> bytes:
    """The message after a tick."""
    if options.fastTCP:
        return _packed(game)
    words = ["O", _boolean(game.may_jump), _boolean(game.on_ground)]
    words += map(str, game.merged_grid(options.zm, options.ze).ravel().tolist())
    words += [float_text(game.x), float_text(game.y)]
    words += [float_text(value) for value in game.enemy_floats().ravel()]
    return " ".join(words).encode("ascii")


def result(game: Game) -> bytes:
    """The message at the end of an episode."""
    distance = float_text(np.float64(game.x))
    text = f"FIT {int(game.status)} {distance} {game.time_left} {int(game.mode)} {game.coins} "
    return text.encode("ascii")


def error(message: str) -> bytes:
    """What is said before the connection is closed; the original said nothing."""
    return f"Server: error: {message}".encode("ascii", "replace")


def action_of(line: str) -> int | None:
    """Button bits of an action line; None when it is none."""
    if len(line) != _BUTTONS:
        return None
    return sum(1 << bit for bit, character in enumerate(line) if character == "1")


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _packed(game: Game) -> bytes:
    bitmap = game.level_bitmap()
    head = f"E{int(game.may_jump)}{int(game.on_ground)}".encode("ascii")
    return head + _units_as_utf8(bitmap) + b" " + str(int(bitmap.astype(np.int64).sum())).encode()


def _units_as_utf8(units: NDArray[np.uint16]) -> bytes:
    """UTF-16 code units as Java encodes them: a pair as one character, a lone surrogate as `?`."""
    text = units.astype("<u2").tobytes().decode("utf-16-le", "surrogatepass")
    return text.encode("utf-8", "replace")
