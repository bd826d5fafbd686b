"""Entity limits: how many tiles of some groups a level may have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.levels.tile_grid import N_TILES, Tile

GROUPS: Mapping[str, frozenset[Tile]] = MappingProxyType(
    {
        "enemies": frozenset({Tile.ENEMY}),
        "ground": frozenset({Tile.GROUND}),
        "coins": frozenset({Tile.COIN}),
        "power_blocks": frozenset({Tile.POWER_BLOCK}),
        # All that an editor places as an object of its own.
        "objects": frozenset(set(Tile) - {Tile.GROUND, Tile.EMPTY}),
    }
)
_MOST = 1 << 24


@dataclass(frozen=True)
class Limits:
    """The most tiles of each group.

    Attributes:
        name: Of the profile.
        most: By group, see `GROUPS`; groups that are not named are not limited.
    """

    name: str
    most: Mapping[str, int]

    def counts(self, codes: NDArray[np.uint8]) -> dict[str, int]:
        """How many tiles of each limited group a grid has."""
        of_tile = np.bincount(codes.ravel(), minlength=N_TILES)
        return {name: sum(int(of_tile[t]) for t in GROUPS[name]) for name in self.most}

    def violations(self, codes: NDArray[np.uint8]) -> list[str]:
        """One sentence for each limit that a grid exceeds."""
        counts = self.counts(codes)
        return [
            f"{counts[name]} {name.replace('_', ' ')}, at most {most} are allowed"
            for name, most in self.most.items()
            if counts[name] > most
        ]


def _profiles() -> dict[str, Limits]:
    """What the profiles' data file says of the groups that tile codes can tell apart."""
    known = json.loads((Path(__file__).parent / "limit_profiles.json").read_text("utf-8"))
    return {
        name: Limits(name, {group: n for group, n in entry["most"].items() if group in GROUPS})
        for name, entry in known.items()
    }


# `mm2`: pools of the course file of Super Mario Maker 2 and its editor's limit of entities.
PROFILES: Mapping[str, Limits] = MappingProxyType(_profiles())


def limits_named(limits: str | Limits | Mapping[str, int] | None) -> Limits:
    """The limits of a profile's name, or of counts by group.

    Raises:
        OptionError: For an unknown profile or group, or a count that is no whole number.
    """
    if isinstance(limits, Limits):
        return limits
    if limits is None:
        return PROFILES["none"]
    if isinstance(limits, str):
        if limits not in PROFILES:
            raise OptionError(f"unknown limits {limits!r}; there are {', '.join(PROFILES)}")
        return PROFILES[limits]
    if not isinstance(limits, Mapping):
        raise OptionError(f"limits must be a profile's name or counts by group, got {limits!r}")
    for name in limits:
        if name not in GROUPS:
            raise OptionError(f"unknown group {name!r} of limits; there are {', '.join(GROUPS)}")
    return Limits(
        "custom",
        {name: as_integer(f"limits[{name!r}]", most, 0, _MOST) for name, most in limits.items()},
    )
