"""Corrections cell by cell."""

import pytest

torch = pytest.importorskip("torch")

from gym_mario_suite.dream.copies import CELL, moves  # noqa: E402
from gym_mario_suite.dream.fine import Fine  # noqa: E402
from gym_mario_suite.dream.presets import DreamConfig, preset  # noqa: E402
from gym_mario_suite.errors import OptionError  # noqa: E402

CONFIG = preset("tiny")
HEIGHT, WIDTH, _ = CONFIG.shape


def test_at_first_things_stay_as_they_are() -> None:
    torch.manual_seed(0)
    fine = Fine(CONFIG, 16)
    with torch.no_grad():
        pictures = torch.rand(2, 12, HEIGHT, WIDTH), torch.rand(2, 3, HEIGHT, WIDTH)
        painted, things, logits = fine(torch.randn(2, 16, *CONFIG.grid), *pictures)
    assert painted.shape == (2, 3, HEIGHT, WIDTH)
    assert things.colours.shape == (2, 3, HEIGHT, WIDTH)
    assert things.cover.shape == (2, 1, HEIGHT, WIDTH)
    assert logits.shape == (2, len(moves(CONFIG)) + 1, HEIGHT // CELL, WIDTH // CELL)
    assert max(part.abs().max() for part in (painted, *things, logits)) < 0.05


def test_what_moves_by_a_pixel_is_painted_pixel_by_pixel() -> None:
    torch.manual_seed(0)
    fine = Fine(CONFIG, 16)
    optimiser = torch.optim.Adam(fine.parameters(), lr=5e-3)
    features = torch.zeros(4, 16, *CONFIG.grid)
    losses = []
    for _ in range(120):
        # Dots, each of which is next to where it was.
        dots = (torch.rand(4, 1, HEIGHT, WIDTH) < 0.03).float().expand(-1, 3, -1, -1)
        context = torch.cat([torch.zeros(4, 9, HEIGHT, WIDTH), dots], 1)
        _, things, _ = fine(features, context, context[:, :3])
        loss = (things.colours - dots.roll(1, dims=3))[..., 1:].square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


def test_corrections_need_copies() -> None:
    with pytest.raises(OptionError, match="fine needs copies"):
        DreamConfig(name="x", fine=8, shifts=0)
