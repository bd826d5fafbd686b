"""Touches: moments in which Mario and a creature meet, which are rare and decide much.

He is hurt in one tick of some five hundred. A training that draws every place of its tapes equally
often sees so few of them that it says "nothing happens"; so a share of its windows may be drawn
from these moments. They are found by playing all tapes once, without pictures: some seconds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.datasets.tapes import Tapes
from gym_mario_suite.dream.tape_player import Room, begin_episode
from gym_mario_suite.engine.compiled import announce_first_compile, jit
from gym_mario_suite.engine.cores import run_on_cores
from gym_mario_suite.engine.tick import tick

_HURT, _KILL = 1, 2


@jit
def _find(image, rng, starts, worlds, rows, keys, first, end, touches):
    """Write 0, _HURT or _KILL for each tick of episodes `first` .. `end` - 1."""
    world = worlds[0]
    player = world.players[0]
    for i in range(first, end):
        row = rows[i]
        begin_episode(row, image, rng, starts, world)
        hurts, kills = player.hurts, world.kills_total
        for at in range(row.first, row.first + row.ticks):
            tick(image, world, np.int64(keys[at]))
            if player.hurts > hurts:
                touches[at] = _HURT
            elif world.kills_total > kills:
                touches[at] = _KILL
            hurts, kills = player.hurts, world.kills_total


class Touches(NamedTuple):
    """Where Mario is hurt, and where he kills a creature and is not.

    Each is int64[m, 2]: the episode, and the tick in it.
    """

    hurts: NDArray[np.int64]
    kills: NDArray[np.int64]


def touches_of(tapes: Tapes, threads: int = 1) -> Touches:
    """The touches of all episodes.

    Args:
        tapes: The episodes.
        threads: Cores to use at most.
    """
    announce_first_compile(_find)
    touches = np.zeros(len(tapes.keys), np.uint8)
    if not len(tapes):
        return Touches(*np.zeros((2, 0, 2), np.int64))
    room = Room(int(tapes.episodes["length"].max()))

    def work(first: int, end: int) -> None:
        rows, keys = tapes.episodes, tapes.keys
        _find(room.image, *room.generator, room.worlds, rows, keys, first, end, touches)

    run_on_cores(work, len(tapes), threads)
    found = []
    firsts = tapes.episodes["first"]
    order = np.argsort(firsts)
    for kind in (_HURT, _KILL):
        ticks = np.flatnonzero(touches == kind)
        episodes = order[np.searchsorted(firsts[order], ticks, side="right") - 1]
        found.append(np.stack([episodes, ticks - firsts[episodes]], 1))
    return Touches(*found)
