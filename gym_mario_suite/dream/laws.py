"""Laws of motion: how Mario goes on from what is remembered.

Most ticks of a platform game follow exactly from speed, place and buttons, by one of a few linear
rules: he runs, he brakes, he flies, he comes to stand on a tile, he stops at a wall. A regression
that mixes them is right to a fifth of a pixel, and then one in six steps of the camera is wrong;
the rule that holds is right to a thousandth. Which one holds shows in the picture: the network
chooses, among the laws and what it guesses freely, and a choice is never blended (as with
`copies`).

The laws are fitted before a training's first step, to memories and buttons without pictures, as a
mixture whose chances come from these alone; from then on they stay as they are, and the network
learns to choose.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.dream.memory import JUMP_UNIT, MEMORY_SIZE, PLACE_PERIOD_PX, SPEED_UNIT
from gym_mario_suite.dream.presets import BUTTONS, HEAD_SIZE, head_slices

_SLICES = head_slices()
_MOVE, _SPEED, _JUMP = (_SLICES[name] for name in ("move", "speed", "jump_time"))
# Of the head's numbers, what a law across and a law upright say together, and the camera's.
ACROSS = (_MOVE.start, _SPEED.start)
UPRIGHT = (_MOVE.start + 1, _SPEED.start + 1, _JUMP.start)
CAMERA = _MOVE.start + 2
_HALF_PX = 2.0
# Of what a law says, by how many numbers that is: to px, px a tick and ticks.
_UNITS = {
    len(ACROSS): (_HALF_PX, SPEED_UNIT),
    len(UPRIGHT): (_HALF_PX, SPEED_UNIT, JUMP_UNIT),
}
_CAMERAS = 3  # it goes with Mario; it stays; what is guessed
_PLAIN = MEMORY_SIZE - 1 + 2 * len(BUTTONS) + 1
_WIDTH = 64
_NEAR = 0.03  # px: errors below are as good as none
_TAIL = 2.0  # how little errors far above count against each other
_AT_FIRST = 3.0  # logit
_FIT_BATCH = 512
_FIT_RATE = 3e-3
_FIT_SPREAD = 0.3


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


def packed(proposals: Proposals) -> Tensor:
    """All of it as columns, float[n, m], to go behind a head's numbers."""
    return torch.cat([part.flatten(1) for part in proposals], dim=1)


def unpacked(columns: Tensor) -> Proposals:
    """What `packed` was given."""
    choices = (columns.shape[1] - 2 * _CAMERAS) // (len(ACROSS) + len(UPRIGHT) + 2)
    sizes = (len(ACROSS) * choices, len(UPRIGHT) * choices, _CAMERAS, choices, choices, _CAMERAS)
    across, upright, camera, *logits = columns.split(sizes, dim=1)
    return Proposals(
        across.unflatten(1, (choices, len(ACROSS))),
        upright.unflatten(1, (choices, len(UPRIGHT))),
        camera,
        *logits,
    )


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
        memory[:, 4:6] / PLACE_PERIOD_PX,
        memory[:, 6:] / JUMP_UNIT,
        now,
        before,
        hurried,
    ]
    return torch.cat(parts, dim=1)


class Laws(nn.Module):
    """Linear laws, and the choice among them.

    Args:
        count: How many laws there are for each direction.
        summary: Width of what the network says of the picture.
        remembered: Width of what it makes of the memory.
    """

    across: Tensor
    upright: Tensor
    fitted: Tensor

    def __init__(self, count: int, summary: int, remembered: int) -> None:
        super().__init__()
        self.register_buffer("across", torch.zeros(_PLAIN, count * len(ACROSS)))
        self.register_buffer("upright", torch.zeros(_PLAIN, count * len(UPRIGHT)))
        self.register_buffer("fitted", torch.zeros((), dtype=torch.bool))
        self.count = count
        choices = 2 * (count + 1) + _CAMERAS
        last = nn.Linear(_WIDTH, choices)
        with torch.no_grad():  # at first: what is guessed
            for guess in (count, 2 * count + 1, choices - 1):
                last.bias[guess] += _AT_FIRST
        self.choice = nn.Sequential(
            nn.Linear(summary + remembered + _PLAIN, _WIDTH), nn.SiLU(), last
        )

    def forward(
        self, memory: Tensor, buttons: Tensor, seen: Tensor, remembered: Tensor, guess: Tensor
    ) -> Tensor:
        """The head with the chosen laws' numbers in it, and behind it all proposals.

        Args:
            memory: float[n, MEMORY_SIZE].
            buttons: float[n, CONTEXT, 6].
            seen: float[n, summary].
            remembered: float[n, remembered].
            guess: float[n, HEAD_SIZE], what the head says without laws.
        """
        terms = plain_terms(memory, buttons)
        logits = self.choice(torch.cat([seen, remembered, terms], dim=1))
        across_logits, upright_logits, camera_logits = logits.split(
            (self.count + 1, self.count + 1, _CAMERAS), dim=1
        )
        across = _with_guess(terms @ self.across, guess[:, ACROSS])
        upright = _with_guess(terms @ self.upright, guess[:, UPRIGHT])
        one = _chosen(across, across_logits)
        other = _chosen(upright, upright_logits)
        # A camera that goes with Mario: frames show whole pixels, he is somewhere between them.
        inside = memory[:, 4] / _HALF_PX % 1
        along = (inside + one[:, 0].detach()).floor()
        camera = torch.stack([along, torch.zeros_like(along), guess[:, CAMERA]], dim=1)
        where = camera.gather(1, camera_logits.argmax(1, keepdim=True))
        head = torch.cat(
            [
                guess[:, : _MOVE.start],
                *(one[:, :1], other[:, :1], where),
                *(one[:, 1:], other[:, 1:2], other[:, 2:]),
            ],
            dim=1,
        )
        proposals = Proposals(across, upright, camera, across_logits, upright_logits, camera_logits)
        return torch.cat([head, packed(proposals)], dim=1)

    def fit(
        self, memory: Tensor, buttons: Tensor, targets: Tensor, steps: int, seed: int
    ) -> tuple[float, float]:
        """Find the laws, from moments of which everything is known.

        Args:
            memory: float[n, MEMORY_SIZE].
            buttons: float[n, CONTEXT, 6].
            targets: float[n, HEAD_SIZE]; only what laws say is read.
            steps: Of the optimiser.
            seed: Decides the outcome.

        Returns:
            The median error in px of the best law of each moment, across and upright.
        """
        generator = torch.Generator().manual_seed(seed)
        terms = plain_terms(memory, buttons)
        errors = []
        for name, columns in (("across", ACROSS), ("upright", UPRIGHT)):
            truth = targets[:, columns]
            found = _fitted(terms, truth, self.count, steps, generator)
            getattr(self, name).copy_(found)
            said = (terms @ found).unflatten(1, (self.count, len(columns)))
            errors.append(float(_error(said, truth).amin(1).median()))
        self.fitted.fill_(True)
        return errors[0], errors[1]


