"""Who of the herd is the nearest: what the body has looked at, and the herd, made to agree.

The creature nearest to Mario goes on as the body says, which sees every pixel of it and knows
whether he touches it (see `creature`); and when another one becomes the nearest, the body is told
where that is.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gym_mario_suite.dream import creature
from gym_mario_suite.dream.herd_numbers import (
    SPEED,
    WHERE,
    frozen,
    left_edge,
    scrolled,
)
from gym_mario_suite.dream.memory import (
    CREATURE,
    FLOWER,
    GREEN_KOOPA,
    HERD,
    LAST_CREATURE,
    NEAR,
    NEAR_KIND,
    NEAR_PLACE,
    NEAR_PX,
    NEAR_SPEED,
    PLACED,
    RED_KOOPA,
    SCREEN,
    SCREEN_UNIT,
    SHELL,
    SPEED_UNIT,
    SPIKY,
    VOLLEY,
    VOLLEY_PERIOD,
    Of,
)
from gym_mario_suite.dream.presets import head_slices
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import SCREEN_WIDTH_PX

_SLICES = head_slices()
_SAME_PX = 3.0  # places of one creature, said twice, are no further apart
assert NEAR_PLACE.start == NEAR + 1
assert NEAR_PLACE.stop == NEAR_SPEED.start
assert NEAR_SPEED.stop == NEAR_KIND.start


def looked_at(memory: Tensor, before: Tensor, herd: Tensor, head: Tensor) -> Tensor:
    """The herd, where that which was nearest to Mario is as the body has seen it."""
    far, which = _nearest(before, memory[:, SCREEN])
    is_it = (far < NEAR_PX) & (memory[:, NEAR] > 0)
    # One that both remember, at the same place.
    apart = _one(before, which)[:, WHERE] - memory[:, SCREEN] - memory[:, NEAR_PLACE]
    is_it = is_it & (apart.abs().amax(1) < _SAME_PX)
    paths = creature.unpacked(head[:, -creature.COLUMNS :])
    followed = (paths.across_logits.argmax(1) < creature.LAWS) & (
        paths.upright_logits.argmax(1) < creature.LAWS
    )
    mario = head[:, _SLICES["screen"]] * SCREEN_UNIT
    said = head[:, _SLICES["nearest"]]
    seen = said[:, :2] * SCREEN_UNIT + mario
    still_near = head[:, _SLICES["near"]][:, 0] > 0
    own = _one(herd, which)
    own_far = (own[:, WHERE] - mario).abs().amax(1)
    path_far = said[:, :2].abs().amax(1) * SCREEN_UNIT
    # Followed: it is gone if nothing is near where it should be. Else another one is the
    # nearest now, which is no reason for this one to be gone unless it would be nearer.
    there = still_near | (path_far >= NEAR_PX)
    farther = still_near & (own_far >= path_far - _SAME_PX)
    farther = farther | (own_far > NEAR_PX - _SAME_PX)
    alive = (followed & there) | (~followed & farther)
    kind = head[:, _SLICES["kind"]] > 0
    shelled = followed & _is_koopa(own[:, Of.KIND]) & ~kind[:, 0]
    speed = said[:, 2:] * SPEED_UNIT
    takes = (followed & still_near)[:, None]
    facing = torch.where(speed[:, 0].abs() > 0.01, speed[:, 0].sign(), own[:, Of.FACING])
    looked = torch.cat(
        [
            (own[:, Of.THERE] * alive)[:, None],
            torch.where(takes, seen, own[:, WHERE]),
            torch.where(takes, speed, own[:, SPEED]),
            torch.where(takes, facing[:, None], own[:, Of.FACING, None]),
            torch.where(shelled & still_near, SHELL, own[:, Of.KIND])[:, None],
            torch.where(takes, kind[:, 1:2].to(own.dtype), own[:, Of.WINGED, None]),
            own[:, Of.WAIT, None],
        ],
        dim=1,
    )
    slots = torch.arange(HERD, device=herd.device)
    replaced = ((slots == which[:, None]) & is_it[:, None])[..., None]
    return torch.where(replaced, looked[:, None], herd)


def _nearest(herd: Tensor, mario: Tensor) -> tuple[Tensor, Tensor]:
    """How far the nearest creature is from Mario (to any side), and which it is; items are none."""
    counts = (herd[..., Of.THERE] > 0) & (herd[..., Of.KIND] <= LAST_CREATURE)
    far = (herd[..., WHERE] - mario[:, None]).abs().amax(2)
    far = torch.where(counts, far, far * 0 + 10 * SCREEN_WIDTH_PX)
    return far.amin(1), far.argmin(1)


def _one(herd: Tensor, which: Tensor) -> Tensor:
    """That one of each herd, float[n, CREATURE]."""
    return herd.gather(1, which[:, None, None].expand(-1, 1, len(CREATURE)))[:, 0]


def _is_koopa(kind: Tensor) -> Tensor:
    return (kind == RED_KOOPA) | (kind == GREEN_KOOPA)


def remembered_with(memory: Tensor, before: Tensor, head: Tensor, herd: Tensor) -> Tensor:
    """A memory with its herd, and with that one of it which is nearest as the nearest.

    Args:
        memory: float[n, MEMORY_SIZE], as `memory.carried` leaves it.
        before: float[n, MEMORY_SIZE], before the step.
        head: float[n, HEAD_SIZE].
        herd: float[n, HERD, CREATURE].
    """
    columns = ((left_edge(before) + scrolled(head)) / TILE_PX).floor()
    scans = (columns > 0).to(memory.dtype)
    volley = (before[:, VOLLEY, None] + 1 - frozen(before) - 2 * columns) % VOLLEY_PERIOD
    far, which = _nearest(herd, memory[:, SCREEN])
    one = _one(herd, which)
    kind = one[:, Of.KIND]
    sharp = (kind == SPIKY) | (kind == FLOWER)
    near = torch.cat(
        [
            memory[:, :1] * 0 + 1,
            one[:, WHERE] - memory[:, SCREEN],
            one[:, SPEED],
            *(
                _is_koopa(kind)[:, None].to(one.dtype),
                one[:, Of.WINGED, None],
                sharp[:, None].to(one.dtype),
            ),
        ],
        dim=1,
    )
    near = torch.where((far < NEAR_PX)[:, None], near, memory[:, NEAR : NEAR_KIND.stop])
    placed = memory[:, PLACED, None]
    told = torch.cat([scans, volley, herd.flatten(1)], dim=1) * placed
    return torch.cat([memory[:, :NEAR], near, told], dim=1)
