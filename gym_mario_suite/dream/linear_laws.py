"""Linear laws: how they are found, and how one is chosen.

A law says some numbers, each linear in the same terms. It is found with the moments that follow it
exactly, by iteratively reweighted least squares; a network then chooses for each moment among all
laws and what it guesses freely, and a choice is never blended.
"""

from __future__ import annotations

import torch
from torch import Tensor

Units = tuple[float, ...]  # of a law's numbers: to px, px a tick, and ticks

_NEAR = 0.03  # px: errors below are as good as none
_TAIL = 2.0  # how little errors far above count against each other
# How laws are found: beginnings of each, moments near a beginning, moments looked at, rounds of
# reweighting, and the errors in px that count little in the first and in the last round.
_BEGINNINGS, _NEIGHBOURS, _LOOKED_AT, _ROUNDS = 24, (60, 150, 400), 4096, 12
_COARSE, _FINE = 1.0, 0.03
_FEWEST = 20  # moments that make a law


def with_guess(said: Tensor, guess: Tensor) -> Tensor:
    """What laws say, float[n, count * numbers], and behind them the guess, float[n, numbers]."""
    return torch.cat([said, guess], dim=1).unflatten(1, (-1, int(guess.shape[1])))


def chosen(proposed: Tensor, logits: Tensor) -> Tensor:
    """What the likeliest law says, float[..., numbers]; logits are [..., laws]."""
    sizes = (*[-1] * logits.ndim, int(proposed.shape[-1]))
    best = logits.argmax(-1, keepdim=True)[..., None].expand(sizes)
    return proposed.gather(-2, best).flatten(-2)


def error_px(said: Tensor, truth: Tensor, units: Units) -> Tensor:
    """Errors [n, laws] in px, all numbers of a law together."""
    return ((said - truth[:, None]) * said.new_tensor(units)).abs().sum(2)


def unlikely(logits: Tensor, error: Tensor) -> Tensor:
    """Minus the log likelihood of a mixture whose parts have heavy tails. [n]."""
    return -torch.logsumexp(logits.log_softmax(1) - _TAIL * (error / _NEAR).log1p(), dim=1)


def unexplained(terms: Tensor, laws: Tensor, truth: Tensor, units: Units) -> float:
    """The share of the moments that none of these laws explains to 0.03 px."""
    said = (terms @ laws).unflatten(1, (-1, len(units)))
    return float((error_px(said, truth, units).amin(1) > _NEAR).float().mean())


def fit_laws(
    laws: Tensor, terms: Tensor, truth: Tensor, units: Units, generator: torch.Generator
) -> float:
    """Find laws and put them into a network's buffer.

    Args:
        laws: float[terms, count * numbers], overwritten; on whatever device the network is.
        terms: float[n, terms], on the CPU, where laws are found.
        truth: float[n, numbers].
        units: Of the numbers.
        generator: Decides the outcome.

    Returns:
        See `unexplained`.
    """
    found = find_laws(terms, truth, units, int(laws.shape[1]) // len(units), generator)
    laws.copy_(found)
    return unexplained(terms, found, truth, units)


def find_laws(
    terms: Tensor, truth: Tensor, units: Units, count: int, generator: torch.Generator
) -> Tensor:
    """At most `count` laws, float[terms, count * numbers]; where fewer are found the rest are 0.

    Each is begun in many places, with the moments most like one that is left; weights that fall
    with the error then draw it to the moments which follow one rule exactly. Of all, the one that
    explains the most is kept, and what it explains is taken away.
    """
    scale = truth.new_tensor(units)
    x, y = terms.double(), (truth * scale).double()
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
    return (laws / scale).movedim(0, 1).flatten(1).to(terms.dtype)


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
