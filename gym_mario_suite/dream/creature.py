"""The nearest creature: how it goes on, and whether Mario touches it.

Whether an enemy is stomped, hurts or is missed is a matter of a fraction of a pixel, and where
between two pixels it is no frame tells. So the memory holds its place and speed, and they go on by
linear laws, as Mario's do (see `linear_laws`): it walks, turns, falls, flies. Where another one
becomes the nearest, its place is guessed from the picture.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.dream.linear_laws import (
    Units,
    chosen,
    error_px,
    fit_laws,
    unlikely,
)
from gym_mario_suite.dream.memory import (
    HALF_PX,
    NEAR,
    NEAR_PLACE,
    NEAR_PX,
    NEAR_SPEED,
    PLACE,
    PLACE_PERIOD_PX,
    SCREEN_UNIT,
    SPEED_UNIT,
)
from gym_mario_suite.dream.presets import HEAD_SIZE, head_slices

_SLICES = head_slices()
_NEAR, _NEAREST, _MOVE = (_SLICES[name] for name in ("near", "nearest", "move"))
assert _NEAR.stop == _NEAREST.start
_SURE = 8.0  # logit for each px by which a creature is near
# What happens when one is touched, among the head's numbers.
_EVENTS = slice(_SLICES["done"].start, _SLICES["power"].stop)
_HURT = _SLICES["invulnerable"].start
LAWS = 16  # for each direction
_UNITS: Units = (SCREEN_UNIT, SPEED_UNIT)
_TERMS = 4
_AT_FIRST = 3.0  # logit of what is guessed
_NOWHERE = 20.0  # logit by which no law holds where there is no creature
_SHARP = 4.0  # of such a number; a touch is a matter of one px
_FAR_X, _FAR_Y = 24, 40  # px from Mario that are told from each other
_PLACES = 2 * _FAR_X + 1 + 2 * _FAR_Y + 1


class Paths(NamedTuple):
    """Ways that the creature may go, and logits of the choices; the last of each is a guess.

    Attributes:
        ways: float[n, 2, LAWS + 1, 2], to the right and down: where it is after the step as seen
            from Mario (in SCREEN_UNIT), and its speed.
        logits: float[n, 2, LAWS + 1].
    """

    ways: Tensor
    logits: Tensor


def plain_terms(memory: Tensor) -> Tensor:
    """What the laws of both directions are linear in, float[n, 2, terms]."""
    place = (memory[:, PLACE] + memory[:, NEAR_PLACE]) % PLACE_PERIOD_PX / PLACE_PERIOD_PX
    speed = memory[:, NEAR_SPEED] / SPEED_UNIT
    ones = speed * 0 + 1
    # Which way it goes, too: walls are at one side of a tile or at the other.
    return torch.stack([ones, speed, place, speed.sign()], dim=2)


def _placed(place: Tensor) -> Tensor:
    """What is to be added to ways for them to begin there, float[n, 2, 1, 2]; speeds stay."""
    return place[..., None, None] * place.new_tensor([1.0, 0.0])


class Creature(nn.Module):
    """How the nearest creature goes on.

    Args:
        state: Width of what is known.
        width: Width of what is made of it.
    """

    across: Tensor
    upright: Tensor
    fitted: Tensor

    def __init__(self, state: int, width: int) -> None:
        super().__init__()
        self.register_buffer("across", torch.zeros(_TERMS, LAWS * 2))
        self.register_buffer("upright", torch.zeros(_TERMS, LAWS * 2))
        self.register_buffer("fitted", torch.zeros((), dtype=torch.bool))
        last = nn.Linear(width, 2 * (LAWS + 1))
        with torch.no_grad():
            last.bias[LAWS] += _AT_FIRST
            last.bias[-1] += _AT_FIRST
        self.choice = nn.Sequential(nn.Linear(state, width), nn.SiLU(), last)

    def forward(self, memory: Tensor, state: Tensor, guess: Tensor) -> tuple[Tensor, Paths]:
        """Where the creature goes, and its paths as seen from where Mario is before the step.

        Args:
            memory: float[n, MEMORY_SIZE].
            state: float[n, state].
            guess: float[n, 4], what is seen of it (see `sight`).

        Returns:
            float[n, 3], see `Contact`, and the paths.
        """
        there = memory[:, NEAR, None]
        absent = (1 - there)[..., None] * there.new_tensor([-_NOWHERE] * LAWS + [0.0])
        logits = self.choice(state).unflatten(1, (2, LAWS + 1)) + absent
        across, upright = plain_terms(memory).unbind(1)
        ways = torch.stack([across @ self.across, upright @ self.upright], dim=1)
        at = memory[:, NEAR_PLACE] / SCREEN_UNIT
        ways = ways.unflatten(2, (LAWS, 2)) + _placed(at)
        free = guess.unflatten(1, (2, 2)).transpose(1, 2)
        paths = Paths(torch.cat([ways, free[:, :, None]], dim=2), logits)
        likely = chosen(paths.ways[:, :, :-1], logits[:, :, :-1])[..., 0] * SCREEN_UNIT
        return torch.cat([there, likely], dim=1).detach(), paths

    def follow(self, paths: Paths, head: Tensor) -> tuple[Tensor, Paths]:
        """The head with the creature's place in it, and all paths as seen from Mario after it.

        Args:
            paths: Of `forward`.
            head: float[n, HEAD_SIZE], with how Mario goes and whether there will be one.
        """
        way = head[:, _MOVE][:, :2].detach() * (HALF_PX / SCREEN_UNIT)
        paths = Paths(paths.ways - _placed(way), paths.logits)
        # Both places, and then both speeds.
        places = chosen(*paths).transpose(1, 2).flatten(1)
        far = places[:, :2].detach().abs().amax(1, keepdim=True) * SCREEN_UNIT
        inside = ((NEAR_PX - far) * _SURE).clamp_min(-_SURE)
        near = torch.minimum(head[:, _NEAR], inside)
        columns = [head[:, : _NEAR.start], near, places, head[:, _NEAREST.stop :]]
        head = torch.cat(columns, dim=1)
        return head, paths

    def fit(self, memory: Tensor, ways: Tensor, speeds: Tensor, seed: int) -> tuple[float, float]:
        """Find the laws.

        Args:
            memory: float[n, MEMORY_SIZE], of moments with a creature near.
            ways: float[n, 2], how far it then goes to the right and down, px.
            speeds: float[n, 2], its speed after that, px a tick.
            seed: Decides the outcome.

        Returns:
            The share of the moments that no law explains to 0.03 px, across and upright.
        """
        generator = torch.Generator().manual_seed(seed)
        terms, left = plain_terms(memory), []
        for side, laws in enumerate((self.across, self.upright)):
            truth = torch.stack([ways[:, side] / SCREEN_UNIT, speeds[:, side] / SPEED_UNIT], 1)
            left.append(fit_laws(laws, terms[:, side], truth, _UNITS, generator))
        self.fitted.fill_(True)
        return left[0], left[1]


class Contact(nn.Module):
    """What comes of where the creature and Mario are going.

    Args:
        state: Width of what is known.
        width: Width of what is made of it.
        choices: Upright laws of Mario, and the guess.
    """

    def __init__(self, state: int, width: int, choices: int) -> None:
        super().__init__()
        self.choices = choices
        self.places = nn.Linear(_PLACES, width)
        self.state = nn.Linear(state, width, bias=False)
        last = nn.Linear(width, choices + _EVENTS.stop - _EVENTS.start + 1)
        with torch.no_grad():  # at first it leaves things as they are
            last.weight.mul_(0.01)
            last.bias.zero_()
        self.answer = nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU(), last)

    def forward(self, creature: Tensor, way: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """What is to be added to the logits of Mario's upright laws, and to the head.

        Args:
            creature: float[n, 3]: 1 if there is one; where it goes, px to the right of and down
                from where Mario is.
            way: float[n, 2], how far Mario would go if nothing were there, px.
            state: float[n, state].
        """
        apart = creature[:, 1:] - way
        places = torch.cat([_bumps(apart[:, :1], _FAR_X), _bumps(apart[:, 1:], _FAR_Y)], dim=1)
        told = self.answer((self.places(places) + self.state(state)) * creature[:, :1])
        told = told * creature[:, :1]
        events = told[:, self.choices : -1]
        events = functional.pad(events, (_EVENTS.start, HEAD_SIZE - _EVENTS.stop))
        # And for how long he cannot be hurt then.
        return told[:, : self.choices], events + functional.pad(
            told[:, -1:], (_HURT, HEAD_SIZE - _HURT - 1)
        )


def _bumps(values: Tensor, reach: int) -> Tensor:
    """Values [n, 1] as how near they are to each whole number up to `reach`."""
    at = torch.arange(-reach, reach + 1, device=values.device, dtype=values.dtype)
    return (1 - (values - at).abs()).clamp_min(0) * _SHARP


def path_loss(paths: Paths, nearest: Tensor) -> Tensor:
    """How unlikely the choices make what is true; only the choices learn from it.

    Args:
        paths: Of n steps.
        nearest: float[n, 4], as in the head; NaN where there is no creature.
    """
    known = nearest.isfinite().all(1).float()
    truth = nearest.nan_to_num()
    losses = known * 0
    for side in range(2):
        error = error_px(paths.ways[:, side].detach(), truth[:, side::2], _UNITS)
        losses = losses + unlikely(paths.logits[:, side], error)
    return (losses * known).sum() / known.sum().clamp_min(1)


def free_guess(head: Tensor, paths: Paths) -> Tensor:
    """The head's numbers, float[n, HEAD_SIZE], with the free guess in the creature's place."""
    places = paths.ways[:, :, -1].transpose(1, 2).flatten(1)
    return torch.cat([head[:, : _NEAREST.start], places, head[:, _NEAREST.stop :]], 1)
