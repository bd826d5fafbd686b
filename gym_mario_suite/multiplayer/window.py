"""A window for pictures: Gymnasium's own, fed with pictures in place of an environment."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.wrappers import HumanRendering
from numpy.typing import NDArray


class _Pictures(gym.Env[Any, Any]):
    """Renders the picture that it was given."""

    observation_space = gym.spaces.Discrete(1)
    action_space = gym.spaces.Discrete(1)
    render_mode = "rgb_array"

    def __init__(self, fps: int) -> None:
        self.metadata = {"render_modes": ["rgb_array"], "render_fps": fps}
        self.picture = np.zeros((1, 1, 3), np.uint8)

    def step(self, action: Any) -> tuple[int, float, bool, bool, dict[str, Any]]:
        return 0, 0.0, False, False, {}

    def render(self) -> Any:
        return self.picture


class PictureWindow:
    """Opens at the first picture; needs pygame (the extra `play`).

    Args:
        fps: Pictures a second at most.
    """

    def __init__(self, fps: int) -> None:
        self._pictures = _Pictures(fps)
        self._window: Any = HumanRendering(self._pictures)

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Show a picture, uint8[height, width, 3], and wait until the next one may come."""
        self._pictures.picture = picture
        self._window.step(0)

    def close(self) -> None:
        """Close the window."""
        self._window.close()
