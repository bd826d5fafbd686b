"""Whether anybody can win a level of the 2019 rules, and what stops everybody if not.

Three kinds of searches on the exact engine. Wide A* over the level as it is finds a way in nearly
every level that has one, and what it finds was played. Where it finds none, an exhaustive search
over the level without creatures and items says whether the tiles alone let Mario through: if not,
how far he gets shows the place. Creatures can also help, because a stomp is a jump in the air, so
the verdict "nobody" rests on both: no way through the tiles, and none found with creatures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.search.planner import SURVEYS, Planner
from gym_mario_suite.engine.tiles import TILE_BEHAVIOURS, TILE_PX, Behaviour
from gym_mario_suite.engine.tiles import Tile2019 as T
from gym_mario_suite.engine.world import Mode, Rules, Status
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.exhaustive import Search, search_level
from gym_mario_suite.levels.level import Level

TIME_LIMIT_S = 200
_STATES, _FRONTIER = 1 << 22, 1 << 17
_BOXED_IN_COLUMNS = 3
_HIGHEST_ROWS = 4  # of a jump: what is further up is no place to land on

# Blocks that hold an item, and what is like them but holds a coin.
_WITHOUT_ITEM = {
    T.QUESTION_POWER: T.QUESTION_COIN,
    T.BRICK_POWER: T.BRICK_COIN,
    T.BRICK_LIFE: T.BRICK_COIN,
    T.HIDDEN_LIFE_BLOCK: T.HIDDEN_COIN_BLOCK,
}
_BEHAVIOUR = TILE_BEHAVIOURS[Rules.FRAMEWORK_2019]


@dataclass(frozen=True)
class Verdict:
    """What the searches found.

    Attributes:
        keys: Button bits of each tick of a win, from the level's start; None when none was found.
        nodes: Worlds that the searches with creatures simulated.
        states_small: States of small Mario without creatures; 0 where that was not needed.
        ended_small: Whether these were all there are.
        way_small: Whether one of them is a win.
        states_large: The same of large Mario, who breaks bricks.
        ended_large: The same.
        way_large: The same.
        obstacle: What stops small Mario at the furthest place that he can stand in, "" for none.
    """

    keys: bytes | None
    nodes: int
    states_small: int = 0
    ended_small: bool = False
    way_small: bool = False
    states_large: int = 0
    ended_large: bool = False
    way_large: bool = False
    obstacle: str = ""

    @property
    def outcome(self) -> str:
        """`can be won`; `nobody` can; or `unknown`, where there is a way but for creatures."""
        if self.keys is not None:
            return "can be won"
        return "nobody" if self.ended_small and not self.way_small else "unknown"


class Judge:
    """Judges levels one after the other.

    Args:
        wide_budget: Nodes of each of the two widest searches; their memory takes some 11 KB a node.
    """

    def __init__(self, wide_budget: int = 300_000) -> None:
        self._wide_budget = wide_budget
        self._survey: list[Planner] = []
        self._wide: list[Planner] = []

    def judge(self, level: Level, mode: Mode = Mode.SMALL) -> Verdict:
        """Whether Mario, starting in that mode with 200 s, can win the level.

        Raises:
            OptionError: For a level of other rules.
        """
        if level.rules != Rules.FRAMEWORK_2019:
            raise OptionError("only levels of the rules framework-2019 can be judged")
        nodes = 0
        game = Game(level.image, mode, TIME_LIMIT_S)
        game.tick(0)
        for planner in self._planners():
            end_px = float(TILE_PX * (level.x_exit + 1))
            plan = planner.plan(game.image, game.worlds, end_px, end_px)
            nodes += plan.nodes
            if plan.reached and _wins(game.clone(), plan.keys):
                return Verdict(b"\0" + plan.keys.tobytes(), nodes)
        bare = _without_creatures(level)
        small = _explore(bare, mode)
        large = _explore(bare, Mode.LARGE)
        return Verdict(
            None,
            nodes,
            small.states,
            small.complete,
            small.keys is not None,
            large.states,
            large.complete,
            large.keys is not None,
            "" if small.keys is not None else obstacle(level, small.stands),
        )

    def _planners(self) -> Iterator[Planner]:
        """From the quickest to the widest; the memory of the wide ones is made when needed."""
        if not self._survey:
            first = Planner(SURVEYS[0])
            self._survey = [first, *(Planner(each, memory_of=first) for each in SURVEYS[1:])]
        yield from self._survey
        if not self._wide:
            coarse, fine = (replace(each, budget=self._wide_budget) for each in SURVEYS)
            first = Planner(replace(coarse, edge_ticks=4))
            greedy = Planner(replace(fine, weight=1.5, bucket_ticks=32.0), memory_of=first)
            self._wide = [first, greedy]
        yield from self._wide


def _wins(game: Game, keys: NDArray[np.uint8]) -> bool:
    for each in keys.tolist():
        if game.status != Status.RUNNING:
            break
        game.tick(each)
    return game.status == Status.WIN


def _explore(level: Level, mode: Mode) -> Search:
    return search_level(level, mode=mode, max_states=_STATES, frontier=_FRONTIER, partial=True)


def _without_creatures(level: Level) -> Level:
    """The level without spawn points, and with coins in place of items."""
    tiles = level.tiles.copy()
    for tile, plain in _WITHOUT_ITEM.items():
        tiles[level.tiles == tile] = plain
    return replace(level, tiles=tiles, spawns=())


def obstacle(level: Level, stands: NDArray[np.int32]) -> str:
    """What lies right of the rightmost place that Mario can stand in, in words.

    Args:
        level: The level.
        stands: Cells that he can stand in, int32[n, 2] of column and row.
    """
    stands = np.array([(x, y) for x, y in stands.tolist() if _carries(level, x, y + 1)])
    if not len(stands):
        return "falls at the start"
    column = int(stands[:, 0].max())
    row = int(stands[stands[:, 0] == column, 1].min())
    start = level.start[0] if level.start is not None else 0
    if column - start < _BOXED_IN_COLUMNS:
        return f"boxed in at the start by {_wall(level, column + 1, row)}"
    if column >= level.x_exit:
        return "the exit cannot be passed"
    if column + 1 < level.width and _is_solid(level, column + 1, row):
        return f"{_wall(level, column + 1, row)} at column {column + 1}"
    columns = range(column + 1, min(level.x_exit, level.width - 1) + 1)
    floors = [_floor(level, x, row + 1 - _HIGHEST_ROWS) for x in columns]
    gap = next((n for n, floor in enumerate(floors) if floor is not None), len(floors))
    if not gap:
        return f"the tiles from column {column + 1} on"
    if gap == len(floors):
        return f"a gap of {gap} columns from column {column + 1} to the exit"
    higher = row + 1 - (floors[gap] or 0)
    landing = f"{abs(higher)} rows {'higher' if higher > 0 else 'lower'}" if higher else "level"
    return f"a gap of {gap} columns from column {column + 1}, landing {landing}"


def _wall(level: Level, x: int, row: int) -> str:
    """The solid tiles of column `x` from `row` upwards."""
    top = row
    while top >= 0 and x < level.width and _is_solid(level, x, top):
        top -= 1
    return f"a wall of {row - top} rows" if top < row else "the tiles around it"


def _carries(level: Level, x: int, y: int) -> bool:
    """Whether one can stand on a tile, hidden blocks included: at an edge one stands beside it."""
    any_block = Behaviour.BLOCK_ALL | Behaviour.BLOCK_UPPER | Behaviour.BLOCK_LOWER
    return y < level.height and bool(_BEHAVIOUR[level.tiles[x, y]] & any_block)


def _is_solid(level: Level, x: int, y: int) -> bool:
    return bool(_BEHAVIOUR[level.tiles[x, y]] & Behaviour.BLOCK_ALL)


def _floor(level: Level, x: int, top: int) -> int | None:
    """The row of the lowest tile of column `x` to stand on, not above row `top`."""
    stops = _BEHAVIOUR[level.tiles[x]] & (Behaviour.BLOCK_ALL | Behaviour.BLOCK_UPPER) != 0
    solid = _BEHAVIOUR[level.tiles[x]] & Behaviour.BLOCK_ALL != 0
    rows = [y for y in np.flatnonzero(stops).tolist() if y >= top and not (y and solid[y - 1])]
    return rows[-1] if rows else None
