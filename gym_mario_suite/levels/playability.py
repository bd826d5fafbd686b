"""Whether a level can be finished, asked twice: of the tiles alone, and of the game itself.

The static solver (`levels.solver`) knows no enemies and takes a fraction of a millisecond. The
engine's A* plays the level as it is, enemies included: two searches over the whole level, a coarse
one and, if that fails, a finer one, each with a fixed number of nodes. What it finds was played;
and because the number of nodes is fixed and not the time, it finds the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.search.planner import MAX_BUDGET, SURVEYS, Planner
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import Mode, Rules, Status
from gym_mario_suite.errors import as_integer
from gym_mario_suite.levels.grid_levels import to_grid
from gym_mario_suite.levels.level import Level
from gym_mario_suite.levels.solver import Solution, solve_to
from gym_mario_suite.levels.solver_search import SKY_ROWS

NODES = SURVEYS[0].budget  # of each of the two searches; a node takes some 11 KB of memory
TIME_LIMIT_S = 200


@dataclass(frozen=True)
class Run:
    """How the engine's A* fared.

    Attributes:
        won: Whether it reached the exit.
        keys: Button bits of each tick, uint8[n]: to the win, or of the best plan there was.
        positions: Mario's position after each tick, float32[n, 2] in px.
        furthest_px: His furthest x.
        nodes: Nodes that were simulated.
    """

    won: bool
    keys: NDArray[np.uint8]
    positions: NDArray[np.float32]
    furthest_px: float
    nodes: int


@dataclass(frozen=True)
class Playability:
    """What is known of whether a level can be finished.

    Attributes:
        level: The level.
        static: What the static solver found on the way from the level's start to the exit's column.
            Of a level with more than 13 kinds of tiles it saw the grid most like it.
        sky_rows: Rows that the level has above the grid that the solver saw.
        engine: How A* fared, None where it was not asked.
    """

    level: Level
    static: Solution
    sky_rows: int
    engine: Run | None

    def to_json(self) -> dict[str, Any]:
        """The findings as JSON."""
        found: dict[str, Any] = {
            "width": self.level.width,
            "height": self.level.height,
            "static": {
                "solved": self.static.solved,
                "furthest_column": self.static.furthest_column,
                "path": [
                    [column, row + self.sky_rows] for column, row in self.static.path.tolist()
                ],
            },
        }
        if self.engine is not None:
            run = self.engine
            found["engine"] = {
                "won": run.won,
                "furthest_px": run.furthest_px,
                "ticks": len(run.keys),
                "nodes": run.nodes,
                "keys": run.keys.tolist(),
            }
        return found


class EnginePlayer:
    """Plays levels by A* on the exact engine; one object for many levels keeps its memory.

    Args:
        nodes: Nodes that each of the two searches may simulate.
        mode: Mario's power state at the start; None for that of the environments: fire in 2009,
            small in 2019.
        time_limit: Seconds of level time.

    Raises:
        OptionError: For a number out of range.
    """

    def __init__(
        self, nodes: int = NODES, mode: Mode | None = None, time_limit: int = TIME_LIMIT_S
    ) -> None:
        nodes = as_integer("nodes", nodes, 1, MAX_BUDGET)
        first = Planner(replace(SURVEYS[0], budget=nodes))
        rest = [Planner(replace(each, budget=nodes), memory_of=first) for each in SURVEYS[1:]]
        self._planners = [first, *rest]
        self._mode = mode
        self._time_limit = time_limit

    def play(self, level: Level) -> Run:
        """Search for a way to the exit, and play what was found."""
        start = Game(level.image, start_mode(level, self._mode), self._time_limit)
        start.tick(0)
        exit_px = float(level.x_exit * TILE_PX)
        best: Run | None = None
        nodes = 0
        for planner in self._planners:
            # Beyond the exit nothing but winning ends the search.
            plan = planner.plan(start.image, start.worlds, exit_px + TILE_PX, exit_px)
            nodes += plan.nodes
            run = _played(start, plan.keys, nodes)
            if best is None or run.won or run.furthest_px > best.furthest_px:
                best = replace(run, nodes=nodes)
            if run.won:
                break
        assert best is not None
        return replace(best, nodes=nodes)


def start_mode(level: Level, mode: Mode | None = None) -> Mode:
    """The power state that Mario starts a level in."""
    if mode is not None:
        return mode
    return Mode.FIRE if level.rules == Rules.COMPETITION_2009 else Mode.SMALL


def _played(start: Game, plan: NDArray[np.uint8], nodes: int) -> Run:
    game = start.clone()
    keys = [0]
    positions = [(float(game.x), float(game.y))]
    for each in plan.tolist():
        if game.status != Status.RUNNING:
            break
        game.tick(each)
        keys.append(each)
        positions.append((float(game.x), float(game.y)))
    return Run(
        game.status == Status.WIN,
        np.array(keys, np.uint8),
        np.array(positions, np.float32),
        max(x for x, _ in positions),
        nodes,
    )


def check(level: Level, player: EnginePlayer | None = None) -> Playability:
    """Ask both whether a level can be finished.

    Args:
        level: The level.
        player: Who plays it on the engine; None for the static solver alone.
    """
    grid = to_grid(level)
    goal = min(max(level.x_exit, 0), level.width - 1)
    run = player.play(level) if player is not None else None
    sky_rows = level.height - grid.height
    start = level.start
    if start is not None:
        # Above the solver's sky is nothing but a longer fall.
        start = start[0], max(start[1] - sky_rows, -SKY_ROWS)
    return Playability(level, solve_to(goal, grid.codes, start), sky_rows, run)
