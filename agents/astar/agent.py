"""The A* agents of the two information modes.

Under the 2019 rules both see the world: that framework hands its forward model to every agent.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.agents.astar.survey import Surveyor
from gym_mario_suite.agents.astar.window import WindowModel
from gym_mario_suite.agents.base import GameView, world_of
from gym_mario_suite.engine.level_image import RULES, WIDTH, X_EXIT, LevelImage
from gym_mario_suite.engine.search.planner import (
    DETOUR,
    SURVEY_BUDGET,
    Plan,
    Planner,
    SearchOptions,
)
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import Rules, Worlds
from gym_mario_suite.errors import as_integer, as_number

_NO_BUTTONS = 0
_COMPETITION_2009 = int(Rules.COMPETITION_2009)
_EMPTY = Plan(np.zeros(0, np.uint8), np.zeros((0, 2), np.float32), False, 0)

# Plans end a column and half of Mario before the unknown: what stands in the last column seen may
# be the foot of something.
_MARGIN_PX = 20
# How far beyond the end of the search the heuristic measures the way in the window view. Near it
# a plan would be judged by place alone; from afar the speed at its end counts for what it brings.
_BEYOND_PX = 640
_HORIZON_PX = 400.0  # how far ahead a plan on the world leads
_PATIENCE_TICKS = 45  # without a tile's progress, before a dead end is suspected
_IDLE_TICKS = 300  # of a surveyed level without progress, after which plans are made less often
_REST_TICKS = 8
_DETOUR_PX = 48  # a detour must lead this far beyond the furthest point


class _PlanningAgent:
    """Follows a plan while the world agrees with it; plans anew every `replan` ticks.

    When Mario has made no way for a while and no plan leads on, he is in a dead end. Then a
    coarse search over all that is in reach looks for a way past the furthest point he has been
    to, wherever it begins; that plan is followed to its end.

    Under the 2019 rules a `Surveyor` looks for a plan for the whole level first.
    """

    name: str
    independent_levels = True

    def __init__(
        self, options: SearchOptions, replan: int, horizon_px: float, survey_budget: int
    ) -> None:
        self._replan = as_integer("replan", replan, 1, 1 << 40)
        self._horizon_px = as_number("horizon", horizon_px, 16, 4096)
        self._surveyor = Surveyor(survey_budget, options.budget_ms) if survey_budget else None
        self._planner = Planner(options)
        self._searched = self._planner  # the last one that searched
        self._detours: Planner | None = None  # its memory is made when it is needed
        self.reset()

    def reset(self) -> None:
        """Forget the plan."""
        self._plan = _EMPTY
        self._next = 0
        self._follow_for = 0
        self._furthest_px = 0.0
        self._patience_ticks = _PATIENCE_TICKS
        self._idle_ticks = 0
        self._rested_ticks = 0
        self._may_survey = False
        if self._surveyor is not None:
            self._surveyor.reset()

    def trajectories(self) -> list[NDArray[np.float32]]:
        """The ways that the last search tried: Mario's positions in px, float32[n, 2] each."""
        return self._searched.trajectories()

    def _answer(
        self, x: float, y: float, image: LevelImage, worlds: Worlds, end_x: float, target_x: float
    ) -> int:
        """The buttons of the next tick: by the plan while it holds, else by a new one."""
        self._patience_ticks -= 1
        self._idle_ticks += 1
        if x > self._furthest_px + TILE_PX:
            self._furthest_px = x
            self._patience_ticks = _PATIENCE_TICKS
            self._idle_ticks = 0
        plan, done = self._plan, self._next
        if (
            done >= self._follow_for
            or plan.positions[done - 1, 0] != x
            or plan.positions[done - 1, 1] != y
        ):
            if self._may_survey and self._idle_ticks > _IDLE_TICKS and self._is_resting():
                return _NO_BUTTONS
            plan = self._survey(image, worlds)
            if plan is None:
                self._searched = self._planner
                plan = self._planner.plan(image, worlds, end_x, target_x)
                self._follow_for = min(self._replan, len(plan.keys))
                if not plan.reached and self._patience_ticks <= 0:
                    plan = self._detour(image, worlds, target_x) or plan
            self._plan = plan
            done = 0
            if not len(plan.keys):
                return _NO_BUTTONS
        self._next = done + 1
        return int(plan.keys[done])

    def _act_on_world(self, game: GameView) -> int:
        """The buttons of the next tick, planned on the game's own world."""
        image, worlds = world_of(game, self.name, "plans on the world itself")
        self._may_survey = image[RULES] != _COMPETITION_2009
        x = float(game.x)
        exit_x = float(min(image[X_EXIT], image[WIDTH]) * TILE_PX)
        end_x = x + self._horizon_px
        return self._answer(x, float(game.y), image, worlds, end_x, max(exit_x, end_x))

    def _survey(self, image: LevelImage, worlds: Worlds) -> Plan | None:
        """A plan to the exit or far ahead, where a surveyor is at work and has found one."""
        if self._surveyor is None or not self._may_survey:
            return None
        plan = self._surveyor.plan(image, worlds)
        if plan is not None:
            self._follow_for = self._surveyor.trusted_ticks
            self._searched = self._surveyor.searched
        return plan

    def _is_resting(self) -> bool:
        """Whether to wait before the next plan: all that could be thought of has been tried."""
        self._rested_ticks = (self._rested_ticks + 1) % (_REST_TICKS + 1)
        return self._rested_ticks != 0

    def _detour(self, image: LevelImage, worlds: Worlds, target_x: float) -> Plan | None:
        """A plan that leads past the furthest point so far, if one is found."""
        self._patience_ticks = _PATIENCE_TICKS // 2
        if self._detours is None:
            self._detours = Planner(DETOUR)
        self._searched = self._detours
        end_x = self._furthest_px + _DETOUR_PX
        plan = self._detours.plan(image, worlds, end_x, max(target_x, end_x))
        if not plan.reached:
            return None
        self._follow_for = len(plan.keys)
        return plan


