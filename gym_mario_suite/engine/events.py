"""Events of the 2019 rules: what happened in the last tick, for whoever reads it."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.world import EVENT_SLOTS


@jit
def add_event(world, kind, parameter):
    """Note an event of this tick, with Mario's position and mode; too many are left out."""
    if world.n_events >= EVENT_SLOTS:
        return
    player = world.players[0]
    event = world.events[world.n_events]
    event.kind = kind
    event.parameter = parameter
    event.mode = np.int64(player.large) + np.int64(player.fire)
    event.tick = world.tick
    event.x = player.body.x
    event.y = player.body.y
    world.n_events += 1


@jit
def clear_events(world):
    """Forget the events, bytes and all."""
    for i in range(EVENT_SLOTS):
        event = world.events[i]
        event.kind = 0
        event.parameter = 0
        event.mode = 0
        event.tick = 0
        event.x = np.float32(0)
        event.y = np.float32(0)
    world.n_events = 0
