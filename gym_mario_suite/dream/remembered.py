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
_PERIODS = (PLACE_PERIOD_PX, PLACE_PERIOD_PX, CLOCK_PERIOD, CAMERA_PERIOD)
assert CAMERA == CLOCK + 1
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


def _scales() -> list[tuple[float, float, float]]:
    """Of each of the head's numbers the least and the most that is believed, and its unit."""
    scales = [(-math.inf, math.inf, 1.0)] * HEAD_SIZE
    speed = (-_FASTEST, _FASTEST, SPEED_UNIT)
    for name, *rows in (
        ("move", *[(-math.inf, math.inf, HALF_PX)] * 2),
        ("speed", speed, speed),
        ("jump_time", (-_FASTEST, _FASTEST, JUMP_UNIT)),
        ("screen", *[(-_FARTHEST, _FARTHEST, SCREEN_UNIT)] * 2),
        ("invulnerable", (0.0, _LONGEST, INVULNERABLE_UNIT)),
        ("nearest", *[(-_FASTEST, _FASTEST, SCREEN_UNIT)] * 2, speed, speed),
    ):
        at = _SLICES[name].start
        scales[at : at + len(rows)] = rows
    return scales


_SCALES = _scales()


def carried(memory: Tensor, head: Tensor) -> Tensor:
    """The memory after a step, up to what the herd comes to (see `herd`): float[n, SCANS].

    Args:
        memory: float[n, MEMORY_SIZE], before.
        head: float[n, HEAD_SIZE], what the model said of the step.
    """
    least, most, units = (head.new_tensor(row) for row in zip(*_SCALES, strict=True))
    believed = torch.minimum(torch.maximum(head, least), most) * units
    said = {name: believed[:, part] for name, part in _SLICES.items()}
    likelier = (head > 0).to(memory.dtype)
    true = {name: likelier[:, part] for name, part in _SLICES.items()}
    placed = memory[:, PLACED, None]
    ones = placed * 0 + 1
    power = said["power"]
    large = (power[:, 1:3].amax(1, keepdim=True) > power[:, :1]).to(memory.dtype)
    # How long he cannot be hurt is counted down, or set; which of them the head says, but not to
    # the tick.
    immune = said["invulnerable"]
    counted = (memory[:, INVULNERABLE, None] - 1).clip(0, HURT_TICKS)
    ticks = counted * counted.new_tensor([1, 0, 0])
    ticks = ticks + counted.new_tensor([0, STOMP_TICKS, HURT_TICKS])
    nearest = ticks.gather(1, (ticks - immune).abs().argmin(1, keepdim=True))
    immune = torch.where(memory[:, :1] > 0, nearest, immune).round()
    # What goes round: places, the clock and the camera.
    step = torch.cat([said["move"][:, :2], ones, said["move"][:, 2:].round()], dim=1)
    before = torch.cat([memory[:, PLACE], memory[:, CLOCK : CAMERA + 1]], dim=1)
    after = (before + step) % step.new_tensor(_PERIODS) * placed
    return torch.cat(
        [
            *(ones, placed, said["speed"], after[:, :2], said["jump_time"], ones, said["screen"]),
            *(after[:, 2:], memory[:, THEME, None] * placed),
            *(true["flags"], large, immune),
            *(true["near"], said["nearest"] * true["near"], true["kind"] * true["near"]),
        ],
        dim=1,
    )
