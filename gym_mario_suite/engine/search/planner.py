"""Plans for Mario: the search with its memory, its options and its budget."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.clone import words
from gym_mario_suite.engine.compiled import announce_first_compile, jit
from gym_mario_suite.engine.game import start_worlds
from gym_mario_suite.engine.level_image import LevelImage, finish_image, image_capacity, start_image
from gym_mario_suite.engine.search import tree
from gym_mario_suite.engine.search.astar import (
    begin_search,
    ends_in_abyss,
    longest_lived,
    most_promising,
    read_plan,
    run_search,
)
from gym_mario_suite.engine.tick import tick
from gym_mario_suite.engine.world import Worlds, empty_worlds
from gym_mario_suite.errors import as_integer, as_number, as_switch

MAX_BUDGET = 1_000_000
SURVEY_BUDGET = 100_000
_MAX_PLAN_TICKS = 4096
_SLICE_NODES = 64  # between two looks at the clock

_CAUTIOUS_NODES = 600
_CAUTIOUS_EDGE_TICKS = 3
_CAUTIOUS_BUCKET_PX = 8.0


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """What steers a search.

    Attributes:
        budget: Nodes that a search may simulate, 1 to 1,000,000 (and 600 more where the plan found
            would end above a bottomless gap).
        budget_ms: Milliseconds that a search may take, 0 for as long as `budget` lasts. With it
            the plans depend on the machine.
        weight: Of the heuristic, 1 or more: 1 searches for the fastest way, more is greedier.
        hurt_cost: Ticks that Mario would spend to avoid being hurt.
        gap_cost: Ticks that Mario would spend not to end a plan above a bottomless gap.
        kill_bonus: Ticks that Mario would spend on a kill.
        edge_ticks: Ticks between two decisions.
        bucket_px: States closer than this are taken for one.
        bucket_ticks: The same in time.
        all_actions: Whether to try what seldom helps, too: ducking.
        mind_hidden: Whether states differ also by the hidden blocks that were found, so that one
            can be a step for a way that comes by later.

    Raises:
        OptionError: For a value out of range.
    """

    budget: int = 3000
    budget_ms: float = 0.0
    weight: float = 1.11
    hurt_cost: float = 40.0
    gap_cost: float = 10.0
    kill_bonus: float = 1.0
    edge_ticks: int = 1
    bucket_px: float = 2.0
    bucket_ticks: float = 8.0
    all_actions: bool = False
    mind_hidden: bool = False

    def __post_init__(self) -> None:
        for name, (low, high) in _WHOLE.items():
            as_integer(name, getattr(self, name), low, high)
        for name, (least, most) in _RANGES.items():
            as_number(name, getattr(self, name), least, most)
        as_switch("all_actions", self.all_actions)
        as_switch("mind_hidden", self.mind_hidden)


_WHOLE: dict[str, tuple[int, int]] = {
    "budget": (1, MAX_BUDGET),
    "edge_ticks": (1, 16),
}
_RANGES: dict[str, tuple[float, float]] = {
    "budget_ms": (0, 60_000),
    "weight": (1, 100),
    "hurt_cost": (0, 10_000),
    "gap_cost": (0, 10_000),
    "kill_bonus": (0, 100),
    "bucket_px": (0.5, 64),
    "bucket_ticks": (1, 10_000),
}


# A coarse flood of all that is in reach, to find the way out of a dead end.
DETOUR = SearchOptions(
    budget=12_000,
    weight=1.0,
    edge_ticks=4,
    bucket_px=8.0,
    bucket_ticks=10_000.0,
    kill_bonus=0.0,
    all_actions=True,
    mind_hidden=True,
)

# For a whole level in one search: coarse first, then finer for narrow ways.
_SURVEY = SearchOptions(
    budget=SURVEY_BUDGET,
    weight=1.2,
    edge_ticks=3,
    bucket_px=8.0,
    bucket_ticks=32.0,
    kill_bonus=0.0,
    all_actions=True,
)
SURVEYS = (_SURVEY, replace(_SURVEY, bucket_px=4.0, bucket_ticks=16.0))


class Plan(NamedTuple):
    """What Mario is to do.

    Attributes:
        keys: Button bits of each tick to come, uint8[n]; n is 0 when nothing helps.
        positions: Where he will be after each of them, float32[n, 2] in px.
        reached: Whether the plan leads to the end of the search.
        nodes: Nodes that were simulated.
    """

    keys: NDArray[np.uint8]
    positions: NDArray[np.float32]
    reached: bool
    nodes: int


@jit
def _foresee(image, worlds, keys, count, positions):
    """Play `keys` in `worlds[0]` and write down Mario's positions."""
    world = worlds[0]
    for t in range(count):
        tick(image, world, keys[t])
        positions[t, 0] = world.players[0].body.x
        positions[t, 1] = world.players[0].body.y


