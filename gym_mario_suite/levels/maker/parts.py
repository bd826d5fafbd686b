"""The parts a course is built of: object ids of Super Mario Maker 2, one for each cell.

`parts.json` has a row for each part: the object `id` (-1 for air), what distinguishes it from other
parts of that id (`flag`, and `child`, what a block holds), the tier, the most similar `tile` of
`levels.tile_grid`, the enemy it is, the tiles of both engines where these can do better than the
tile code (`engine`), the limit groups it counts in, and its share in random courses (`weight`).

Tiers: 1 the engine does just that, 2 the engine does something like it, 3 the engine knows nothing
like it: the part stays in the course and in its files, and is air when played.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.tiles import Tile as Tile2009
from gym_mario_suite.engine.tiles import Tile2019
from gym_mario_suite.engine.world import EnemyType
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.formats.course_grids import ObjectId
from gym_mario_suite.levels.tile_grid import Tile

N_IDS = 133
EXACT, ALIKE, UNSUPPORTED = 1, 2, 3
# Start and goal: a course has them as fields, not as cells.
PLACED_BY_FIELDS = frozenset(
    {
        ObjectId.GOAL_GROUND,
        ObjectId.GOAL,
        ObjectId.STARTING_BRICK,
        ObjectId.STARTING_ARROW,
    }
)


@dataclass(frozen=True)
class Part:
    """What a cell can hold.

    Attributes:
        code: Its number, the row of `parts.json`.
        name: Its name.
        id: Object id of Super Mario Maker 2, 0 to 132, -1 for air.
        tier: 1 exact, 2 approximate, 3 unsupported.
        tile: The most similar tile code.
        enemy: The enemy that appears there, if one does.
        winged: Whether it has wings.
        flag: Bits of the object's flag that make it this part.
        child: Id of what it holds, -1 for nothing.
        engine: Tile bytes of 2009 and 2019 where the tile code's are not meant.
        groups: Limit groups in which it counts.
        weight: Its share in random courses.
    """

    code: int
    name: str
    id: int
    tier: int
    tile: Tile
    enemy: EnemyType | None
    winged: bool
    flag: int
    child: int
    engine: tuple[int, int] | None
    groups: frozenset[str]
    weight: float


def _part(code: int, row: dict[str, Any]) -> Part:
    engine = row.get("engine")
    return Part(
        code,
        row["name"],
        row["id"],
        row["tier"],
        Tile[row["tile"]],
        EnemyType[row["enemy"]] if "enemy" in row else None,
        row.get("winged", False),
        row.get("flag", 0),
        row.get("child", -1),
        None if engine is None else (int(Tile2009[engine[0]]), int(Tile2019[engine[1]])),
        frozenset(row.get("groups", ())),
        float(row.get("weight", 0.0)),
    )


PARTS: tuple[Part, ...] = tuple(
    _part(code, row)
    for code, row in enumerate(
        json.loads((Path(__file__).parent / "parts.json").read_text(encoding="utf-8"))
    )
)
N_PARTS = len(PARTS)
AIR = 0
BY_NAME = MappingProxyType({part.name: part for part in PARTS})
TILE_OF: NDArray[np.uint8] = np.array([part.tile for part in PARTS], np.uint8)
TILE_OF.setflags(write=False)

# The part that each tile code stands for; an ENEMY's kind is looked up by its enemy.
_OF_TILE = {tile: next(part for part in PARTS if part.tile == tile) for tile in Tile}
_OF_ENEMY = {
    (part.enemy, part.winged): part
    for part in reversed(PARTS)
    if part.enemy is not None and part.tier == EXACT
}


def part_of_tile(tile: int) -> Part:
    """The plainest part of a tile code; a goomba for an enemy."""
    return _OF_TILE[Tile(tile)]


def part_of_enemy(enemy: EnemyType, winged: bool) -> Part:
    """The part that is this enemy; plants never show their wings, bills come as goombas."""
    found = _OF_ENEMY.get((enemy, winged)) or _OF_ENEMY.get((enemy, False))
    return found or BY_NAME["goomba"]


def tier_of_id(object_id: int) -> int:
    """The best tier of the parts of an object id.

    Raises:
        OptionError: For an id out of range.
    """
    if not 0 <= object_id < N_IDS:
        raise OptionError(f"object ids of a course are 0 to {N_IDS - 1}, got {object_id}")
    if object_id in PLACED_BY_FIELDS:
        return EXACT
    return min(part.tier for part in PARTS if part.id == object_id)


DEFAULT_PALETTE = (
    "air",
    "ground",
    "hard_block",
    "brick",
    "brick_coin",
    "question_coin",
    "question_power",
    "coin",
    "pipe_top_left",
    "pipe_top_right",
    "pipe_left",
    "pipe_right",
    "bill_blaster",
    "bill_blaster_body",
    "goomba",
    "koopa",
    "koopa_red",
    "spiny",
    "piranha_plant",
    "semisolid_platform",
)
PALETTES: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "default": DEFAULT_PALETTE,
        "tiles": ("air", *(_OF_TILE[t].name for t in Tile if t != Tile.EMPTY)),
        "exact": tuple(part.name for part in PARTS if part.tier == EXACT),
        "engine": tuple(part.name for part in PARTS if part.tier != UNSUPPORTED),
        "all": tuple(part.name for part in PARTS),
    }
)


def palette_parts(palette: str | Sequence[str]) -> tuple[Part, ...]:
    """The parts of a palette, by its name or by the parts' names; air comes first in all of them.

    Raises:
        OptionError: For an unknown palette or part, one named twice, or one where air is not first.
    """
    if isinstance(palette, str):
        if palette not in PALETTES:
            raise OptionError(
                f"unknown palette {palette!r}; there are {', '.join(PALETTES)}, or name the parts"
            )
        names: Sequence[str] = PALETTES[palette]
    elif isinstance(palette, Sequence):
        names = tuple(palette)
    else:
        raise OptionError(f"palette must be a palette's name or names of parts, got {palette!r}")
    for name in names:
        if not isinstance(name, str) or name not in BY_NAME:
            raise OptionError(f"unknown part {name!r} in the palette; see levels/maker/parts.json")
    if len(set(names)) < len(names) or len(names) < 2 or names[0] != "air":
        raise OptionError(
            "a palette has air first and at least one other part, each once; "
            f"got {', '.join(names)}"
        )
    return tuple(BY_NAME[name] for name in names)
