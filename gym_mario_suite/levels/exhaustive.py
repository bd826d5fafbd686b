"""Breadth-first search over everything a player can do in a level without creatures.

The search plays the exact engine. States that agree to within a few pixels and in every tile that
play has changed are taken for the same, so it ends; a way it finds was played tick by tick and is a
way, while "there is none" holds for that resolution only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gym_mario_suite.engine.clone import copy_world, words
from gym_mario_suite.engine.compiled import announce_first_compile, jit
from gym_mario_suite.engine.game import TIMER_OFF, start_worlds, tick_worlds
from gym_mario_suite.engine.tick import tick
from gym_mario_suite.engine.tiles import Tile
from gym_mario_suite.engine.world import Button, Mode, Status, empty_worlds
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.level import Level

_LEFT, _RIGHT, _JUMP, _SPEED = (
    int(button) for button in (Button.LEFT, Button.RIGHT, Button.JUMP, Button.SPEED)
)
WITHOUT_LEFT = (
    *(0, _JUMP, _RIGHT, _RIGHT | _JUMP),
    *(_RIGHT | _SPEED, _RIGHT | _SPEED | _JUMP),
)
ALL_WAYS = (*WITHOUT_LEFT, _LEFT, _LEFT | _JUMP, _LEFT | _SPEED, _LEFT | _SPEED | _JUMP)

EDGE_TICKS = 3
_FRONTIER = 1 << 15  # worlds alive at a time
_MAX_STATES = 1 << 21
_TABLE = 1 << 23
_X_PER_PX, _SPEED_STEPS = 0.25, 0.5

_FOUND, _NONE, _TOO_LARGE = 0, 1, 2


@dataclass(frozen=True)
class Search:
    """What a search found.

    Attributes:
        keys: Button bits of each tick from the level's start to the win; None when there is no
            way.
        states: States that were visited.
    """

    keys: bytes | None
    states: int


@jit
def _signature(world):
    """Never 0."""
    player = world.players[0]
    body = player.body
    s = np.uint64(np.int64(body.x * _X_PER_PX))
    s = s << np.uint64(8) | np.uint64(np.int64(body.y * _X_PER_PX) & 255)
    s = s << np.uint64(5) | np.uint64(np.int64(body.xa * _SPEED_STEPS + 16.0) & 31)
    s = s << np.uint64(5) | np.uint64(np.int64(body.ya * _SPEED_STEPS + 16.0) & 31)
    s = s << np.uint64(4) | np.uint64((player.jump_time + 7) & 15)
    s = s << np.uint64(1) | np.uint64(body.on_ground & 1)
    s = s << np.uint64(1) | np.uint64(player.may_jump & 1)
    s = s << np.uint64(1) | np.uint64(body.sliding & 1)
    s = s << np.uint64(1) | np.uint64(body.facing > 0)
    s *= np.uint64(0x9E3779B97F4A7C15)
    for i in range(world.spent_words):
        s = (s ^ np.uint64(world.spent[i])) * np.uint64(0xD6E8FEB86659FD93)
        s ^= s >> np.uint64(29)
    return s | np.uint64(1)


@jit
def _is_new(table, signature):
    mask = np.uint64(table.shape[0] - 1)
    at = (signature >> np.uint64(17)) & mask
    while table[at] != np.uint64(0):
        if table[at] == signature:
            return False
        at = (at + np.uint64(1)) & mask
    table[at] = signature
    return True


@jit
def _explore(image, worlds, pool, parents, actions, table, choices, counts):
    """Search from `worlds[0]`; node n lives in slot n modulo the number of worlds.

    `counts` becomes (nodes, node of the win, ticks of its last edge).
    """
    slots = worlds.shape[0] - 1  # the last one is for trying out
    trial = slots
    head = 0
    n = 1
    _is_new(table, _signature(worlds[0]))
    while head < n:
        for c in range(choices.shape[0]):
            if n >= parents.shape[0] or n - head >= slots:
                counts[0] = n
                return _TOO_LARGE
            copy_world(worlds, pool, head % slots, trial)
            world = worlds[trial]
            ticks = 0
            while ticks < EDGE_TICKS and world.players[0].status == Status.RUNNING:
                tick(image, world, choices[c])
                ticks += 1
            status = world.players[0].status
            if status == Status.DEAD or not _is_new(table, _signature(world)):
                continue
            parents[n] = head
            actions[n] = choices[c]
            if status == Status.WIN:
                counts[0] = n + 1
                counts[1] = n
                counts[2] = ticks
                return _FOUND
            copy_world(worlds, pool, trial, n % slots)
            n += 1
        head += 1
    counts[0] = n
    return _NONE


def search_level(level: Level, choices: Iterable[int] = ALL_WAYS, mode: Mode = Mode.FIRE) -> Search:
    """Search for a way from the level's start to its exit, without a time limit.

    Coins are left out: they change no movement, but each would double the number of states.

    Args:
        level: A level without creatures; with any, a way found is still one.
        choices: Button bits to choose from every three ticks.
        mode: Power state at the start.

    Raises:
        OptionError: When the level has more states than the search can hold.
    """
    announce_first_compile(_explore)
    solid = np.where(level.tiles == Tile.COIN, np.uint8(Tile.AIR), level.tiles)
    image = Level(solid, level.spawns, level.x_exit, level.y_exit).image
    worlds = empty_worlds(_FRONTIER + 1)
    start_worlds(image, worlds[:1], int(mode), 200, TIMER_OFF)
    first = worlds[:1]
    tick_worlds(image, first, 0)
    parents = np.zeros(_MAX_STATES, np.int32)
    actions = np.zeros(_MAX_STATES, np.uint8)
    counts = np.zeros(3, np.int64)
    code = _explore(
        image,
        worlds,
        words(worlds),
        parents,
        actions,
        np.zeros(_TABLE, np.uint64),
        np.array(list(choices), np.int64),
        counts,
    )
    states, node, last = counts.tolist()
    if code == _TOO_LARGE:
        raise OptionError(f"the level has more states than {states}, too many to search them all")
    if code == _NONE:
        return Search(None, states)
    edges: list[int] = []
    while node:
        edges.append(int(actions[node]))
        node = int(parents[node])
    edges.reverse()
    keys = bytes(keys for keys in edges for _ in range(EDGE_TICKS))
    return Search(b"\0" + keys[: len(keys) - EDGE_TICKS + last], states)
