"""What the palette offers: all parts in categories, and stamps of several cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gym_mario_suite.levels.maker.parts import BY_NAME, EXACT, PARTS, TILE_OF, UNSUPPORTED
from gym_mario_suite.levels.tile_grid import SOLID
from gym_mario_suite.play.make.shapes import Cell

TIERS = ("", "EXACT", "APPROXIMATE", "NOT PLAYED")


@dataclass(frozen=True)
class Entry:
    """One place of the palette.

    Attributes:
        name: Its name, for people.
        part: The part that shows it, and that it paints where it is no stamp.
        tier: 1 exact, 2 approximate, 3 unsupported.
        stamp: "pipe" or "blaster" for what grows down to the ground; "" for a single part.
    """

    name: str
    part: int
    tier: int
    stamp: str = ""

    @property
    def tooltip(self) -> str:
        """Name and tier."""
        return f"{self.name}  ({TIERS[self.tier].lower()})"


_TERRAIN = (
    *("ground", "hard_block", "semisolid_platform", "mushroom_platform", "bridge"),
    *("half_collision_platform", "ice_block", "cloud_block", "donut_block", "castle_bridge"),
    *("slight_slope", "steep_slope", "stone", "icicle", "spikes", "spike_block", "tree"),
)
_BLOCKS = (
    *("brick", "brick_coin", "brick_power", "question_coin", "question_power", "hidden_block"),
    *("note_block", "p_block", "on_off_block", "dotted_line_block", "blinking_block"),
    *("exclamation_block", "snake_block", "track_block", "crate", "warp_box"),
)
_PIPES = (
    *("pipe_top_left", "pipe_top_right", "pipe_left", "pipe_right", "bill_blaster"),
    *("bill_blaster_body", "clear_pipe"),
)
_ITEMS = (
    *("coin", "big_coin", "red_coin", "checkpoint_flag", "super_mushroom", "fire_flower"),
    *("super_star", "one_up_mushroom", "big_mushroom", "smb2_mushroom", "super_hammer", "key"),
    *("cannon_box", "propeller_box", "goomba_mask", "bullet_bill_mask", "red_pow_box"),
)


def _entries(names: tuple[str, ...]) -> tuple[Entry, ...]:
    return tuple(
        Entry(name.replace("_", " "), BY_NAME[name].code, BY_NAME[name].tier) for name in names
    )


def _categories() -> dict[str, tuple[Entry, ...]]:
    stamps = (
        Entry("pipe, down to the ground", BY_NAME["pipe_top_left"].code, EXACT, "pipe"),
        Entry("blaster, down to the ground", BY_NAME["bill_blaster"].code, EXACT, "blaster"),
    )
    listed = {*_TERRAIN, *_BLOCKS, *_PIPES, *_ITEMS, "air"}
    foes = tuple(p.name for p in PARTS if "enemies" in p.groups and p.name not in listed)
    rest = tuple(p.name for p in PARTS if p.name not in listed and p.name not in foes)
    found = {
        "TERRAIN": _entries(_TERRAIN),
        "BLOCKS": _entries(_BLOCKS),
        "PIPES": stamps + _entries(_PIPES),
        "ENEMIES": _entries(foes),
        "ITEMS": _entries(_ITEMS),
        "GADGETS": _entries(rest),
    }
    # What is played comes first, in the order above.
    return {
        name: tuple(sorted(entries, key=lambda entry: entry.tier))
        for name, entries in found.items()
    }


CATEGORIES = _categories()
CATEGORY_NAMES = tuple(CATEGORIES)


def category_of(part: int) -> tuple[int, int] | None:
    """Category and place of a part in the palette; None for air."""
    for number, entries in enumerate(CATEGORIES.values()):
        for place, entry in enumerate(entries):
            if entry.part == part and not entry.stamp:
                return number, place
    return None


def entry_of(part: int) -> Entry:
    """A palette entry for a part."""
    place = category_of(part)
    if place is None:
        return Entry("air", part, EXACT)
    return CATEGORIES[CATEGORY_NAMES[place[0]]][place[1]]


def stamp_cells(stamp: str, cells: np.ndarray, at: Cell) -> dict[Cell, int]:
    """What a stamp puts with its top left cell at `at`: down to something solid or the bottom."""
    column, row = at
    names = {
        "pipe": (("pipe_top_left", "pipe_left"), ("pipe_top_right", "pipe_right")),
        "blaster": (("bill_blaster", "bill_blaster_body"),),
    }[stamp]
    height, width = cells.shape
    edits: dict[Cell, int] = {}
    below = row + 1
    columns = range(max(column, 0), min(width, column + len(names)))
    while below < height and not any(SOLID[TILE_OF[cells[below, c]]] for c in columns):
        below += 1
    for number, (top, body) in enumerate(names):
        for y in range(row, below):
            edits[column + number, y] = BY_NAME[top if y == row else body].code
    return edits


def tag_of(part: int) -> str:
    """A letter or two for a part that looks like another one, nothing for the others."""
    found = PARTS[part]
    if found.name in _HOLD:
        return _HOLD[found.name]
    words = found.name.upper().split("_")
    if found.tier != UNSUPPORTED and found.name not in _LOOK_ALIKE:
        return ""
    return words[0][0] + (words[1][0] if len(words) > 1 else words[0][1])


_HOLD = {"brick_coin": "C", "brick_power": "P", "question_power": "P"}
_LOOK_ALIKE = frozenset(
    p.name
    for p in PARTS
    if p.tier not in (EXACT, UNSUPPORTED) and p.name not in ("semisolid_platform",)
)
