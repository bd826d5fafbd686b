"""How fast Mario can possibly run: the planner's heuristic.

With RIGHT and SPEED held and nothing in the way, a tick first adds 1.2 px to Mario's speed, then
moves him by it, then takes 11 % of it away. So his speed tends to 1.2 / 0.11 px per tick, and the
way he lost by starting slower shrinks by the factor 0.89 each tick. No button makes him faster.
"""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import inline_jit

RUN_ACCELERATION = 1.2  # px per tick per tick
FRICTION = 0.89
TOP_SPEED = RUN_ACCELERATION / (1 - FRICTION)  # px per tick
# Mario's speed as the world holds it, after friction, when he runs as fast as he can.
TOP_SPEED_KEPT = TOP_SPEED * FRICTION

_DECAY_TICKS = 128
# A table, because the results of `pow` differ from machine to machine.
_DECAY = np.multiply.accumulate(np.concatenate([[1.0], np.full(_DECAY_TICKS - 1, FRICTION)]))
_REFINEMENTS = 2


@inline_jit
def ticks_to_run(distance_px, speed):
    """A lower bound on the ticks that Mario needs to run `distance_px` to the right.

    With V the top speed and L = (V - 1.2 - speed) / 0.11 the way he loses by starting slowly, he
    has run V n - L (1 - 0.89^n) px after n ticks. The equation for n is solved by iteration from
    below, so that stopping early keeps the bound.

    Args:
        distance_px: Way to go; 0 ticks where it is not positive.
        speed: Mario's `xa`, at most `TOP_SPEED_KEPT`.
    """
    if distance_px <= 0.0:
        return 0.0
    lost = max((TOP_SPEED_KEPT - speed) / (1 - FRICTION), 0.0)
    ticks = distance_px / TOP_SPEED
    for _ in range(_REFINEMENTS):
        decay = _DECAY[min(np.int64(ticks), _DECAY_TICKS - 1)]
        ticks = (distance_px + lost * (1.0 - decay)) / TOP_SPEED
    return ticks
