"""Copies of a game for planners: clone, advance, look.

`ForwardModel` reads like the Mario AI Framework's class of that name; the Java names stand side by
side in docs/concepts/framework_2019.md. `ForwardModelBatch` (`envs.forward_model_batch`) does the
same for many clones in one call.

The clones of a game live in a pool, an array of worlds, and give their place back when Python drops
them. So the models of one game belong to one thread; other threads take models of their own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import announce_first_compile
from gym_mario_suite.engine.game import MAX_TIME_LIMIT_S, start_worlds, tick_worlds
from gym_mario_suite.engine.observe_2019 import GRID_2019, MARIO, SCREEN
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import (
    MAX_SPRITES,
    Event,
    Mode,
    Rules,
    Status,
    Worlds,
    empty_worlds,
)
from gym_mario_suite.envs.forward_pool import (
    ALL_BUTTONS,
    NO_TICK,
    Buttons,
    ForwardPool,
    button_bits,
    clone_and_advance,
    complete_of,
    enemies_of,
    enemy_floats_of,
    scene_of,
)
from gym_mario_suite.envs.observations import checked_z
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.levels.level import Level, rules_name


class ForwardModel:
    """A game that can be cloned and advanced, at little cost.

    >>> import gymnasium as gym
    >>> from gym_mario_suite.engine.world import Button
    >>> options = {"rules": "framework-2019", "generator": "ngram"}
    >>> env = gym.make("gym_mario_suite:MarioInfinite-v0", **options)
    >>> observation, info = env.reset(seed=0)
    >>> model = env.unwrapped.forward_model()
    >>> ahead = model.clone()
    >>> ahead.advance(Button.RIGHT | Button.JUMP)
    >>> bool(ahead.mario_float_pos[0] > model.mario_float_pos[0]), ahead.status.name
    (True, 'RUNNING')

    A model does not change the environment it comes from. Counts of kills and other events begin
    with 0 in the model that the environment gives; clones go on from there.

    Args:
        level: The level.
        worlds: WORLD[1], a world of this level. Copied.

    Raises:
        OptionError: For a level of other rules than the framework's.
    """

    __slots__ = ("_index", "_pool")

    def __init__(self, level: Level, worlds: Worlds) -> None:
        if level.rules != Rules.FRAMEWORK_2019:
            raise OptionError(
                f"the forward model is that of the rules {rules_name(Rules.FRAMEWORK_2019)}; the "
                f"level belongs to {rules_name(level.rules)}"
            )
        announce_first_compile(clone_and_advance)
        self._pool = ForwardPool(level)
        self._index = self._pool.free.pop()
        self._pool.worlds[self._index] = worlds[0]

    @classmethod
    def start(cls, level: Level, mode: int = Mode.SMALL, time_limit: int = 200) -> ForwardModel:
        """A game at the start of a level, after the tick without buttons that begins it.

        Args:
            level: The level, of the framework's rules.
            mode: Power state: 0 small, 1 large, 2 fire.
            time_limit: Seconds; 0 for no limit.

        Raises:
            OptionError: For other rules, or a mode or time limit out of range.
        """
        model = cls(level, empty_worlds(1))
        mode = as_integer("mode", mode, min(Mode), max(Mode))
        time_limit = as_integer("time_limit (seconds)", time_limit, 0, MAX_TIME_LIMIT_S)
        worlds = model.worlds
        start_worlds(level.image, worlds, mode, time_limit, 0)
        tick_worlds(level.image, worlds, 0)
        return model

    def __del__(self) -> None:
        pool = getattr(self, "_pool", None)
        if pool is not None:
            pool.free.append(self._index)

    def clone(self) -> ForwardModel:
        """An independent copy."""
        return self._copied(NO_TICK)

    # Two models with one place in the pool would both give it back.
    __copy__ = clone

    def __reduce__(self) -> tuple[Any, ...]:
        """A deep copy or a pickle has a pool of its own, whose arrays are views of each other."""
        totals = self._pool.totals[self._index].copy()
        return restored, (self._pool.level, self.worlds.copy(), totals)

    def advance(self, buttons: Buttons) -> None:
        """Press buttons for one tick; nothing happens when the game is over.

        Args:
            buttons: Bits of `Button`, or five booleans in the framework's order: left, right, down,
                speed, jump.

        Raises:
            OptionError: If it is neither.
        """
        if type(buttons) is not int or not 0 <= buttons <= ALL_BUTTONS:
            buttons = button_bits(buttons)
        pool, index = self._pool, self._index
        clone_and_advance(pool.image, pool.worlds, pool.words, pool.totals, index, index, buttons)

    def advanced(self, buttons: Buttons) -> ForwardModel:
        """A clone that has been advanced: `clone` and `advance` in one call."""
        if type(buttons) is not int or not 0 <= buttons <= ALL_BUTTONS:
            buttons = button_bits(buttons)
        return self._copied(buttons)

    def _copied(self, keys: int) -> ForwardModel:
        pool = self._pool
        if not pool.free:
            pool.grow()
        copy = _new(ForwardModel)
        copy._index = index = pool.free.pop()
        copy._pool = pool
        clone_and_advance(
            pool.image, pool.worlds, pool.words, pool.totals, self._index, index, keys
        )
        return copy

    # --- how the game stands ----------------------------------------------------------------------

    @property
    def level(self) -> Level:
        """The level as it was at the start."""
        return self._pool.level

    @property
    def worlds(self) -> Worlds:
        """The world itself, WORLD[1], not a copy (valid until the next clone)."""
        return self._pool.worlds[self._index : self._index + 1]

    @property
    def status(self) -> Status:
        """Running, won, dead (the framework's LOSE) or out of time."""
        return Status(int(self._pool.status[self._index]))

    @property
    def running(self) -> bool:
        """Whether the game goes on; quicker than `status`."""
        return bool(self._pool.status[self._index] == _RUNNING)

    @property
    def completion_percentage(self) -> float:
        """Mario's x as a share of the goal's, 0 to 1."""
        return float(self._pool.x[self._index]) / max(self.level.x_exit * TILE_PX, 1)

    @property
    def level_float_dimensions(self) -> tuple[int, int]:
        """Width and height of the level in px."""
        return self.level.width * TILE_PX, self.level.height * TILE_PX

    @property
    def remaining_time(self) -> int:
        """Milliseconds left; 0 with no limit."""
        return int(self._world["time_left"])

    @property
    def ticks(self) -> int:
        """Ticks since the level's start, those of freezes included."""
        return int(self._world["start_time"]) - 1

    # --- Mario ------------------------------------------------------------------------------------

    @property
    def mario_float_pos(self) -> tuple[float, float]:
        """Mario's x and y in px, y downward: the middle of his feet."""
        return float(self._pool.x[self._index]), float(self._pool.y[self._index])

    @property
    def mario_float_velocity(self) -> tuple[float, float]:
        """Mario's speed in px per tick."""
        body = self._player["body"]
        return float(body["xa"]), float(body["ya"])

    @property
    def mario_screen_tile_pos(self) -> tuple[int, int]:
        """Mario's cell on the screen (the row is the level's, as in the framework)."""
        x, y = self.mario_float_pos
        return int((x - float(self._world["x_cam"])) / TILE_PX), int(y / TILE_PX)

    @property
    def mario_mode(self) -> Mode:
        """Mario's power state."""
        player = self._player
        return Mode(int(player["large"]) + int(player["fire"]))

    @property
    def is_mario_on_ground(self) -> bool:
        """Whether the last tick ended on the ground."""
        return bool(self._player["body"]["on_ground"])

    @property
    def may_mario_jump(self) -> bool:
        """Whether JUMP would start a jump."""
        return bool(self._player["may_jump"])

    @property
    def mario_can_jump_higher(self) -> bool:
        """Whether JUMP, if it is held on, lifts Mario further."""
        return bool(self._player["jump_time"] > 0)

    # --- what has happened ------------------------------------------------------------------------

    @property
    def event_totals(self) -> dict[Event, int]:
        """How often each event has happened since the environment gave the first model."""
        totals = self._pool.totals[self._index].tolist()
        return {event: totals[event] for event in Event}

    @property
    def kills_total(self) -> int:
        """Kills of all four kinds."""
        return int(self._pool.totals[self._index, _KILLS].sum())

    @property
    def kills_by_fire(self) -> int:
        """Kills by fireballs."""
        return int(self._pool.totals[self._index, Event.FIRE_KILL])

    @property
    def kills_by_stomp(self) -> int:
        """Kills by jumping on enemies."""
        return int(self._pool.totals[self._index, Event.STOMP_KILL])

    @property
    def kills_by_shell(self) -> int:
        """Kills by shells (of shells and bullet bills too)."""
        return int(self._pool.totals[self._index, Event.SHELL_KILL])

    @property
    def kills_by_fall(self) -> int:
        """Enemies that were lost below the framework's mark of 288 px."""
        return int(self._pool.totals[self._index, Event.FALL_KILL])

    @property
    def num_coins(self) -> int:
        """Coins collected since the level's start."""
        return int(self._pool.coins[self._index])

    @property
    def num_lives(self) -> int:
        """Lives gained since the level's start."""
        return int(self._player["lives"])

    @property
    def num_mushrooms(self) -> int:
        """Mushrooms collected since the level's start."""
        return int(self._player["mushrooms"])

    @property
    def num_fire_flowers(self) -> int:
        """Fire flowers collected since the level's start."""
        return int(self._player["flowers"])

    # --- what can be seen -------------------------------------------------------------------------

    @property
    def enemies_float_pos(self) -> NDArray[np.float32]:
        """The framework's type number, x and y (px) of each enemy: float32[n, 3]."""
        out = np.empty((MAX_SPRITES, 3), np.float32)
        return out[: enemy_floats_of(self._pool.worlds, self._index, out)]

    def mario_scene_observation(self, detail: int = 1) -> NDArray[np.int8]:
        """Tiles around Mario, int8[16, 16], x first, Mario's cell at [8, 8]."""
        return self._scene(MARIO, detail)

    def mario_enemies_observation(self, detail: int = 0) -> NDArray[np.int8]:
        """Sprites around Mario."""
        return self._enemies(MARIO, detail)

    def mario_complete_observation(self, scene: int = 1, enemies: int = 0) -> NDArray[np.int8]:
        """Tiles with sprites over them around Mario."""
        return self._complete(MARIO, scene, enemies)

    def screen_scene_observation(self, detail: int = 1) -> NDArray[np.int8]:
        """Tiles around the middle of the screen."""
        return self._scene(SCREEN, detail)

    def screen_enemies_observation(self, detail: int = 0) -> NDArray[np.int8]:
        """Sprites around the middle of the screen."""
        return self._enemies(SCREEN, detail)

    def screen_complete_observation(self, scene: int = 1, enemies: int = 0) -> NDArray[np.int8]:
        """Tiles with sprites over them around the middle of the screen."""
        return self._complete(SCREEN, scene, enemies)

    @property
    def _world(self) -> np.void:
        return self._pool.worlds[self._index]

    @property
    def _player(self) -> np.void:
        return self._pool.worlds[self._index]["players"][0]

    def _scene(self, centre: int, detail: int) -> NDArray[np.int8]:
        out = np.empty((GRID_2019, GRID_2019), np.int8)
        detail = checked_z("detail", detail)
        scene_of(self._pool.image, self._pool.worlds, self._index, centre, detail, out)
        return out

    def _enemies(self, centre: int, detail: int) -> NDArray[np.int8]:
        out = np.empty((GRID_2019, GRID_2019), np.int8)
        enemies_of(self._pool.worlds, self._index, centre, checked_z("detail", detail), out)
        return out

    def _complete(self, centre: int, scene: int, enemies: int) -> NDArray[np.int8]:
        out = np.empty((GRID_2019, GRID_2019), np.int8)
        scene, enemies = checked_z("scene", scene), checked_z("enemies", enemies)
        pool = self._pool
        complete_of(pool.image, pool.worlds, self._index, centre, scene, enemies, out)
        return out


def restored(level: Level, worlds: Worlds, totals: NDArray[np.int32]) -> ForwardModel:
    """A model with a pool of its own.

    Args:
        level: The level.
        worlds: WORLD[1]. Copied.
        totals: int32[13], events so far, by `Event`. Copied.
    """
    model = ForwardModel(level, worlds)
    model._pool.totals[model._index] = totals
    return model


_new = object.__new__
_RUNNING = int(Status.RUNNING)
_KILLS = np.array([Event.STOMP_KILL, Event.FIRE_KILL, Event.SHELL_KILL, Event.FALL_KILL])
