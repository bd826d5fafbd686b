"""Plans for a whole level, where an agent is shown all of it.

A search that looks a screen ahead commits itself to what a later screen punishes: the low road
that ends below a cliff, the step run past that was needed for the next gap. From the start of a
level such traps cost a wide search some thousand nodes more, and the plan that it finds is played
to its end, because the engine is exact.
"""

from __future__ import annotations

from dataclasses import replace

from gym_mario_suite.engine.level_image import WIDTH, X_EXIT, LevelImage
from gym_mario_suite.engine.search.planner import SURVEY_BUDGET, SURVEYS, Plan, Planner
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import Worlds

_REACH_PX = 4096  # of one survey
_TRUSTED_SHARE = 0.75  # of a plan that does not lead to the exit
_FIRST_PAUSE_TICKS = 300  # after a survey in vain; doubled each time


class Surveyor:
    """Searches the way to the exit in one go.

    Args:
        budget: Nodes that each of the searches may simulate, a coarse one and a finer one.
        budget_ms: Milliseconds that each of them may take, 0 for as long as `budget` lasts.

    Raises:
        OptionError: For a budget out of range.

    Attributes:
        trusted_ticks: How much of the last plan is to be followed.
        searched: Who made it.
    """

    def __init__(self, budget: int = SURVEY_BUDGET, budget_ms: float = 0.0) -> None:
        self._options = [replace(each, budget=budget, budget_ms=budget_ms) for each in SURVEYS]
        self._planners: list[Planner] = []  # their memory is made when it is needed
        self.reset()

    def reset(self) -> None:
        """A level is about to begin."""
        self.trusted_ticks = 0
        self._due_tick = 0
        self._pause_ticks = _FIRST_PAUSE_TICKS

    def plan(self, image: LevelImage, worlds: Worlds) -> Plan | None:
        """A plan to the exit or 256 columns ahead; None when none is found, or none is due."""
        now = int(worlds[0]["start_time"])
        if now < self._due_tick:
            return None
        exit_px = float(min(image[X_EXIT], image[WIDTH]) * TILE_PX)
        x_px = float(worlds[0]["players"][0]["body"]["x"])
        # Beyond the exit nothing but winning ends a search.
        whole = exit_px - x_px <= _REACH_PX
        end_px = exit_px + TILE_PX if whole else x_px + _REACH_PX
        for planner in self._ready_planners():
            plan = planner.plan(image, worlds, end_px, exit_px)
            if plan.reached:
                self.searched = planner
                ticks = len(plan.keys)
                self.trusted_ticks = ticks if whole else max(1, int(ticks * _TRUSTED_SHARE))
                self._due_tick = 0
                return plan
        self._due_tick = now + self._pause_ticks
        self._pause_ticks *= 2
        return None

    def _ready_planners(self) -> list[Planner]:
        if not self._planners:
            first = Planner(self._options[0])
            self._planners = [first]
            self._planners += [Planner(each, memory_of=first) for each in self._options[1:]]
        return self._planners
