"""Which picture each creature, item and player has, and where it goes."""

from __future__ import annotations

from math import floor

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.atlas import FRAMES, PLAYER_FRAMES, PLAYER_POSES
from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.draw_pictures import put_sprite
from gym_mario_suite.engine.world import NO_SPRITE, Kind, Status

_BULLET_BILL = int(Kind.BULLET_BILL)
_ENEMY_FLOWER = int(Kind.ENEMY_FLOWER)
_SHELL = int(Kind.SHELL)
_MUSHROOM = int(Kind.MUSHROOM)
_LIFE_MUSHROOM = int(Kind.LIFE_MUSHROOM)
_FIRE_FLOWER = int(Kind.FIRE_FLOWER)
_FIREBALL = int(Kind.FIREBALL)
_GOOMBA = int(Kind.GOOMBA)
_GOOMBA_WINGED = int(Kind.GOOMBA_WINGED)
_RED_KOOPA = int(Kind.RED_KOOPA)
_GREEN_KOOPA_WINGED = int(Kind.GREEN_KOOPA_WINGED)
_DEAD = int(Status.DEAD)
_WIN = int(Status.WIN)

# --- pictures by frame -------------------------------------------------------------------------


def _frame(name: str) -> int:
    return FRAMES.index(name)


def _first_frames() -> NDArray[np.int64]:
    """First of the two walking frames of each enemy kind."""
    frames = np.zeros(32, np.int64)
    for kind, name in (
        (Kind.GOOMBA, "goomba_0"),
        (Kind.RED_KOOPA, "red_koopa_0"),
        (Kind.GREEN_KOOPA, "green_koopa_0"),
        (Kind.SPIKY, "spiky_0"),
    ):
        frames[[kind, kind + 1]] = _frame(name)
    frames[Kind.ENEMY_FLOWER] = _frame("flower_0")
    return frames


_WALKING = _first_frames()
_GOOMBA_FLAT = _frame("goomba_flat")
_WING = _frame("wing_0")
_STEM = _frame("flower_stem")
_SHELL_FRAME = _frame("shell_0")
_BULLET_FRAME = _frame("bullet_bill")
_MUSHROOM_FRAME = _frame("mushroom")
_LIFE_MUSHROOM_FRAME = _frame("mushroom_life")
_FIRE_FLOWER_FRAME = _frame("fire_flower_0")
_FIREBALL_FRAME = _frame("fireball_0")
_DUST = _frame("puff_0")

_POSES = len(PLAYER_POSES)
_PLAYER_FRAMES = len(PLAYER_FRAMES)
_SECOND_PLAYER = _frame(f"player_2_{PLAYER_FRAMES[0]}")
_STAND = PLAYER_POSES.index("stand")
_WALK = PLAYER_POSES.index("walk_0")
_RUN = PLAYER_POSES.index("run_0")
_JUMP = PLAYER_POSES.index("jump")
_FALL = PLAYER_POSES.index("fall")
_SKID = PLAYER_POSES.index("skid")
_DUCK = PLAYER_POSES.index("duck")
_CARRY_STAND = PLAYER_POSES.index("carry_stand")
_CARRY_WALK = PLAYER_POSES.index("carry_walk_0")
_SLIDE = PLAYER_POSES.index("slide")
_DEAD_POSE = PLAYER_POSES.index("dead")

# --- what decides a frame ----------------------------------------------------------------------

_STANDING = np.float32(0.5)  # px per tick
_RUNNING_FAST = np.float32(6)
_STRIDE_PX = 7
_RUN_STRIDE_PX = 14
_RISING_TICKS = 9
_WING_X_PX = 9
_WING_Y_PX = 7
_KOOPA_WING_X_PX = 8
_KOOPA_WING_Y_PX = 9
_STEM_PX = 16
_DUST_X_PX = 9
_DUST_Y_PX = 12
_BLINK_BIT = 2  # of the time without harm: two ticks seen, two not


@inline_jit
def px(v):
    """The pixel of a coordinate."""
    # On a GPU `floor` gives a float.
    return np.int64(floor(v))


@inline_jit
def is_behind_tiles(s):
    """Whether a sprite is hidden by tiles: in a pipe, or coming out of a block."""
    if s.kind == _ENEMY_FLOWER:
        return s.dead_time == 0
    rises = s.kind == _MUSHROOM or s.kind == _LIFE_MUSHROOM or s.kind == _FIRE_FLOWER
    return rises and s.aux < _RISING_TICKS


