from typing import Any

import pytest

from gym_mario_suite.competition.limits import Limits
from gym_mario_suite.errors import OptionError


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"answer_s": 0}, "answer_s must be more than 0 seconds"),
        ({"start_s": float("inf")}, "start_s must be a finite number"),
        ({"level_s": "long"}, "level_s must be a finite number, got 'long'"),
        ({"memory_mb": 7}, "memory_mb must be 0 or at least 256"),
        ({"memory_mb": -1}, "memory_mb must be a whole number from 0"),
        ({"tries": 0}, "tries must be a whole number from 1"),
    ],
)
def test_limits_that_are_none(options: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        Limits(**options)
