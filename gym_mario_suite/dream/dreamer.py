"""Dreams: the last frames, what was pressed, and a model that says what comes next."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.dream.diffusion import SOLVERS, sampling_sigmas
from gym_mario_suite.dream.frames import Frames, checked_frame, to_frames, to_model
from gym_mario_suite.dream.hints import HintMap
from gym_mario_suite.dream.memory import no_memory
from gym_mario_suite.dream.noise import normal_noise
from gym_mario_suite.dream.presets import (
    CONTEXT,
    HINT_COLUMNS,
    HINT_PLANES,
    HINT_ROWS,
    head_slices,
    multi_hot,
)
from gym_mario_suite.dream.runtime import Denoised, DreamModel
from gym_mario_suite.dream.sampler import sample
from gym_mario_suite.errors import OptionError, as_choice

_SLICES = head_slices()
_CAMERA_STEP_PX = 2  # frames are drawn at half size


class Outcome(NamedTuple):
    """What a model says of a step, for n dreams.

    Attributes:
        reward: float64[n], tiles that Mario moves to the right.
        p_done: float64[n], probability that the step ends the episode.
        p_won: float64[n], probability that such an end is at the exit.
        p_coin: float64[n], probability that a coin is taken.
        p_kill: float64[n], probability that something is killed.
        power: int64[n], 0 small, 1 large, 2 fire, 3 dead.
        move: float64[n, 3], half pixels: Mario right and down, camera right.
    """

    reward: NDArray[np.float64]
    p_done: NDArray[np.float64]
    p_won: NDArray[np.float64]
    p_coin: NDArray[np.float64]
    p_kill: NDArray[np.float64]
    power: NDArray[np.int64]
    move: NDArray[np.float64]


class Dreamer:
    """A number of dreams, each with its own past and its own noise.

    Args:
        model: What dreams.
        count: How many dreams.
        steps: Sampling steps; None for the model's own number.
        solver: "euler" or "heun".

    Attributes:
        frames: uint8[count, 4, h, w, 3], the last frames, oldest first.
        keys: uint8[count, 3], button bits pressed between them.
        seeds: uint64[count], keys of the noise.
        episodes: int64[count], numbers of the episodes, for the noise.
        times: int64[count], steps dreamt in the episode.
        scenery: uint8[count, h, w, 3], the last frame's backdrop and tiles.
        memory: float32[count, MEMORY_SIZE], what is remembered beside frames (see `memory`).
        cameras: int64[count], the picture's left edge in px of the level that is hinted at.
        maps: The levels that are hinted at, None for a free dream.

    Raises:
        OptionError: For an impossible number of steps or an unknown solver.
    """

    def __init__(
        self, model: DreamModel, count: int = 1, steps: int | None = None, solver: str = "euler"
    ) -> None:
        self.model = model
        config = model.config
        steps = config.steps if steps is None else steps
        self.sigmas = sampling_sigmas(steps, config.sigma_min, config.sigma_max, config.rho)
        self.solver = as_choice("solver", solver, SOLVERS)
        self.frames = np.zeros((count, CONTEXT, *config.shape), np.uint8)
        self.keys = np.zeros((count, CONTEXT - 1), np.uint8)
        self.seeds = np.zeros(count, np.uint64)
        self.episodes = np.zeros(count, np.int64)
        self.times = np.zeros(count, np.int64)
        self.scenery = np.zeros((count, *config.shape), np.uint8)
        self.memory = no_memory(count)
        self.cameras = np.zeros(count, np.int64)
        self.maps: list[HintMap | None] = [None] * count

    def begin(
        self,
        row: int,
        frames: Frames,
        keys: NDArray[np.integer],
        level: HintMap | None = None,
        camera_px: int = 0,
        memory: NDArray[np.floating] | None = None,
        scenery: Frames | None = None,
    ) -> None:
        """Begin a dream from true frames.

        Args:
            row: Which dream.
            frames: uint8[4, h, w, 3], oldest first.
            keys: Button bits pressed between them, int[3].
            level: The level to follow.
            camera_px: Left edge of the last frame, px of that level.
            memory: float[MEMORY_SIZE], how Mario moves in the last frame; without, that has to be
                guessed from the frames.
            scenery: uint8[h, w, 3], the last frame without what moves; without, the last frame
                stands for it, and what moves there leaves its picture behind.

        Raises:
            OptionError: For frames of another size, or a level that the model cannot follow.
        """
        config = self.model.config
        if np.shape(frames)[:1] != (CONTEXT,):
            raise OptionError(
                f"a dream begins with {CONTEXT} frames of shape {config.shape}, got an array of "
                f"shape {np.shape(frames)}"
            )
        for number, frame in enumerate(frames):
            self.frames[row, number] = checked_frame(
                frame, config.height_px, config.width_px, f"frame {number} of the spawn"
            )
        behind = self.frames[row, -1] if scenery is None else scenery
        self.scenery[row] = checked_frame(
            behind, config.height_px, config.width_px, "the scenery of the spawn"
        )
        pressed = np.asarray(keys)
        if pressed.shape != (CONTEXT - 1,):
            raise OptionError(f"{CONTEXT - 1} keys lie between {CONTEXT} frames, got {keys!r}")
        if level is not None and not config.level_hint:
            raise OptionError(f"the model {config.name!r} takes no level hint")
        self.keys[row] = pressed
        self.maps[row] = level
        self.cameras[row] = camera_px
        self.times[row] = 0
        self.memory[row] = 0 if memory is None else memory

    def inputs(self, keys: NDArray[np.integer], rows: NDArray[np.integer]) -> dict[str, NDArray]:
        """The model's inputs but for the noisy frames and their noise level.

        Args:
            keys: Button bits pressed now, one for each of `rows`.
            rows: Which dreams.
        """
        count, which = len(rows), self._which(rows)
        pressed = np.concatenate([self.keys[which], np.asarray(keys, np.uint8)[:, None]], 1)
        past = to_model(self.frames[which])
        tiles = np.zeros((count, HINT_COLUMNS, HINT_ROWS, HINT_PLANES), np.int64)
        place = np.zeros((count, 2), np.float32)
        for number, row in enumerate(rows):
            level = self.maps[row]
            if level is not None:
                tiles[number], place[number] = level.around(int(self.cameras[row]))
        return {
            "context": past.reshape(count, -1, *past.shape[-2:]),
            "buttons": multi_hot(pressed),
            "sigma_context": np.full(count, self.model.config.sigma_context, np.float32),
            "tiles": tiles,
            "place": place,
            "memory": self.memory[which],
            "scenery": to_model(self.scenery[which]),
        }

    def _which(self, rows: NDArray[np.integer]) -> NDArray[np.integer] | slice:
        """An index of these dreams; of all of them one that copies nothing."""
        count = len(self.frames)
        return slice(None) if np.array_equal(rows, np.arange(count)) else rows

    def step(
        self,
        keys: NDArray[np.integer],
        rows: NDArray[np.integer] | None = None,
        watch: Callable[[Frames], None] | None = None,
    ) -> tuple[Frames, Outcome]:
        """Dream one tick on.

        Args:
            keys: Button bits, one for each of `rows`.
            rows: Which dreams; all by default.
            watch: Called with the frames that are expected after each sampling step.

        Returns:
            The new frames uint8[n, h, w, 3], and what the model says of the step.
        """
        if rows is None:
            rows = np.arange(len(self.frames))
        inputs = self.inputs(keys, rows)
        noise = np.empty((len(rows), *inputs["scenery"].shape[1:]), np.float32)
        for number, row in enumerate(rows):
            keyed = int(self.seeds[row]), int(self.episodes[row]), int(self.times[row])
            noise[number] = normal_noise(*keyed, noise.shape[1:])

        def denoise(x: NDArray, sigma: float) -> tuple[NDArray, Denoised]:
            level = np.full(len(rows), sigma, np.float32)
            x = np.asarray(x, np.float32)
            made = self.model.denoise({**inputs, "noisy": x, "sigma": level})
            return made.frames, made

        seen = None if watch is None else lambda x: watch(to_frames(x))
        values, made = sample(denoise, noise, self.sigmas, self.solver, seen)
        frames = to_frames(values)
        outcome = outcome_of(made.heads)
        which = self._which(rows)
        self.scenery[which] = to_frames(made.scenery)
        self.frames[which, :-1] = self.frames[which, 1:]
        self.frames[which, -1] = frames
        self.keys[which] = np.concatenate([self.keys[which, 1:], np.asarray(keys)[:, None]], 1)
        self.times[which] += 1
        if self.model.config.memory:
            self.memory[which] = made.memory
        self._move_cameras(rows, outcome.move[:, 2])
        return frames, outcome

    def _move_cameras(self, rows: NDArray[np.integer], scroll: NDArray[np.float64]) -> None:
        for row, by in zip(rows, scroll, strict=True):
            level = self.maps[row]
            if level is None:
                continue
            camera = int(self.cameras[row]) // _CAMERA_STEP_PX * _CAMERA_STEP_PX
            camera += _CAMERA_STEP_PX * round(by)
            self.cameras[row] = min(max(camera, 0), max(0, level.right_most_px))


def outcome_of(head: NDArray[np.floating]) -> Outcome:
    """A model's head in words.

    Args:
        head: float[n, HEAD_SIZE].
    """
    head = np.asarray(head, np.float64)

    def chance(name: str) -> NDArray[np.float64]:
        return 1 / (1 + np.exp(-np.clip(head[:, _SLICES[name]][:, 0], -40, 40)))

    reward = head[:, _SLICES["reward"]][:, 0]
    return Outcome(
        np.sign(reward) * np.expm1(np.minimum(np.abs(reward), 4)),
        chance("done"),
        chance("won"),
        chance("coin"),
        chance("kill"),
        head[:, _SLICES["power"]].argmax(1),
        head[:, _SLICES["move"]],
    )