class Planner:
    """Searches from a world to the right.

    Memory for all nodes is made once, some 11 KB a node; the system provides it as it is used.

    Args:
        options: What steers the search.
        memory_of: Another planner, whose memory to use; `budget` is then at most that one's. What
            one of the two has planned lasts until the other one's next plan.
    """

    def __init__(
        self, options: SearchOptions | None = None, memory_of: Planner | None = None
    ) -> None:
        self.options = options or SearchOptions()
        announce_first_compile(run_search)
        if memory_of is None:
            self._memory = tree.make_memory(self.options.budget)
        else:
            self._memory = memory_of._memory
        self._settings = self._make_settings()
        self._keys = np.zeros(_MAX_PLAN_TICKS, np.uint8)
        self._positions = np.zeros((_MAX_PLAN_TICKS, 2), np.float32)
        self._warm_up()

    def _warm_up(self) -> None:
        """Plan once in an empty level, so that the first plan in play need not wait for numba."""
        image = np.zeros(image_capacity(1, 1, 0, 0), np.int32)
        start_image(image, 1, 1)
        finish_image(image)
        worlds = empty_worlds(1)
        start_worlds(image, worlds, 2, 1, 0)
        self.plan(image, worlds, 1000.0, 2000.0)

    def _make_settings(self) -> NDArray[np.float64]:
        options = self.options
        settings = np.zeros(tree.SETTINGS_SIZE)
        settings[tree.WEIGHT] = options.weight
        settings[tree.HURT_COST] = options.hurt_cost
        settings[tree.GAP_COST] = options.gap_cost
        settings[tree.KILL_BONUS] = options.kill_bonus
        settings[tree.EDGE_TICKS] = options.edge_ticks
        settings[tree.BUCKET_PX] = options.bucket_px
        settings[tree.BUCKET_TICKS] = options.bucket_ticks
        settings[tree.ALL_ACTIONS] = options.all_actions
        settings[tree.MIND_HIDDEN] = options.mind_hidden
        return settings

    def plan(self, image: LevelImage, worlds: Worlds, end_x_px: float, target_x_px: float) -> Plan:
        """The best way found.

        Args:
            image: The level's image.
            worlds: The world to start from, an array of one; it is not changed.
            end_x_px: The search ends with the first node at this x or beyond, or at the exit.
            target_x_px: What the heuristic measures the way to; `end_x_px` or more to the right.

        Returns:
            A plan whose arrays are valid until the next call.
        """
        memory, settings = self._memory, self._settings
        settings[tree.END_X] = end_x_px
        settings[tree.TARGET_X] = target_x_px
        root = words(worlds)[0]
        reached = self._search(image, root, settings)
        node = self._last_node(image, settings, reached)
        count = read_plan(memory.nodes, node, self._keys)
        nodes = int(memory.control[tree.N_SIMULATED])
        if not reached and ends_in_abyss(image, memory.worlds, node):
            count = self._plan_with_caution(image, root, count)
            nodes += int(memory.control[tree.N_SIMULATED])
        memory.pool[0] = root
        _foresee(image, memory.worlds, self._keys, count, self._positions)
        return Plan(self._keys[:count], self._positions[:count], reached, nodes)

    def _last_node(self, image: LevelImage, settings: NDArray[np.float64], reached: bool) -> int:
        """Where the plan is to lead: to the end, or to the best place that was found."""
        memory = self._memory
        if reached:
            return int(memory.control[tree.GOAL])
        node = most_promising(image, memory.worlds, memory.nodes, memory.control, settings)
        return int(node) or int(longest_lived(memory.nodes, memory.control))

    def _plan_with_caution(self, image: LevelImage, root: NDArray[np.uint64], count: int) -> int:
        """Replace a plan of `count` ticks that ends above a gap, if there is one that does not.

        The search before went for speed; this one goes everywhere, coarsely, and so also stops.
        """
        memory = self._memory
        settings = self._settings.copy()
        settings[tree.WEIGHT] = 0.0
        settings[tree.EDGE_TICKS] = _CAUTIOUS_EDGE_TICKS
        settings[tree.BUCKET_PX] = _CAUTIOUS_BUCKET_PX
        reached = self._search(image, root, settings, _CAUTIOUS_NODES)
        node = self._last_node(image, settings, reached)
        if ends_in_abyss(image, memory.worlds, node):
            return count
        return read_plan(memory.nodes, node, self._keys)

    def _search(
        self,
        image: LevelImage,
        root: NDArray[np.uint64],
        settings: NDArray[np.float64],
        at_most: int = MAX_BUDGET,
    ) -> bool:
        """Search from the world `root` within the budget; whether the end was reached."""
        memory = self._memory
        memory.pool[0] = root
        begin_search(memory.worlds, memory.nodes, memory.heap, memory.control, settings)
        arguments = (image, *memory, settings)
        budget, budget_ms = min(self.options.budget, at_most), self.options.budget_ms
        if not budget_ms:
            return run_search(*arguments, budget) == tree.REACHED
        deadline = time.perf_counter() + budget_ms / 1000
        ended = tree.RUNNING
        for nodes in range(_SLICE_NODES, budget + _SLICE_NODES, _SLICE_NODES):
            ended = run_search(*arguments, min(nodes, budget))
            if ended != tree.RUNNING or time.perf_counter() >= deadline:
                break
        return ended == tree.REACHED

    def trajectories(self) -> list[NDArray[np.float32]]:
        """The ways that the last search tried: Mario's positions in px, float32[n, 2] each.

        Each way leads from the start of the search to a node that has no child.
        """
        nodes = self._memory.nodes[: int(self._memory.control[tree.N_NODES])]
        parents = nodes["parent"].tolist()
        places = np.stack([nodes["x"], nodes["y"]], axis=1)
        has_child = np.zeros(len(nodes), bool)
        has_child[nodes["parent"][1:]] = True
        ways = []
        for leaf in np.flatnonzero(~has_child).tolist():
            way = []
            node = leaf
            while node >= 0:
                way.append(node)
                node = parents[node]
            ways.append(places[way[::-1]])
        return ways