def law_loss(proposals: Proposals, truth: Tensor) -> Tensor:
    """How unlikely the choices make what is true; only the choices learn from it.

    Args:
        proposals: Of n steps.
        truth: float[n, HEAD_SIZE], where only what laws say is read; NaN for unknown.
    """
    known = truth[:, _SPEED.start].isfinite().float()
    truth = truth.nan_to_num()
    camera = (proposals.camera.detach() - truth[:, CAMERA, None]).abs() * _HALF_PX
    losses = [
        _unlikely(proposals.across_logits, _error(proposals.across.detach(), truth[:, ACROSS])),
        _unlikely(proposals.upright_logits, _error(proposals.upright.detach(), truth[:, UPRIGHT])),
        _unlikely(proposals.camera_logits, camera),
    ]
    return (torch.stack(losses).sum(0) * known).mean()


def free_guess(head: Tensor, proposals: Proposals) -> Tensor:
    """The head's numbers, float[n, HEAD_SIZE], with the free guesses in the places of laws."""
    said = list(head[:, :HEAD_SIZE].unbind(1))
    for columns, guesses in (
        (ACROSS, proposals.across[:, -1]),
        (UPRIGHT, proposals.upright[:, -1]),
        ((CAMERA,), proposals.camera[:, -1:]),
    ):
        for column, guess in zip(columns, guesses.unbind(1), strict=True):
            said[column] = guess
    return torch.stack(said, dim=1)


def _with_guess(said: Tensor, guess: Tensor) -> Tensor:
    return torch.cat([said.unflatten(1, (-1, guess.shape[1])), guess[:, None]], dim=1)


def _chosen(proposed: Tensor, logits: Tensor) -> Tensor:
    best = logits.argmax(1)[:, None, None].expand(-1, 1, proposed.shape[2])
    return proposed.gather(1, best)[:, 0]


def _error(said: Tensor, truth: Tensor) -> Tensor:
    """Errors [n, laws] in px, all numbers of a law together."""
    units = said.new_tensor(_UNITS[said.shape[2]])
    return ((said - truth[:, None]) * units).abs().sum(2)


def _unlikely(logits: Tensor, error: Tensor) -> Tensor:
    """Minus the log likelihood of a mixture whose parts have heavy tails. [n]."""
    return -torch.logsumexp(logits.log_softmax(1) - _TAIL * (error / _NEAR).log1p(), dim=1)


def _fitted(
    terms: Tensor, truth: Tensor, count: int, steps: int, generator: torch.Generator
) -> Tensor:
    """Laws float[terms, count * numbers] that together explain the most moments."""
    width, numbers = terms.shape[1], truth.shape[1]
    drawn = torch.randn(width, count * numbers, generator=generator) * _FIT_SPREAD
    laws = drawn.requires_grad_()
    inner = (torch.randn(width, _WIDTH, generator=generator) / width**0.5).requires_grad_()
    outer = (torch.randn(_WIDTH, count, generator=generator) / _WIDTH**0.5).requires_grad_()
    optimiser = torch.optim.Adam([laws, inner, outer], lr=_FIT_RATE)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = _FIT_RATE * min(1.0, (step + 1) / 100) * (1 - step / steps)
        rows = torch.randint(len(terms), (_FIT_BATCH,), generator=generator)
        chances = functional.silu(terms[rows] @ inner) @ outer
        said = (terms[rows] @ laws).unflatten(1, (count, numbers))
        loss = _unlikely(chances, _error(said, truth[rows])).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    return laws.detach()
