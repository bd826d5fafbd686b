"""One world in Python's hands: tick it, look at it, copy it, save it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine import observe
from gym_mario_suite.engine.clone import world_from_bytes, world_to_bytes
from gym_mario_suite.engine.compiled import announce_first_compile, jit
from gym_mario_suite.engine.level_image import RULES, LevelImage
from gym_mario_suite.engine.tick import start_world, tick
from gym_mario_suite.engine.world import (
    MAX_SPRITES,
    MS_PER_SECOND,
    TICKS_PER_SECOND,
    Kind,
    Mode,
    Rules,
    Status,
    Worlds,
    empty_worlds,
)
from gym_mario_suite.errors import OptionError, as_integer, as_switch

CREATURES_OFF = 1
INVULNERABLE = 2
POWER_RESTORATION = 4
TIMER_OFF = 8

MAX_TIME_LIMIT_S = 1_000_000
_ALL_BUTTONS = 31


# A compiled function takes an array of worlds from Python much faster than a record.
@jit
def start_worlds(image, worlds, mode, time_limit_s, switches):
    """`start_world` for every world of an array."""
    for i in range(worlds.shape[0]):
        start_world(image, worlds[i], mode, time_limit_s, switches)


@jit
def tick_worlds(image, worlds, keys):
    """`tick` for every world of an array, with the same keys."""
    for i in range(worlds.shape[0]):
        tick(image, worlds[i], keys)


@jit
def _level_grid(image, worlds, z, out):
    observe.write_level_grid(image, worlds[0], 0, z, out)


@jit
def _enemies_grid(worlds, z, out):
    observe.write_enemies_grid(worlds[0], 0, z, out)


@jit
def _merged_grid(image, worlds, z_level, z_enemies, out):
    observe.write_merged_grid(image, worlds[0], 0, z_level, z_enemies, out)


@jit
def _enemy_floats(worlds, out):
    return observe.write_enemy_floats(worlds[0], out)


@jit
def _level_bitmap(image, worlds, out):
    observe.write_level_bitmap(image, worlds[0], 0, out)


class Game:
    """A level being played, tick by tick, by the rules of the level.

    The queries have the meaning of the competition's agent interface: they describe the world
    after the last tick. An agent is asked after each tick, and its answer is in effect during the
    next one; the first tick of an episode runs with no buttons.

    Args:
        image: Level image, `Level.image`.
        mode: Power state at the start.
        time_limit: Seconds of level time, 0 to 1,000,000: 15 ticks each in 2009; 30 ms a tick
            in 2019, and then 0 is no limit.
        creatures: False leaves out all creatures and freezes everything but Mario.
        invulnerable: Creatures do no harm (falls and the clock still kill).
        power_restoration: SPEED makes Mario fire Mario again.
        timer: Whether the clock runs.

    Raises:
        OptionError: For a mode or time limit out of range, a switch that is neither True nor
            False, or one of 2009 in a level of 2019; for a `Level` in place of its image.
    """

    def __init__(
        self,
        image: LevelImage,
        mode: Mode | int = Mode.FIRE,
        time_limit: int = 200,
        *,
        creatures: bool = True,
        invulnerable: bool = False,
        power_restoration: bool = False,
        timer: bool = True,
    ) -> None:
        if not isinstance(image, np.ndarray):
            raise OptionError(
                f"a game is made of a level's image, Game(level.image), got {type(image).__name__}"
            )
        if isinstance(mode, bool) or mode not in set(Mode):
            raise OptionError(f"mode must be 0 small, 1 large or 2 fire, got {mode!r}")
        time_limit = as_integer("time_limit (seconds)", time_limit, 0, MAX_TIME_LIMIT_S)
        # Bits are made of them: a 2 would be another switch's.
        switches = (
            CREATURES_OFF * (not as_switch("creatures", creatures))
            | INVULNERABLE * as_switch("invulnerable", invulnerable)
            | POWER_RESTORATION * as_switch("power_restoration", power_restoration)
            | TIMER_OFF * (not as_switch("timer", timer))
        )
        if switches and image[RULES] != Rules.COMPETITION_2009:
            raise OptionError(
                "creatures, invulnerable, power_restoration and timer belong to the rules of 2009"
            )
        announce_first_compile(tick_worlds)
        self.image = image
        self.worlds: Worlds = empty_worlds(1)
        self._mode = int(mode)
        self._time_limit = time_limit
        self._switches = switches
        self.reset()

    def reset(self) -> None:
        """Back to the start of the level; no tick has run yet."""
        start_worlds(self.image, self.worlds, self._mode, self._time_limit, self._switches)

    def tick(self, keys: int) -> None:
        """Advance by one tick with these button bits (0 to 31) in effect.

        Raises:
            OptionError: If `keys` is out of range.
        """
        # Only plain ints: numba would compile the engine anew for a numpy integer.
        if type(keys) is not int or not 0 <= keys <= _ALL_BUTTONS:
            keys = as_integer("keys (button bits)", keys, 0, _ALL_BUTTONS)
        tick_worlds(self.image, self.worlds, keys)

    def clone(self) -> Game:
        """An independent copy that shares the level."""
        copy = object.__new__(Game)
        copy.__dict__.update(self.__dict__)
        copy.worlds = self.worlds.copy()
        return copy

    # A shallow copy would share the world: each would play on in the other.
    __copy__ = clone

    def to_bytes(self) -> bytes:
        """The world as bytes (the level is not in it)."""
        return world_to_bytes(self.worlds[0])

    def load_bytes(self, data: bytes) -> None:
        """Take up a world that `to_bytes` saved in this level.

        Raises:
            StateError: If the bytes do not fit; the game is unchanged then.
        """
        self.worlds = world_from_bytes(data, self.image)

    # --- queries of the competition's interface -------------------------------------------------

    def level_grid(self, z: int = 1) -> NDArray[np.int8]:
        """Tiles around Mario, int8[22, 22], rows first; `z` is the level of detail, 0 to 2."""
        out = np.empty((observe.GRID_SIZE, observe.GRID_SIZE), np.int8)
        _level_grid(self.image, self.worlds, _checked_z(z), out)
        return out

    def enemies_grid(self, z: int = 0) -> NDArray[np.int8]:
        """Sprites around Mario, int8[22, 22], rows first."""
        out = np.empty((observe.GRID_SIZE, observe.GRID_SIZE), np.int8)
        _enemies_grid(self.worlds, _checked_z(z), out)
        return out

    def merged_grid(self, z_level: int = 1, z_enemies: int = 0) -> NDArray[np.int8]:
        """Tiles with the sprites over them, int8[22, 22]; the competition's default view."""
        out = np.empty((observe.GRID_SIZE, observe.GRID_SIZE), np.int8)
        _merged_grid(self.image, self.worlds, _checked_z(z_level), _checked_z(z_enemies), out)
        return out

    def enemy_floats(self) -> NDArray[np.float32]:
        """Kind, x and y (px) of each creature, shell and mushroom: float32[n, 3]."""
        out = np.empty((MAX_SPRITES, 3), np.float32)
        return out[: _enemy_floats(self.worlds, out)]

    def level_bitmap(self) -> NDArray[np.uint16]:
        """The level grid at Z = 1 as bits, uint16[31]."""
        out = np.empty(observe.BITMAP_UNITS, np.uint16)
        _level_bitmap(self.image, self.worlds, out)
        return out

    @property
    def _player(self) -> np.void:
        return self.worlds[0]["players"][0]

    @property
    def x(self) -> np.float32:
        """Mario's x in px; at the end of an episode the competition's distance."""
        return self._player["body"]["x"]

    @property
    def y(self) -> np.float32:
        """Mario's y in px, downward."""
        return self._player["body"]["y"]

    @property
    def on_ground(self) -> bool:
        """Whether the last tick ended on the ground."""
        return bool(self._player["body"]["on_ground"])

    @property
    def may_jump(self) -> bool:
        """Whether JUMP would start a jump (it lags one tick behind `on_ground`)."""
        return bool(self._player["may_jump"])

    @property
    def carrying(self) -> bool:
        """Whether Mario carries a shell."""
        return int(self._player["carried"]) != -1

    @property
    def mode(self) -> Mode:
        """Mario's power state."""
        player = self._player
        return Mode(int(player["large"]) + int(player["fire"]))

    @property
    def status(self) -> Status:
        """Running, won or dead."""
        return Status(int(self._player["status"]))

    @property
    def timed_out(self) -> bool:
        """Whether it was the level's clock that ended the game."""
        if self.worlds[0]["rules"] != Rules.COMPETITION_2009:
            return self.status == Status.TIME_OUT
        # The tick at which the clock comes to 0 kills; without a limit it goes on below.
        return self.status == Status.DEAD and int(self.worlds[0]["time_left"]) == 0

    @property
    def coins(self) -> int:
        """Coins collected."""
        return int(self._player["coins"])

    @property
    def kills(self) -> int:
        """The competition's count of kills (a kill with a carried shell counts twice)."""
        return int(self.worlds[0]["kills_total"])

    @property
    def kills_by_fire(self) -> int:
        """Kills by fireballs."""
        return int(self.worlds[0]["kills_fire"])

    @property
    def kills_by_stomp(self) -> int:
        """Kills by jumping on enemies."""
        return int(self.worlds[0]["kills_stomp"])

    @property
    def kills_by_shell(self) -> int:
        """Kills by shells (a carried shell's count once here, twice in `kills`)."""
        return int(self.worlds[0]["kills_shell"])

    @property
    def ticks(self) -> int:
        """Ticks since the start."""
        return int(self.worlds[0]["start_time"]) - 1

    @property
    def time_left(self) -> int:
        """Seconds left on the level's clock, rounded toward zero."""
        in_2009 = self.worlds[0]["rules"] == Rules.COMPETITION_2009
        unit = TICKS_PER_SECOND if in_2009 else MS_PER_SECOND
        return int(int(self.worlds[0]["time_left"]) / unit)

    def sprite_kinds(self) -> list[Kind]:
        """Kinds of the sprites in list order, newest first, without Mario."""
        world = self.worlds[0]
        slots = world["order"][: world["n_sprites"]]
        return [Kind(kind) for kind in world["sprites"]["kind"][slots].tolist()]


def _checked_z(z: int) -> int:
    if type(z) is not int or not 0 <= z <= observe.MAX_Z:
        return as_integer("z (a level of detail)", z, 0, observe.MAX_Z)
    return z
