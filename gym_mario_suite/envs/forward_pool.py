"""The pool in which the forward models of a game live, and the compiled functions on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine import observe_2019
from gym_mario_suite.engine.clone import copy_world_between, words
from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.tick import tick
from gym_mario_suite.engine.world import Button, Event, Worlds, empty_worlds
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.levels.level import Level

# Bits of `Button`, or five booleans in the framework's order.
Buttons = SupportsIndex | Sequence[Any] | NDArray[Any]
# The framework's order of the five buttons (the competition of 2009 has jump before speed).
FRAMEWORK_BUTTONS = (Button.LEFT, Button.RIGHT, Button.DOWN, Button.SPEED, Button.JUMP)
EVENT_TOTALS = max(Event) + 1
NO_TICK = -1
ALL_BUTTONS = 31
_FIRST_POOL = 64


@inline_jit
def advance_world(image, world, totals, keys):
    """A tick, whose events are added to `totals` (int32[13], by `Event`)."""
    before = world.tick
    tick(image, world, keys)
    # A tick in which all stands still leaves the events of the last one where they are.
    if world.tick != before:
        for i in range(world.n_events):
            totals[world.events[i].kind] += 1


@jit
def clone_and_advance(image, worlds, pool_words, totals, source, target, keys):
    """Copy `source` over `target`, if they differ; then a tick, unless `keys` is NO_TICK."""
    if source != target:
        copy_world_between(worlds, pool_words, source, pool_words, target)
        for i in range(EVENT_TOTALS):
            totals[target, i] = totals[source, i]
    if keys != NO_TICK:
        advance_world(image, worlds[target], totals[target], keys)


@jit
def scene_of(image, worlds, index, centre, detail, out):
    """`write_scene_2019` of world `index`."""
    observe_2019.write_scene_2019(image, worlds[index], centre, detail, out)


@jit
def enemies_of(worlds, index, centre, detail, out):
    """`write_enemies_2019` of world `index`."""
    observe_2019.write_enemies_2019(worlds[index], centre, detail, out)


@jit
def complete_of(image, worlds, index, centre, scene, enemies, out):
    """`write_complete_2019` of world `index`."""
    observe_2019.write_complete_2019(image, worlds[index], centre, scene, enemies, out)


@jit
def enemy_floats_of(worlds, index, out):
    """`write_enemy_floats_2019` of world `index`."""
    return observe_2019.write_enemy_floats_2019(worlds[index], out)


def button_bits(buttons: Buttons) -> int:
    """Bits of `Button`, from such bits or from five booleans in the framework's order.

    Raises:
        OptionError: If it is neither.
    """
    if isinstance(buttons, list | tuple | np.ndarray):
        if len(buttons) != len(FRAMEWORK_BUTTONS):
            raise OptionError(
                "buttons must be bits, or five booleans (left, right, down, speed, jump), "
                f"got {buttons!r}"
            )
        return sum(int(b) for b, held in zip(FRAMEWORK_BUTTONS, buttons, strict=True) if held)
    return as_integer("buttons (bits)", buttons, 0, ALL_BUTTONS)


class ForwardPool:
    """Room for the clones of one game; it grows when there are more."""

    __slots__ = ("coins", "free", "image", "level", "status", "totals", "words", "worlds", "x", "y")

    def __init__(self, level: Level) -> None:
        self.level = level
        self.image = level.image
        self.free: list[int] = []
        self._take(empty_worlds(0), np.zeros((0, EVENT_TOTALS), np.int32), _FIRST_POOL)

    def grow(self) -> None:
        """Twice as much room."""
        self._take(self.worlds, self.totals, 2 * len(self.worlds))

    def _take(self, worlds: Worlds, totals: NDArray[np.int32], count: int) -> None:
        used = len(worlds)
        self.worlds = empty_worlds(count)
        self.worlds[:used] = worlds
        self.words = words(self.worlds)
        self.totals = np.zeros((count, EVENT_TOTALS), np.int32)
        self.totals[:used] = totals
        # Low places first: they are in the cache.
        self.free.extend(range(count - 1, used - 1, -1))
        player = self.worlds["players"][:, 0]
        self.x, self.y = player["body"]["x"], player["body"]["y"]
        self.status, self.coins = player["status"], player["coins"]
