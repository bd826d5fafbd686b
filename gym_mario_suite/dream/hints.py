"""Level hints: what a dream of a given level is told about the columns that come into view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.dream.presets import HINT_COLUMNS, HINT_LEFT, HINT_PLANES, HINT_ROWS
from gym_mario_suite.errors import OptionError

if TYPE_CHECKING:
    from gym_mario_suite.levels.level import Level

_TILE_PX = 16
_SCREEN_COLUMNS = 20


def check_kind(level: Level, told: str) -> None:
    """Refuse a level that no dream can be of: models have seen one kind only.

    Args:
        level: The level.
        told: How the message begins: "a level hint is".

    Raises:
        OptionError: When it is not one of 15 rows under the rules of 2009.
    """
    if level.height != HINT_ROWS or int(level.rules) != 0:
        from gym_mario_suite.levels.level import rules_name

        raise OptionError(
            f"{told} a level of {HINT_ROWS} rows under the rules of 2009, "
            f"got {level.height} rows, rules {rules_name(level.rules)}"
        )


class HintMap:
    """A level as the codes of hints.

    Args:
        level: A level of 15 rows under the rules of 2009.

    Raises:
        OptionError: For another kind of level.
    """

    def __init__(self, level: Level) -> None:
        check_kind(level, "a level hint is")
        self.level = level
        codes = np.zeros((*level.tiles.shape, HINT_PLANES), np.uint8)
        codes[..., 0] = level.tiles
        for spawn in level.spawns:
            codes[spawn.x, spawn.y, 1] = 1 + 2 * int(spawn.enemy) + spawn.winged
        self._codes = codes
        self.right_most_px = level.tiles.shape[0] * _TILE_PX - _SCREEN_COLUMNS * _TILE_PX

    def around(self, camera_px: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """What lies beyond the edges of the picture.

        Args:
            camera_px: Left edge of the picture, px of the level.

        Returns:
            uint8[HINT_COLUMNS, 15, 2] and float32[2], the camera's place and a 1.
        """
        first = camera_px // _TILE_PX
        order = np.arange(HINT_COLUMNS)
        columns = first + order - HINT_LEFT
        columns = np.where(order < HINT_LEFT, columns, columns + _SCREEN_COLUMNS)
        inside = (columns >= 0) & (columns < len(self._codes))
        found = self._codes[np.clip(columns, 0, len(self._codes) - 1)].copy()
        # Beyond the map its outermost columns go on, but nothing appears there.
        found[~inside, :, 1] = 0
        return found, np.array([camera_px % _TILE_PX / _TILE_PX, 1], np.float32)
