"""The steps of a beam search, and the arrays that they need: try every action, choose, go on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from gym_mario_suite.agents.beam.places import Place
from gym_mario_suite.agents.beam.rows import (
    BEGUN,
    CELL_PX,
    SETTINGS_SIZE,
    TICK_COST,
    appraise_rows,
    fork_rows,
)
from gym_mario_suite.agents.beam.seen import Seen
from gym_mario_suite.engine.clone import words
from gym_mario_suite.engine.level_image import LevelImage
from gym_mario_suite.engine.world import WORLD, Button, Worlds, empty_worlds
from gym_mario_suite.envs.device_rows import step_active_rows
from gym_mario_suite.envs.episode import (
    EPISODE,
    EVENT_COUNTS,
    REWARD_TERMS,
    TELEMETRY,
    take_stock,
)

_LEFT, _RIGHT, _DOWN, _JUMP, _SPEED = map(int, Button)
# In order of preference among equals.
ACTIONS = (
    _RIGHT | _SPEED,
    _RIGHT | _SPEED | _JUMP,
    _RIGHT,
    _RIGHT | _JUMP,
    _JUMP,
    0,
    _LEFT | _SPEED,
    _LEFT | _SPEED | _JUMP,
    _DOWN,
)
# Events are counted under the rules of 2019 alone.
N_COUNTS = len(TELEMETRY) + len(EVENT_COUNTS)


class Outcome(NamedTuple):
    """What has become of games, a tensor of n rows each; see `rows.appraise_rows`.

    Attributes:
        codes: uint8, 0 for games that go on.
        returns: float64, the rewards since the search began.
        hopes: float64, what they can still become by running to the exit.
        values: float64, the hopes less what ticks cost: by them games are chosen.
        cells: int64, which are taken for one.
        columns: int64, which are in the same stretch of the level.
    """

    codes: torch.Tensor
    returns: torch.Tensor
    hopes: torch.Tensor
    values: torch.Tensor
    cells: torch.Tensor
    columns: torch.Tensor


_ROW_BYTES = 8 * (len(REWARD_TERMS) + N_COUNTS + 8)
_SORTING_BYTES = 2 * 48 * len(ACTIONS)

_DTYPES = (torch.uint8, *(torch.float64,) * 3, *(torch.int64,) * 2)


class Step(NamedTuple):
    """How games came about, a tensor of n rows each.

    Attributes:
        parents: int64, rows of the games that were kept before.
        keys: uint8, button bits.
    """

    parents: torch.Tensor
    keys: torch.Tensor


class _Games:
    """Arrays of games at a place.

    Args:
        place: Where.
        count: How many.
        first: WORLD[1], the world of the first of them.
    """

    def __init__(self, place: Place, count: int, first: Worlds | None = None) -> None:
        worlds, episodes = empty_worlds(count), np.zeros(count, EPISODE)
        if first is not None:
            worlds[:1] = first
            take_stock(worlds, episodes)
        self.worlds, self.episodes = place.array(worlds), place.array(episodes)
        self.words = words(self.worlds)


class Search:
    """One search.

    Args:
        place: Where the games are played.
        width: Games that are kept.
        n_best: How many of them are chosen for their worth alone; the others are spread over the
            level.
        config: CONFIG[1]; its `frame_skip` are the ticks of a step, and it weighs the rewards.
        image: The level.
        worlds: WORLD[1], the game to begin with.
        tick_cost: What a tick is taken to cost beside its reward.
        cell_px: Side of the cells.

    Attributes:
        played: Steps of games that were played so far.
    """

    def __init__(
        self,
        place: Place,
        width: int,
        n_best: int,
        config: NDArray[np.void],
        image: LevelImage,
        worlds: Worlds,
        *,
        tick_cost: float,
        cell_px: float,
    ) -> None:
        self._place, self._width, self._n_best = place, width, n_best
        self._chunk = min(place.rows_at_once, width * len(ACTIONS))
        rows = max(self._chunk, width)
        game_bytes = WORLD.itemsize + EPISODE.itemsize
        # What becomes of all that is tried is kept twice over while it is sorted.
        place.check_room(width, 2 * game_bytes + _SORTING_BYTES, rows * (game_bytes + _ROW_BYTES))
        settings = np.zeros(SETTINGS_SIZE)
        settings[TICK_COST], settings[CELL_PX] = tick_cost, cell_px
        settings[BEGUN] = worlds[0]["start_time"]
        self._config, self._settings = place.array(config), place.array(settings)
        self._images = place.array(np.ascontiguousarray(image, np.int32)[None])
        self._level_rows = place.array(np.zeros(rows, np.int64))
        self._active = place.array(np.ones(rows, bool))
        self._terms = place.array(np.zeros((rows, len(REWARD_TERMS))))
        self._rewards = place.array(np.zeros(rows))
        self._counts = place.array(np.zeros((rows, N_COUNTS), np.int64))
        self._outcome = Outcome(
            *(torch.zeros(rows, dtype=dtype, device=place.device) for dtype in _DTYPES)
        )
        self._scratch = _Games(place, self._chunk)
        self._kept, self._spare = _Games(place, width, worlds), _Games(place, width)
        self._returns = torch.zeros(1, dtype=torch.float64, device=place.device)
        self._actions = torch.tensor(ACTIONS, dtype=torch.uint8, device=place.device)
        self._seen = Seen(place.device)
        self.played = 0

    def try_all(self) -> tuple[Outcome, Step]:
        """Try every action in every game that is kept.

        Returns:
            What becomes of them, and how they come about.
        """
        kept = len(self._returns)
        parents = torch.arange(kept, device=self._place.device).repeat_interleave(len(ACTIONS))
        step = Step(parents, self._actions.repeat(kept))
        parts = []
        for first in range(0, len(parents), self._chunk):
            some = Step(*(tensor[first : first + self._chunk] for tensor in step))
            parts.append(Outcome(*(tensor.clone() for tensor in self._play(some, self._scratch))))
        return Outcome(*map(torch.cat, zip(*parts, strict=True))), step

    def choose(self, outcome: Outcome) -> torch.Tensor:
        """The games to go on with, best first: int64[at most width], rows of the outcome."""
        going = torch.nonzero(outcome.codes == 0)[:, 0]
        order = going[torch.sort(outcome.values[going], descending=True, stable=True).indices]
        order = order[_ranks(outcome.cells[order]) == 0]
        order = order[~self._seen.known(outcome.cells[order], outcome.values[order])]
        best, rest = order[: self._n_best], order[self._n_best :]
        spread = rest[torch.sort(_ranks(outcome.columns[rest]), stable=True).indices]
        chosen = torch.cat([best, spread[: self._width - len(best)]])
        self._seen.add(outcome.cells[chosen], outcome.values[chosen])
        return chosen

    def keep(self, step: Step) -> None:
        """Go on with the games that come about so; at most `width`."""
        # What was tried is played once more: to hold all that is tried would take ten times the
        # memory.
        self._returns = self._play(step, self._spare).returns.clone()
        self._kept, self._spare = self._spare, self._kept

    def _play(self, step: Step, target: _Games) -> Outcome:
        """Copy games that are kept to `target`, and play a step of each.

        Returns:
            Tensors that the next call writes over.
        """
        place, kept = self._place, self._kept
        parents, keys = map(place.argument, step)
        codes, *outcome = map(place.argument, self._outcome)
        level = self._config, self._images, self._level_rows, target.worlds
        calls = (
            (
                fork_rows,
                *(kept.worlds, kept.words, kept.episodes, parents, target.words, target.episodes),
            ),
            (
                step_active_rows,
                *(*level, target.episodes, keys, self._active),
                *(self._terms, self._rewards, codes, self._counts),
            ),
            (
                appraise_rows,
                *(*level, codes, self._rewards, parents, place.argument(self._returns)),
                *(self._settings, *outcome),
            ),
        )
        count = len(step.parents)
        place.run(count, calls)
        self.played += count
        return Outcome(*(tensor[:count] for tensor in self._outcome))


def first_of_the_greatest(numbers: torch.Tensor) -> int:
    """Where the greatest of some numbers is; of equals the first (`argmax` promises none)."""
    return int((numbers == numbers.max()).nonzero()[0, 0])


def _ranks(keys: torch.Tensor) -> torch.Tensor:
    """How many before it have the same key, for each: int64[n]."""
    by_key = torch.sort(keys, stable=True)
    places = torch.arange(len(keys), device=keys.device)
    begins = torch.ones(len(keys), dtype=torch.bool, device=keys.device)
    begins[1:] = by_key.values[1:] != by_key.values[:-1]
    ranks = torch.empty_like(places)
    ranks[by_key.indices] = places - torch.cummax(places * begins, 0).values
    return ranks


def step_once(
    config: NDArray[np.void], image: LevelImage, worlds: Worlds, episodes: Any, keys: int
) -> NDArray[np.float64]:
    """A step of a single game, in place; its reward by terms, float64[7]."""
    terms, counts = np.zeros((1, len(REWARD_TERMS))), np.zeros((1, N_COUNTS), np.int64)
    step_active_rows(
        *(0, 1, config, image[None], np.zeros(1, np.int64), worlds, episodes),
        *(np.array([keys], np.uint8), np.ones(1, bool), terms, np.zeros(1)),
        *(np.zeros(1, np.uint8), counts),
    )
    return terms[0]
