"""Options of the dream's environments."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gym_mario_suite.dream.cards import as_threshold, threshold_of
from gym_mario_suite.dream.diffusion import MAX_STEPS, SOLVERS
from gym_mario_suite.dream.hints import check_kind
from gym_mario_suite.dream.runtime import DEFAULT_MODEL, DreamModel, open_model
from gym_mario_suite.dream.spawns import find_spawn
from gym_mario_suite.envs.actions import ActionSet, action_set
from gym_mario_suite.errors import OptionError, as_choice, as_integer

if TYPE_CHECKING:
    from gym_mario_suite.levels.level import Level

RANDOM_SPAWN = "random"
_MAX_UPSCALE = 16
_LARGEST = 1 << 40


@dataclass(frozen=True, kw_only=True)
class DreamOptions:
    """What an environment of the dream is made with; see `MarioDreamEnv` for the meaning of each.

    Raises:
        OptionError: For a value that is not possible; the message says which are.
        WeightsError: When the model cannot be read.
    """

    model: str | Path = DEFAULT_MODEL
    backend: str = "onnx"
    threads: int = 1
    steps: int | None = None
    solver: str = "euler"
    actions: str = "curiosity"
    horizon: int = 1000
    max_episode_steps: int | None = None
    spawn: str | int | Path = RANDOM_SPAWN
    level_hint: Any = None
    done_threshold: float | None = None
    upscale: int = 2

    def __post_init__(self) -> None:
        _ = self.action_set
        as_integer("horizon", self.horizon, 1, _LARGEST)
        if self.max_episode_steps is not None:
            as_integer("max_episode_steps", self.max_episode_steps, 1, _LARGEST)
        as_integer("upscale", self.upscale, 1, _MAX_UPSCALE)
        if self.steps is not None:
            as_integer("steps", self.steps, 1, MAX_STEPS)
        as_choice("solver", self.solver, SOLVERS)
        if self.spawn != RANDOM_SPAWN:
            find_spawn(self.spawn)
        level_of_hint(self.level_hint)
        model = self.open()
        if self.level_hint and not model.config.level_hint:
            raise OptionError(f"the model {str(self.model)!r} takes no level hint")
        _ = self.threshold

    @property
    def last_step(self) -> int:
        """The step after which an episode is truncated."""
        return min(self.horizon, self.max_episode_steps or self.horizon)

    @property
    def action_set(self) -> ActionSet:
        """The actions."""
        return action_set(self.actions)

    @property
    def threshold(self) -> float:
        """From which probability on a step ends the episode."""
        if self.done_threshold is not None:
            return as_threshold("done_threshold", self.done_threshold)
        return threshold_of(self.open().card)

    def open(self) -> DreamModel:
        """The model; opened once."""
        return open_model(self.model, self.backend, self.threads)


def level_of_hint(hint: Any) -> Level | None:
    """The level that a level hint is; None for True, False and None, which name none.

    Raises:
        OptionError: For anything else, and for a level that no dream can follow.
    """
    if hint is None or isinstance(hint, bool | np.bool_):
        return None
    # Here, since it needs the compiler, and dreaming without a level of one's own does not.
    from gym_mario_suite.levels.level import Level

    if not isinstance(hint, Level):
        raise OptionError(
            f"level_hint must be True or a gym_mario_suite.levels.Level, got {hint!r}"
        )
    check_kind(hint, "a level hint is")
    return hint
