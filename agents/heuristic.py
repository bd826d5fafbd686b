"""A rule-based agent of this package: seven manoeuvres, and a rule that says which is safe."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.agents.base import GameView
from gym_mario_suite.engine.observe import GRID_CENTRE, GRID_SIZE, HALF_BORDER
from gym_mario_suite.engine.world import Button, Kind, Mode

_LEFT = int(Button.LEFT)
_RIGHT = int(Button.RIGHT)
_JUMP = int(Button.JUMP)
_SPEED = int(Button.SPEED)

_TILE_PX = 16
_START_X, _START_Y = 32.0, 0.0

_LOOK_AHEAD_TICKS = 18
_SAFE_TICKS = 10  # a manoeuvre that does no harm for so long is good enough
_STUCK_TICKS = 30
_RUN_UP_TICKS = 16


class _Manoeuvre(NamedTuple):
    direction: int  # of the run: -1 left, 0 none, 1 right
    jump_ticks: int  # of JUMP held


_MANOEUVRES = (
    _Manoeuvre(1, 0),
    _Manoeuvre(1, 8),
    _Manoeuvre(1, 3),
    _Manoeuvre(0, 0),
    _Manoeuvre(-1, 0),
    _Manoeuvre(0, 8),
    _Manoeuvre(-1, 8),
)
_RETREAT = _Manoeuvre(-1, 0)

# The rules of motion, as far as a forecast needs them.
_FRICTION = 0.89
_FALL_DAMPING = 0.85
_GRAVITY = 3.0
_RUN = 1.2
_JUMP_SPEED = -1.9
_JUMP_TICKS = 7
_BOUNCE_SPEED = -12.0
_TALL_PX, _SMALL_PX = 24, 12
_LOST_PX = 228.0  # deeper than the lowest ground

_AIR, _PLATFORM, _SOLID = 0, 1, 2

_WALK_SPEED = 1.75
_BULLET_SPEED = 4.0
_REACH_PX = 16  # of a walking creature to the side, of a flower 2 less
_FLOWER_RISE_PX = 10
_FALL_TICKS = 6  # that a falling creature is taken to go on falling
_FIRE_PROOF = (Kind.SPIKY, Kind.SPIKY_WINGED, Kind.BULLET_BILL)
_KOOPAS = range(Kind.RED_KOOPA, Kind.GREEN_KOOPA_WINGED + 1)
_STOMP_PROOF = (Kind.SPIKY, Kind.SPIKY_WINGED, Kind.ENEMY_FLOWER)


class _Foe(NamedTuple):
    kind: int
    x: float
    y: float
    speed: float  # px per tick to the right
    sinking: float  # px per tick, 0 where it rises


class _Body(NamedTuple):
    """Mario as a forecast starts with him."""

    x: float
    y: float
    xa: float
    ya: float
    on_ground: bool
    jump_time: int
    height: int


class HeuristicAgent:
    """Forecasts seven manoeuvres by a rule of thumb and takes the first that does no harm.

    The manoeuvres are: run right, with a high jump, a low jump or none; wait, or jump on the
    spot; and run left with a jump or without. For each of them a formula of Mario's motion says
    where he would be in the next 18 ticks among the tiles of the window, while every creature
    goes on as it did in the last tick. Of those that do no harm for 10 ticks, the one that leads
    furthest to the right is taken, and else the one that stays out of harm longest. There is no
    search: a manoeuvre is judged as a whole, and judged anew each tick.

    As fire Mario he shoots at what fire can kill in front of him, which needs SPEED let go every
    other tick. When he has made no way for 30 ticks he takes a run-up of 16 ticks.
    """

    name = "heuristic"

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._x, self._y = _START_X, _START_Y
        self._speed_held = False
        self._jump_time = 0
        self._foes: list[_Foe] = []
        self._furthest_px = 0.0
        self._stuck_ticks = 0

    def act(self, game: GameView) -> int:
        """Buttons by the rule of the class."""
        body = self._see_mario(game)
        foes = self._foes = _see_foes(game.enemy_floats().tolist(), self._foes, body.x)
        tiles = _see_tiles(game.level_grid())
        may_jump = game.may_jump or self._jump_time > 0
        if self._wants_run_up(body):
            choice = _RETREAT
            if _forecast(tiles, foes, body, _RETREAT)[0] < _SAFE_TICKS:
                self._stuck_ticks = 0
        else:
            choice = _MANOEUVRES[0]
            best = (-1.0, 0.0)
            for manoeuvre in _MANOEUVRES:
                if manoeuvre.jump_ticks and not may_jump:
                    continue
                value = _forecast(tiles, foes, body, manoeuvre)
                if value > best:
                    best, choice = value, manoeuvre
        jump = choice.jump_ticks > 0
        self._count_jump(jump, game)
        fires = game.mode == Mode.FIRE and any(
            0 < foe.x - body.x < 140 and -40 < foe.y - body.y < 90 and foe.kind not in _FIRE_PROOF
            for foe in foes
        )
        self._speed_held = not (fires and self._speed_held)
        return (
            _LEFT * (choice.direction < 0)
            | _RIGHT * (choice.direction > 0)
            | _JUMP * jump
            | _SPEED * self._speed_held
        )

    def _see_mario(self, game: GameView) -> _Body:
        """Mario's state; his speed is what he moved by, less friction."""
        x, y = float(game.x), float(game.y)
        if game.on_ground:
            self._jump_time = 0
        body = _Body(
            x,
            y,
            (x - self._x) * _FRICTION,
            0.0 if game.on_ground else (y - self._y) * _FALL_DAMPING + _GRAVITY,
            game.on_ground,
            self._jump_time,
            _SMALL_PX if game.mode == Mode.SMALL else _TALL_PX,
        )
        self._x, self._y = x, y
        return body

    def _wants_run_up(self, body: _Body) -> bool:
        if body.x > self._furthest_px + 1:
            self._furthest_px = body.x
            self._stuck_ticks = 0
        self._stuck_ticks += 1
        if self._stuck_ticks > _STUCK_TICKS + _RUN_UP_TICKS:
            self._stuck_ticks = 0
        return self._stuck_ticks > _STUCK_TICKS

    def _count_jump(self, jump: bool, game: GameView) -> None:
        """Follow the engine's count of ticks that JUMP still lifts."""
        if not jump:
            self._jump_time = 0
        elif game.may_jump and game.on_ground:
            self._jump_time = _JUMP_TICKS
        elif self._jump_time > 0:
            self._jump_time -= 1


