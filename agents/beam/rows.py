"""What a beam search runs for its games beside their step: copy them, and say what they promise.

Functions over rows, as in `engine.rows`: threads of the processor take chunks of rows, threads of a
GPU one row each.
"""

from __future__ import annotations

import math

import numpy as np

from gym_mario_suite.engine.clone import copy_world_between
from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.level_image import WIDTH, X_EXIT
from gym_mario_suite.engine.player import mode_of
from gym_mario_suite.engine.search.running import ticks_to_run
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import NO_SPRITE
from gym_mario_suite.envs.episode import REWARD_TERMS, seconds_of

_DISTANCE = REWARD_TERMS.index("distance")
_TIME = REWARD_TERMS.index("time")
_WIN = REWARD_TERMS.index("win")
# settings, float64
TICK_COST = 0  # what a tick is taken to cost beside its reward
CELL_PX = 1  # side of a cell
BEGUN = 2  # `world.start_time` where the search began
SETTINGS_SIZE = 3

_COLUMN_PX = 32.0
_SPEED_STEPS = 2.0  # per px per tick: speeds closer than half a px per tick are taken for one
_PRIME = 1_000_003  # a cell's numbers are the digits of its key in this base, modulo 2^64


@jit
def fork_rows(
    first, end, sources, source_words, source_episodes, parents, target_words, target_episodes
):
    """Copy games: game i of the targets becomes game `parents[i]` of the sources.

    Args:
        first: First row.
        end: One past the last.
        sources: WORLD[m].
        source_words: uint64[m, words], the memory of `sources` (`clone.words`).
        source_episodes: EPISODE[m].
        parents: int64[n].
        target_words: uint64[n, words], other worlds.
        target_episodes: EPISODE[n].
    """
    for i in range(first, end):
        parent = parents[i]
        copy_world_between(sources, source_words, parent, target_words, i)
        target_episodes[i] = source_episodes[parent]


@inline_jit
def _ticks_left(image, world):
    """A lower bound on the ticks to the exit, and the px to it."""
    player = world.players[0]
    way = max(min(image[X_EXIT], image[WIDTH]) * TILE_PX - np.float64(player.body.x), 0.0)
    return ticks_to_run(way, np.float64(player.body.xa)), way


@inline_jit
def _cell(world, cell_px):
    """A key of Mario's state: games with the same one are taken for one."""
    player = world.players[0]
    body = player.body
    flags = (
        np.int64(body.on_ground)
        + 2 * np.int64(player.may_jump)
        + 4 * np.int64(body.sliding)
        + 8 * np.int64(player.ducking)
        + 16 * np.int64(player.can_shoot)
        + 32 * np.int64(player.invulnerable_time > 0)
        + 64 * np.int64(player.carried != NO_SPRITE)
        + 128 * np.int64(body.facing > 0)
    )
    key = np.int64(math.floor(np.float64(body.x) / cell_px))
    key = key * _PRIME + np.int64(math.floor(np.float64(body.y) / cell_px))
    key = key * _PRIME + np.int64(math.floor(np.float64(body.xa) * _SPEED_STEPS))
    key = key * _PRIME + np.int64(math.floor(np.float64(body.ya) * _SPEED_STEPS))
    key = key * _PRIME + np.int64(player.jump_time)
    key = key * _PRIME + np.int64(mode_of(player))
    return key * _PRIME + flags


@jit
def appraise_rows(
    first,
    end,
    configs,
    images,
    rows,
    worlds,
    codes,
    rewards,
    parents,
    parent_returns,
    settings,
    returns,
    hopes,
    values,
    cells,
    columns,
):
    """What games are worth after a step, and which are alike.

    Arguments as in `episode.step_rows`, and:
        parents: int64[n], where each game was copied from.
        parent_returns: float64[m], the returns there.
        settings: float64[3], by the indices `TICK_COST`, `CELL_PX`, `BEGUN`.
        returns: float64[n], filled: the rewards since the search began.
        hopes: float64[n], filled: the same and what there is still to be had by running to the
            exit; after an end the same alone.
        values: float64[n], filled: the hopes less what the ticks to the exit cost, those since the
            search began included.
        cells: int64[n], filled: keys of Mario's state.
        columns: int64[n], filled: which two columns of tiles Mario is in.
    """
    weights = configs[0].weights
    for i in range(first, end):
        world = worlds[i]
        returns[i] = parent_returns[parents[i]] + rewards[i]
        hopes[i] = returns[i]
        ticks = world.start_time - settings[BEGUN]
        if codes[i] == 0:
            ticks_left, way = _ticks_left(images[rows[i]], world)
            ticks += ticks_left
            hopes[i] += weights[_DISTANCE] * way + weights[_WIN]
            hopes[i] += weights[_TIME] * seconds_of(world, ticks_left)
        values[i] = hopes[i] - settings[TICK_COST] * ticks
        cells[i] = _cell(world, settings[CELL_PX])
        columns[i] = np.int64(math.floor(np.float64(world.players[0].body.x) / _COLUMN_PX))
