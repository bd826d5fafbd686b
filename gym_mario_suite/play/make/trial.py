"""Test play: the course in the engine, from any column, with Mario's way and his deaths kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.engine.world import Mode, Status
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.course_levels import course_to_level
from gym_mario_suite.levels.maker.parts import TILE_OF
from gym_mario_suite.levels.tile_grid import SOLID
from gym_mario_suite.play.episodes import Archive, Episode, PlayedEpisode
from gym_mario_suite.play.make.shapes import Cell

_TILE_PX = 16


def start_near(course: MakerCourse, cell: Cell) -> Cell:
    """Where a test play from a cell begins: on the nearest place to stand.

    In the cell's own column it is the first one at or below the cell, else the lowest one; where
    the column has none, that of the nearest column that has, or else just above the map.
    """
    solid = SOLID[TILE_OF[course.cells]]
    column = min(max(cell[0], 0), course.width - 1)
    for distance in range(course.width):
        for x in (column - distance, column + distance):
            if not 0 <= x < course.width:
                continue
            places = [
                y
                for y in range(-1, course.height - 1)
                if solid[y + 1, x] and (y < 0 or not solid[y, x])
            ]
            below = [y for y in places if y >= cell[1]]
            if places:
                return x, (below[0] if below else places[-1])
    return column, -1


class _TracedEpisode(PlayedEpisode):
    """An episode that knows where Mario has been, in pixels of the level."""

    def __init__(self, game: RecordedGame, archive: Archive) -> None:
        super().__init__(game, None, archive)
        self.trace: list[tuple[float, float]] = []

    def tick(self, buttons: int) -> None:
        """Advance by one tick."""
        super().tick(buttons)
        self.trace.append((float(self.game.x), float(self.game.y)))


class Trial:
    """A course to be played again and again (a `play.episodes.Course`).

    Args:
        course: The course.
        start: The cell where Mario starts; None for the course's own start.

    Raises:
        LevelError: When the engine cannot hold the course.
    """

    human = alone = True

    def __init__(self, course: MakerCourse, start: Cell | None) -> None:
        if start is not None:
            course = replace(course, start=start)
        self._level = course_to_level(course)
        self._sky_px = _TILE_PX * (self._level.height - course.height)
        self._timer_s = course.timer_s
        self._name = course.name
        self._episode: _TracedEpisode | None = None
        self._counted = False
        self.deaths: list[tuple[float, float]] = []
        self.wins = 0
        self.path: NDArray[np.float64] = np.zeros((0, 2))

    @property
    def headline(self) -> str:
        """What this is."""
        return "TEST PLAY"

    @property
    def details(self) -> str:
        """Which course it is."""
        return self._name.upper()

    def begin(self) -> Episode:
        """The course from its start."""
        self.keep()
        game = RecordedGame(self._level, Mode.SMALL, self._timer_s)
        self._episode = _TracedEpisode(game, Archive(None, "human", {}))
        self._counted = False
        return self._episode

    def go_on(self) -> None:
        """There is no other course."""

    def keep(self) -> None:
        """Take down what came of the episode: Mario's way, and where he died.

        Positions are pixels of the course's cells, 16 to each, of the middle of Mario's feet.
        """
        episode = self._episode
        if episode is None or not episode.trace:
            return
        way = np.array(episode.trace) - (0.0, self._sky_px)
        self.path = way
        if self._counted:
            return
        if episode.game.status == Status.DEAD or episode.game.status == Status.TIME_OUT:
            self.deaths.append((float(way[-1, 0]), float(way[-1, 1])))
            self._counted = True
        elif episode.game.status == Status.WIN:
            self.wins += 1
            self._counted = True
