"""What can be asked of the tile diffusion, checked, and as the sampler wants it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gym_mario_suite.engine.level_image import MAX_HEIGHT, MAX_WIDTH
from gym_mario_suite.errors import OptionError, as_integer, as_number
from gym_mario_suite.levels.corpus import Domain
from gym_mario_suite.levels.diffusion.sampler import Constraints
from gym_mario_suite.levels.limits import GROUPS, Limits, limits_named
from gym_mario_suite.levels.tile_grid import LETTERS, MASK, N_TILES, SOLID, Tile, TileGrid

MIN_HEIGHT, MIN_WIDTH = 14, 16
_ENDS = 3  # columns of plain ground at the start and at the goal
_MAX_STEPS = 100_000
_MIN_TEMPERATURE, _MAX_TEMPERATURE = 0.05, 10.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A checked request.

    Attributes:
        width: Columns of the level.
        height: Rows.
        codes: What is given, MASK where the network decides, uint8[rows, columns], both even: with
            a row of air more at the top and a column more on the right than the level where these
            are odd.
        frozen: Cells that never change.
        constraints: What the level must obey.
        style: Domain, or None for one that the seed chooses.
    """

    width: int
    height: int
    codes: NDArray[np.uint8]
    frozen: NDArray[np.bool_]
    constraints: Constraints
    style: Domain | None


def make_plan(
    width: Any,
    height: Any,
    style: Any,
    allowed: Any,
    air: Any,
    counts: Any,
    limits: Any,
    init: Any,
    mask: Any,
    freeze: Any,
    temperature: Any,
) -> Plan:
    """Check the options of `TileDiffusion.generate_grids`.

    Raises:
        OptionError: For one that is not possible.
    """
    given = _grid_of(init)
    if given is not None:
        height, width = given.shape
    width = as_integer("width", width, MIN_WIDTH, MAX_WIDTH)
    height = as_integer("height", height, MIN_HEIGHT, MAX_HEIGHT)
    tiles = _tiles_of(allowed)
    temperature = as_number("temperature", temperature, _MIN_TEMPERATURE, _MAX_TEMPERATURE)
    # What is added stays air: a pipe or a way that used it would be cut in half.
    codes = np.full((height + height % 2, width + width % 2), Tile.EMPTY, np.uint8)
    frozen = np.ones(codes.shape, bool)
    extra = height % 2
    level, level_frozen = codes[extra:, :width], frozen[extra:, :width]
    level[:], level_frozen[:] = MASK, False
    if given is None:
        if mask is not None:
            raise OptionError("mask says what of init to draw anew, so it needs init")
        floor = next((t for t in Tile if SOLID[t] and t in tiles and not _is_part(t)), None)
        if floor is not None:
            for ends in (slice(0, _ENDS), slice(width - _ENDS, width)):
                level[:, ends] = Tile.EMPTY
                level[-1, ends] = floor
                level_frozen[:, ends] = True
    else:
        level[:] = given
        if mask is not None:
            level[_cells("mask", mask, level.shape)] = MASK
    if freeze is not None:
        if given is None:
            raise OptionError("freeze says what of init to keep, so it needs init")
        level_frozen |= _cells("freeze", freeze, level.shape)
        level[level_frozen] = given[level_frozen]
        if (level[level_frozen] == MASK).any():
            raise OptionError("freeze names cells that init leaves undecided")
    added = codes.size - level.size
    constraints = _constraints(
        tiles, air, counts, limits_named(limits), temperature, level.size, added
    )
    return Plan(
        width=width,
        height=height,
        codes=codes,
        frozen=frozen,
        constraints=constraints,
        style=_style_of(style),
    )


def _is_part(tile: Tile) -> bool:
    return Tile.PIPE_TOP_LEFT <= tile <= Tile.PIPE_RIGHT or tile >= Tile.CANNON_TOP


def _style_of(style: Any) -> Domain | None:
    if style is None:
        return None
    names = {domain.name.lower(): domain for domain in Domain}
    if not isinstance(style, str) or style not in names:
        raise OptionError(f"unknown style {style!r}; there are {', '.join(names)}")
    return names[style]


def _grid_of(init: Any) -> NDArray[np.uint8] | None:
    if init is None:
        return None
    codes = _array(init.codes if isinstance(init, TileGrid) else init)
    if codes.ndim != 2 or codes.dtype.kind not in "iu" or not np.isin(codes, range(MASK + 1)).all():
        raise OptionError(
            f"init must be a TileGrid or codes 0 to {MASK} ({MASK}: undecided) of [height, width], "
            f"got {codes.dtype} {codes.shape}"
        )
    return codes.astype(np.uint8)