class AStarAgent(_PlanningAgent):
    """A* that knows what the competition's window shows, and nothing else.

    Sees the level grid at Z = 0, the float list, and Mario's state, as an entrant of 2009 did.
    From these it keeps a map of the tiles it has seen and a world of its own that follows the
    real one (`window.WindowModel`), and plans on that with the engine's rules, up to the edge of
    what it sees. Levels are taken to have 15 rows, as all of the competition's have.

    In a level of the 2019 rules it plans on the world itself, as `AStarWorldAgent` does.

    Args:
        budget: Nodes that a search may simulate.
        budget_ms: Milliseconds that a search may take, 0 for as long as `budget` lasts. With it
            the answers depend on the machine; without it they are the same everywhere.
        weight: Of the heuristic; 1 searches for the fastest plan, more is greedier.
        replan: Ticks after which a new plan is made although the old one still holds.
        hurt_cost: Ticks that Mario would spend to avoid being hurt.
        gap_cost: Ticks that Mario would spend not to end a plan above a bottomless gap.
        kill_bonus: Ticks that Mario would spend on a kill.
        survey_budget: 2019 rules: nodes that each search over the whole level may simulate, 0
            for none.

    Raises:
        OptionError: For a value out of range.
    """

    name = "astar"

    def __init__(
        self,
        *,
        budget: int = 3000,
        budget_ms: float = 0.0,
        weight: float = 1.11,
        replan: int = 2,
        hurt_cost: float = 40.0,
        gap_cost: float = 10.0,
        kill_bonus: float = 1.0,
        survey_budget: int = SURVEY_BUDGET,
    ) -> None:
        self._model = WindowModel()
        self._held = _NO_BUTTONS
        options = SearchOptions(
            budget=budget,
            budget_ms=budget_ms,
            weight=weight,
            hurt_cost=hurt_cost,
            gap_cost=gap_cost,
            kill_bonus=kill_bonus,
        )
        super().__init__(options, replan, _HORIZON_PX, survey_budget)

    def reset(self) -> None:
        """Forget the plan and all that was seen."""
        super().reset()
        self._model.reset()
        self._held = _NO_BUTTONS
        self._sees_world: bool | None = None

    def act(self, game: GameView) -> int:
        """Buttons by the plan."""
        if self._sees_world is None:
            image = getattr(game, "image", None)
            self._sees_world = image is not None and image[RULES] != _COMPETITION_2009
        if self._sees_world:
            return self._act_on_world(game)
        model = self._model
        model.follow(game, self._held)
        end_x = float(model.seen_to_px - _MARGIN_PX)
        self._held = self._answer(
            float(game.x), float(game.y), model.image, model.worlds, end_x, end_x + _BEYOND_PX
        )
        return self._held


class AStarWorldAgent(_PlanningAgent):
    """A* on the true world, as the framework of 2019 allows.

    It must be given the game itself, an `engine.game.Game`, whose level and world it reads: a mere
    `GameView` does not show them.

    Args:
        budget: Nodes that a search may simulate.
        budget_ms: Milliseconds that a search may take, 0 for as long as `budget` lasts. With it
            the answers depend on the machine; without it they are the same everywhere.
        weight: Of the heuristic; 1 searches for the fastest plan, more is greedier.
        replan: Ticks after which a new plan is made.
        horizon: How far ahead a plan leads, px.
        hurt_cost: Ticks that Mario would spend to avoid being hurt.
        gap_cost: Ticks that Mario would spend not to end a plan above a bottomless gap.
        kill_bonus: Ticks that Mario would spend on a kill.
        survey_budget: 2019 rules: nodes that each search over the whole level may simulate, 0
            for none.

    Raises:
        OptionError: For a value out of range.
    """

    name = "astar-world"

    def __init__(
        self,
        *,
        budget: int = 3000,
        budget_ms: float = 0.0,
        weight: float = 1.11,
        replan: int = 4,
        horizon: float = _HORIZON_PX,
        hurt_cost: float = 40.0,
        gap_cost: float = 10.0,
        kill_bonus: float = 1.0,
        survey_budget: int = SURVEY_BUDGET,
    ) -> None:
        options = SearchOptions(
            budget=budget,
            budget_ms=budget_ms,
            weight=weight,
            hurt_cost=hurt_cost,
            gap_cost=gap_cost,
            kill_bonus=kill_bonus,
        )
        super().__init__(options, replan, horizon, survey_budget)

    def act(self, game: GameView) -> int:
        """Buttons by the plan.

        Raises:
            OptionError: When `game` does not show its world.
        """
        return self._act_on_world(game)
