"""Mario: his move in a tick, and what others do to him."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.gait import (
    HURT_TICKS,
    JUMP_SPEED,
    JUMP_TICKS,
    STOMP_TICKS,
    update_height,
    walk_acceleration,
)
from gym_mario_suite.engine.level_image import HEIGHT, WIDTH, X_EXIT
from gym_mario_suite.engine.motion import F0, F2, get_coin, step_x, step_y
from gym_mario_suite.engine.player_2019 import arrive_2019
from gym_mario_suite.engine.sprites import add_sprite, start_tick
from gym_mario_suite.engine.world import NO_SPRITE, Button, Kind, Rules, Status

_LEFT = int(Button.LEFT)
_RIGHT = int(Button.RIGHT)
_DOWN = int(Button.DOWN)
_JUMP = int(Button.JUMP)
_SPEED = int(Button.SPEED)
_RUNNING = int(Status.RUNNING)
_DEAD = int(Status.DEAD)
_WIN = int(Status.WIN)
_FIREBALL = int(Kind.FIREBALL)
_SHELL = int(Kind.SHELL)
_COMPETITION_2009 = int(Rules.COMPETITION_2009)

F3 = np.float32(3)
F8 = np.float32(8)
F20 = np.float32(20)
_HALF = np.float32(0.5)
_FRICTION = np.float32(0.89)
_FALL_DAMPING = np.float32(0.85)

WALL_JUMP_TICKS = 6
# Death begins here rather than at 1: the headless original skips the first part of the animation.
FIRST_DEATH_TICK = 25


@inline_jit
def mode_of(player):
    """Power state: 0 small, 1 large, 2 fire."""
    return np.int64(player.large) + np.int64(player.fire)


@jit
def set_mode(player, large, fire):
    """Change the power state; fire implies large, and small excludes fire."""
    if fire:
        large = True
    if not large:
        fire = False
    player.large = large
    player.fire = fire
    update_height(player)


@jit
def others_play(world, player):
    """Whether somebody else plays on in this world."""
    if world.n_players == 1:
        return False
    for p in range(world.n_players):
        other = world.players[p]
        if other.body.aux != player.body.aux and other.status == _RUNNING:
            return True
    return False


@jit
def _leave(world, player):
    """The player's game has ended; the world stands still, unless others play on in it."""
    if not others_play(world, player):
        world.paused = 1
        return
    if player.carried >= 0:
        shell = world.sprites[player.carried]
        shell.carried = 0
        shell.facing = 0
    player.carried = NO_SPRITE


@jit
def win(world, player):
    """The player has reached the exit."""
    _leave(world, player)
    player.win_time = 1
    player.status = _WIN


@jit
def die(world, player):
    """The player dies (even one who has just won)."""
    _leave(world, player)
    player.death_time = FIRST_DEATH_TICK
    player.status = _DEAD


@jit
def get_hurt(world, player):
    """A creature hits the player: one power level less, or death."""
    if player.death_time > 0 or world.paused or world.invulnerable:
        return
    if player.invulnerable_time > 0:
        return
    player.hurts += 1
    if player.large:
        world.paused = 1
        set_mode(player, player.fire != 0, False)
        player.invulnerable_time = HURT_TICKS
    else:
        die(world, player)


@jit
def get_mushroom(world, player):
    """The player touches a mushroom; refused while dying or paused."""
    if player.death_time > 0 or world.paused:
        return
    if player.large:
        get_coin(player)
    else:
        world.paused = 1
        set_mode(player, True, False)
    player.mushrooms += 1


@jit
def get_flower(world, player):
    """The player touches a fire flower; refused while dying or paused."""
    if player.death_time > 0 or world.paused:
        return
    if player.fire:
        get_coin(player)
    else:
        world.paused = 1
        set_mode(player, True, True)
    player.flowers += 1


