"""Breadth-first search over everything a player can do in a level without creatures.

The search plays the exact engine. States that agree to within a few pixels and in every tile that
play has changed are taken for the same, so it ends; a way it finds was played tick by tick and is a
way, while "there is none" holds for that resolution only.

Under the 2019 rules only those changes count that let somebody through or stop him, bricks and
hidden blocks, and only near Mario: the levels of that framework have them by the dozen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.clone import copy_world, words
from gym_mario_suite.engine.compiled import announce_first_compile, jit
from gym_mario_suite.engine.game import TIMER_OFF, start_worlds, tick_worlds
from gym_mario_suite.engine.level_image import CELLS, LevelImage
from gym_mario_suite.engine.motion import cell_of
from gym_mario_suite.engine.tick import tick
from gym_mario_suite.engine.tiles import Tile, Tile2019
from gym_mario_suite.engine.world import Button, Mode, Rules, Status, empty_worlds
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
FRONTIER = 1 << 15  # worlds alive at a time
MAX_STATES = 1 << 21
_X_PER_PX, _SPEED_STEPS = 0.25, 0.5

_COMPETITION_2009 = int(Rules.COMPETITION_2009)
_FOUND, _NONE, _TOO_LARGE = 0, 1, 2

# 2019: how far from Mario, in columns, a changed tile counts.
_CHANGES_BEHIND, _CHANGES_AHEAD = 12, 22
_PASSAGES = (Tile2019.BRICK, Tile2019.HIDDEN_COIN_BLOCK, Tile2019.HIDDEN_LIFE_BLOCK)


@dataclass(frozen=True)
class Search:
    """What a search found.

    Attributes:
        keys: Button bits of each tick from the level's start to the win; None when there is no
            way.
        states: States that were visited.
        stands: Cells that somebody can stand in, int32[n, 2] of column and row, in that order.
        complete: Whether all states were visited, at the search's resolution.
    """

    keys: bytes | None
    states: int
    stands: NDArray[np.int32] = field(compare=False)
    complete: bool = True


@jit
def _signature(world, passages):
    """Never 0. `passages` are the columns and `spent` bits of tiles that count; 2009 has none."""
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
    if world.rules == _COMPETITION_2009:
        for i in range(world.spent_words):
            s = (s ^ np.uint64(world.spent[i])) * np.uint64(0xD6E8FEB86659FD93)
            s ^= s >> np.uint64(29)
        return s | np.uint64(1)
    column = cell_of(body.x)
    first = np.searchsorted(passages[0], column - _CHANGES_BEHIND)
    for i in range(first, passages.shape[1]):
        if passages[0, i] > column + _CHANGES_AHEAD:
            break
        bit = passages[1, i]
        if world.spent[bit >> 5] >> np.uint32(bit & 31) & np.uint32(1):
            s = (s ^ np.uint64(bit + 1)) * np.uint64(0xD6E8FEB86659FD93)
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
def _explore(image, worlds, pool, parents, actions, table, passages, choices, stands, counts):
    """Search from `worlds[0]`; node n lives in slot n modulo the number of worlds.

    `counts` becomes (nodes, node of the win, ticks of its last edge).
    """
    slots = worlds.shape[0] - 1  # the last one is for trying out
    trial = slots
    head = 0
    n = 1
    _is_new(table, _signature(worlds[0], passages))
    _note_stand(worlds[0], stands)
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
            if status == Status.DEAD or not _is_new(table, _signature(world, passages)):
                continue
            parents[n] = head
            actions[n] = choices[c]
            if status == Status.WIN:
                counts[0] = n + 1
                counts[1] = n
                counts[2] = ticks
                return _FOUND
            _note_stand(world, stands)
            copy_world(worlds, pool, trial, n % slots)
            n += 1
        head += 1
    counts[0] = n
    return _NONE


@jit
def _note_stand(world, stands):
    """Mark the cell that Mario stands in, in uint8[width, height]."""
    body = world.players[0].body
    x = cell_of(body.x)
    y = cell_of(body.y)
    if body.on_ground and 0 <= x < stands.shape[0] and 0 <= y < stands.shape[1]:
        stands[x, y] = 1


def search_level(
    level: Level,
    choices: Iterable[int] = ALL_WAYS,
    mode: Mode = Mode.FIRE,
    *,
    max_states: int = MAX_STATES,
    frontier: int = FRONTIER,
    partial: bool = False,
) -> Search:
    """Search for a way from the level's start to its exit, without a time limit.

    Coins are left out: they change no movement, but each would double the number of states.

    Args:
        level: A level without creatures; with any, a way found is still one.
        choices: Button bits to choose from every three ticks.
        mode: Power state at the start.
        max_states: States to visit at most.
        frontier: States found but not yet visited, at most; each takes some 11 KB.
        partial: Whether to give what was found, rather than raise, when they do not suffice.

    Raises:
        OptionError: When the level has more states than the search can hold, unless `partial`.
    """
    announce_first_compile(_explore)
    coin = Tile.COIN if level.rules == Rules.COMPETITION_2009 else Tile2019.COIN
    solid = np.where(level.tiles == coin, np.uint8(Tile.AIR), level.tiles)
    image = replace(level, tiles=solid).image
    worlds = empty_worlds(frontier + 1)
    first = worlds[:1]
    if level.rules == Rules.COMPETITION_2009:
        start_worlds(image, first, int(mode), 200, TIMER_OFF)
    else:
        start_worlds(image, first, int(mode), 0, 0)
    tick_worlds(image, first, 0)
    parents = np.zeros(max_states, np.int32)
    actions = np.zeros(max_states, np.uint8)
    stands = np.zeros(level.tiles.shape, np.uint8)
    counts = np.zeros(3, np.int64)
    code = _explore(
        image,
        worlds,
        words(worlds),
        parents,
        actions,
        np.zeros(1 << (4 * max_states - 1).bit_length(), np.uint64),
        _passages(level, image),
        np.array(list(choices), np.int64),
        stands,
        counts,
    )
    states, node, last = counts.tolist()
    cells = np.argwhere(stands).astype(np.int32)
    if code == _TOO_LARGE and not partial:
        raise OptionError(f"the level has more states than {states}, too many to search them all")
    if code != _FOUND:
        return Search(None, states, cells, code == _NONE)
    edges: list[int] = []
    while node:
        edges.append(int(actions[node]))
        node = int(parents[node])
    edges.reverse()
    keys = bytes(keys for keys in edges for _ in range(EDGE_TICKS))
    return Search(b"\0" + keys[: len(keys) - EDGE_TICKS + last], states, cells)


def _passages(level: Level, image: LevelImage) -> NDArray[np.int64]:
    """Column and `spent` bit of each tile that play can open or close, int64[2, n], by column."""
    if level.rules == Rules.COMPETITION_2009:
        return np.zeros((2, 0), np.int64)
    columns, rows = np.nonzero(np.isin(level.tiles, _PASSAGES))
    cells = image[CELLS + columns * level.tiles.shape[1] + rows].astype(np.int64)
    return np.stack([columns, (cells >> 16 & 0xFFFF) - 1])