@jit
def _draw_enemy(view, frame, cam, s, clock):
    x = px(s.x)
    y = px(s.y)
    left = 1 if s.facing < 0 else 0
    if s.dead_time > 0 and not s.fly_death and s.kind != _ENEMY_FLOWER:
        # Stomped: a goomba lies flat, a koopa has become a shell.
        if s.kind <= _GOOMBA_WINGED:
            put_sprite(view, frame, cam, 2 * _GOOMBA_FLAT + left, x, y, False)
        return
    step = (clock >> 2) & 1
    wing = 2 * (_WING + ((clock >> 1) & 1))
    koopa = _RED_KOOPA <= s.kind <= _GREEN_KOOPA_WINGED
    if s.winged and not koopa:
        # A wing on each side, half behind the body; their tips point outwards.
        put_sprite(view, frame, cam, wing, x + _WING_X_PX, y - _WING_Y_PX, False)
        put_sprite(view, frame, cam, wing + 1, x - _WING_X_PX, y - _WING_Y_PX, False)
    picture = 2 * (_WALKING[s.kind] + step) + left
    if s.kind == _ENEMY_FLOWER:
        picture -= left
        if s.dead_time == 0:
            put_sprite(view, frame, cam, 2 * _STEM, x, y + _STEM_PX, False)
            put_sprite(view, frame, cam, 2 * _STEM, x, y + 2 * _STEM_PX, False)
    put_sprite(view, frame, cam, picture, x, y, s.dead_time > 0)
    if s.winged and koopa:
        # One wing on the shell, pointing away from where the koopa looks.
        back = _KOOPA_WING_X_PX if left else -_KOOPA_WING_X_PX
        put_sprite(view, frame, cam, wing + 1 - left, x + back, y - _KOOPA_WING_Y_PX, False)


@jit
def draw_sprite(view, frame, cam, s, clock):
    """Draw one sprite. `clock`: ticks, for the animations."""
    kind = s.kind
    if _GOOMBA <= kind <= _ENEMY_FLOWER and kind != _BULLET_BILL:
        _draw_enemy(view, frame, cam, s, clock)
        return
    left = 1 if s.facing < 0 else 0
    if kind == _SHELL:
        spin = clock & 3 if s.facing != 0 and not s.carried and s.dead_time == 0 else 0
        picture = _SHELL_FRAME + spin
        left = 0
    elif kind == _BULLET_BILL:
        picture = _BULLET_FRAME
    elif kind == _MUSHROOM:
        picture = _MUSHROOM_FRAME
    elif kind == _LIFE_MUSHROOM:
        picture = _LIFE_MUSHROOM_FRAME
        left = 0
    elif kind == _FIRE_FLOWER:
        picture = _FIRE_FLOWER_FRAME + ((clock >> 2) & 1)
        left = 0
    elif kind == _FIREBALL:
        picture = _FIREBALL_FRAME + (clock & 3)
    else:
        return
    put_sprite(view, frame, cam, 2 * picture + left, px(s.x), px(s.y), s.dead_time > 0)


@inline_jit
def _pose(player):
    body = player.body
    if player.status == _DEAD:
        return _DEAD_POSE
    if player.ducking:
        return _DUCK
    speed = abs(body.xa)
    carrying = player.carried != NO_SPRITE
    if not body.on_ground and player.status != _WIN:
        if carrying:
            return _CARRY_WALK + 1
        if body.sliding:
            return _SLIDE
        return _JUMP if body.ya < np.float32(0) else _FALL
    if speed < _STANDING:
        return _CARRY_STAND if carrying else _STAND
    if carrying:
        return _CARRY_WALK + (px(body.x) // _STRIDE_PX & 1)
    if body.xa * np.float32(body.facing) < -_STANDING:
        return _SKID
    running = speed > _RUNNING_FAST
    stride = px(body.x) // (_RUN_STRIDE_PX if running else _STRIDE_PX) & 3
    if stride == 3:
        stride = 1
    return (_RUN if running else _WALK) + stride


@jit
def draw_player(view, frame, cam, player, clock):
    """Draw a player in his colour; one who cannot be hurt for a while blinks."""
    if player.invulnerable_time & _BLINK_BIT and player.status != _DEAD:
        return
    body = player.body
    x = px(body.x)
    y = px(body.y)
    mode = min(np.int64(player.large) + np.int64(player.fire), 2)
    left = 1 if body.facing < 0 else 0
    pose = _pose(player)
    picture = mode * _POSES + pose
    if body.aux > 0:
        picture += _SECOND_PLAYER + (body.aux - 1) * _PLAYER_FRAMES
    put_sprite(view, frame, cam, 2 * picture + left, x, y, False)
    dust = 2 * (_DUST + ((clock >> 1) & 1))
    if pose == _SKID:
        put_sprite(view, frame, cam, dust, x - body.facing * _DUST_X_PX, y, False)
    elif pose == _SLIDE:
        put_sprite(view, frame, cam, dust, x + body.facing * _DUST_X_PX, y - _DUST_Y_PX, False)
