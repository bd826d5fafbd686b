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

from gym_mario_suite.dream.ground import Ground
from gym_mario_suite.dream.memory import JUMP_UNIT, MEMORY, PLACE, PLACE_PERIOD_PX, SPEED_UNIT
from gym_mario_suite.dream.presets import BUTTONS, HEAD_SIZE, head_slices
from gym_mario_suite.engine.world import SCREEN_WIDTH_PX

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
_CAMERAS = 3  # it has Mario in the middle; it stays; what is guessed
MIDDLE_PX = SCREEN_WIDTH_PX / 2  # of the picture, px of the engine
_SEEN, _SCREEN_X = MEMORY.index("seen"), MEMORY.index("screen_x")
_PLAIN = 1 + 2 + 2 + 1 + 2 * len(BUTTONS) + 1
_NEAR = 0.03  # px: errors below are as good as none
_TAIL = 2.0  # how little errors far above count against each other
_AT_FIRST = 3.0  # logit
# How laws are found: beginnings of each, moments near a beginning, moments looked at, rounds of
# reweighting, and the errors in px that count little in the first and in the last round.
_BEGINNINGS, _NEIGHBOURS, _LOOKED_AT, _ROUNDS = 24, (60, 150, 400), 4096, 12
_COARSE, _FINE = 1.0, 0.03
_FEWEST = 20  # moments that make a law


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
        memory[:, PLACE] / PLACE_PERIOD_PX,
        memory[:, 6:7] / JUMP_UNIT,
        now,
        before,
        hurried,
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
        last = nn.Linear(summary, choices)
        state = summary + remembered + _PLAIN
        with torch.no_grad():  # at first: what is guessed
            for guess in (count, 2 * count + 1, choices - 1):
                last.bias[guess] += _AT_FIRST
        self.choice = nn.Sequential(nn.Linear(state, summary), nn.SiLU(), last)
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
    ) -> tuple[Tensor, Proposals]:
        """The head with the chosen laws' numbers in it, and all proposals.

        Args:
            memory: float[n, MEMORY_SIZE].
            buttons: float[n, CONTEXT, 6].
            seen: float[n, summary].
            remembered: float[n, remembered].
            guess: float[n, HEAD_SIZE], what the head says without laws.
            kinds: float[n, kind, tiles], the tiles around Mario, if the ground counts.
        """
        terms = plain_terms(memory, buttons)
        state = torch.cat([seen, remembered, terms], dim=1)
        logits = self.choice(state)
        across_logits, upright_logits, camera_logits = logits.split(
            (self.count + 1, self.count + 1, _CAMERAS), dim=1
        )
        across = _with_guess(terms @ self.across, guess[:, ACROSS])
        upright = _with_guess(terms @ self.upright, guess[:, UPRIGHT])
        feet = memory[:, PLACE]
        if self.ground_across is not None and kinds is not None:
            x = feet[:, :1] + across[..., 0] * _HALF_PX
            leads = torch.stack([x, feet[:, 1:].expand_as(x)], dim=2)
            across_logits = across_logits + self.ground_across(kinds, leads, across, state)
        one = _chosen(across, across_logits)
        if self.ground_upright is not None and kinds is not None:
            # Mario goes across first.
            y = feet[:, 1:] + upright[..., 0] * _HALF_PX
            leads = torch.stack([(feet[:, :1] + one[:, :1] * _HALF_PX).expand_as(y), y], dim=2)
            upright_logits = upright_logits + self.ground_upright(kinds, leads, upright, state)
        other = _chosen(upright, upright_logits)
        # A camera that has Mario in the middle: frames show whole pixels, he is between them.
        inside = torch.where(
            memory[:, _SEEN] > 0, memory[:, _SCREEN_X] - MIDDLE_PX, memory[:, 4] % _HALF_PX
        )
        along = (inside / _HALF_PX + one[:, 0].detach()).floor()
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
        unexplained = []
        for name, columns in (("across", ACROSS), ("upright", UPRIGHT)):
            truth = targets[:, columns]
            found = _found(terms, truth, self.count, generator)
            getattr(self, name).copy_(found)
            said = (terms @ found).unflatten(1, (self.count, len(columns)))
            unexplained.append(float((_error(said, truth).amin(1) > _NEAR).float().mean()))
        self.fitted.fill_(True)
        return unexplained[0], unexplained[1]


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


def _found(terms: Tensor, truth: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """At most `count` laws, float[terms, count * numbers]; where fewer are found the rest are 0.

    Each is begun in many places, with the moments most like one that is left; weights that fall
    with the error then draw it to the moments which follow one rule exactly. Of all, the one that
    explains the most is kept, and what it explains is taken away.
    """
    units = truth.new_tensor(_UNITS[truth.shape[1]])
    x, y = terms.double(), (truth * units).double()
    alike = torch.cat([x / _spread(x), y / _spread(y) * 3], 1)
    laws = x.new_zeros(count, x.shape[1], y.shape[1])
    left = torch.ones(len(x), dtype=torch.bool)
    for number in range(count):
        rows = left.nonzero()[:, 0]
        if len(rows) < _FEWEST:
            break
        rows = rows[torch.randperm(len(rows), generator=generator)[:_LOOKED_AT]]
        begun = rows[torch.randint(len(rows), (_BEGINNINGS,), generator=generator)]
        apart = torch.cdist(alike[begun], alike[rows])
        near = [min(len(rows), _NEIGHBOURS[i % len(_NEIGHBOURS)]) for i in range(_BEGINNINGS)]
        reach = torch.stack([row.kthvalue(k).values for row, k in zip(apart, near, strict=True)])
        drawn = _drawn_to(x[rows], y[rows], (apart <= reach[:, None]).double())
        explained = [((y - x @ law).abs().sum(1) < _NEAR) & left for law in drawn]
        sizes = [int(part.sum()) for part in explained]
        best = max(range(_BEGINNINGS), key=sizes.__getitem__)
        law, hit = drawn[best], explained[best]
        if sizes[best] >= _FEWEST:
            exact = torch.linalg.lstsq(x[hit], y[hit], driver="gelsd").solution
            kept = ((y - x @ exact).abs().sum(1) < _NEAR) & left
            if kept.sum() >= sizes[best]:
                law, hit = exact, kept
        laws[number] = law
        left &= ~hit
    return (laws / units).movedim(0, 1).flatten(1).to(terms.dtype)


def _spread(columns: Tensor) -> Tensor:
    return columns.std(0).clamp_min(1e-6)


def _drawn_to(x: Tensor, y: Tensor, weights: Tensor) -> Tensor:
    """Laws [b, terms, numbers] by least squares, each reweighted round by round from [b, n]."""
    laws = x.new_zeros(len(weights), x.shape[1], y.shape[1])
    little = 1e-6 * torch.eye(x.shape[1], dtype=x.dtype)
    for number in range(_ROUNDS):
        scale = _COARSE * (_FINE / _COARSE) ** (number / (_ROUNDS - 1))
        weighted = (weights[:, :, None] * x).transpose(1, 2)
        squares = weighted @ x
        size = squares.diagonal(dim1=1, dim2=2).mean(1).clamp_min(1e-9)
        laws = torch.linalg.solve(squares + size[:, None, None] * little, weighted @ y)
        error = (x @ laws - y).abs().sum(2)
        weights = (1 + (error / scale).square()) ** -2
    return laws