def _array(values: ArrayLike) -> NDArray[Any]:
    """What was given as an array; rows of different lengths as one of objects."""
    try:
        return np.asarray(values)
    except ValueError:
        return np.asarray(values, object)


def _cells(name: str, cells: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    array = _array(cells)
    if array.dtype != np.bool_ or array.shape != shape:
        raise OptionError(
            f"{name} must be a bool array of the level's shape {shape}, "
            f"got {array.dtype} {array.shape}"
        )
    return array


def _tiles_of(allowed: Any) -> frozenset[Tile]:
    """The tiles that may be used: air and those named."""
    if allowed is None:
        return frozenset(Tile)
    tiles = {Tile.EMPTY, *tiles_named(allowed)}
    pipe = {Tile.PIPE_TOP_LEFT, Tile.PIPE_TOP_RIGHT, Tile.PIPE_LEFT, Tile.PIPE_RIGHT}
    if tiles & pipe and not pipe <= tiles:
        raise OptionError("a pipe needs all of its four tiles allowed: < > [ ]")
    return frozenset(tiles)


def tiles_named(allowed: Any) -> tuple[Tile, ...]:
    """The tiles of the option `allowed`, see `tile_named`.

    Raises:
        OptionError: If it does not list tiles.
    """
    if not isinstance(allowed, Iterable):
        raise OptionError(f"allowed must list tiles, such as 'XS?o', got {allowed!r}")
    return tuple(tile_named(each) for each in allowed)


def tile_named(tile: Any) -> Tile:
    """The tile of a letter of the corpus, a name or a code.

    Raises:
        OptionError: For none of these.
    """
    if isinstance(tile, str):
        if len(tile) == 1 and tile in LETTERS:
            return Tile(LETTERS.index(tile))
        if tile.upper() in Tile.__members__:
            return Tile[tile.upper()]
    elif isinstance(tile, int | np.integer) and not isinstance(tile, bool) and tile in set(Tile):
        return Tile(tile)
    raise OptionError(
        f"unknown tile {tile!r}: expected one of the letters {LETTERS}, a name such as 'coin', "
        f"or a code from 0 to {N_TILES - 1}"
    )


def _constraints(
    tiles: frozenset[Tile],
    air: Any,
    counts: Any,
    limits: Limits,
    temperature: float,
    cells: int,
    added: int,
) -> Constraints:
    """The constraints on a level of so many cells, to which so many of air are added."""
    groups = [sum(1 << t for t in GROUPS[name]) for name in limits.most]
    most = list(limits.most.values())
    quotas: list[int] = []
    wanted: list[tuple[float, float]] = []
    if air is not None:
        share = as_number("air", air, 0.0, 1.0)
        quotas.append(1 << Tile.EMPTY)
        wanted.append((share * cells + added, share * cells + added))
    for each, count in _items(counts):
        tile = tile_named(each)
        if tile == Tile.EMPTY:
            raise OptionError("the count of air is asked for with air, as a share")
        low, high = _interval(f"counts[{each!r}]", count, cells)
        groups.append(1 << tile)
        most.append(high)
        if low > 0:
            if _is_part(tile):
                raise OptionError(f"counts[{each!r}] can only have an upper bound")
            quotas.append(1 << tile)
            wanted.append((float(low), float(high)))
    return Constraints(
        allowed=sum(1 << t for t in tiles),
        groups=tuple(groups),
        limits=tuple(most),
        quotas=tuple(quotas),
        wanted=tuple(wanted),
        temperature=temperature,
    )


def _items(counts: Any) -> list[tuple[Any, Any]]:
    if counts is None:
        return []
    if not isinstance(counts, Mapping):
        raise OptionError(f"counts must give a count for each tile, got {counts!r}")
    return list(counts.items())


def _interval(name: str, count: Any, cells: int) -> tuple[int, int]:
    """Least and most; a single number is the most."""
    if isinstance(count, tuple | list):
        if len(count) != 2:
            raise OptionError(f"{name} must be the most, or (least, most); got {count!r}")
        low = as_integer(f"the least of {name}", count[0], 0, cells)
        return low, as_integer(f"the most of {name}", count[1], low, cells)
    return 0, as_integer(name, count, 0, cells)


def check_steps(name: str, value: Any, least: int) -> int:
    """A number of iterations."""
    return as_integer(name, value, least, _MAX_STEPS)
