"""Facts: what the engine knows of a moment, and what of it is to be remembered.

They are noted where frames are drawn, for models to learn from; a dream has nothing of them but its
memory at the beginning.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.dream.memory import (
    CAMERA_PERIOD,
    CLOCK_PERIOD,
    HALF_PX,
    MEMORY,
    NEAR_PX,
    PLACE_PERIOD_PX,
)
from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.draw import camera
from gym_mario_suite.engine.world import Kind

# Positions in px; the clock is what all animations follow. `near`: whether some creature is near
# enough to matter; where it is is told as seen from Mario.
FACTS = (
    *("x", "y", "camera", "status", "mode", "coins", "kills", "on_ground", "jumps", "hurts"),
    *("speed_x", "speed_y", "jump_time", "clock", "theme", "may_jump", "ducking", "invulnerable"),
    *("near", "near_x", "near_y", "near_speed_x", "near_speed_y"),
    *("near_tall", "near_winged", "near_sharp"),
)
FACT = {name: i for i, name in enumerate(FACTS)}
_NEAR = FACT["near"]
_LOW_PX = 12
_SPIKY, _SPIKY_WINGED = int(Kind.SPIKY), int(Kind.SPIKY_WINGED)
_FLOWER = int(Kind.ENEMY_FLOWER)
_FIRST_CREATURE, _LAST_CREATURE = int(Kind.GOOMBA), int(Kind.SHELL)


@jit
def _note_nearest(world, body, out):
    """The nearest creature that can hurt or be stomped: a 1, place, speed, kind; else zeros."""
    out[:] = 0
    least = np.float32(NEAR_PX)
    for i in range(world.n_sprites):
        s = world.sprites[world.order[i]]
        if not _FIRST_CREATURE <= s.kind <= _LAST_CREATURE or s.dead_time > 0 or s.carried:
            continue
        far = max(abs(s.x - body.x), abs(s.y - body.y))
        if far < least:
            least = far
            out[0] = 1
            out[1] = s.x - body.x
            out[2] = s.y - body.y
            out[3] = s.xa
            out[4] = s.ya
            out[5] = s.height > _LOW_PX
            out[6] = s.winged
            out[7] = s.kind == _SPIKY or s.kind == _SPIKY_WINGED or s.kind == _FLOWER


@jit
def note(image, world, theme, facts):
    """Write a moment's facts.

    Args:
        image: The level image.
        world: The world.
        theme: Of the level.
        facts: float32[FACTS].
    """
    player = world.players[0]
    facts[0] = player.body.x
    facts[1] = player.body.y
    facts[2] = camera(image, world)[0]
    facts[3] = player.status
    facts[4] = np.int64(player.large) + np.int64(player.fire)
    facts[5] = player.coins
    facts[6] = world.kills_total
    facts[7] = player.body.on_ground
    facts[8] = player.jumps
    facts[9] = player.hurts
    facts[10] = player.body.xa
    facts[11] = player.body.ya
    facts[12] = player.jump_time
    facts[13] = world.start_time
    facts[14] = theme
    facts[15] = player.may_jump
    facts[16] = player.ducking
    facts[17] = player.invulnerable_time
    _note_nearest(world, player.body, facts[_NEAR:])


def memory_of(facts: NDArray[np.floating]) -> NDArray[np.float32]:
    """The memory that a dream would have of a moment in the engine.

    Args:
        facts: float[..., FACTS]; where Mario's speed is not known it is NaN, and the memory empty.

    Returns:
        float32[..., MEMORY_SIZE].
    """
    facts = np.asarray(facts)
    told = {name: facts[..., i] for name, i in FACT.items()}
    known = np.isfinite(told["speed_x"])
    # Frames are drawn at half size, from an even column on.
    left = np.floor(told["camera"] / HALF_PX)
    numbers = {
        **told,
        **{"known": known, "placed": known, "seen": known},
        **{"x": told["x"] % PLACE_PERIOD_PX, "y": told["y"] % PLACE_PERIOD_PX},
        **{"screen_x": told["x"] - left * HALF_PX, "screen_y": told["y"]},
        **{"clock": told["clock"] % CLOCK_PERIOD, "camera": left % CAMERA_PERIOD},
        "large": told["mode"] > 0,
    }
    memory = np.stack([numbers[name] for name in MEMORY], -1)
    return np.where(known[..., None], memory, 0).astype(np.float32)
