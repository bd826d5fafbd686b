"""Beam search: many games at once, of which in every step the most promising are kept.

From each game that is kept every action is tried, which makes some ten times as many. All are at
the same tick, so that nothing but their rewards tells them apart. What a game is worth is its
return so far and what it can still get by running to the exit. Of games in the same cell (place,
speeds, phase of a jump, power state) the best is kept, if none worth as much has been there before;
of these the best, and some that are the best of where Mario is in them. The search ends when no
game that goes on can hope for more than the best of those that have ended.

Any reward of the environment can be planned for. At any place, thread count and size of chunks the
plan is the same: games are the engine's, values are compared exactly, and the first of equals is
taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.agents.beam.places import make_place
from gym_mario_suite.agents.beam.search import (
    Search,
    Step,
    first_of_the_greatest,
    step_once,
)
from gym_mario_suite.engine.compiled import announce_first_compile
from gym_mario_suite.engine.level_image import LevelImage
from gym_mario_suite.engine.world import Status, Worlds
from gym_mario_suite.envs.device_rows import step_active_rows
from gym_mario_suite.envs.end_codes import TRUNCATED
from gym_mario_suite.envs.episode import EPISODE, REWARD_TERMS, take_stock
from gym_mario_suite.envs.options import InfiniteOptions
from gym_mario_suite.errors import as_integer, as_number

_MAX_WIDTH = 1 << 20
# A search that has no games left is repeated with twice the width, so often.
_DOUBLINGS = 3


@dataclass(frozen=True, kw_only=True)
class BeamOptions:
    """What steers a beam search.

    Attributes:
        width: Games that are kept, 1 to 1,048,576. A game takes some 25 KB.
        span: Ticks between two decisions, 1 to 16.
        reward: What is planned for: a reward of the environment, by name or as weights.
        tick_cost: What a tick is taken to cost beside its reward, in the reward's units. Without
            it a reward that does not speak of time would let Mario stand about.
        cell_px: Games whose Mario is in the same square of this side, in px, and does the same
            there are taken for one.
        spread: Share of the width that goes to games which are the best of where Mario is in them,
            of each two columns of tiles. When all those in front run into a trap, these are left.
        max_ticks: Where a plan ends at the latest.
        device: "cpu" or "cuda".
        threads: Cores to play on at most.

    Raises:
        OptionError: For a value out of range.
    """

    width: int = 256
    span: int = 2
    reward: str | Mapping[str, float] = "fitness"
    tick_cost: float = 0.01
    cell_px: float = 8.0
    spread: float = 0.125
    max_ticks: int = 20_000
    device: str = "cpu"
    threads: int = 1

    def __post_init__(self) -> None:
        as_integer("width", self.width, 1, _MAX_WIDTH)
        as_integer("span", self.span, 1, 16)
        as_integer("max_ticks", self.max_ticks, 1, 1_000_000)
        as_integer("threads", self.threads, 1, 1024)
        for name, low, high in (
            ("tick_cost", 0.0, 1e6),
            ("cell_px", 0.25, 256.0),
            ("spread", 0.0, 1.0),
        ):
            as_number(name, getattr(self, name), low, high)


class BeamPlan(NamedTuple):
    """What Mario is to do.

    Attributes:
        keys: uint8[ticks], button bits.
        positions: float32[ticks, 2], where he will be after each of them, in px.
        reward: What the plan brings, the sum of `terms`.
        terms: The same by term of the reward.
        status: How the game stands at its end.
        steps_played: Steps of games, of `span` ticks each, that were played to find it.
    """

    keys: NDArray[np.uint8]
    positions: NDArray[np.float32]
    reward: float
    terms: dict[str, float]
    status: Status
    steps_played: int


class Progress(NamedTuple):
    """How far a search is.

    Attributes:
        ticks: Since its start.
        games: Games that are kept.
        value: What the most promising of them is worth.
        best: What the best game that has ended is worth; -inf before one has.
        steps_played: Steps of games so far.
    """

    ticks: int
    games: int
    value: float
    best: float
    steps_played: int


class _Found(NamedTuple):
    """What a search has come to.

    Attributes:
        ended: Buttons by step, to the best game that has ended; None if none has.
        going: The same to the most promising game that goes on.
        finished: Whether the search came to its end.
        ran_dry: Whether it did because no game was left: dead, or where games had been before.
        steps_played: Steps of games so far.
    """

    ended: list[int] | None
    going: list[int]
    finished: bool
    ran_dry: bool
    steps_played: int


class Beam:
    """Plans by beam search; see the module.

    Args:
        options: What steers it.

    Raises:
        OptionError: For options that are not possible.
        DeviceError: If there is no GPU where one was asked for, or too little memory on it.

    Example:
        >>> from gym_mario_suite.engine.game import Game
        >>> from gym_mario_suite.levels import generate
        >>> game = Game(generate(seed=3, length=60).image)
        >>> plan = Beam(BeamOptions(width=64)).plan(game.image, game.worlds)
        >>> plan.status.name
        'WIN'
    """

    def __init__(self, options: BeamOptions | None = None) -> None:
        self.options = options or BeamOptions()
        reward, span = self.options.reward, self.options.span
        self._config = InfiniteOptions(reward=reward, frame_skip=span).config()
        self._place = make_place(self.options.device, self.options.threads)
        announce_first_compile(step_active_rows)

    def plan(
        self,
        image: LevelImage,
        worlds: Worlds,
        on_step: Callable[[Progress], bool] | None = None,
    ) -> BeamPlan:
        """The best way to the end of the level that the beam finds.

        Where no game is left, it begins anew with twice the width, up to eight times as many.

        Args:
            image: The level.
            worlds: WORLD[1], the game as it stands; it is not touched.
            on_step: Called after each step. Where it returns True the search ends, and the plan is
                the best so far.
        """
        width, played = self.options.width, 0
        searches: list[_Found] = []
        plans: list[BeamPlan] = []
        widest = min(width << _DOUBLINGS, _MAX_WIDTH)
        while True:
            found = self._search(image, worlds, width, on_step, played)
            played = found.steps_played
            plan = self._followed(image, worlds, found.ended or found.going, played)
            if plan.status == Status.WIN:
                return plan
            searches.append(found)
            plans.append(plan)
            if not found.ran_dry or width == widest:
                break
            width = min(2 * width, widest)
        if found.finished:
            return max(plans, key=lambda plan: plan.reward)._replace(steps_played=played)
        # A search that was stopped: better one who is on his way than one who has died.
        ways = [self._followed(image, worlds, each.going, played) for each in searches]
        return max(ways, key=lambda way: way.reward)

    def _search(
        self,
        image: LevelImage,
        worlds: Worlds,
        width: int,
        on_step: Callable[[Progress], bool] | None,
        played: int,
    ) -> _Found:
        options = self.options
        search = Search(
            *(self._place, width, width - int(width * options.spread)),
            *(self._config, image, worlds),
            tick_cost=options.tick_cost,
            cell_px=options.cell_px,
        )
        steps: list[Step] = []
        best, best_end = -math.inf, None
        finished = ran_dry = timed_out = False
        while len(steps) * options.span < options.max_ticks:
            outcome, tried = search.try_all()
            ended = outcome.codes.nonzero()[:, 0]
            if len(ended):
                row = ended[first_of_the_greatest(outcome.returns[ended])]
                if float(outcome.returns[row]) > best:
                    best = float(outcome.returns[row])
                    best_end = len(steps), int(tried.parents[row]), int(tried.keys[row])
            chosen = search.choose(outcome)
            timed_out |= bool((outcome.codes == TRUNCATED).any())
            ran_dry = not len(chosen) and not timed_out
            finished = not len(chosen) or float(outcome.hopes[chosen].max()) <= best
            if finished:
                break
            value = float(outcome.values[chosen[0]])
            steps.append(Step(tried.parents[chosen], tried.keys[chosen]))
            search.keep(steps[-1])
            ticks, so_far = len(steps) * options.span, played + search.played
            progress = Progress(ticks, len(chosen), value, best, so_far)
            if on_step is not None and on_step(progress):
                break
        ended = None
        if best_end is not None:
            length, parent, keys = best_end
            ended = [*_traced(steps[:length], parent), keys]
        # The first of those that are kept is the most promising.
        return _Found(ended, _traced(steps, 0), finished, ran_dry, played + search.played)

    def _followed(
        self, image: LevelImage, worlds: Worlds, decisions: list[int], steps_played: int
    ) -> BeamPlan:
        """Play what was found once more, to say what comes of it tick by tick."""
        config = self._config.copy()
        config["frame_skip"] = 1
        keys, positions = [], []
        terms = np.zeros(len(REWARD_TERMS))
        played, episodes = worlds.copy(), np.zeros(1, EPISODE)
        take_stock(played, episodes)
        player = played[0]["players"][0]
        planned = np.repeat(np.array(decisions, np.uint8), self.options.span)
        for decision in planned[: self.options.max_ticks].tolist():
            if player["status"] != Status.RUNNING:
                break
            terms += step_once(config, image, played, episodes, decision)
            keys.append(decision)
            positions.append((player["body"]["x"], player["body"]["y"]))
        return BeamPlan(
            np.array(keys, np.uint8),
            np.array(positions, np.float32).reshape(-1, 2),
            float(terms.sum()),
            dict(zip(REWARD_TERMS, terms.tolist(), strict=True)),
            Status(int(player["status"])),
            steps_played,
        )


def _traced(steps: list[Step], row: int) -> list[int]:
    """The buttons that led to the game in a row of those that the last step has kept."""
    decisions = []
    for step in reversed(steps):
        decisions.append(int(step.keys[row]))
        row = int(step.parents[row])
    return decisions[::-1]
