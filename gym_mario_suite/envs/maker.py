"""`MarioMaker-v0`: making a course, cell by cell, as a Gymnasium environment."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray

from gym_mario_suite.envs.end_codes import TERMINATED, TRUNCATED
from gym_mario_suite.envs.keyword_options import read_options
from gym_mario_suite.envs.maker_batch import MakerBatch
from gym_mario_suite.envs.maker_options import MakerOptions
from gym_mario_suite.envs.native_vector import draw_stream_seed
from gym_mario_suite.envs.render_modes import check_render_mode, may_render, window_of
from gym_mario_suite.envs.reset_options import check_one_option, options_given
from gym_mario_suite.envs.windowed import Windowed
from gym_mario_suite.levels.maker.course import MakerCourse

RESET_OPTIONS = frozenset({"course", "targets", "state"})
RENDER_MODES = ["ansi", "rgb_array"]
RENDER_FPS = 30
Observation = dict[str, NDArray[Any]]


class MarioMakerEnv(Windowed, gym.Env[Observation, Any]):
    """An agent makes a course of Mario Maker parts under limits, and is paid for what it becomes.

    ## Description
    The map is a grid of parts of a palette (`levels/maker/parts.json`: object ids of Super Mario
    Maker 2). A step changes cells; a part that would break a limit, or a frozen cell, is refused:
    that changes nothing and is counted in `info["invalid"]`. After each step the map is measured,
    the static solver's answer included, which is kept up to date edit by edit.

    ## Action space
    By `representation`: `narrow`, a part for the cell at the cursor, which goes on by itself,
    Discrete(K); `turtle`, left, right, up, down, or a part for the cell where it is,
    Discrete(4 + K); `wide`, column, row and part, MultiDiscrete([width, height, K]); `flat`, the
    same as one number (row * width + column) * K + part; `patch`, parts for a block of `patch`
    cells at the cursor, MultiDiscrete([K] * cells); `grid`, parts for all cells at once. Blocks and
    grids are filled in reading order, and what is full by then is refused.

    `info["action_mask"]` (int8) and `action_masks()` (bool, as MaskablePPO wants it) say what is
    possible, one number after the other; `action_space.sample(mask=...)` of a MultiDiscrete space
    wants it cut in pieces: `tuple(np.split(mask, np.cumsum(action_space.nvec)[:-1]))`.
    A cell's own part is always possible and changes nothing.
    For `wide`, whose mask has only the axes, and between the cells of a block or grid, a possible
    action can still be refused; in the others it never is.

    ## Observation space
    A Dict: `map` uint8[height, width], numbers of parts in the palette; `pos` int32[2], column and
    row of the cursor; `counts` int32[K], cells of each part; `budget` float32[1], share of the
    changes that are left; `frozen` int8[height, width]; `path` int8[height, width], 1 where the
    solver's way leads; `targets` float32[8, 2], the least and the most of each metric wanted.

    ## Rewards
    Each metric has a target interval and a weight; the score is the weighted sum of the distances
    to the intervals. `reward="dense"` pays every decrease of the score, "sparse" the whole of it at
    the end of the episode; `bonus` comes on top when all targets with a weight are met.

    Metrics: `progress` (furthest column that the solver reaches, as a share of the way to the
    goal's), `solved` (0 or 1), `jumps` of the solver's way, `enemies`, `coins`, `limits` (cells
    above a limit: 0 unless limits were left), `structures` (halves of pipes and cannons without
    what belongs to them), `style` (bits by which the 2x2 patterns are off the corpus', weight 0 by
    default).

    ## Episode end
    `terminated` when all targets with a weight are met; `truncated` when the changes are used up or
    after `max_steps`.

    ## Info
    `changed` and `invalid` (cells of this step), `changes` (of the episode), `score`, each metric,
    and `action_mask`.

    ## Options of reset
    `{"course": MakerCourse}` begins with that course, `{"targets": {...}}` wants something else for
    one episode, `{"state": bytes}` takes up a saved episode. A course's own start and goal are
    where the solver's way leads from and to; its name and whatever else it has besides parts stay
    with `env.course`, and are not in states.

    Args:
        representation: See above.
        width: Columns of the map, from 8.
        height: Rows of the map, from 4.
        palette: Name of a palette of `levels.maker.parts`, or names of parts, "air" first.
        limits: Profile ("smb", "mm2", "none"), counts by group, or the path of a JSON file, see
            `levels.maker.part_limits`.
        init: "random", "empty" (flat ground), "generator:<name>" of `levels.generators`, or a
            MakerCourse.
        generator_options: What the generator is to make.
        edges: So many columns at both ends are frozen flat ground: start and goal can be stood on.
        frozen: bool[height, width], further cells that never change.
        freeze: Probability of each other cell to be frozen for an episode, as it begins.
        pinned: Parts that stand where they stand: columns, rows and names.
        cursor: In which order narrow and patch go over the map: "raster" (row by row), "columns"
            (column by column from the left) or "random".
        patch: Rows and columns of a block.
        change_share: Share of the cells that may change in an episode; by default a fifth, for
            grid as many as the steps can change.
        scans: How often narrow and patch go over the map; others have as many steps as that many
            times the cells, grid that many steps.
        max_steps: Steps of an episode, instead of `scans`.
        max_episode_steps: Steps after which an episode is truncated; `gymnasium.make` has its own.
        weights: By metric; those that are not named keep theirs.
        targets: Intervals by metric, the least and the most; likewise.
        control: By metric, an interval from which every episode draws its own target interval.
        reward: "dense" or "sparse".
        bonus: Paid when all targets are met.
        solver: "static", or "none" for maps that are not asked: no progress, solved, jumps, path.
        render_mode: None, "ansi", "rgb_array" or "human", a window (the extra `play`).

    Raises:
        OptionError: For an option that is not possible.
        LevelError: For a course that does not fit the other options.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 (Gymnasium declares it so)
        "render_modes": [*RENDER_MODES, "human"],
        "render_fps": RENDER_FPS,
    }

    def __init__(self, *, render_mode: str | None = None, **options: Any) -> None:
        check_render_mode(render_mode, self.metadata)
        self.options = read_options(MakerOptions, "MarioMaker-v0", options)
        self.render_mode = render_mode
        self._window = window_of(render_mode, "Mario Maker", RENDER_FPS)
        self.batch = MakerBatch(self.options, 1)
        space: Any = self.options.observation_space()  # a Dict, which its type cannot say
        self.observation_space = space
        self.action_space = self.options.action_space()
        self._seeded = False

    @property
    def course(self) -> MakerCourse:
        """The course as it is now."""
        return self.batch.course(0)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode; see the class for the options.

        Raises:
            OptionError: For an unknown option or a value that is not possible.
            LevelError: For a course that does not fit.
            StateError: For a state that cannot be loaded.
        """
        super().reset(seed=seed)
        chosen = options_given(options)
        check_one_option(chosen, RESET_OPTIONS)
        if "targets" in chosen:
            self.batch.check_targets(chosen["targets"])
        if seed is not None or not self._seeded:
            self.batch.seed(0, draw_stream_seed(self.np_random))
            self._seeded = True
        if "state" in chosen:
            self.set_state(chosen["state"])
        else:
            courses = {0: chosen["course"]} if "course" in chosen else None
            self.batch.reset(np.ones(1, bool), courses)
            if "targets" in chosen:
                self.batch.set_targets(0, chosen["targets"])
        self._show()
        return self._observation(), self._info()

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Carry out an action.

        Raises:
            OptionError: If the action is not one of the action space.
            ResetNeeded: Before the first reset, and after the end of an episode.
        """
        batch = self.batch
        actions = batch.read_actions(action)
        if batch.codes[0] or not batch.started[0]:
            raise ResetNeeded("call reset() first: no episode is running")
        batch.step(actions)
        self._show()
        code = batch.codes[0]
        return (
            self._observation(),
            float(batch.rewards[0]),
            bool(code == TERMINATED),
            bool(code == TRUNCATED),
            self._info(),
        )

    def action_masks(self) -> NDArray[np.bool_]:
        """What is possible now, as sb3-contrib's MaskablePPO asks for it: bool[n]."""
        return self.batch.board.masks[0].astype(bool)

    def render(self) -> Any:
        """The map: letters of the corpus ("ansi"), or a picture ("rgb_array")."""
        if not may_render(self.render_mode, self.batch.started[0]):
            return None
        return self.batch.picture(0, self.render_mode)

    def get_state(self) -> bytes:
        """The episode as bytes; an environment with the same options continues from it."""
        if not self.batch.started[0]:
            raise ResetNeeded("call reset() first: there is nothing to save")
        return self.batch.state(0)

    def set_state(self, state: bytes) -> None:
        """Take up an episode that `get_state` saved.

        Raises:
            StateError: If the bytes are no such state; the environment is unchanged then.
        """
        self.batch.load_states({0: state})
        self._seeded = True

    def _screen(self) -> NDArray[np.uint8]:
        return self.batch.picture(0, "rgb_array")

    def _observation(self) -> Observation:
        return {name: rows[0] for name, rows in self.batch.observations().items()}

    def _info(self) -> dict[str, Any]:
        infos = self.batch.infos()
        info = {name: rows.item() for name, rows in infos.items() if rows.ndim == 1}
        info["action_mask"] = infos["action_mask"][0]
        return info
