"""`MarioDream-v0`: a neural model's dream of Infinite Mario as a Gymnasium environment."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray

from gym_mario_suite.envs.actions import ActionReader
from gym_mario_suite.envs.dream_batch import RESET_OPTIONS, DreamBatch
from gym_mario_suite.envs.dream_options import DreamOptions
from gym_mario_suite.envs.end_codes import TERMINATED, TRUNCATED
from gym_mario_suite.envs.keyword_options import read_options
from gym_mario_suite.envs.native_vector import draw_stream_seed
from gym_mario_suite.envs.render_modes import check_render_mode, may_render, window_of
from gym_mario_suite.envs.reset_options import check_known_options, options_given
from gym_mario_suite.envs.windowed import Windowed
from gym_mario_suite.errors import OptionError

FPS = 24


def dream_space(shape: tuple[int, int, int]) -> gym.spaces.Space[Any]:
    """The observation space of frames of this shape."""
    return gym.spaces.Box(0, 255, shape, np.uint8)


def check_reset_options(options: dict[str, Any]) -> None:
    """Refuse unknown reset options, and a state together with others.

    Raises:
        OptionError: Naming the options there are.
    """
    check_known_options(options, RESET_OPTIONS)
    if "state" in options and len(options) > 1:
        raise OptionError("the reset option state goes alone")


class MarioDreamEnv(Windowed, gym.Env[NDArray[np.uint8], Any]):
    """A neural network that has watched Infinite Mario dreams it.

    ## Description
    There is no game behind this environment: a network is shown the last four frames and the
    buttons, and what it expects to see next is the next frame. It knows no score and no level but
    what is in the picture; terrain that has left the picture is forgotten. A step is one tick, 24
    to a second. How true the dream is, docs/results/dream.md tells in figures.

    ## Action space
    One of the named sets of `envs.actions`, by default `curiosity`, 14 combinations of buttons.

    ## Observation space
    The frame: uint8[120, 160, 3], without the line of figures.

    ## Rewards
    What the model expects of Mario's way: tiles to the right, as `MarioInfinite-v0` has it with
    `reward="distance"`.

    ## Episode end
    `terminated` when the model holds it for more likely than `done_threshold` that Mario has died
    or won with this step; `truncated` after `horizon` steps.

    ## Info
    `p_done`, `p_won` (given an end), `p_coin`, `p_kill`: probabilities of the step; `power` (0
    small, 1 large, 2 fire, 3 dead), `move_x`, `move_y` (Mario's way), `scroll` (the camera's) in px
    of the frame; `step`; `spawn`, the number of the built-in spawn or -1.

    ## Seeds
    All noise is a function of the seed, the episode's number and the step's, so a dream is the same
    at any number of environments and threads (with one version of the backend on one kind of
    processor). Episodes are numbered from each seeding on.

    ## Options of reset
    `options={"spawn": n}`: a built-in spawn by number or name, or the path of a file that `mario
    dream spawn` wrote. `{"frames": uint8[4, 120, 160, 3], "actions": three actions pressed between
    them}` (none by default). `{"level_hint": True}`: the model is told the tiles that come into
    view, from the spawn's level; `{"level_hint": Level}`: it dreams that level from its start.
    `{"state": bytes}`.

    Args:
        model: Name of a shipped model, or the path of one.
        backend: "onnx" (needs onnxruntime), or "torch" (needs the extra `dream-train`), which
            reads .safetensors files, too.
        threads: Cores to use at most.
        steps: Sampling steps; None for the model's own number.
        solver: "euler" or "heun".
        actions: Name of the action set.
        horizon: Steps of an episode at most.
        max_episode_steps: Steps after which an episode is truncated; `gymnasium.make` has its own.
        spawn: Where episodes begin: "random", or a spawn as in the reset option.
        level_hint: As the reset option, for all episodes.
        done_threshold: Probability from which on a step ends the episode; None for the model's own.
        upscale: Pixels of `render()` for each pixel of the frame, along each side.
        render_mode: None, "rgb_array" or "human", a window (the extra `play`).

    Raises:
        OptionError: For an option that is not possible.
        WeightsError: When the model cannot be read.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 (Gymnasium declares it so)
        "render_modes": ["rgb_array", "human"],
        "render_fps": FPS,
    }

    def __init__(self, *, render_mode: str | None = None, **options: Any) -> None:
        check_render_mode(render_mode, self.metadata)
        self.options = read_options(DreamOptions, "MarioDream-v0", options)
        self.render_mode = render_mode
        self._window = window_of(render_mode, "A dream of Mario", FPS)
        self.batch = DreamBatch(self.options, 1)
        self.observation_space = dream_space(self.batch.config.shape)
        self.action_space = self.options.action_set.space()
        self._actions = ActionReader(self.options.action_set)
        self._row = np.zeros(1, np.int64)
        self._seeded = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Begin an episode; see the class for the options.

        Raises:
            OptionError: For an unknown option or a value that is not possible.
            StateError: For a state that cannot be loaded.
        """
        super().reset(seed=seed)
        chosen = options_given(options)
        check_reset_options(chosen)
        if seed is not None or not self._seeded:
            self.batch.seed(0, draw_stream_seed(self.np_random))
            self._seeded = True
        if "state" in chosen:
            self.set_state(chosen["state"])
        else:
            self.batch.reset({0: chosen})
        self._show()
        return self.batch.observations[0], self._info()

    def step(self, action: Any) -> tuple[NDArray[np.uint8], float, bool, bool, dict[str, Any]]:
        """Dream one tick on with the action's buttons pressed.

        Raises:
            OptionError: If the action is not one of the set.
            ResetNeeded: Before the first reset, and after the end of an episode.
        """
        batch = self.batch
        keys = self._actions.one(action)
        if batch.codes[0] or not batch.started[0]:
            raise ResetNeeded("call reset() first: no episode is running")
        batch.step(np.array([keys], np.uint8), self._row)
        self._show()
        code = batch.codes[0]
        return (
            batch.observations[0],
            float(batch.rewards[0]),
            bool(code == TERMINATED),
            bool(code == TRUNCATED),
            self._info(),
        )

    def render(self) -> Any:
        """The last frame, enlarged `upscale` times: uint8[120 u, 160 u, 3]."""
        if not may_render(self.render_mode, self.batch.started[0]):
            return None
        return self._screen()

    def get_state(self) -> bytes:
        """The dream as bytes: its last frames, its random stream, the level it follows."""
        if not self.batch.started[0]:
            raise ResetNeeded("call reset() first: there is no dream to save")
        return self.batch.state(0)

    def set_state(self, state: bytes) -> None:
        """Take up a dream that `get_state` saved.

        Raises:
            StateError: If the bytes are no such state; the environment is unchanged then.
        """
        self.batch.load_states({0: state})
        self._seeded = True

    def _screen(self) -> NDArray[np.uint8]:
        return self.batch.picture(0)

    def _info(self) -> dict[str, Any]:
        return {key: values[0].item() for key, values in self.batch.infos.items()}
