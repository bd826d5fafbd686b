"""What the learning maker sees: the columns around its cursor, as numbers."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import VectorWrapper
from numpy.typing import NDArray

from gym_mario_suite.envs.maker_vector import MarioMakerVectorEnv
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.tile_grid import SOLID

SIDE_COLUMNS = 4  # to each side of the cursor's
_NEAR = 8.0  # columns between cursor and frontier beyond which all is far


class ColumnViews(VectorWrapper):
    """Observes the whole height of the 9 columns around the cursor instead of the Dict.

    float32[n]: solid cells and the solver's way in these columns (beyond the map: solid, no way),
    the cursor's row and the part at the cursor as one-hot, the share of changes that are left, and
    how far the frontier (the furthest column of the solver) is from the cursor. Episodes whose
    changes or scans are used up end as terminated: nothing comes after them that a value could be
    guessed for.

    Args:
        env: `MarioMakerVectorEnv` of the representation narrow.

    Raises:
        OptionError: For another environment.
    """

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        inner = env.unwrapped
        if not isinstance(inner, MarioMakerVectorEnv) or inner.options.representation != "narrow":
            raise OptionError("ColumnViews is for vector environments of MarioMaker-v0, narrow")
        self._inner = inner
        height, parts = inner.options.height, len(inner.options.parts)
        self.size = 2 * height * (2 * SIDE_COLUMNS + 1) + height + parts + 2
        space = gym.spaces.Box(-1.0, 1.0, (self.size,), np.float32)
        self.single_observation_space = space
        self.observation_space = gym.vector.utils.batch_space(space, inner.num_envs)

    def reset(self, **arguments: Any) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """As the environment's, observed anew."""
        observations, infos = self._inner.reset(**arguments)
        return self.view(observations, infos["progress"]), infos

    def step(self, actions: Any) -> Any:
        """As the environment's, observed anew."""
        observations, rewards, terminated, truncated, infos = self._inner.step(actions)
        if "final_obs" in infos:
            infos["final_obs"] = infos["final_obs"].copy()
            ended = np.flatnonzero(infos["_final_obs"])
            last = {
                name: np.stack([infos["final_obs"][i][name] for i in ended])
                for name in observations
            }
            views = self.view(last, infos["final_info"]["progress"][ended])
            for index, row in zip(ended, views, strict=True):
                infos["final_obs"][index] = row
        ended = terminated | truncated
        views = self.view(observations, infos["progress"])
        return views, rewards, ended, np.zeros_like(ended), infos

    def action_masks(self) -> NDArray[np.bool_]:
        """What is possible now, bool[num_envs, parts]."""
        return self._inner.action_masks()

    def view(
        self, observations: dict[str, NDArray[Any]], progress: NDArray[Any]
    ) -> NDArray[np.float32]:
        """The features of some environments, float32[n, size]."""
        options = self._inner.options
        maps, pos = observations["map"], observations["pos"]
        n, height, width = maps.shape
        tile_of = self._inner.batch.rules.tile_of
        columns = pos[:, :1] + np.arange(-SIDE_COLUMNS, SIDE_COLUMNS + 1)
        outside = (columns < 0) | (columns >= width)
        near = np.clip(columns, 0, width - 1)
        rows = np.arange(n)[:, None]
        solid = SOLID[tile_of[maps[rows, :, near]]] | outside[:, :, None]
        path = observations["path"][rows, :, near].astype(bool) & ~outside[:, :, None]
        cursor = np.eye(height, dtype=np.float32)[pos[:, 1]]
        here = maps[np.arange(n), pos[:, 1], pos[:, 0]]
        part = np.eye(len(options.parts), dtype=np.float32)[here]
        ahead = np.clip((progress * (width - 1) - pos[:, 0]) / _NEAR, -1, 1)
        return np.concatenate(
            [
                solid.reshape(n, -1),
                path.reshape(n, -1),
                cursor,
                part,
                observations["budget"],
                ahead[:, None],
            ],
            axis=1,
            dtype=np.float32,
        )
