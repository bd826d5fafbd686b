"""Laws of motion: how Mario goes on from what is remembered.

Most ticks of a platform game follow exactly from speed, place and buttons, by one of a few linear
rules: he runs, he brakes, he flies, he comes to stand on a tile, he stops at a wall. A regression
that mixes them is right to a fifth of a pixel, and then one in six steps of the camera is wrong;
the rule that holds is right to a thousandth. Which one holds shows in the picture: the network
chooses, among the laws and what it guesses freely, and a choice is never blended (as with
`copies`).

The laws are found before a training's first step, from memories and buttons without pictures, one
after the other: the one that explains the most moments first, then the one that explains the most
of what is left. From then on they stay as they are, and the network learns to choose.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.dream.creature import Contact
from gym_mario_suite.dream.ground import Ground
from gym_mario_suite.dream.linear_laws import (
    chosen,
    error_px,
    fit_laws,
    unlikely,
    with_guess,
)
from gym_mario_suite.dream.memory import (
    HALF_PX,
    JUMP_UNIT,
    MEMORY,
    NEAR_PLACE,
    NEAR_SPEED,
    PLACE,
    PLACE_PERIOD_PX,
    SCREEN_UNIT,
    SPEED_UNIT,
)
from gym_mario_suite.dream.presets import BUTTONS, HEAD_SIZE, head_slices
from gym_mario_suite.engine.world import SCREEN_WIDTH_PX

_SLICES = head_slices()
_MOVE, _SPEED, _JUMP, _FLAGS = (_SLICES[name] for name in ("move", "speed", "jump_time", "flags"))
# Of the head's numbers, what a law across and a law upright say together, and the camera's.
ACROSS = (_MOVE.start, _SPEED.start)
UPRIGHT = (_MOVE.start + 1, _SPEED.start + 1, _JUMP.start)
CAMERA = _MOVE.start + 2
# Of what a law says: to px, px a tick and ticks.
_ACROSS_UNITS, _UPRIGHT_UNITS = (HALF_PX, SPEED_UNIT), (HALF_PX, SPEED_UNIT, JUMP_UNIT)
_CAMERAS = 3  # it has Mario in the middle; it stays; what is guessed
MIDDLE_PX = SCREEN_WIDTH_PX / 2  # of the picture, px of the engine
_SEEN, _SCREEN_X = MEMORY.index("seen"), MEMORY.index("screen_x")
_PLAIN = 1 + 2 + 2 + 1 + 2 * len(BUTTONS) + 1 + 2
_AT_FIRST = 3.0  # logit
_SHARP = 8.0  # what follows from a law follows surely
_WIDER = 3  # which law holds is a matter of many conditions


class Proposals(NamedTuple):
    """What each law says of a step, and logits of the choices; the last of each is a free guess.

    Attributes:
        across: float[n, laws + 1, 2], way and speed to the right.
        upright: float[n, laws + 1, 3], way and speed down, and how long the jump still rises.
        camera: float[n, 3], px of a frame.
        across_logits: float[n, laws + 1].
        upright_logits: float[n, laws + 1].
        camera_logits: float[n, 3].
    """

    across: Tensor
    upright: Tensor
    camera: Tensor
    across_logits: Tensor
    upright_logits: Tensor
    camera_logits: Tensor


def plain_terms(memory: Tensor, buttons: Tensor) -> Tensor:
    """What the laws are linear in, float[n, m].

    Args:
        memory: float[n, MEMORY_SIZE].
        buttons: float[n, CONTEXT, 6]; the last row leads to the next frame.
    """
    now, before = buttons[:, -1], buttons[:, -2]
    button = {name: now[:, i : i + 1] for i, name in enumerate(BUTTONS)}
    hurried = (button["right"] - button["left"]) * button["speed"]
    parts = [
        torch.ones_like(hurried),
        memory[:, 2:4] / SPEED_UNIT,
        memory[:, PLACE] / PLACE_PERIOD_PX,
        memory[:, 6:7] / JUMP_UNIT,
        now,
        before,
        hurried,
        # Where a creature that is stomped would be: Mario bounces off it.
        memory[:, NEAR_PLACE.stop - 1, None] / SCREEN_UNIT,
        memory[:, NEAR_SPEED.stop - 1, None] / SPEED_UNIT,
    ]
    return torch.cat(parts, dim=1)


class Laws(nn.Module):
    """Linear laws, and the choice among them.

    Args:
        count: How many laws there are for each direction.
        summary: Width of what the network says of the picture, and of the choice.
        remembered: Width of what it makes of the memory.
        ground: Whether what is where a law leads counts (see `ground`).
    """

    across: Tensor
    upright: Tensor
    fitted: Tensor

    def __init__(self, count: int, summary: int, remembered: int, ground: bool) -> None:
        super().__init__()
        self.register_buffer("across", torch.zeros(_PLAIN, count * len(ACROSS)))
        self.register_buffer("upright", torch.zeros(_PLAIN, count * len(UPRIGHT)))
        self.register_buffer("fitted", torch.zeros((), dtype=torch.bool))
        self.count = count
        choices = 2 * (count + 1) + _CAMERAS
        width = _WIDER * summary
        last = nn.Linear(width, choices)
        state = summary + remembered + _PLAIN
        with torch.no_grad():  # at first: what is guessed
            for guess in (count, 2 * count + 1, choices - 1):
                last.bias[guess] += _AT_FIRST
        self.choice = nn.Sequential(nn.Linear(state, width), nn.SiLU(), last)
        # What follows from a law that held: whether Mario is on the ground, may jump and ducks.
        self.flags_across = nn.Embedding(count + 1, _FLAGS.stop - _FLAGS.start)
        self.flags_upright = nn.Embedding(count + 1, _FLAGS.stop - _FLAGS.start)
        for table in (self.flags_across, self.flags_upright):
            nn.init.zeros_(table.weight)
        self.contact = Contact(state, summary, count + 1)
        self.ground_across = Ground(count + 1, len(ACROSS), state) if ground else None
        self.ground_upright = Ground(count + 1, len(UPRIGHT), state) if ground else None

    def forward(
        self,
        memory: Tensor,
        buttons: Tensor,
        seen: Tensor,
        remembered: Tensor,
        guess: Tensor,
        kinds: Tensor | None,
        creature: Tensor,
    ) -> tuple[Tensor, Proposals]:
        """The head with the chosen laws' numbers in it, and all proposals.

        Args:
            memory: float[n, MEMORY_SIZE].
            buttons: float[n, CONTEXT, 6].
            seen: float[n, summary].
            remembered: float[n, remembered].
            guess: float[n, HEAD_SIZE], what the head says without laws.
            kinds: float[n, tiles, kind], the tiles around Mario, if the ground counts.
            creature: float[n, 3], see `creature.Contact`.
        """
        terms = plain_terms(memory, buttons)
        state = torch.cat([seen, remembered, terms], dim=1)
        logits = self.choice(state)
        across_logits, upright_logits, camera_logits = logits.split(
            (self.count + 1, self.count + 1, _CAMERAS), dim=1
        )
        across = with_guess(terms @ self.across, guess[:, ACROSS])
        upright = with_guess(terms @ self.upright, guess[:, UPRIGHT])
        feet = memory[:, PLACE]
        if self.ground_across is not None and kinds is not None:
            x = feet[:, :1] + across[..., 0] * HALF_PX
            leads = torch.stack([x, feet[:, 1:].expand_as(x)], dim=2)
            across_logits = across_logits + self.ground_across(kinds, leads, across, state)
        one = chosen(across, across_logits)
        if self.ground_upright is not None and kinds is not None:
            # Mario goes across first.
            y = feet[:, 1:] + upright[..., 0] * HALF_PX
            leads = torch.stack([(feet[:, :1] + one[:, :1] * HALF_PX).expand_as(y), y], dim=2)
            upright_logits = upright_logits + self.ground_upright(kinds, leads, upright, state)
        falls = torch.stack([one[:, 0].detach() * HALF_PX, memory[:, 3]], dim=1)
        touched, events = self.contact(creature, falls, state)
        upright_logits = upright_logits + touched
        other = chosen(upright, upright_logits)
        flags = self.flags_across(across_logits.argmax(1))
        flags = (flags + self.flags_upright(upright_logits.argmax(1))) * _SHARP
        guess = guess + events + functional.pad(flags, (_FLAGS.start, HEAD_SIZE - _FLAGS.stop))
        # A camera that has Mario in the middle: frames show whole pixels, he is between them.
        inside = torch.where(
            memory[:, _SEEN] > 0, memory[:, _SCREEN_X] - MIDDLE_PX, memory[:, 4] % HALF_PX
        )
        along = (inside / HALF_PX + one[:, 0].detach()).floor()
        camera = torch.stack([along, torch.zeros_like(along), guess[:, CAMERA]], dim=1)
        where = camera.gather(1, camera_logits.argmax(1, keepdim=True))
        head = torch.cat(
            [
                guess[:, : _MOVE.start],
                *(one[:, :1], other[:, :1], where),
                *(one[:, 1:], other[:, 1:2], other[:, 2:]),
                guess[:, _JUMP.stop :],
            ],
            dim=1,
        )
        proposals = Proposals(across, upright, camera, across_logits, upright_logits, camera_logits)
        return head, proposals

    def fit(
        self, memory: Tensor, buttons: Tensor, targets: Tensor, seed: int
    ) -> tuple[float, float]:
        """Find the laws, from moments of which everything is known.

        Args:
            memory: float[n, MEMORY_SIZE].
            buttons: float[n, CONTEXT, 6].
            targets: float[n, HEAD_SIZE]; only what laws say is read.
            seed: Decides the outcome.

        Returns:
            The share of the moments that no law explains to 0.03 px, across and upright.
        """
        generator = torch.Generator().manual_seed(seed)
        terms = plain_terms(memory, buttons)
        left = []
        for laws, columns, units in (
            (self.across, ACROSS, _ACROSS_UNITS),
            (self.upright, UPRIGHT, _UPRIGHT_UNITS),
        ):
            truth = targets[:, columns]
            left.append(fit_laws(laws, terms, truth, units, generator))
        self.fitted.fill_(True)
        return left[0], left[1]


def law_loss(proposals: Proposals, truth: Tensor) -> Tensor:
    """How unlikely the choices make what is true; only the choices learn from it.

    Args:
        proposals: Of n steps.
        truth: float[n, HEAD_SIZE], where only what laws say is read; NaN for unknown.
    """
    known = truth[:, _SPEED.start].isfinite().float()
    truth = truth.nan_to_num()
    camera = (proposals.camera.detach() - truth[:, CAMERA, None]).abs() * HALF_PX
    across = error_px(proposals.across.detach(), truth[:, ACROSS], _ACROSS_UNITS)
    upright = error_px(proposals.upright.detach(), truth[:, UPRIGHT], _UPRIGHT_UNITS)
    losses = [
        unlikely(proposals.across_logits, across),
        unlikely(proposals.upright_logits, upright),
        unlikely(proposals.camera_logits, camera),
    ]
    return (torch.stack(losses).sum(0) * known).mean()


def free_guess(head: Tensor, proposals: Proposals) -> Tensor:
    """The head's numbers, float[n, HEAD_SIZE], with the free guesses in the places of laws."""
    said = list(head.unbind(1))
    for columns, guesses in (
        (ACROSS, proposals.across[:, -1]),
        (UPRIGHT, proposals.upright[:, -1]),
        ((CAMERA,), proposals.camera[:, -1:]),
    ):
        for column, guess in zip(columns, guesses.unbind(1), strict=True):
            said[column] = guess
    return torch.stack(said, dim=1)
