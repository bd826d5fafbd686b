"""Sometimes the action before is played once more: randomness that a learner cannot memorise."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper
from numpy.typing import NDArray

from gym_mario_suite.errors import as_number
from gym_mario_suite.wrappers.games_begun import games_begun

# Keeps the wrapper's draws apart from an environment's that is seeded with the same number.
_STREAM = 0x57_1C_4B


class StickyActions(gym.Wrapper[Any, Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Plays the action before once more with a probability, in place of the one given.

    As Machado et al. (2018, "Revisiting the Arcade Learning Environment", section 5.2) have it:
    drawn anew in every step, and what sticks is the action that was played, not the one that was
    given. The first action of an episode never sticks. The environments of this suite have an
    option `sticky_prob` that draws in every tick; the wrapper draws in every step.

    The draws follow from the seed of `reset`, and go on over later episodes.

    Args:
        env: The environment.
        probability: That the action before is played.

    Raises:
        OptionError: For a probability outside of 0 .. 1.
    """

    def __init__(self, env: gym.Env[Any, Any], probability: float = 0.25) -> None:
        probability = as_number("probability", probability, 0.0, 1.0)
        gym.utils.RecordConstructorArgs.__init__(self, probability=probability)
        gym.Wrapper.__init__(self, env)
        self._probability = probability
        self._draws = _stream(None)
        self._before: Any = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode; a seed also seeds the draws."""
        # The environment's checks come first: after an error nothing has changed.
        result = self.env.reset(seed=seed, options=options)
        if seed is not None:
            self._draws = _stream(seed)
        self._before = None
        return result

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Play the action, or the one before."""
        sticks = self._draws.random() < self._probability
        # A copy: callers may write their next action into the same array.
        played = copy.deepcopy(action) if self._before is None or not sticks else self._before
        result = self.env.step(played)
        self._before = played  # an action that was refused does not stick
        return result


class VectorStickyActions(VectorWrapper, gym.utils.RecordConstructorArgs):
    """`StickyActions` for vector environments, game by game the same, in all autoreset modes.

    Args:
        env: A vector environment whose actions are an array, one row for each game.
        probability: As of `StickyActions`.

    Raises:
        OptionError: For a probability outside of 0 .. 1.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any], probability: float = 0.25) -> None:
        probability = as_number("probability", probability, 0.0, 1.0)
        gym.utils.RecordConstructorArgs.__init__(self, probability=probability)
        super().__init__(env)
        self._probability = probability
        self._mode = AutoresetMode(env.metadata["autoreset_mode"])
        self._draws = [_stream(None) for _ in range(env.num_envs)]
        self._before: NDArray[Any] | None = None
        self._has_before = np.zeros(env.num_envs, bool)
        self._ended = np.zeros(env.num_envs, bool)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Begin episodes; one seed s gives game i the seed s + i."""
        began = games_begun(options, self.num_envs)
        # The environment's checks come first: after an error nothing has changed.
        result = self.env.reset(seed=seed, options=options)  # type: ignore[arg-type]
        if seed is not None:
            seeds = (
                [int(seed) + index for index in range(self.num_envs)]
                if isinstance(seed, int | np.integer)
                else list(seed)
            )
            for index in np.flatnonzero(began).tolist():
                if seeds[index] is not None:
                    self._draws[index] = _stream(seeds[index])
        self._has_before = self._has_before & ~began
        self._ended = self._ended & ~began
        return result

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Play every game's action, or the one before."""
        given = np.array(actions)
        # A game that is reset in this step ignores its action, and draws nothing.
        playing = (
            ~self._ended if self._mode == AutoresetMode.NEXT_STEP else np.ones(self.num_envs, bool)
        )
        sticks = np.zeros(self.num_envs, bool)
        for index in np.flatnonzero(playing).tolist():
            sticks[index] = self._draws[index].random() < self._probability
        sticks &= self._has_before
        played = given
        if self._before is not None and sticks.any():
            played[sticks] = self._before[sticks]
        result = self.env.step(played)
        self._before = played
        ended = np.asarray(result[2]) | np.asarray(result[3])
        self._has_before = playing & ~ended
        self._ended = ended
        return result


def _stream(seed: int | None) -> np.random.Generator:
    return np.random.default_rng(None if seed is None else [_STREAM, seed])
