"""A batch of courses being made: what the single and the vector environment share."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import announce_first_compile
from gym_mario_suite.engine.cores import CoreChooser
from gym_mario_suite.envs.episode import draw_uint64
from gym_mario_suite.envs.maker_board import FILL_GIVEN, Board, ends_of, new_board, rules_of
from gym_mario_suite.envs.maker_edits import (
    rescore,
    reset_rows,
    settle,
    step_rows,
)
from gym_mario_suite.envs.maker_options import METRICS, MakerOptions, default_targets, targets_of
from gym_mario_suite.errors import LevelError, OptionError, StateError
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.course_levels import course_of_grid, course_to_level
from gym_mario_suite.levels.picture import level_picture
from gym_mario_suite.levels.tile_grid import LETTERS

_MAGIC = b"GMSM"
_SIZE_BYTES = 2  # of the width and of the height in a state
_HEADER_BYTES = len(_MAGIC) + 2 * _SIZE_BYTES + 4
# What a state holds of a board; the rest follows from it.
_SAVED = ("maps", "frozen", "pos", "order", "targets", "episodes")
# Where the way leads from and to.
_ENDS = ("start_column", "start_row", "goal")
_SEEDS = 1 << 31
_CURSOR_COLOUR = (255, 255, 255)
_TILE_PX = 16


class MakerBatch:
    """Boards of `count` environments, and the compiled functions that edit them.

    Args:
        options: The environments' options.
        count: How many environments.
        threads: Cores to step them on at most.
    """

    def __init__(self, options: MakerOptions, count: int, threads: int = 1) -> None:
        announce_first_compile(step_rows)
        self.options = options
        self.count = count
        self.board: Board = new_board(options, count)
        self.rules = rules_of(options)
        self.rewards = np.zeros(count)
        self.started = np.zeros(count, bool)
        self._given: dict[int, MakerCourse] = {}  # what running episodes began with, by board
        self._everyone = np.ones(count, bool)
        self._cores = CoreChooser(threads)
        self._sizes = np.array(options.action_sizes, np.int64)
        self._unsigned_sizes = self._sizes.view(np.uint64)
        size = options.width, options.height
        # What the states of these maps begin with.
        self._head = _MAGIC + b"".join(each.to_bytes(_SIZE_BYTES, "little") for each in size)

    @property
    def codes(self) -> NDArray[np.uint8]:
        """0 where an episode runs, 1 where it was terminated, 2 truncated; uint8[count]."""
        return self.board.episodes["code"]

    def seed(self, index: int, state: int) -> None:
        """Set the random stream of one environment."""
        self.board.episodes[index]["rng"] = state

    def reset(self, mask: NDArray[np.bool_], courses: Mapping[int, Any] | None = None) -> None:
        """Begin episodes in the boards of `mask`; with the given courses where there are such.

        Raises:
            LevelError: For a course that does not fit; nothing is changed then.
        """
        courses = courses or {}
        given = {index: self._cells_of(course) for index, course in courses.items()}
        self._forget_courses(mask)
        rest = mask.copy()
        rest[list(given)] = False
        self._give_maps(rest)
        reset_rows(self.board, self.rules, rest, self.rules.fill)
        for index, cells in given.items():
            self.board.maps[index] = cells
            alone = np.zeros(self.count, bool)
            alone[index] = True
            # Frozen cells hold what the course has there.
            rules = self.rules._replace(base=cells, **ends_of(courses[index]))
            reset_rows(self.board, rules, alone, FILL_GIVEN)
        self._given.update(courses)
        self.rewards[mask] = 0.0
        self.started |= mask

    def _forget_courses(self, mask: NDArray[np.bool_]) -> None:
        """The boards of the mask begin with something else."""
        for index in [index for index in self._given if mask[index]]:
            del self._given[index]

    def _cells_of(self, course: Any) -> NDArray[np.uint8]:
        if not isinstance(course, MakerCourse):
            raise OptionError(f"a course must be a levels.maker.course.MakerCourse, got {course!r}")
        cells = self.options.encode(course)
        broken = course.violations(self.options.course_limits)
        if broken:
            raise LevelError(
                f"the course breaks the limits {self.options.course_limits.name}: {broken[0]}"
            )
        return cells

    def _give_maps(self, mask: NDArray[np.bool_]) -> None:
        """Maps of the generator for the boards of `mask`, where maps come from one."""
        generator = self.options.start_maker
        if generator is None:
            return
        indices = np.flatnonzero(mask).tolist()
        seeds = [int(draw_uint64(self.board.episodes[i])) % _SEEDS for i in indices]
        chosen = dict(self.options.generator_options or {})
        size = {"width": self.options.width, "height": self.options.height}
        for index, grid in zip(
            indices, generator.generate_grids(seeds, **{**size, **chosen}), strict=True
        ):
            self.board.maps[index] = self.options.encode(course_of_grid(grid), alike=True)

    def check_targets(self, targets: Mapping[str, tuple[float, float]]) -> None:
        """Whether `set_targets` would take them.

        Raises:
            OptionError: For an unknown metric or an interval that is not possible.
        """
        targets_of(targets, default_targets(self.options.width))

    def set_targets(self, index: int, targets: Mapping[str, tuple[float, float]]) -> None:
        """Other targets for the running episode; what is not named stays.

        Raises:
            OptionError: For an unknown metric or an interval that is not possible.
        """
        board = self.board
        rest: dict[str, Any] = dict(zip(METRICS, board.targets[index].tolist(), strict=True))
        board.targets[index] = targets_of(targets, rest)
        rescore(board, self.rules, index)
        board.episodes[index]["begun_score"] = board.episodes[index]["score"]

    def read_actions(self, actions: Any) -> NDArray[np.int64]:
        """Actions as int64[count, numbers of an action].

        Raises:
            OptionError: When they are none of the action space.
        """
        array = np.asarray(actions)
        length = len(self._sizes)
        # Axes of one may be there or not; other shapes of as many numbers are in another order.
        wanted = [number for number in (self.count, length) if number > 1]
        if array.dtype.kind not in "iu" or [n for n in array.shape if n != 1] != wanted:
            if self.count == 1:
                raise OptionError(f"an action is {self._range}, got {actions!r}")
            raise OptionError(
                f"{self.count} actions were expected, each {self._range}; got {array.dtype} of "
                f"shape {array.shape}"
            )
        array = array.astype(np.int64).reshape(self.count, length)
        # Without signs, numbers below 0 are the greatest: one comparison for both ends.
        outside = array.view(np.uint64) >= self._unsigned_sizes
        if outside.any():
            got = array[outside.any(1)][0].tolist()
            raise OptionError(f"an action is {self._range}, got {got if length > 1 else got[0]}")
        return array

    @property
    def _range(self) -> str:
        tops = [int(size) - 1 for size in self._sizes]
        if len(tops) == 1:
            return f"a whole number from 0 to {tops[0]}"
        return f"{len(tops)} whole numbers from {[0] * len(tops)} to {tops}"

    def step(self, actions: NDArray[np.int64], active: NDArray[np.bool_] | None = None) -> None:
        """One step of all boards; one whose episode has ended is reset instead.

        Args:
            actions: int64[count, numbers of an action].
            active: bool[count], the boards to step, none of which has ended; the others stay.
        """
        if active is None and self.codes.any():
            ended = self.codes != 0
            self._give_maps(ended)
            self._forget_courses(ended)
        chosen = self._everyone if active is None else active
        self._cores.run(partial(self._step_some, actions, chosen), self.count)

    def _step_some(self, actions: Any, active: NDArray[np.bool_], first: int, end: int) -> None:
        step_rows(self.board, self.rules, first, end, actions, active, self.rewards)

    def observations(self) -> dict[str, NDArray[Any]]:
        """Copies of what is observed, each with a row for each environment."""
        board = self.board
        left = 1.0 - board.episodes["changes"] / self.rules.max_changes
        return {
            "map": board.maps.copy(),
            "pos": board.pos.copy(),
            "counts": board.counts.copy(),
            "budget": left.astype(np.float32)[:, None],
            "frozen": board.frozen.view(np.int8).copy(),
            "path": board.paths.view(np.int8).copy(),
            "targets": board.targets.astype(np.float32),
        }

    def infos(self) -> dict[str, NDArray[Any]]:
        """Copies of what is known besides, each with a row for each environment."""
        board = self.board
        episodes = board.episodes
        infos: dict[str, NDArray[Any]] = {
            "changed": episodes["changed"].copy(),
            "invalid": episodes["invalid"].copy(),
            "changes": episodes["changes"].copy(),
            "score": episodes["score"].copy(),
        }
        infos.update(zip(METRICS, board.metrics.T.copy(), strict=True))
        infos["action_mask"] = board.masks.copy()
        return infos

    def course(self, index: int) -> MakerCourse:
        """The course of one board as it is now, with all that its first form has besides parts.

        Raises:
            ResetNeeded: Before the first reset.
        """
        if not self.started[index]:
            raise ResetNeeded("call reset() first: there is no course yet")
        cells = self.options.part_codes[self.board.maps[index]]
        first = self._given.get(index, self.options.init)
        episode = self.board.episodes[index]
        column, row, goal = (int(episode[name]) for name in _ENDS)
        return replace(
            first if isinstance(first, MakerCourse) else MakerCourse(cells),
            cells=cells,
            start=None if column < 0 else (column, row),
            goal=None if goal < 0 else goal,
        )

    def picture(self, index: int, mode: str) -> Any:
        """A board as letters of the corpus ("ansi") or as drawn by the engine ("rgb_array")."""
        if mode == "ansi":
            letters = np.array(list(LETTERS))[self.board.tiles[index]]
            return "\n".join("".join(row) for row in letters)
        picture = level_picture(course_to_level(self.course(index)))
        sky = len(picture) // _TILE_PX - self.options.height
        column, row = self.board.pos[index].tolist()
        top, left = (row + sky) * _TILE_PX, column * _TILE_PX
        cell = picture[top : top + _TILE_PX, left : left + _TILE_PX]
        cell[[0, -1]] = cell[:, [0, -1]] = _CURSOR_COLOUR
        for y, x in np.argwhere(self.board.paths[index]).tolist():
            middle = (y + sky) * _TILE_PX + 6, x * _TILE_PX + 6
            picture[middle[0] : middle[0] + 4, middle[1] : middle[1] + 4] = _CURSOR_COLOUR
        return picture

    def state(self, index: int) -> bytes:
        """One environment as bytes."""
        body = b"".join(getattr(self.board, name)[index].tobytes() for name in _SAVED)
        return self._head + zlib.crc32(body).to_bytes(4, "little") + body

    def load_states(self, states: Mapping[int, Any]) -> None:
        """Take up saved environments, by index.

        Raises:
            StateError: When one does not fit these options; nothing is changed then.
        """
        read = {index: self._read_state(state) for index, state in states.items()}
        board, rules = self.board, self.rules
        for index, arrays in read.items():
            for name, array in arrays.items():
                getattr(board, name)[index] = array
            saved = arrays["episodes"].copy()
            maps = board.maps[index]
            board.tiles[index] = rules.tile_of[maps]
            board.counts[index] = np.bincount(maps.ravel(), minlength=board.counts.shape[1])
            board.held[index] = board.counts[index] @ rules.member.astype(np.int64)
            settle(board, rules, index)
            board.episodes[index] = saved
            self._given.pop(index, None)
            self.started[index] = True
            self.rewards[index] = 0.0

    def _read_state(self, state: Any) -> dict[str, NDArray[Any]]:
        if not isinstance(state, bytes | bytearray | memoryview):
            raise StateError(f"a state is bytes, as get_state returns, got {type(state).__name__}")
        data = bytes(state)
        shapes = {name: getattr(self.board, name)[0] for name in _SAVED}
        expected = _HEADER_BYTES + sum(each.nbytes for each in shapes.values())
        if data.startswith(_MAGIC) and not data.startswith(self._head):
            raise StateError(
                "the state belongs to a map of another width and height than "
                f"{self.options.width}x{self.options.height}"
            )
        if not data.startswith(self._head) or len(data) != expected:
            raise StateError(
                f"not a state of this environment: {expected} bytes that start with {_MAGIC!r} "
                "were expected"
            )
        body = data[_HEADER_BYTES:]
        if zlib.crc32(body) != int.from_bytes(data[len(self._head) : _HEADER_BYTES], "little"):
            raise StateError(
                "the state is damaged: its checksum does not match; take another copy of it"
            )
        arrays = {}
        for name, like in shapes.items():
            arrays[name] = np.frombuffer(body[: like.nbytes], like.dtype).reshape(like.shape)
            body = body[like.nbytes :]
        if arrays["maps"].max() >= len(self.options.parts):
            raise StateError("the state belongs to another palette")
        return arrays
