"""What differs from the original's rules when several players share a world.

Everything else is the original's, player by player. Each player has a window of his own, as if he
were alone: creatures appear where a column comes into a window that was in none before, and leave
when they are far from all windows. Only those who still play have windows.
"""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.level_image import N_CANNONS, WIDTH
from gym_mario_suite.engine.motion import F0, step_x
from gym_mario_suite.engine.player import bounce, get_hurt
from gym_mario_suite.engine.spawning import CANNON_PERIOD_TICKS, scan_column, tile_column
from gym_mario_suite.engine.touch import is_stomp, touches
from gym_mario_suite.engine.world import SCREEN_WIDTH_PX, Kind, Rivalry, Status

_RUNNING = int(Status.RUNNING)
_FIREBALL = int(Kind.FIREBALL)
_STOMP = int(Rivalry.STOMP)

NO_WINDOW = -10_000
WINDOW_COLUMNS = SCREEN_WIDTH_PX // 16 + 3
_HALF_SCREEN = np.float32(SCREEN_WIDTH_PX // 2)
_FAR_LEFT = np.float32(-64)
_FAR_RIGHT = np.float32(384)
_FAR_UP = np.float32(-64)
_FAR_DOWN = np.float32(304)
_SHOULDERS_PX = np.float32(12)
_HALF = np.float32(0.5)


@inline_jit
def camera_x(image, body):
    """Left edge in px of the window around a player's body."""
    x_cam = body.x - _HALF_SCREEN
    if x_cam < F0:
        x_cam = F0
    right_most = np.float32(image[WIDTH] * 16 - SCREEN_WIDTH_PX)
    if x_cam > right_most:
        x_cam = right_most
    return x_cam


@jit
def _first_column(image, player):
    """First column of the player's window, or NO_WINDOW when he does not play."""
    if player.status != _RUNNING:
        return NO_WINDOW
    return tile_column(int(camera_x(image, player.body))) - 1


@inline_jit
def _is_inside(x, first):
    return first <= x < first + WINDOW_COLUMNS


@jit
def remove_far_from_all(image, world):
    """Sprites more than 64 px outside of every window leave at the end of the tick."""
    fireballs = 0
    for i in range(world.n_sprites):
        s = world.sprites[world.order[i]]
        seen = False
        if _FAR_UP <= s.y <= _FAR_DOWN:
            for p in range(world.n_players):
                player = world.players[p]
                dx = s.x - camera_x(image, player.body)
                if player.status == _RUNNING and _FAR_LEFT <= dx <= _FAR_RIGHT:
                    seen = True
        if not seen:
            s.removed = 1
        elif s.kind == _FIREBALL:
            fireballs += 1
    world.fireballs_on_screen = fireballs


@jit
def scan_windows(image, world):
    """Spawn what comes into a window, and fire the cannons whose turn it is."""
    firing = image[N_CANNONS] > 0 and world.tick & 1 == 0
    moved = False
    for p in range(world.n_players):
        player = world.players[p]
        moved = moved or _first_column(image, player) != player.scan_first
    if not moved and not firing:
        return
    for p in range(world.n_players):
        first = _first_column(image, world.players[p])
        if first == NO_WINDOW:
            continue
        for x in range(first, first + WINDOW_COLUMNS):
            done = False
            fresh = True
            for q in range(world.n_players):
                other = world.players[q]
                if q < p and _is_inside(x, _first_column(image, other)):
                    done = True
                if _is_inside(x, np.int64(other.scan_first)):
                    fresh = False
            fires = firing and ((world.tick >> 1) - x) % (CANNON_PERIOD_TICKS // 2) == 0
            if not done and (fresh or fires):
                scan_column(image, world, x, fresh, fires)
    for p in range(world.n_players):
        player = world.players[p]
        player.scan_first = _first_column(image, player)


@jit
def _push(image, world, player, dx):
    """Move a player aside; what he ran against takes his speed in that direction."""
    body = player.body
    sliding = body.sliding
    xa = body.xa
    step_x(image, world, body, dx)
    body.sliding = sliding
    # He keeps his speed away from the other.
    body.xa = xa if xa * dx > F0 else F0


@jit
def players_touch(image, world):
    """Those who play and touch push each other aside, or one stomps the other."""
    for p in range(world.n_players):
        for q in range(p + 1, world.n_players):
            one = world.players[p]
            other = world.players[q]
            if one.status != _RUNNING or other.status != _RUNNING:
                continue
            if not touches(one.body, other.body, _SHOULDERS_PX):
                continue
            above = p if one.body.y < other.body.y else q
            below = p + q - above
            upper = world.players[above]
            lower = world.players[below]
            if world.rivalry == _STOMP and is_stomp(upper, lower.body):
                bounce(image, world, upper, lower.body)
                get_hurt(world, lower)
                continue
            dx = other.body.x - one.body.x
            # Of two at the same place the first one yields to the left.
            side = np.float32(-1) if dx >= F0 else np.float32(1)
            way = (_SHOULDERS_PX - abs(dx)) * _HALF
            _push(image, world, one, side * way)
            _push(image, world, other, -side * way)
