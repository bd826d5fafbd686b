"""Frames of a NES with a ROM of one's own, for dreams of the real game."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.agents.dream_folder import require_same
from gym_mario_suite.agents.dream_players import sticky_buttons
from gym_mario_suite.datasets.diamond_hdf5 import record_frames, save_diamond
from gym_mario_suite.dream.presets import BUTTONS
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.whole_file import require_folder

_MOST = (1 << 31) - 1
# What is seen, to the action and its button bits.
Policy = Callable[[NDArray[np.uint8]], tuple[NDArray[np.int8], int]]


@dataclass(frozen=True, kw_only=True)
class NESFrameOptions:
    """What is recorded.

    Attributes:
        rom: Path of the ROM; None for the one that the environments find by themselves.
        stage: World and stage ("1-1"); empty for the whole game.
        episodes: How many episodes.
        steps: Longest length of one, in steps.
        frame_skip: Frames of the console in a step; 60 are a second.
        seed: Decides what is pressed.
    """

    rom: Path | None = None
    stage: str = "1-1"
    episodes: int = 20
    steps: int = 1000
    frame_skip: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low in (("episodes", 1), ("steps", 1), ("frame_skip", 1), ("seed", 0)):
            as_integer(name, getattr(self, name), low, _MOST)


def record_nes(folder: Path, options: NESFrameOptions) -> Iterator[Path]:
    """Play and write an episode after the other; those that are there already are left alone.

    Yields:
        The path of each episode's file, in the earlier system's layout.

    Raises:
        OptionError: For impossible options, a missing ROM, or a folder that cannot be written, or
            has episodes of this stage and seed that were made with other steps or another frame
            skip.
    """
    require_folder(folder)
    name = f"MarioNES-{options.stage}-v0" if options.stage else "MarioNES-v0"
    given: dict[str, Any] = {} if options.rom is None else {"rom": str(options.rom)}
    try:
        env = gym.make(
            name,
            obs="rgb",
            hud=False,
            actions="buttons",
            frame_skip=options.frame_skip,
            max_episode_steps=options.steps,
            **given,
        )
    except gym.error.NameNotFound:
        raise OptionError(f"stage must be like '1-1', or empty, got {options.stage!r}") from None
    stem = f"nes-{options.stage or 'game'}-{options.seed}"
    try:
        require_same(
            folder / f"{stem}.json",
            {"steps": options.steps, "frame_skip": options.frame_skip},
            begun=any(folder.glob(f"{stem}-*.hdf5")),
            which=f"{options.stage or 'the whole game'} and seed {options.seed}",
        )
        for number in range(options.episodes):
            path = folder / f"{stem}-{number:05d}.hdf5"
            if not path.exists():
                policy = _sticky(np.random.default_rng([options.seed, number]))
                for episode in record_frames(env, policy, [options.seed + number]):
                    save_diamond(path, episode)
            yield path
    finally:
        env.close()


def _sticky(rng: np.random.Generator) -> Policy:
    pressed = sticky_buttons(rng)

    def policy(_: NDArray[np.uint8]) -> tuple[NDArray[np.int8], int]:
        keys = pressed(rng)
        return (keys >> np.arange(len(BUTTONS)) & 1).astype(np.int8), keys

    return policy
