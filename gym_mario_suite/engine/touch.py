"""Whether two bodies touch, and how."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import inline_jit
from gym_mario_suite.engine.motion import F0, is_enemy
from gym_mario_suite.engine.world import Kind

_BULLET_BILL = int(Kind.BULLET_BILL)
_SHELL = int(Kind.SHELL)


@inline_jit
def touches(s, other, reach):
    """Whether `other`'s body touches that of `s`, within `reach` px to the sides."""
    dx = other.x - s.x
    dy = other.y - s.y
    return -reach < dx < reach and -np.float32(s.height) < dy < np.float32(other.height)


@inline_jit
def is_stomp(player, s):
    """Whether a touching player comes down on `s`."""
    body = player.body
    return body.ya > F0 and body.y - s.y <= F0 and not (body.on_ground and player.was_on_ground)


@inline_jit
def can_be_hit(kind):
    """Whether shells and fireballs hit sprites of this kind."""
    return is_enemy(kind) or kind == _SHELL or kind == _BULLET_BILL
