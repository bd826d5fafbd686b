"""Pages' markers, and the functions that stand for them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from functools import cache

from . import environments, results

MARKER = re.compile(r"^<!-- generated: ([a-z_0-9]+)(.*?) -->$", re.MULTILINE)

FUNCTIONS: dict[str, Callable[..., str]] = {
    "environment": environments.environment,
    "party_environment": environments.party_environment,
    "environment_table": environments.environment_table,
    "action_sets": environments.action_sets,
    "grid_codes": environments.grid_codes,
    "speed": results.speed,
    "competition": results.competition,
    "framework_2019": results.framework_2019,
    "level_generators": results.level_generators,
    "dream": results.dream,
    "curves": results.curves,
    "nes_stages": results.nes_stages,
    "provenance": results.provenance,
}


def filled(source: str) -> str:
    """A page with its markers replaced.

    Raises:
        KeyError: For a marker that names no function.
    """
    return MARKER.sub(lambda match: _made(match[1], *shlex.split(match[2])), source)


@cache
def _made(name: str, *arguments: str) -> str:
    return FUNCTIONS[name](*arguments)
