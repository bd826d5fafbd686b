"""How many tiles of a group a level may have, by a profile's name or by counts."""

from typing import Any

import numpy as np
import pytest

from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.limits import PROFILES, limits_named
from gym_mario_suite.levels.tile_grid import Tile


def test_limits_by_name_by_count_and_ready_made() -> None:
    assert limits_named(None) == PROFILES["none"]
    assert limits_named("mm2") == PROFILES["mm2"]
    own = limits_named({"coins": 3})
    assert dict(own.most) == {"coins": 3}
    assert limits_named(own) is own


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ("big", "unknown limits 'big'; there are "),
        (7, "limits must be a profile's name or counts by group, got 7"),
        ({"clouds": 3}, "unknown group 'clouds' of limits; there are enemies, "),
        ({"coins": -1}, r"limits\['coins'\] must be a whole number from 0"),
        ({"coins": 1.5}, r"limits\['coins'\] must be a whole number"),
    ],
)
def test_limits_that_there_are_not(limits: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        limits_named(limits)


def test_only_what_exceeds_a_limit_violates_it() -> None:
    codes = np.full((4, 5), Tile.EMPTY, np.uint8)
    codes[-1] = Tile.GROUND
    codes[0, :3] = Tile.COIN
    codes[1, 0] = Tile.ENEMY
    allowed = limits_named({"coins": 3, "objects": 4, "ground": 5})
    assert allowed.counts(codes) == {"coins": 3, "objects": 4, "ground": 5}
    assert allowed.violations(codes) == []
    fewer = limits_named({"coins": 2, "objects": 3, "enemies": 1})
    assert fewer.violations(codes) == [
        "3 coins, at most 2 are allowed",
        "4 objects, at most 3 are allowed",
    ]
