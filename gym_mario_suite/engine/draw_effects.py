"""Cosmetic effects: coins that pop, bricks that break, sparkles and smoke.

The world only remembers what happened, when and where (`world.effects`); everything here follows
from the effect's age, so that a copied or reloaded world looks the same.
"""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.atlas import FRAMES
from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.draw_pictures import put_sprite
from gym_mario_suite.engine.world import EFFECT_SLOTS, Effect

_COIN_POP = int(Effect.COIN_POP)
_BRICK_BREAK = int(Effect.BRICK_BREAK)
_COIN_TAKEN = int(Effect.COIN_TAKEN)
_PUFF = int(Effect.PUFF)
_CANNON_SMOKE = int(Effect.CANNON_SMOKE)

_COIN = 2 * FRAMES.index("coin_pop_0")
_CHIP = 2 * FRAMES.index("particle_brick")
_SPARKLE = 2 * FRAMES.index("sparkle_0")
_PUFF_FRAME = 2 * FRAMES.index("puff_0")

_COIN_TICKS = 13
_SPARKLE_TICKS = 8
_CHIP_TICKS = 24
_PUFF_TICKS = 9
_HALF_SPARKLE_PX = 3
_HALF_PUFF_PX = 4


@jit
def _draw_sparkles(view, frame, cam, x, y, age):
    """Four sparkles that drift apart from (x, y)."""
    if age >= _SPARKLE_TICKS:
        return
    for i in range(4):
        picture = _SPARKLE + 2 * ((age >> 1) + (i & 1) & 3)
        at_x = x + (2 * (i & 1) - 1) * (3 + age)
        at_y = y + _HALF_SPARKLE_PX + ((i & 2) - 1) * (2 + age * 3 // 4)
        put_sprite(view, frame, cam, picture, at_x, at_y, False)


@jit
def _draw_chips(view, frame, cam, x, y, age):
    """Four pieces of a brick in free fall."""
    for i in range(4):
        start = -11 if i & 2 else -6
        at_x = x + (2 * (i & 1) - 1) * (4 + 3 * age)
        at_y = y + (0 if i & 2 else 6) + start * age + (5 * age * (age - 1) >> 2)
        put_sprite(view, frame, cam, _CHIP + (i & 1), at_x, at_y, False)


@jit
def _draw_puff(view, frame, cam, x, y, age):
    picture = _PUFF_FRAME + 2 * (age // 3)
    put_sprite(view, frame, cam, picture, x, y - age // 3, False)


@jit
def draw_effects(view, frame, world, cam):
    """Every effect that still shows."""
    for i in range(EFFECT_SLOTS):
        effect = world.effects[i]
        if effect.kind == 0:
            continue
        age = world.start_time - effect.born
        x = np.int64(effect.x)
        y = np.int64(effect.y)
        if age < 0 or age >= _CHIP_TICKS:
            continue
        if effect.kind == _COIN_POP:
            if age < _COIN_TICKS:
                rise = age * (_COIN_TICKS - age) * 3 >> 2
                put_sprite(view, frame, cam, _COIN + 2 * (age & 3), x, y - 1 - rise, False)
            else:
                _draw_sparkles(view, frame, cam, x, y - 8, age - _COIN_TICKS)
        elif effect.kind == _COIN_TAKEN:
            _draw_sparkles(view, frame, cam, x, y, age)
        elif effect.kind == _BRICK_BREAK:
            _draw_chips(view, frame, cam, x, y, age)
        elif age < _PUFF_TICKS:
            if effect.kind == _PUFF:
                _draw_puff(view, frame, cam, x, y, age)
            elif effect.kind == _CANNON_SMOKE:
                _draw_puff(view, frame, cam, x, y + _HALF_PUFF_PX, age)
