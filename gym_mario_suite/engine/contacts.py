"""What happens when sprites touch Mario, shells or fireballs."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.contacts_2019 import judge_touch_2019, suffer_stomp_2019
from gym_mario_suite.engine.creatures import kill_fireball
from gym_mario_suite.engine.level_image import kill_spawn
from gym_mario_suite.engine.motion import F0, F1, F5, is_enemy
from gym_mario_suite.engine.player import (
    get_flower,
    get_hurt,
    get_mushroom,
    kick,
    stomp,
)
from gym_mario_suite.engine.sprites import add_sprite
from gym_mario_suite.engine.touch import can_be_hit, is_stomp, touches
from gym_mario_suite.engine.world import NO_SPRITE, Kind, Rules

_BULLET_BILL = int(Kind.BULLET_BILL)
_RED_KOOPA = int(Kind.RED_KOOPA)
_GREEN_KOOPA_WINGED = int(Kind.GREEN_KOOPA_WINGED)
_SPIKY = int(Kind.SPIKY)
_ENEMY_FLOWER = int(Kind.ENEMY_FLOWER)
_SHELL = int(Kind.SHELL)
_MUSHROOM = int(Kind.MUSHROOM)
_FIRE_FLOWER = int(Kind.FIRE_FLOWER)
_COMPETITION_2009 = int(Rules.COMPETITION_2009)

_TOUCH_PX = np.float32(16)  # between bodies that are not Mario, and for shells and items
_ENEMY_TOUCH_PX = np.float32(12)  # an enemy's 2 * half width + 4
_FLOWER_TOUCH_PX = np.float32(8)
_STOMPED_TICKS = 10
_CORPSE_TICKS = 100


@jit
def _enemy_meets_player(world, s, player):
    """Whether the player stomps the enemy; a touch otherwise hurts him."""
    if s.dead_time != 0:
        return False
    reach = _FLOWER_TOUCH_PX if s.kind == _ENEMY_FLOWER else _ENEMY_TOUCH_PX
    if not touches(s, player.body, reach):
        return False
    if s.kind >= _SPIKY or not is_stomp(player, s):
        get_hurt(world, player)
        return False
    return True


@jit
def _suffer_stomp(image, world, s):
    """What a stomp does to an enemy, after the player has bounced off."""
    if s.winged:
        s.winged = 0
        s.ya = F0
        return
    kill_spawn(image, world, s.spawn)
    s.dead_time = _STOMPED_TICKS
    s.winged = 0
    if _RED_KOOPA <= s.kind <= _GREEN_KOOPA_WINGED:
        slot = add_sprite(world, _SHELL, s.x, s.y, 0)
        if slot >= 0:
            world.sprites[slot].ya = -F5
    world.kills_total += 1
    world.kills_stomp += 1


@jit
def _shell_meets_player(world, s, slot, player):
    """Whether the player stomps the shell; otherwise it hurts him or he kicks it."""
    if s.carried or s.dead or s.dead_time > 0 or not touches(s, player.body, _TOUCH_PX):
        return False
    if is_stomp(player, s):
        return True
    if s.facing != 0:
        get_hurt(world, player)
    else:
        kick(world, player, slot)
        s.facing = player.body.facing
    return False


@jit
def _kill_bullet(s):
    s.dead = 1
    s.xa = F0
    s.ya = F1
    s.dead_time = _CORPSE_TICKS


@jit
def _bullet_meets_player(world, s, player):
    """Whether the player stomps the bullet bill; a touch otherwise hurts him."""
    if s.dead or not touches(s, player.body, _TOUCH_PX):
        return False
    if is_stomp(player, s):
        return True
    get_hurt(world, player)
    return False


@jit
def meet_player(image, world, slot, player):
    """The sprite in `slot` checks whether it touches the player, and what follows.

    A shell that a stomp leaves behind is added; its first tick is the caller's to run.
    """
    s = world.sprites[slot]
    kind = s.kind
    in_2009 = world.rules == _COMPETITION_2009
    stomped = False
    if not in_2009:
        stomped = judge_touch_2019(world, s, player)
    elif kind == _BULLET_BILL:
        stomped = _bullet_meets_player(world, s, player)
    elif kind == _SHELL:
        stomped = _shell_meets_player(world, s, slot, player)
    elif is_enemy(kind):
        stomped = _enemy_meets_player(world, s, player)
    elif kind == _MUSHROOM:
        if touches(s, player.body, _TOUCH_PX):
            get_mushroom(world, player)
            s.removed = 1
    elif kind == _FIRE_FLOWER and touches(s, player.body, _TOUCH_PX):
        get_flower(world, player)
        s.removed = 1
    if not stomped:
        return
    stomp(image, world, player, slot)
    if kind != _SHELL:
        if not in_2009:
            suffer_stomp_2019(world, s)
        elif kind == _BULLET_BILL:
            _kill_bullet(s)
        else:
            _suffer_stomp(image, world, s)
    elif s.facing != 0:
        s.xa = F0
        s.facing = 0
    else:
        s.facing = player.body.facing


@jit
def _knock_out(image, world, s, facing):
    """An enemy is hit by a shell or fireball and flies off."""
    s.xa = np.float32(facing * 2)
    s.ya = -F5
    s.fly_death = 1
    kill_spawn(image, world, s.spawn)
    s.dead_time = _CORPSE_TICKS
    s.winged = 0
    world.kills_total += 1


@jit
def _kill_shell(s):
    s.dead = 1
    s.carried = 0
    s.xa = np.float32(s.facing * -2)
    s.ya = -F5
    s.dead_time = _CORPSE_TICKS


@jit
def _meets_shell(image, world, slot, shell, shell_slot):
    """Whether the sprite in `slot` is hit by a moving or carried shell, with what follows."""
    s = world.sprites[slot]
    kind = s.kind
    enemy = is_enemy(kind)
    if not can_be_hit(kind):
        return False
    if s.dead_time != 0 or not touches(s, shell, _TOUCH_PX):
        return False
    if enemy:
        _knock_out(image, world, s, shell.facing)
        world.kills_shell += 1
    elif kind == _BULLET_BILL:
        _kill_bullet(s)
    else:
        for p in range(world.n_players):
            carried = world.players[p].carried
            if carried == shell_slot or carried == slot:
                world.players[p].carried = NO_SPRITE
        _kill_shell(s)
        _kill_shell(shell)
    return True


@jit
def shells_hit(image, world):
    """Every shell that moved or was carried in this tick hits what it touches."""
    for i in range(world.n_shells):
        shell_slot = np.int64(world.shells[i])
        shell = world.sprites[shell_slot]
        for j in range(world.n_sprites):
            slot = np.int64(world.order[j])
            if slot == shell_slot or shell.dead:
                continue
            if not _meets_shell(image, world, slot, shell, shell_slot) or shell.dead:
                continue
            for p in range(world.n_players):
                if world.players[p].carried == shell_slot:
                    world.players[p].carried = NO_SPRITE
                    _kill_shell(shell)
                    world.kills_total += 1
    world.n_shells = 0


@jit
def _meets_fireball(image, world, slot, fireball):
    """Whether the sprite in `slot` stops a fireball, with what follows."""
    s = world.sprites[slot]
    kind = s.kind
    enemy = is_enemy(kind)
    if not can_be_hit(kind):
        return False
    if s.dead_time != 0 or not touches(s, fireball, _TOUCH_PX):
        return False
    if enemy:
        if kind < _SPIKY or kind == _ENEMY_FLOWER:
            _knock_out(image, world, s, fireball.facing)
            world.kills_fire += 1
    elif kind == _SHELL and s.facing == 0:
        s.xa = np.float32(fireball.facing * 2)
        s.ya = -F5
        s.dead_time = _CORPSE_TICKS
    return True


@jit
def fireballs_hit(image, world):
    """Every fireball that moved in this tick hits what it touches."""
    for i in range(world.n_fireballs):
        fireball_slot = np.int64(world.fireballs[i])
        fireball = world.sprites[fireball_slot]
        for j in range(world.n_sprites):
            slot = np.int64(world.order[j])
            if slot == fireball_slot or fireball.dead:
                continue
            if _meets_fireball(image, world, slot, fireball):
                kill_fireball(fireball)
    world.n_fireballs = 0
