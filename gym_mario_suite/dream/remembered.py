"""The memory as numbers that a network can use, and what it becomes by what the network says."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gym_mario_suite.dream.memory import (
    CAMERA,
    CAMERA_PERIOD,
    CLOCK,
    CLOCK_PERIOD,
    FLAGS,
    HALF_PX,
    HURT_TICKS,
    INVULNERABLE,
    INVULNERABLE_UNIT,
    JUMP_UNIT,
    NEAR,
    NEAR_KIND,
    NEAR_PLACE,
    NEAR_SPEED,
    PLACE,
    PLACE_PERIOD_PX,
    PLACED,
    SCREEN_UNIT,
    SPEED_UNIT,
    STOMP_TICKS,
    THEME,
)
from gym_mario_suite.dream.presets import BUTTONS, CONTEXT, HEAD_SIZE, head_slices

_SLICES = head_slices()
_HARMONICS = 8  # the shortest wave is one px of a frame long
# Whether Mario stops or goes on may be a matter of a hundredth of a px a tick: for each speed so
# many steps, so far apart (px a tick), each up and down to the middle, and so steep.
_STEPS, _STEP, _STEEP = 16, 1 / 8, 500.0
_STAYS = 3.0  # logit
_ALL_STEPS = 2 * (2 * _STEPS + 1)
_NEARBY = (FLAGS.stop - FLAGS.start) + 2 + 5 + 3
# So that a dream which has gone wrong does not go to infinity.
_FASTEST, _FARTHEST, _LONGEST = 8.0, 32.0, 8.0
REMEMBERED = 2 + 2 + 1 + 2 * 2 * _HARMONICS + CONTEXT * len(BUTTONS) + _NEARBY + _ALL_STEPS


class Remembered(nn.Module):
    """The memory as numbers that a network can use, and what follows from it for the next step."""

    def forward(self, memory: Tensor, buttons: Tensor) -> Tensor:
        """float[n, REMEMBERED].

        Flags, speeds, harmonics of the places, the buttons, the nearest creature, and the speeds
        once more, as steps.
        """
        place = memory[:, PLACE, None] * self._frequencies(memory)
        waves = torch.cat([place.cos(), place.sin()], dim=2).flatten(1) * memory[:, 1:2]
        immune = memory[:, INVULNERABLE, None]
        parts = [
            *(memory[:, :2], memory[:, 2:4] / SPEED_UNIT, memory[:, 6:7] / JUMP_UNIT),
            *(waves, buttons.flatten(1)),
            *(memory[:, FLAGS], (immune > 0).to(immune.dtype), immune / INVULNERABLE_UNIT),
            *(memory[:, NEAR, None], memory[:, NEAR_PLACE] / SCREEN_UNIT),
            memory[:, NEAR_SPEED] / SPEED_UNIT,
            self._steps(memory[:, 2:4]) * memory[:, :1],
            memory[:, NEAR_KIND],
        ]
        return torch.cat(parts, dim=1)

    def expected(self, memory: Tensor) -> Tensor:
        """float[n, HEAD_SIZE]: that all goes on as it did; what the head says is added to it."""
        speed = memory[:, 2:4] / SPEED_UNIT
        way = memory[:, 2:4] / 2  # px of the engine to px of a frame
        nothing = memory[:, :1] * 0
        flags = nothing.expand(-1, _SLICES["flags"].stop - _SLICES["flags"].start)
        immune = (memory[:, INVULNERABLE, None] - 1).clamp_min(0) / INVULNERABLE_UNIT
        parts = [
            nothing.expand(-1, _SLICES["move"].start),
            *(way, way[:, :1], speed, memory[:, 6:7] / JUMP_UNIT, flags, immune),
            nothing.expand(-1, _SLICES["kind"].start - _SLICES["invulnerable"].stop),
            # What a creature is it stays.
            (2 * memory[:, NEAR_KIND] - 1) * memory[:, NEAR, None] * _STAYS,
            nothing.expand(-1, HEAD_SIZE - _SLICES["kind"].stop),
        ]
        return torch.cat(parts, dim=1)

    def _frequencies(self, like: Tensor) -> Tensor:
        harmonics = torch.arange(1, _HARMONICS + 1, device=like.device, dtype=like.dtype)
        return harmonics * (2 * math.pi / PLACE_PERIOD_PX)

    def _steps(self, speeds: Tensor) -> Tensor:
        at = torch.arange(-_STEPS, _STEPS + 1, device=speeds.device, dtype=speeds.dtype) * _STEP
        return (_STEEP * (speeds[:, :, None] - at)).clamp(-1, 1).flatten(1)


def carried(memory: Tensor, head: Tensor) -> Tensor:
    """The memory after a step, up to what the herd comes to (see `herd`): float[n, SCANS].

    Args:
        memory: float[n, MEMORY_SIZE], before.
        head: float[n, HEAD_SIZE], what the model said of the step.
    """
    said = {name: head[:, part] for name, part in _SLICES.items()}
    speed = said["speed"].clip(-_FASTEST, _FASTEST)
    jump = said["jump_time"].clip(-_FASTEST, _FASTEST)
    screen = said["screen"].clip(-_FARTHEST, _FARTHEST)
    placed = memory[:, PLACED, None]
    ones = placed * 0 + 1
    power = said["power"]
    large = ((power[:, 1:2] > power[:, :1]) | (power[:, 2:3] > power[:, :1])).to(memory.dtype)
    # How long he cannot be hurt is counted down, or set; which of them the head says, but not to
    # the tick.
    immune = said["invulnerable"].clip(0, _LONGEST) * INVULNERABLE_UNIT
    counted = (memory[:, INVULNERABLE, None] - 1).clip(0, HURT_TICKS)
    for ticks in (STOMP_TICKS, HURT_TICKS):
        nearer = ((immune - ticks).abs() < (immune - counted).abs()).to(memory.dtype)
        counted = counted + (ticks - counted) * nearer
    immune = immune + (counted - immune) * memory[:, :1]
    near = (said["near"] > 0).to(memory.dtype)
    nearest = said["nearest"].clip(-_FASTEST, _FASTEST) * near
    place = (memory[:, PLACE] + said["move"][:, :2] * HALF_PX) % PLACE_PERIOD_PX
    camera = (memory[:, CAMERA, None] + said["move"][:, 2:3].round()) % CAMERA_PERIOD
    return torch.cat(
        [
            *(ones, placed, speed * SPEED_UNIT, place * placed, jump * JUMP_UNIT),
            *(ones, screen * SCREEN_UNIT),
            (memory[:, CLOCK, None] + 1) % CLOCK_PERIOD * placed,
            *(camera * placed, memory[:, THEME, None] * placed),
            *((said["flags"] > 0).to(memory.dtype), large, immune.round()),
            *(near, nearest[:, :2] * SCREEN_UNIT, nearest[:, 2:] * SPEED_UNIT),
            (said["kind"] > 0) * near,
        ],
        dim=1,
    )
