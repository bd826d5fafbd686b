"""What happens under the 2019 rules when sprites touch Mario, shells or fireballs."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.events import add_event
from gym_mario_suite.engine.motion import F0, F5, is_enemy
from gym_mario_suite.engine.player_2019 import hurt_2019, is_alive, power_up_2019
from gym_mario_suite.engine.sprites import add_sprite
from gym_mario_suite.engine.touch import can_be_hit, is_stomp, touches
from gym_mario_suite.engine.world import Event, Kind

_RED_KOOPA_WINGED = int(Kind.RED_KOOPA_WINGED)
_RED_KOOPA = int(Kind.RED_KOOPA)
_GREEN_KOOPA_WINGED = int(Kind.GREEN_KOOPA_WINGED)
_BULLET_BILL = int(Kind.BULLET_BILL)
_SPIKY = int(Kind.SPIKY)
_ENEMY_FLOWER = int(Kind.ENEMY_FLOWER)
_SHELL = int(Kind.SHELL)
_MUSHROOM = int(Kind.MUSHROOM)
_FIRE_FLOWER = int(Kind.FIRE_FLOWER)
_LIFE_MUSHROOM = int(Kind.LIFE_MUSHROOM)
_FIREBALL = int(Kind.FIREBALL)
_STOMP_KILL = int(Event.STOMP_KILL)
_FIRE_KILL = int(Event.FIRE_KILL)
_SHELL_KILL = int(Event.SHELL_KILL)
_COLLECT = int(Event.COLLECT)
_HURT = int(Event.HURT)
_KICK = int(Event.KICK)

# The framework's type numbers by kind.
TYPE_2019 = np.zeros(32, np.int64)
for _kind, _number in (
    (Kind.GOOMBA, 2),
    (Kind.GOOMBA_WINGED, 3),
    (Kind.RED_KOOPA, 4),
    (Kind.RED_KOOPA_WINGED, 5),
    (Kind.GREEN_KOOPA, 6),
    (Kind.GREEN_KOOPA_WINGED, 7),
    (Kind.SPIKY, 8),
    (Kind.SPIKY_WINGED, 9),
    (Kind.BULLET_BILL, 10),
    (Kind.ENEMY_FLOWER, 11),
    (Kind.MUSHROOM, 12),
    (Kind.FIRE_FLOWER, 13),
    (Kind.SHELL, 14),
    (Kind.LIFE_MUSHROOM, 15),
    (Kind.FIREBALL, 16),
):
    TYPE_2019[_kind] = _number

_TOUCH_PX = np.float32(16)
_ENEMY_TOUCH_PX = np.float32(12)
_FLOWER_TOUCH_PX = np.float32(8)


@jit
def suffer_stomp_2019(world, s):
    """What a stomp does to a creature, after Mario has bounced off."""
    if s.kind == _BULLET_BILL:
        s.removed = 1
        return
    if s.winged:
        s.winged = 0
        s.ya = F0
        return
    if _RED_KOOPA <= s.kind <= _GREEN_KOOPA_WINGED:
        slot = add_sprite(world, _SHELL, s.x, s.y, 0)
        if slot >= 0:
            shell = world.sprites[slot]
            shell.ya = -F5
            # A shell stands for its koopa, which does not come back while it is there.
            shell.spawn = s.spawn
            shell.aux = 1 if s.kind > _RED_KOOPA_WINGED else 0
    add_event(world, _STOMP_KILL, TYPE_2019[s.kind])
    world.kills_total += 1
    world.kills_stomp += 1
    s.removed = 1


@jit
def _hurt_by(world, s, player):
    add_event(world, _HURT, TYPE_2019[s.kind])
    hurt_2019(world, player)


@jit
def judge_touch_2019(world, s, player):
    """What a touch of Mario does, but for a stomp: that is answered with True."""
    kind = s.kind
    reach = _TOUCH_PX
    if kind == _ENEMY_FLOWER:
        reach = _FLOWER_TOUCH_PX
    elif is_enemy(kind):
        reach = _ENEMY_TOUCH_PX
    if kind == _FIREBALL or not touches(s, player.body, reach):
        return False
    if kind == _MUSHROOM or kind == _FIRE_FLOWER or kind == _LIFE_MUSHROOM:
        add_event(world, _COLLECT, TYPE_2019[kind])
        if kind == _LIFE_MUSHROOM:
            player.lives += 1
        else:
            power_up_2019(world, player, kind == _FIRE_FLOWER)
        s.removed = 1
        return False
    can_be_stomped = kind < _SPIKY or kind == _SHELL
    if can_be_stomped and is_stomp(player, s):
        return True
    if kind == _SHELL and s.facing == 0:
        add_event(world, _KICK, TYPE_2019[kind])
        if is_alive(player):
            player.invulnerable_time = 1
        s.facing = player.body.facing
        return False
    _hurt_by(world, s, player)
    return False


@jit
def shells_hit_2019(world):
    """Every shell that moved in this tick kills what it touches, another shell and itself too."""
    for i in range(world.n_shells):
        shell_slot = np.int64(world.shells[i])
        shell = world.sprites[shell_slot]
        for j in range(world.n_sprites):
            slot = np.int64(world.order[j])
            s = world.sprites[slot]
            kind = s.kind
            if slot == shell_slot or shell.removed or s.removed:
                continue
            if not can_be_hit(kind):
                continue
            if not touches(s, shell, _TOUCH_PX):
                continue
            add_event(world, _SHELL_KILL, TYPE_2019[kind])
            if is_enemy(kind):
                world.kills_total += 1
                world.kills_shell += 1
            elif kind == _SHELL:
                shell.removed = 1
            s.removed = 1
    world.n_shells = 0


@jit
def fireballs_hit_2019(world):
    """Every fireball that moved in this tick is stopped by what it touches."""
    for i in range(world.n_fireballs):
        fireball_slot = np.int64(world.fireballs[i])
        fireball = world.sprites[fireball_slot]
        for j in range(world.n_sprites):
            slot = np.int64(world.order[j])
            s = world.sprites[slot]
            kind = s.kind
            if slot == fireball_slot or fireball.removed or s.removed:
                continue
            if not can_be_hit(kind):
                continue
            if not touches(s, fireball, _TOUCH_PX):
                continue
            fireball.removed = 1
            if is_enemy(kind):
                if kind < _SPIKY or kind == _ENEMY_FLOWER:
                    add_event(world, _FIRE_KILL, TYPE_2019[kind])
                    world.kills_total += 1
                    world.kills_fire += 1
                    s.removed = 1
            elif kind == _SHELL and s.facing == 0:
                s.removed = 1
    world.n_fireballs = 0
