"""The memory of a search: arrays made once by Python and handed to the compiled functions.

A search writes its tree into `nodes`; node i's world is `worlds[i]`. Numbers that change during a
search are in `control`, numbers that steer it in `settings`, both by the indices below.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.clone import words
from gym_mario_suite.engine.world import Worlds, empty_worlds

NODE = np.dtype(
    [
        ("cost", "f8"),  # ticks since the root, and penalties in ticks
        ("parent", "i4"),  # -1 for the root
        ("ticks", "i4"),  # since the root
        ("open", "i4"),  # ways on that have not turned out to be dead ends; 0: doomed
        ("x", "f4"),  # Mario's, px
        ("y", "f4"),
        ("keys", "u1"),  # buttons held since the parent
        ("terminal", "u1"),  # beyond the end of the search
    ],
    align=True,
)

# control, int64
N_NODES = 0  # nodes in the tree
N_SIMULATED = 1  # nodes simulated, those that were thrown away included
N_PUSHED = 2
SEARCH = 3  # number of this search, for the table of visited states
GOAL = 4  # the node that ended the search, or -1
CONTROL_SIZE = 5

# settings, float64
WEIGHT = 0  # of the heuristic
END_X = 1  # px: a node from here on ends the search
TARGET_X = 2  # px: what the heuristic measures the way to
HURT_COST = 3  # ticks that Mario would spend to avoid being hurt
GAP_COST = 4  # the same for ending above a bottomless gap
EDGE_TICKS = 5  # between two decisions
BUCKET_PX = 6  # states closer than these are taken for one
BUCKET_TICKS = 7
KILL_BONUS = 8  # ticks that Mario would spend on a kill
ALL_ACTIONS = 9  # 1: also try actions that seldom help
MIND_HIDDEN = 10  # 1: states also differ by the hidden blocks near Mario that were found
SETTINGS_SIZE = 11

# how a search ended
RUNNING = 0
REACHED = 1
EXHAUSTED = 2  # every state in reach was seen, none was at the end

MAX_ACTIONS = 8
_TABLE_ROWS_PER_NODE = 4


class Memory(NamedTuple):
    """Arrays of a search with room for `nodes` nodes."""

    worlds: Worlds
    pool: NDArray[np.uint64]
    nodes: NDArray[np.void]
    heap: NDArray[np.int64]
    table: NDArray[np.int64]
    control: NDArray[np.int64]


def make_memory(nodes: int) -> Memory:
    """Arrays for searches of up to `nodes` nodes (the system provides pages as they are used)."""
    worlds = empty_worlds(nodes + 1)
    rows = 1 << (_TABLE_ROWS_PER_NODE * nodes).bit_length()
    return Memory(
        worlds=worlds,
        pool=words(worlds),
        nodes=np.zeros(nodes + 1, NODE),
        heap=np.zeros((nodes * (MAX_ACTIONS + 1) + 2, 2), np.int64),
        table=np.zeros((rows, 3), np.int64),
        control=np.zeros(CONTROL_SIZE, np.int64),
    )
