"""Asking a level generator for a part of a course, or for a whole one, without waiting for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import LevelError, MarioError
from gym_mario_suite.levels.diffusion.options import MIN_HEIGHT, MIN_WIDTH
from gym_mario_suite.levels.generators import generator_named
from gym_mario_suite.levels.limits import GROUPS
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.course_levels import course_of_grid, course_to_grid
from gym_mario_suite.levels.maker.part_limits import CourseLimits
from gym_mario_suite.levels.maker.parts import AIR, PARTS, TILE_OF
from gym_mario_suite.levels.tile_grid import Theme, Tile, TileGrid

INPAINTERS = ("tile-diffusion", "tile-diffusion-quality")
SEEDS = 1 << 31
Box = tuple[int, int, int, int]
Cells = NDArray[np.uint8]
# Called with how far the work is, 0 to 1; what it raises ends the work.
Watch = Callable[[float], None]


@dataclass(frozen=True)
class Wish:
    """What a generator is asked for.

    Attributes:
        generator: Its name.
        seed: Its seed.
        box: Left, top, right, bottom of the cells to draw anew (the last two outside); None for
            the whole course.
        style: Style of the tile diffusion; empty lets the seed choose.
    """

    generator: str
    seed: int
    box: Box | None
    style: str = ""

    def next(self, step: int = 1) -> Wish:
        """The same with another seed."""
        return replace(self, seed=(self.seed + step) % SEEDS)


class Cancelled(MarioError):
    """Nobody waits for the answer any more."""


def granted(
    wish: Wish, course: MakerCourse, limits: CourseLimits, watch: Watch = lambda share: None
) -> Cells:
    """The cells of the course as the generator would have them, uint8[rows, columns].

    Outside of the wish's box they are those of the course. No limit is exceeded that the course
    keeps outside of the box: what would be too much is air.

    Raises:
        MarioError: When the generator cannot.
        Cancelled: When `watch` raises it.
    """
    if wish.box is None:
        return _whole(wish, course, limits, watch)
    left, top, right, bottom = wish.box
    drawn = np.zeros(course.cells.shape, bool)
    drawn[top:bottom, left:right] = True
    asked = _painted(wish, course, limits, drawn, watch)
    cells = np.array(course.cells)
    # Cells that the generator left as they were keep the very part they hold.
    changed = drawn & (TILE_OF[cells] != TILE_OF[asked])
    unsaid = drawn & (TILE_OF[cells] == Tile.EMPTY) & (TILE_OF[asked] == Tile.EMPTY)
    cells[changed] = asked[changed]
    cells[unsaid] = AIR
    return _within(cells, np.array(course.cells), drawn, limits)


def _whole(wish: Wish, course: MakerCourse, limits: CourseLimits, watch: Watch) -> Cells:
    generator = generator_named(wish.generator)
    options: dict[str, Any] = {"width": course.width, "height": course.height}
    if wish.generator in INPAINTERS:
        options["limits"] = _tile_limits(limits, None)
        options["watch"] = watch
        if wish.style:
            options["style"] = wish.style
    try:
        grid = generator.generate_grid(wish.seed, **options)
    except MarioError:
        # Some generators have a height of their own.
        if "height" not in options or wish.generator in INPAINTERS:
            raise
        del options["height"]
        grid = generator.generate_grid(wish.seed, **options)
    cells = np.array(course_of_grid(grid).cells)
    if cells.shape[0] < course.height:
        cells = np.pad(cells, ((course.height - cells.shape[0], 0), (0, 0)))
    air = np.full(cells.shape, AIR, np.uint8)
    return _within(cells, air, np.ones(cells.shape, bool), limits)


def _painted(
    wish: Wish, course: MakerCourse, limits: CourseLimits, drawn: NDArray[np.bool_], watch: Watch
) -> Cells:
    """The course with the drawn cells as the tile diffusion has them."""
    if wish.generator not in INPAINTERS:
        raise LevelError(f"only {' and '.join(INPAINTERS)} can draw a part of a course")
    generator = generator_named(wish.generator)
    codes = course_to_grid(course).codes
    # The network wants a level of a least size: sky above, and the last column goes on.
    rows, columns = max(0, MIN_HEIGHT - len(codes)), max(0, MIN_WIDTH - codes.shape[1])
    around = np.pad(codes, ((0, 0), (0, columns)), mode="edge")
    around = np.pad(around, ((rows, 0), (0, 0)), constant_values=Tile.EMPTY)
    mask = np.pad(drawn, ((rows, 0), (0, columns)))
    options: dict[str, Any] = {
        "init": around,
        "mask": mask,
        "freeze": ~mask,
        "limits": _tile_limits(limits, (course, drawn)),
        "watch": watch,
    }
    if wish.style:
        options["style"] = wish.style
    try:
        grid = generator.generate_grid(wish.seed, **options)
    except LevelError:
        # What is kept may leave no way through; then the region is what matters.
        grid = generator.generate_grid(wish.seed, **options, playable=False)
    found = grid.codes[rows:, : codes.shape[1]]
    return np.array(course_of_grid(TileGrid(found, Theme.OVERGROUND)).cells)


def _tile_limits(
    limits: CourseLimits, kept: tuple[MakerCourse, NDArray[np.bool_]] | None
) -> dict[str, int]:
    """What the limits say in tiles: how many of each group the generator may have in all."""
    found: dict[str, int] = {}
    for group, most in limits.most.items():
        tiles = "enemies" if group == "entities" else group
        if tiles not in GROUPS:
            continue
        allowed = most
        if kept is not None:
            course, drawn = kept
            outside = course.cells[~drawn]
            members = np.array([group in part.groups for part in PARTS])
            codes = np.array([tile in GROUPS[tiles] for tile in Tile])
            as_parts = int(members[outside].sum())
            as_tiles = int(codes[TILE_OF[outside]].sum())
            allowed = as_tiles + max(0, most - as_parts)
        found[tiles] = min(allowed, found.get(tiles, allowed))
    return found


def _within(cells: Cells, before: Cells, drawn: NDArray[np.bool_], limits: CourseLimits) -> Cells:
    """The cells with air for those drawn ones, from the right, that are above a limit."""
    for group, most in limits.most.items():
        members = np.array([group in part.groups for part in PARTS])
        allowed = max(most, int(members[before].sum()))
        excess = int(members[cells].sum()) - allowed
        if excess > 0:
            at = np.argwhere((members[cells] & drawn).T)[::-1][:excess]
            cells[at[:, 1], at[:, 0]] = AIR
    return cells


class Asking:
    """A wish on its way, in a thread of its own.

    Attributes:
        wish: What was asked for.
    """

    def __init__(self, wish: Wish, course: MakerCourse, limits: CourseLimits) -> None:
        self.wish = wish
        self._share = 0.0
        self._begun = time.monotonic()
        self._cancelled = threading.Event()
        self._answer: Cells | None = None
        self._error: str | None = None
        self._thread = threading.Thread(
            target=self._run, args=(course, limits), name="generator", daemon=True
        )
        self._thread.start()

    @property
    def share(self) -> float:
        """How far it is, 0 to 1; 0 for generators that do not say."""
        return self._share

    @property
    def seconds(self) -> float:
        """How long it has been."""
        return time.monotonic() - self._begun

    @property
    def over(self) -> bool:
        """Whether there is an answer or an error."""
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """Stop at the next look of the network; no answer comes."""
        self._cancelled.set()

    def wait(self) -> None:
        """Wait for the end."""
        self._thread.join()

    def answer(self) -> Cells:
        """The course's cells, when it is over.

        Raises:
            MarioError: When the generator could not; `Cancelled` after `cancel`.
        """
        if self._cancelled.is_set():
            raise Cancelled("the generator was cancelled")
        if self._answer is None:
            raise LevelError(self._error or "the generator gave no answer")
        return self._answer

    def _run(self, course: MakerCourse, limits: CourseLimits) -> None:
        try:
            self._watch(0.0)
            self._answer = granted(self.wish, course, limits, self._watch)
        except Cancelled:
            pass
        except MarioError as error:
            self._error = str(error)
        except Exception as error:  # a bug here must not look like an answer that never comes
            self._error = f"the generator failed: {type(error).__name__}: {error}"

    def _watch(self, share: float) -> None:
        if self._cancelled.is_set():
            raise Cancelled
        self._share = share