def _see_tiles(grid: NDArray[np.int8]) -> list[list[int]]:
    """The grid as air, platforms (solid from above) and solid cells."""
    return np.where(grid == 0, _AIR, np.where(grid == HALF_BORDER, _PLATFORM, _SOLID)).tolist()


def _see_foes(rows: list[list[float]], before: list[_Foe], mario_x: float) -> list[_Foe]:
    """What can do harm, with the speed it had in the last tick or is likely to have."""
    foes = []
    for number, x, y in rows:
        kind = int(number)
        if kind == Kind.MUSHROOM:
            continue
        known = [f for f in before if f.kind == kind and abs(f.x - x) < 12 and abs(f.y - y) < 16]
        if known:
            speed = x - known[0].x
            sinking = max(y - known[0].y, 0.0)
        elif kind in (Kind.ENEMY_FLOWER, Kind.SHELL):
            speed = sinking = 0.0
        else:
            sinking = 0.0
            speed = _BULLET_SPEED if kind == Kind.BULLET_BILL else _WALK_SPEED
            speed = -speed if x > mario_x else speed
        foes.append(_Foe(kind, x, y, speed, sinking))
    return foes


def _forecast(
    tiles: list[list[int]], foes: list[_Foe], body: _Body, manoeuvre: _Manoeuvre
) -> tuple[float, float]:
    """Ticks without harm (those beyond `_SAFE_TICKS` do not count), and the way to the right."""
    x, y, xa, ya, on_ground, jump_time, height = body
    left = int(x) // _TILE_PX - GRID_CENTRE
    top = int(y) // _TILE_PX - GRID_CENTRE

    def tile(px: float, py: float) -> int:
        row = int(py // _TILE_PX) - top
        if not 0 <= row < GRID_SIZE:
            return _AIR
        return tiles[row][min(max(int(px) // _TILE_PX - left, 0), GRID_SIZE - 1)]

    near = [f for f in foes if abs(f.x - x) < _LOOK_AHEAD_TICKS * 15]
    safe_ticks = _LOOK_AHEAD_TICKS
    for t in range(_LOOK_AHEAD_TICKS):
        if t >= manoeuvre.jump_ticks:
            jump_time = 0
        elif on_ground and t == 0:
            jump_time = _JUMP_TICKS
            ya = jump_time * _JUMP_SPEED
        elif jump_time > 0:
            ya = jump_time * _JUMP_SPEED
            jump_time -= 1
        xa += manoeuvre.direction * _RUN
        side = x + xa + (4 if xa > 0 else -4)
        if any(tile(side, y - up) == _SOLID for up in (0, height >> 1, height)):
            xa = 0.0
        x += xa
        on_ground = False
        foot = y + ya
        if ya >= 0:
            for row in range(int((y + 1) // _TILE_PX), int((foot + 1) // _TILE_PX) + 1):
                floor = row * _TILE_PX
                if floor > y and (tile(x - 4, floor) or tile(x + 4, floor)):
                    foot = floor - 1.0
                    on_ground = True
                    break
        elif tile(x, foot - height) == _SOLID:
            foot = y
            ya = 0.0
        y = foot
        if y > _LOST_PX:
            safe_ticks = t
            break
        touched = next((f for f in near if _touches(f, t + 1, x, y, height)), None)
        if touched is not None:
            if touched.kind in _STOMP_PROOF or ya <= 0 or touched.y < y - 1 or on_ground:
                safe_ticks = t
                break
            ya = _BOUNCE_SPEED
        ya = ya * _FALL_DAMPING + (0.0 if on_ground else _GRAVITY)
        xa *= _FRICTION
    return float(min(safe_ticks, _SAFE_TICKS)), x - body.x + (8.0 if on_ground else 0.0)


def _touches(foe: _Foe, ticks: int, x: float, y: float, height: int) -> bool:
    """Whether Mario at (x, y) touches a creature after so many ticks."""
    dx = foe.x + foe.speed * ticks - x
    dy = foe.y - y
    if foe.kind == Kind.ENEMY_FLOWER:
        return abs(dx) < _REACH_PX - 2 and -height < dy < _SMALL_PX + _FLOWER_RISE_PX
    foe_height = _TALL_PX if foe.kind in _KOOPAS else _SMALL_PX
    # A falling creature may be anywhere between here and where it falls to.
    lowest = dy + foe.sinking * min(ticks, _FALL_TICKS)
    return abs(dx) < _REACH_PX and lowest > -height and dy < foe_height