@jit
def stomp(image, world, player, slot):
    """The player lands on the sprite in `slot`; refused while dying or paused.

    He bounces off; but a resting shell he carries when SPEED is held.
    """
    in_2009 = world.rules == _COMPETITION_2009
    if in_2009 and (player.death_time > 0 or world.paused):
        return
    if not in_2009 and player.status == _DEAD:
        return
    target = world.sprites[slot]
    if in_2009 and target.kind == _SHELL:
        target.aux = player.body.aux
        if target.facing == 0 and player.keys & _SPEED:
            player.carried = slot
            target.carried = 1
            return
    bounce(image, world, player, target)


@jit
def bounce(image, world, player, target):
    """The player bounces off a body below him: he moves to its mid-height and jumps high."""
    body = player.body
    target_y = target.y - np.float32(target.height >> 1)
    step_y(image, world, body, target_y - body.y)
    player.x_jump_speed = F0
    player.y_jump_speed = JUMP_SPEED
    player.jump_time = STOMP_TICKS
    body.ya = np.float32(STOMP_TICKS) * JUMP_SPEED
    body.on_ground = 0
    body.sliding = 0
    player.invulnerable_time = 1


@jit
def kick(world, player, slot):
    """The player touches a resting shell from the side: carries it when SPEED is held."""
    world.sprites[slot].aux = player.body.aux
    if player.keys & _SPEED:
        player.carried = slot
        world.sprites[slot].carried = 1
    else:
        player.invulnerable_time = 1


@inline_jit
def _jump(player, jump_held):
    """Start or continue a jump, a wall jump, or let it end."""
    body = player.body
    if not (jump_held or (player.jump_time < 0 and not body.on_ground and not body.sliding)):
        player.jump_time = 0
        return
    if player.jump_time < 0:
        body.xa = player.x_jump_speed
        body.ya = np.float32(-player.jump_time) * player.y_jump_speed
        player.jump_time += 1
    elif body.on_ground and player.may_jump:
        player.x_jump_speed = F0
        player.y_jump_speed = JUMP_SPEED
        player.jump_time = JUMP_TICKS
        body.ya = np.float32(JUMP_TICKS) * JUMP_SPEED
        body.on_ground = 0
        body.sliding = 0
        player.jumps += 1
    elif body.sliding and player.may_jump:
        player.x_jump_speed = np.float32(body.facing * -6)
        player.y_jump_speed = -F2
        player.jump_time = -WALL_JUMP_TICKS
        body.xa = player.x_jump_speed
        body.ya = np.float32(WALL_JUMP_TICKS) * player.y_jump_speed
        body.on_ground = 0
        body.sliding = 0
        body.facing = -body.facing
        player.jumps += 1
    elif player.jump_time > 0:
        body.xa = body.xa + player.x_jump_speed
        body.ya = np.float32(player.jump_time) * player.y_jump_speed
        player.jump_time -= 1


@inline_jit
def _walk(player, left, right, acceleration):
    """Accelerate and face left and right; with both held both happen, in this order."""
    body = player.body
    if left and not player.ducking:
        if body.facing == 1:
            body.sliding = 0
        body.xa = body.xa - acceleration
        if player.jump_time >= 0:
            body.facing = -1
    if right and not player.ducking:
        if body.facing == -1:
            body.sliding = 0
        body.xa = body.xa + acceleration
        if player.jump_time >= 0:
            body.facing = 1
    if not (left or right) or player.ducking or body.ya < F0 or body.on_ground:
        body.sliding = 0


@inline_jit
def _carry(world, player, speed_held):
    """A carried shell follows; without SPEED it is let go."""
    body = player.body
    if player.carried == NO_SPRITE:
        return
    if player.carried >= 0:
        shell = world.sprites[player.carried]
        shell.x = body.x + np.float32(body.facing * 8)
        shell.y = body.y - F2
        if not speed_held:
            shell.carried = 0
            shell.facing = body.facing
            shell.x = shell.x + np.float32(body.facing * 8)
    if not speed_held:
        player.carried = NO_SPRITE


