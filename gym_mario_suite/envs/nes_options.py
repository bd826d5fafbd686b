"""Options of the NES environments, checked once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from gym_mario_suite.envs.actions import DEFAULT_ACTION_SET
from gym_mario_suite.envs.nes_actions import NESActionSet, nes_action_set
from gym_mario_suite.errors import OptionError, as_choice, as_integer, as_switch
from gym_mario_suite.nes import smb
from gym_mario_suite.nes.backend import BACKEND_NAMES, RAM_BYTES, SCREEN_SHAPE
from gym_mario_suite.nes.game import MAX_X_PX, START_X_PX
from gym_mario_suite.nes.picture import GRAY84_SHAPE
from gym_mario_suite.nes.rewards import RewardRule, reward_rule
from gym_mario_suite.nes.run import parse_stage
from gym_mario_suite.nes.terrain import N_TERRAIN

_MAX_FRAME_SKIP = 1000

# Low, high, shape and dtype of each observation mode.
OBSERVATIONS: dict[str, tuple[int, int, tuple[int, ...], Any]] = {
    "rgb": (0, 255, SCREEN_SHAPE, np.uint8),
    "gray84": (0, 255, GRAY84_SHAPE, np.uint8),
    "ram": (0, 255, (RAM_BYTES,), np.uint8),
    "tiles": (-1, 2, (smb.TILE_ROWS, smb.TILE_COLUMNS), np.int8),
    "terrain": (-1, 1, (N_TERRAIN,), np.float32),
}
PIXELS = frozenset({"rgb", "gray84"})


@dataclass(frozen=True, kw_only=True)
class NESOptions:
    """What an environment of the NES family is made with.

    See `MarioNESEnv` for the meaning of each.

    Raises:
        OptionError: For a value that is not possible; the message says which are.
    """

    stage: str | Sequence[str] | None = None
    x: int | None = None
    obs: str = "rgb"
    actions: str | Sequence[str | Sequence[str]] = DEFAULT_ACTION_SET
    reward: str | Mapping[str, float] = "v7"
    frame_skip: int = 1
    max_pool: bool = True
    hud: bool = True
    skip_scenes: bool = True
    backend: str = "auto"
    rom: str | Path | None = None
    max_episode_steps: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.obs, str) or self.obs not in OBSERVATIONS:
            raise OptionError(
                f"unknown observation mode {self.obs!r}; there are {', '.join(OBSERVATIONS)}"
            )
        as_choice("backend", self.backend, BACKEND_NAMES)
        as_switch("max_pool", self.max_pool)
        as_switch("hud", self.hud)
        as_switch("skip_scenes", self.skip_scenes)
        if self.rom is not None and not isinstance(self.rom, str | Path):
            raise OptionError(f"rom must be the path of a ROM, got {self.rom!r}")
        as_integer("frame_skip", self.frame_skip, 1, _MAX_FRAME_SKIP)
        if self.x is not None:
            as_integer("x", self.x, START_X_PX, MAX_X_PX)
        if self.max_episode_steps is not None:
            as_integer("max_episode_steps", self.max_episode_steps, 1, 1 << 40)
        _ = self.stages, self.action_set, self.rule

    @property
    def stages(self) -> tuple[tuple[int, int], ...]:
        """The stages an episode is drawn from; empty for the whole game."""
        if self.stage is None:
            return ()
        names = list(self.stage) if isinstance(self.stage, list | tuple) else [self.stage]
        if not names:
            raise OptionError("stage must name at least one stage, or be None for the whole game")
        return tuple(parse_stage(name) for name in names)

    @property
    def action_set(self) -> NESActionSet:
        """The actions."""
        return nes_action_set(self.actions)

    @property
    def rule(self) -> RewardRule:
        """The reward."""
        return reward_rule(self.reward)

    def observation_space(self) -> gym.spaces.Box:
        """The Gymnasium space of one observation."""
        low, high, shape, dtype = OBSERVATIONS[self.obs]
        return gym.spaces.Box(low, high, shape, dtype)
