"""Options of `MarioMaker-v0`, checked once and turned into the arrays of the compiled code."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import LevelError, OptionError, as_choice, as_integer, as_number
from gym_mario_suite.levels.generator import Generator
from gym_mario_suite.levels.generators import generator_named
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.part_limits import CourseLimits, course_limits
from gym_mario_suite.levels.maker.parts import BY_NAME, TILE_OF, Part, palette_parts
from gym_mario_suite.levels.tile_grid import START_COLUMNS

REPRESENTATIONS = ("narrow", "turtle", "wide", "flat", "patch", "grid")
NARROW, TURTLE, WIDE, FLAT, PATCH, GRID = range(6)
METRICS = (
    "progress",
    "solved",
    "jumps",
    "enemies",
    "coins",
    "limits",
    "structures",
    "style",
)
N_METRICS = len(METRICS)
# What only the static solver can say.
SOLVER_METRICS = frozenset({"progress", "solved", "jumps"})
WEIGHTS: Mapping[str, float] = {
    "progress": 5.0,
    "solved": 2.0,
    "jumps": 0.1,
    "enemies": 0.1,
    "coins": 0.05,
    "limits": 1.0,
    "structures": 0.2,
    "style": 0.0,
}
EDGE_COLUMNS = 3
GROUND_ROWS = 2
_CHANGE_SHARE = 0.2
_MOST_TARGET = 1e6
_MAX_CELLS = 1 << 16
_MAX_STEPS = 1 << 40
Cells = NDArray[np.uint8]


def default_targets(width: int) -> dict[str, tuple[float, float]]:
    """Target intervals of the metrics, for a map of this width.

    At 114 columns they ask for what the Mario problem of PCGRL asks: a jump in every sixth column
    (19) and 9 to 28 enemies.
    """
    return {
        "progress": (1.0, 1.0),
        "solved": (1.0, 1.0),
        "jumps": (float(width // 6), _MOST_TARGET),
        "enemies": (float(width // 12), float(width // 4)),
        "coins": (float(width // 20), float(width // 3)),
        "limits": (0.0, 0.0),
        "structures": (0.0, 0.0),
        "style": (0.0, 2.0),
    }


@dataclass(frozen=True, kw_only=True)
class MakerOptions:
    """What an environment of the Mario Maker family is made with; see `MarioMakerEnv` for each.

    Raises:
        OptionError: For a value that is not possible; the message says which are.
        LevelError: For a course that does not fit the other options.
    """

    representation: str = "narrow"
    width: int = 114
    height: int = 14
    palette: str | Sequence[str] = "default"
    limits: str | Path | CourseLimits | Mapping[str, int] | None = "smb"
    init: str | MakerCourse = "random"
    generator_options: Mapping[str, Any] | None = None
    edges: int = EDGE_COLUMNS
    frozen: Any = None
    freeze: float = 0.0
    pinned: Sequence[tuple[int, int, str]] = ()
    cursor: str = "raster"
    patch: tuple[int, int] = (3, 3)
    change_share: float | None = None
    scans: int = 3
    max_steps: int | None = None
    max_episode_steps: int | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    targets: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    control: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    reward: str = "dense"
    bonus: float = 5.0
    solver: str = "static"

    def __post_init__(self) -> None:
        as_integer("width", self.width, START_COLUMNS, _MAX_CELLS)
        as_integer("height", self.height, GROUND_ROWS + 2, 255)
        if self.width * self.height > _MAX_CELLS:
            raise OptionError(f"a map has at most {_MAX_CELLS} cells, got {self.size}")
        as_choice("representation", self.representation, REPRESENTATIONS)
        as_choice("cursor", self.cursor, ("raster", "columns", "random"))
        as_choice("reward", self.reward, ("dense", "sparse"))
        as_choice("solver", self.solver, ("static", "none"))
        as_integer("edges", self.edges, 0, self.width // 2)
        if not isinstance(self.patch, list | tuple) or len(self.patch) != 2:
            raise OptionError(f"patch must be rows and columns, got {self.patch!r}")
        as_integer("patch[0]", self.patch[0], 1, self.height)
        as_integer("patch[1]", self.patch[1], 1, self.width)
        as_integer("scans", self.scans, 1, 1 << 20)
        if self.max_steps is not None:
            as_integer("max_steps", self.max_steps, 1, _MAX_STEPS)
        if self.max_episode_steps is not None:
            as_integer("max_episode_steps", self.max_episode_steps, 1, _MAX_STEPS)
        if self.change_share is not None:
            as_number("change_share", self.change_share, 0.0, 1.0)
        as_number("freeze", self.freeze, 0.0, 1.0)
        as_number("bonus", self.bonus)
        limits = self.course_limits
        if self.width > limits.width or self.height > limits.height:
            raise OptionError(
                f"the limits {limits.name} allow {limits.width} columns and {limits.height} rows, "
                f"got {self.width} and {self.height}"
            )
        # These check what they are made of.
        _ = self.weight_row, self.target_rows, self.control_rows
        _ = self.frozen_cells, self.base, self.start_maker

    @property
    def size(self) -> int:
        """Cells of the map."""
        return self.width * self.height

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The palette."""
        return palette_parts(self.palette)

    @cached_property
    def course_limits(self) -> CourseLimits:
        """The limits."""
        return course_limits(self.limits)

    @property
    def kind(self) -> int:
        """The representation's number."""
        return REPRESENTATIONS.index(self.representation)

    @property
    def max_changes(self) -> int:
        """Cells that may change in an episode."""
        if self.change_share is not None:
            return max(int(self.change_share * self.size), 1)
        if self.kind == GRID:
            return self.step_limit * self.size
        return max(int(_CHANGE_SHARE * self.size), 1)

    @property
    def positions(self) -> int:
        """Places of the cursor in one scan: cells, or patches."""
        if self.kind == PATCH:
            rows, columns = self.patch
            return -(-self.height // rows) * -(-self.width // columns)
        return self.size

    @property
    def step_limit(self) -> int:
        """Steps of an episode."""
        if self.max_steps is not None:
            return self.max_steps
        if self.kind in (NARROW, PATCH):
            return self.scans * self.positions
        return self.scans if self.kind == GRID else self.scans * self.size

    @property
    def style_measured(self) -> bool:
        """Whether the style counts for something."""
        return self.weight_row[METRICS.index("style")] > 0

    @property
    def action_length(self) -> int:
        """Numbers of an action."""
        return {WIDE: 3, PATCH: self.patch[0] * self.patch[1], GRID: self.size}.get(self.kind, 1)

    @property
    def action_sizes(self) -> tuple[int, ...]:
        """How many values each number of an action has."""
        k = len(self.parts)
        if self.kind == WIDE:
            return (self.width, self.height, k)
        if self.kind in (PATCH, GRID):
            return (k,) * self.action_length
        return ({NARROW: k, TURTLE: 4 + k, FLAT: self.size * k}[self.kind],)

    def action_space(self) -> gym.spaces.Space[Any]:
        """The actions."""
        sizes = self.action_sizes
        if self.kind in (NARROW, TURTLE, FLAT):
            return gym.spaces.Discrete(sizes[0])
        return gym.spaces.MultiDiscrete(list(sizes))

    def observation_space(self) -> gym.spaces.Dict:
        """The observations."""
        k, shape = len(self.parts), (self.height, self.width)
        corner = np.array([self.width - 1, self.height - 1], np.int32)
        return gym.spaces.Dict(
            {
                "map": gym.spaces.Box(0, k - 1, shape, np.uint8),
                "pos": gym.spaces.Box(np.zeros(2, np.int32), corner, dtype=np.int32),
                "counts": gym.spaces.Box(0, self.size, (k,), np.int32),
                "budget": gym.spaces.Box(0.0, 1.0, (1,), np.float32),
                "frozen": gym.spaces.Box(0, 1, shape, np.int8),
                "path": gym.spaces.Box(0, 1, shape, np.int8),
                "targets": gym.spaces.Box(0.0, _MOST_TARGET, (N_METRICS, 2), np.float32),
            }
        )

    @cached_property
    def weight_row(self) -> NDArray[np.float64]:
        """Weights by metric, float64[8]."""
        _known("weights", self.weights)
        weights = {**WEIGHTS}
        if self.solver == "none":
            weights.update(dict.fromkeys(SOLVER_METRICS, 0.0))
        for name, value in self.weights.items():
            weights[name] = as_number(f"weights[{name!r}]", value)
            if weights[name] < 0:
                raise OptionError(f"weights are 0 or more, got {value!r} for {name}")
            if self.solver == "none" and name in SOLVER_METRICS and weights[name] > 0:
                raise OptionError(f"{name} needs the solver: use solver='static'")
        return np.array([weights[name] for name in METRICS])

    @cached_property
    def target_rows(self) -> NDArray[np.float64]:
        """Target intervals by metric, float64[8, 2]."""
        return targets_of(self.targets, default_targets(self.width))

    @cached_property
    def control_rows(self) -> NDArray[np.float64]:
        """Ranges from which targets are drawn, float64[8, 2]; NaN where they are not."""
        _known("control", self.control)
        rows = np.full((N_METRICS, 2), math.nan)
        for name, interval in self.control.items():
            rows[METRICS.index(name)] = _interval(f"control[{name!r}]", interval)
        return rows

    @cached_property
    def frozen_cells(self) -> NDArray[np.bool_]:
        """Cells that never change, bool[height, width]."""
        shape = (self.height, self.width)
        if self.frozen is None:
            mask = np.zeros(shape, bool)
        else:
            try:
                mask = np.array(self.frozen)
            except ValueError:  # rows of different lengths
                mask = np.array(None)
            if mask.shape != shape or mask.dtype != bool:
                raise OptionError(
                    f"frozen must be a bool array of {shape}, got {mask.dtype} {mask.shape}"
                )
        if self.edges:
            mask[:, : self.edges] = mask[:, -self.edges :] = True
        for column, row, _ in self._pins:
            mask[row, column] = True
        return mask

    @cached_property
    def _pins(self) -> list[tuple[int, int, int]]:
        names = [part.name for part in self.parts]
        pins = []
        if not isinstance(self.pinned, list | tuple):
            raise OptionError(f"pinned must be a list of parts in cells, got {self.pinned!r}")
        for pin in self.pinned:
            if not isinstance(pin, list | tuple) or len(pin) != 3 or pin[2] not in names:
                raise OptionError(
                    "pinned holds columns, rows and names of parts of the palette, "
                    f"for example (5, 3, 'coin'); got {pin!r}"
                )
            column = as_integer("a pinned column", pin[0], 0, self.width - 1)
            row = as_integer("a pinned row", pin[1], 0, self.height - 1)
            pins.append((column, row, names.index(pin[2])))
        return pins

    @cached_property
    def base(self) -> Cells:
        """The map of `init="empty"`, with edges and pins: palette codes, uint8[height, width].

        It is what the frozen cells hold whatever the rest of the map begins with.

        Raises:
            OptionError: When it breaks the limits.
        """
        names = [part.name for part in self.parts]
        cells = np.zeros((self.height, self.width), np.uint8)
        if isinstance(self.init, MakerCourse):
            cells = self.encode(self.init)
        elif "ground" not in names and self.edges:
            raise OptionError("edges are made of ground, which the palette lacks: use edges=0")
        elif "ground" in names:
            cells[-GROUND_ROWS:] = names.index("ground")
        for column, row, code in self._pins:
            cells[row, column] = code
        broken = self.course_limits.violations(self.part_codes[cells])
        if broken:
            raise OptionError(
                f"what the map begins with breaks the limits {self.course_limits.name}: {broken[0]}"
            )
        return cells

    @cached_property
    def part_codes(self) -> Cells:
        """Code of each part of the palette in `levels.maker.parts`, uint8[K]."""
        return np.array([part.code for part in self.parts], np.uint8)

    def encode(self, course: MakerCourse, alike: bool = False) -> Cells:
        """A course as palette codes, uint8[height, width].

        Args:
            course: The course.
            alike: Parts that the palette lacks may become others of the same tile code.

        Raises:
            LevelError: When its size is another one, the palette lacks a part, or its start lies
                beyond its goal.
        """
        if course.cells.shape != (self.height, self.width):
            raise LevelError(
                f"the course has {course.height} rows and {course.width} columns, the environment "
                f"{self.height} and {self.width}"
            )
        if course.start is not None and course.start[0] > course.goal_column:
            raise LevelError(
                f"the course's start in column {course.start[0]} lies beyond its goal in column "
                f"{course.goal_column}: there is no way to be made"
            )
        table = np.full(len(BY_NAME), 255, np.uint8)
        for index, part in reversed(list(enumerate(self.parts))):
            if alike:
                table[part.tile == TILE_OF] = index
        for index, part in enumerate(self.parts):
            table[part.code] = index
        cells = table[course.cells]
        missing = np.unique(course.cells[cells == 255])
        if len(missing):
            by_code = {part.code: part.name for part in BY_NAME.values()}
            raise LevelError(
                f"the palette lacks {', '.join(by_code[code] for code in missing.tolist())}: give "
                'a larger one, such as palette="all"'
            )
        return cells

    @cached_property
    def start_maker(self) -> Generator | None:
        """The generator of `init="generator:<name>"`."""
        init, options = self.init, self.generator_options
        if isinstance(init, str) and init.startswith("generator:"):
            if options is not None and not isinstance(options, Mapping):
                raise OptionError(f"generator_options must be a mapping, got {options!r}")
            generator = generator_named(init.removeprefix("generator:"))
            generator.check_options(dict(options or {}))
            return generator
        plain = isinstance(init, str) and init in ("random", "empty")
        if not plain and not isinstance(init, MakerCourse):
            raise OptionError(
                f"init must be 'random', 'empty', 'generator:<name>' or a MakerCourse, got {init!r}"
            )
        if options is not None:
            raise OptionError("generator_options belong to init='generator:<name>'")
        return None


def targets_of(
    chosen: Mapping[str, tuple[float, float]], rest: Mapping[str, tuple[float, float]]
) -> NDArray[np.float64]:
    """Target intervals by metric, float64[8, 2].

    Raises:
        OptionError: For an unknown metric or an interval that is not possible.
    """
    _known("targets", chosen)
    given = {name: _interval(f"targets[{name!r}]", value) for name, value in chosen.items()}
    merged = {**rest, **given}
    return np.array([merged[name] for name in METRICS], np.float64)


def _known(option: str, values: Any) -> None:
    if not isinstance(values, Mapping):
        raise OptionError(f"{option} must be a mapping by metric, got {values!r}")
    for name in values:
        if name not in METRICS:
            raise OptionError(f"{option}: unknown metric {name!r}; there are {', '.join(METRICS)}")


def _interval(name: str, value: Any) -> tuple[float, float]:
    if not isinstance(value, Sequence | np.ndarray) or len(value) != 2:
        raise OptionError(f"{name} must be two numbers, the least and the most, got {value!r}")
    low, high = (as_number(name, each) for each in value)
    if not 0 <= low <= high <= _MOST_TARGET:
        raise OptionError(
            f"{name} must be in order and from 0 to {_MOST_TARGET:.0f}, got {value!r}"
        )
    return low, high
