"""Gymnasium environments, single and vectorised: one module per family."""

import re

import gymnasium

from gym_mario_suite.errors import RequirementError

_OLDEST_GYMNASIUM = (1, 2)  # as in pyproject.toml


def _require_gymnasium() -> None:
    """Say what is missing, where another package has brought an old Gymnasium along."""
    version = tuple(int(part) for part in re.findall(r"\d+", gymnasium.__version__)[:2])
    if version < _OLDEST_GYMNASIUM:
        raise RequirementError(
            "gym-mario-suite needs gymnasium {}.{} or later, found {}: "
            "pip install --upgrade gymnasium".format(*_OLDEST_GYMNASIUM, gymnasium.__version__)
        )


_require_gymnasium()
