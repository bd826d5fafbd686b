"""Hill climbing: a course made by random edits that the solver and the limits like.

An edit of one random cell is kept if the score of `MarioMaker-v0` (the weighted distance to its
targets, the solver's answer included) is smaller for it, or the same and not more than half of the
changes are used; no limit is broken, and no more cells differ from the start than the environment
lets change. While the course cannot be finished, three edits of four are tried around the furthest
column that the solver reaches. Compiled, with the solver kept up to date.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.envs.episode import draw_uint64
from gym_mario_suite.envs.maker import MarioMakerEnv
from gym_mario_suite.envs.maker_board import FILL_GIVEN, ends_of
from gym_mario_suite.envs.maker_edits import goal_of, measure, put, reset_one, score_of
from gym_mario_suite.envs.maker_vector import MarioMakerVectorEnv
from gym_mario_suite.errors import as_integer

DEFAULT_TRIES = 30_000
_UNLIMITED = 1 << 60
_OF_16_NEAR = 12
_NEAR = 12  # columns around the furthest, of which so many are before it:
_BEHIND = 4


@jit
def climb(board, rules, i, start, tries, most_changes):
    """Try `tries` edits; returns how many cells differ from `start` (uint8[height, width]) then."""
    episode = board.episodes[i]
    height, width = board.maps.shape[1], board.maps.shape[2]
    k = rules.tile_of.shape[0]
    goal = goal_of(board, i)
    differ = 0
    measure(board, rules, i)
    score = score_of(board, rules, i)
    for _ in range(tries):
        drawn = draw_uint64(episode)
        part = np.int64(drawn % np.uint64(k))
        cell = np.int64((drawn >> np.uint64(16)) % np.uint64(height * width))
        row, column = cell // width, cell % width
        if 0 <= episode.furthest < goal and (drawn >> np.uint64(60)) < _OF_16_NEAR:
            column = min(max(episode.furthest + column % _NEAR - _BEHIND, 0), width - 1)
        old = np.int64(board.maps[i, row, column])
        now = differ + (part != start[row, column]) - (old != start[row, column])
        if part == old or now > most_changes:
            continue
        episode.changed = 0
        put(board, rules, i, row, column, part)
        if episode.changed == 0:
            continue
        measure(board, rules, i)
        new = score_of(board, rules, i)
        if new < score or (new == score and (now <= differ or 2 * now <= most_changes)):
            score = new
            differ = now
            if score == 0.0:
                break
        else:
            put(board, rules, i, row, column, old)
    return differ


class HillClimber:
    """Makes courses by hill climbing, with the targets, limits and budget of an environment.

    Args:
        tries: Edits to try for a course.

    Raises:
        OptionError: For a number out of range.
    """

    def __init__(self, tries: int = DEFAULT_TRIES) -> None:
        self.tries = as_integer("tries", tries, 1, _UNLIMITED)

    def plan(
        self, envs: MarioMakerEnv | MarioMakerVectorEnv, index: int, seed: int
    ) -> NDArray[np.uint8]:
        """The map it would make of an environment's, which stays as it is.

        Args:
            envs: The environment, or vector environment; its episode has begun.
            index: Which environment, 0 for a single one.
            seed: Decides the edits.

        Returns:
            Numbers of parts in the palette, uint8[height, width].
        """
        options: Any = envs.options
        draft = MarioMakerEnv(**vars_of(options)).batch
        draft.seed(0, seed)
        start = envs.batch.board.maps[index].copy()
        board = draft.board
        board.maps[0] = start
        ends = ends_of(envs.batch.course(index))
        rules = draft.rules._replace(base=start, max_changes=_UNLIMITED, freeze=0.0, **ends)
        reset_one(board, rules, 0, FILL_GIVEN)
        board.frozen[0] = envs.batch.board.frozen[index]
        board.targets[0] = envs.batch.board.targets[index]
        left = draft.rules.max_changes - int(envs.batch.board.episodes[index]["changes"])
        climb(board, rules, 0, start, self.tries, left)
        return board.maps[0].copy()


def vars_of(options: Any) -> dict[str, Any]:
    """The arguments an environment's options were made of."""
    return {name: getattr(options, name) for name in type(options).__dataclass_fields__}


def hill_climbing_choice(envs: MarioMakerVectorEnv, tries: int = DEFAULT_TRIES) -> Any:
    """How the hill climber chooses, for `measure_maker`: first it plans, then it draws the plan."""
    plans: list[NDArray[np.uint8]] = []

    def choose(observations: Any, _infos: Any, masks: NDArray[np.bool_], _chance: Any) -> Any:
        if not plans:
            climber = HillClimber(tries)
            plans.extend(climber.plan(envs, index, index) for index in range(envs.num_envs))
        pos = observations["pos"]
        rows = np.arange(envs.num_envs)
        wanted = np.array(plans)[rows, pos[:, 1], pos[:, 0]]
        here = observations["map"][rows, pos[:, 1], pos[:, 0]]
        # What the limits do not have room for yet waits for the next scan.
        return np.where(masks[rows, wanted], wanted, here).astype(np.int64)

    return choose
