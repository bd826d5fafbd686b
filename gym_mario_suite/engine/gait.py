"""What both rule sets say of how Mario walks, jumps and stands."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import inline_jit

_WALK_ACCELERATION = np.float32(0.6)
_RUN_ACCELERATION = np.float32(1.2)
JUMP_SPEED = np.float32(-1.9)  # px per tick for each tick of the jump that is left
JUMP_TICKS = 7
STOMP_TICKS = 8
HURT_TICKS = 32


@inline_jit
def walk_acceleration(speed_held):
    """Px per tick squared, walking or running."""
    return _RUN_ACCELERATION if speed_held else _WALK_ACCELERATION


@inline_jit
def update_height(player):
    """Body height from size and ducking."""
    player.body.height = 24 if player.large and not player.ducking else 12