@inline_jit
def _stay_in_level(image, world, player):
    """Falls, the left edge, the exit and the right edge, in this order."""
    body = player.body
    if body.y > np.float32(image[HEIGHT] * 16 + 16):
        die(world, player)
    if body.x < F0:
        body.x = F0
        body.xa = F0
    exit_x = np.float32(image[X_EXIT] * 16)
    if body.x > exit_x:
        body.x = exit_x
        win(world, player)
    right_edge = np.float32(image[WIDTH] * 16)
    if body.x > right_edge:
        body.x = right_edge
        body.xa = F0


@jit
def _move_after_end(player):
    """A player who has won stands still; one who has died falls. False while he plays."""
    body = player.body
    if player.win_time > 0:
        player.win_time += 1
        body.xa = F0
        body.ya = F0
        return True
    if player.death_time > 0:
        player.death_time += 1
        if player.death_time < 11:
            body.xa = F0
            body.ya = F0
        elif player.death_time == 11:
            body.ya = np.float32(-15)
        else:
            body.ya = body.ya + F2
        body.x = body.x + body.xa
        body.y = body.y + body.ya
        return True
    return False


@jit
def _flying(world, player):
    """How many fireballs of the player are about."""
    if world.n_players == 1:
        return np.int64(world.fireballs_on_screen)
    flying = 0
    for i in range(world.n_sprites):
        s = world.sprites[world.order[i]]
        if s.kind == _FIREBALL and s.aux == player.body.aux and not s.removed:
            flying += 1
    return flying


@jit
def begin_player_tick(world, player, keys):
    """The first half of a player's tick: all that follows from his buttons, before he moves.

    Returns whether he shot: then the newest addition is his fireball, whose first tick the caller
    runs before `end_player_tick`, because the player's move may change the tiles around it.
    """
    body = player.body
    start_tick(body)
    player.keys = keys
    if _move_after_end(player):
        return False
    speed_held = keys & _SPEED != 0
    jump_held = keys & _JUMP != 0
    if player.invulnerable_time > 0:
        player.invulnerable_time -= 1
    player.was_on_ground = body.on_ground
    if body.on_ground:
        player.ducking = keys & _DOWN != 0 and player.large != 0
    if body.xa > F2:
        body.facing = 1
    if body.xa < -F2:
        body.facing = -1
    _jump(player, jump_held)
    _walk(player, keys & _LEFT != 0, keys & _RIGHT != 0, walk_acceleration(speed_held))
    shot = False
    if speed_held and player.can_shoot and player.fire and _flying(world, player) < 2:
        x = body.x + np.float32(body.facing * 6)
        slot = add_sprite(world, _FIREBALL, x, body.y - F20, body.facing)
        if slot >= 0:
            world.sprites[slot].ya = np.float32(4)
            world.sprites[slot].aux = player.body.aux
            shot = True
    if world.power_restoration and speed_held and not (player.large and player.fire):
        set_mode(player, True, True)
    world.paused = world.creatures_off
    player.can_shoot = not speed_held
    player.may_jump = (body.on_ground or body.sliding) and not jump_held
    if abs(body.xa) < _HALF:
        body.xa = F0
    update_height(player)
    if body.sliding:
        body.ya = body.ya * _HALF
    return shot


@jit
def end_player_tick(image, world, player):
    """The second half of a player's tick: he moves, if he plays on."""
    if player.win_time > 0 or player.death_time > 0:
        return
    in_2009 = world.rules == _COMPETITION_2009
    body = player.body
    body.on_ground = 0
    step_x(image, world, body, body.xa)
    if not step_y(image, world, body, body.ya) and not body.on_ground:
        player.jump_time = 0
    if in_2009:
        _stay_in_level(image, world, player)
    else:
        arrive_2019(image, world, player)
    body.ya = body.ya * _FALL_DAMPING
    body.xa = body.xa * _FRICTION
    if not body.on_ground:
        body.ya = body.ya + F3
    _carry(world, player, player.keys & _SPEED != 0)
