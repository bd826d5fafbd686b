"""Who of the herd is the nearest: what the body has looked at, and the herd, made to agree.

The creature nearest to Mario goes on as the body says, which sees every pixel of it and knows
whether he touches it (see `creature`); and when another one becomes the nearest, the body is told
where that is.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gym_mario_suite.dream.creature import LAWS, Paths
from gym_mario_suite.dream.herd_numbers import (
    SPEED,
    WHERE,
    frozen,
    left_edge,
    part_of,
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


def looked_at(memory: Tensor, before: Tensor, herd: Tensor, head: Tensor, paths: Paths) -> Tensor:
    """The herd, where that which was nearest to Mario is as the body has seen it."""
    far, which = _nearest(before, memory)
    is_it = (far < NEAR_PX) & (memory[:, NEAR, None] > 0)
    # One that both remember, at the same place.
    apart = _one(before, which)[:, WHERE] - memory[:, SCREEN] - memory[:, NEAR_PLACE]
    is_it = is_it & (apart.abs().amax(1, keepdim=True) < _SAME_PX)
    followed = paths.logits.argmax(2).amax(1, keepdim=True) < LAWS
    mario = head[:, _SLICES["screen"]] * SCREEN_UNIT
    said = head[:, _SLICES["nearest"]]
    away = said[:, :2] * SCREEN_UNIT
    still_near = head[:, _SLICES["near"]] > 0
    own = _one(herd, which)
    own_far = (own[:, WHERE] - mario).abs().amax(1, keepdim=True)
    path_far = away.abs().amax(1, keepdim=True)
    # Followed: it is gone if nothing is near where it should be. Else another one is the
    # nearest now, which is no reason for this one to be gone unless it would be nearer.
    there = still_near | (path_far >= NEAR_PX)
    farther = still_near & (own_far >= path_far - _SAME_PX)
    farther = farther | (own_far > NEAR_PX - _SAME_PX)
    alive = (followed & there) | (~followed & farther)
    present = own[:, :1] * alive
    kind = (head[:, _SLICES["kind"]] > 0).to(own.dtype)
    speed = said[:, 2:] * SPEED_UNIT
    across = speed[:, :1]
    facing = torch.where(across.abs() > 0.01, across.sign(), part_of(own, Of.FACING))
    was = part_of(own, Of.KIND)
    shell = torch.where(_is_koopa(was) & (kind[:, :1] == 0), SHELL, was)
    seen = torch.cat([away + mario, speed, facing, shell, kind[:, 1:2], own[:, Of.WAIT :]], dim=1)
    looked = torch.cat([present, torch.where(followed & still_near, seen, own[:, Of.X :])], dim=1)
    slots = torch.arange(HERD, device=herd.device)
    replaced = ((slots == which) & is_it)[..., None]
    return torch.where(replaced, looked[:, None], herd)


def _nearest(herd: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
    """How far the nearest creature is from Mario, to any side, and which it is; items are none.

    Both are [n, 1].
    """
    counts = (herd[..., Of.THERE] > 0) & (herd[..., Of.KIND] <= LAST_CREATURE)
    far = (herd[..., WHERE] - memory[:, None, SCREEN]).abs().amax(2)
    far = torch.where(counts, far, 10.0 * SCREEN_WIDTH_PX)
    return far.amin(1, keepdim=True), far.argmin(1, keepdim=True)


def _one(herd: Tensor, which: Tensor) -> Tensor:
    """That one of each herd, float[n, CREATURE]."""
    return herd.gather(1, which[..., None].expand(-1, 1, len(CREATURE))).flatten(1)


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
    far, which = _nearest(herd, memory)
    one = _one(herd, which)
    kind = part_of(one, Of.KIND)
    sharp = (kind == SPIKY) | (kind == FLOWER)
    near = torch.cat(
        [
            one[:, :1] * 0 + 1,
            one[:, WHERE] - memory[:, SCREEN],
            one[:, SPEED],
            _is_koopa(kind).to(one.dtype),
            part_of(one, Of.WINGED),
            sharp.to(one.dtype),
        ],
        dim=1,
    )
    near = torch.where(far < NEAR_PX, near, memory[:, NEAR : NEAR_KIND.stop])
    placed = memory[:, PLACED, None]
    told = torch.cat([scans, volley, herd.flatten(1)], dim=1) * placed
    return torch.cat([memory[:, :NEAR], near, told], dim=1)
