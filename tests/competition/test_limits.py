from typing import Any

import pytest

from gym_mario_suite.competition import worker
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


@pytest.mark.parametrize(
    ("most_mb", "wanted_mb"), [(None, 4096), (3000, 3000), (5000, 4096)], ids=str
)
def test_a_system_may_allow_less_memory_or_refuse_a_limit(
    monkeypatch: pytest.MonkeyPatch, most_mb: int | None, wanted_mb: int
) -> None:
    resource = pytest.importorskip("resource", reason="Windows has no such limits")
    most = resource.RLIM_INFINITY if most_mb is None else most_mb << 20
    tried: dict[int, tuple[int, int]] = {}

    def refuse_address_space(which: int, limits: tuple[int, int]) -> None:
        tried[which] = limits
        if which == resource.RLIMIT_AS:
            raise ValueError("current limit exceeds maximum limit")  # as on macOS

    monkeypatch.setattr(resource, "getrlimit", lambda which: (most, most))
    monkeypatch.setattr(resource, "setrlimit", refuse_address_space)
    worker._limit_memory(4096)
    size = wanted_mb << 20
    assert tried == {resource.RLIMIT_AS: (size, size), resource.RLIMIT_CORE: (0, 0)}
