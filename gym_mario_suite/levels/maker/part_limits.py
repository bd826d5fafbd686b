"""Entity limits of courses: how many parts of some groups they may have, and how large they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.level_image import MAX_HEIGHT, MAX_WIDTH
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.levels.maker.parts import N_PARTS, PARTS

_FILE = Path(__file__).parent.parent / "limit_profiles.json"
_MOST = 1 << 24
GROUPS: tuple[str, ...] = tuple(sorted(set().union(*(part.groups for part in PARTS))))


@dataclass(frozen=True)
class CourseLimits:
    """The most parts of each group, and the largest size.

    Attributes:
        name: Of the profile, "custom" for others.
        most: By group, see `GROUPS`; groups that are not named are not limited. Each cell counts
            as one, also where several make one object.
        width: The most columns.
        height: The most rows.
    """

    name: str
    most: Mapping[str, int] = field(default_factory=dict)
    width: int = MAX_WIDTH
    height: int = MAX_HEIGHT

    def members(self) -> NDArray[np.bool_]:
        """Which parts count in which limited groups, bool[parts, groups]."""
        return np.array(
            [[group in part.groups for group in self.most] for part in PARTS], bool
        ).reshape(N_PARTS, len(self.most))

    def counts(self, cells: NDArray[np.uint8]) -> dict[str, int]:
        """How many cells of a course count in each limited group."""
        of_part = np.bincount(cells.ravel(), minlength=N_PARTS)
        return dict(zip(self.most, (of_part @ self.members()).tolist(), strict=True))

    def violations(self, cells: NDArray[np.uint8]) -> list[str]:
        """One sentence for each limit that a course's cells exceed."""
        height, width = cells.shape
        found = [
            f"{size} {what}, at most {most} are allowed"
            for size, what, most in (
                (width, "columns", self.width),
                (height, "rows", self.height),
            )
            if size > most
        ]
        counts = self.counts(cells)
        return found + [
            f"{counts[group]} {group.replace('_', ' ')}, at most {most} are allowed"
            for group, most in self.most.items()
            if counts[group] > most
        ]


def course_limits(
    limits: str | Path | CourseLimits | Mapping[str, int] | None,
) -> CourseLimits:
    """Limits by the name of a profile, as counts by group, or from a file.

    Args:
        limits: `mm2`, `smb` or `none` (None is the same); a mapping of group to count; or the path
            of a JSON file of the form of a profile in `levels/limit_profiles.json`:
            {"width": 240, "height": 27, "most": {"enemies": 100}}, each of which may be left out.

    Raises:
        OptionError: For an unknown profile or group, a number out of range or an unreadable file.
    """
    if isinstance(limits, CourseLimits):
        return limits
    if limits is None:
        limits = "none"
    if isinstance(limits, str) and not limits.endswith(".json"):
        profiles = json.loads(_FILE.read_text(encoding="utf-8"))
        if limits not in profiles:
            raise OptionError(
                f"unknown limits {limits!r}; there are {', '.join(profiles)}, or the path of a "
                "JSON file"
            )
        return _checked(limits, profiles[limits])
    if isinstance(limits, str | Path):
        try:
            fields = json.loads(Path(limits).read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise OptionError(f"cannot read the limits {limits}: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise OptionError(f"the limits {limits} are no JSON: {error}") from None
        return _checked(Path(limits).stem, fields)
    if isinstance(limits, Mapping):
        return _checked("custom", {"most": dict(limits)})
    raise OptionError(f"limits must be a profile's name, counts by group or a file, got {limits!r}")


def _checked(name: str, fields: Any) -> CourseLimits:
    if not isinstance(fields, dict) or not isinstance(fields.get("most", {}), dict):
        raise OptionError(f"limits {name}: expected an object with width, height and most")
    unknown = set(fields) - {"width", "height", "most"}
    if unknown:
        raise OptionError(
            f"limits {name}: unknown field {min(unknown)!r}; there are width, height and most"
        )
    most = {}
    for group, count in fields.get("most", {}).items():
        if group not in GROUPS:
            raise OptionError(
                f"limits {name}: unknown group {group!r}; there are {', '.join(GROUPS)}"
            )
        most[group] = as_integer(f"limits[{group!r}]", count, 0, _MOST)
    return CourseLimits(
        name,
        most,
        as_integer("limits width", fields.get("width", MAX_WIDTH), 1, MAX_WIDTH),
        as_integer("limits height", fields.get("height", MAX_HEIGHT), 1, MAX_HEIGHT),
    )
