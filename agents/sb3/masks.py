"""Which actions are of use now, for MaskablePPO."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv, VectorWrapper
from numpy.typing import NDArray

from gym_mario_suite.engine.world import Button
from gym_mario_suite.envs.infinite_vector import MarioInfiniteVectorEnv


class UsefulJumps(VectorWrapper):
    """Adds `action_masks()`: bool[num_envs, actions], False for actions that can do nothing now.

    In Infinite Mario these are JUMP held on the ground when it must be released first, and what
    presses the same as an action before it (up does nothing there). In other environments all
    actions are of use at all times.

    Args:
        env: A vector environment with discrete actions.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any]) -> None:
        super().__init__(env)
        self._infinite: MarioInfiniteVectorEnv | None = None
        inner = env.unwrapped
        if isinstance(inner, MarioInfiniteVectorEnv) and inner.options.action_set.combinations:
            self._infinite = inner
            keys = inner.options.action_set.keys
            self._jumps = (keys & int(Button.JUMP)) != 0
            self._first = np.array([key not in keys[:at] for at, key in enumerate(keys)])

    def action_masks(self) -> NDArray[np.bool_]:
        """What may be chosen in the state that the last observations show."""
        if self._infinite is None:
            actions: Any = self.single_action_space
            return np.ones((self.num_envs, int(actions.n)), bool)
        player = self._infinite.batch.worlds["players"][:, 0]
        held = (player["body"]["on_ground"] != 0) & (player["may_jump"] == 0)
        return self._first & ~(held[:, None] & self._jumps)
