from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gym_mario_suite.dream.copies import (  # noqa: E402
    CELL,
    Motion,
    choose,
    expected_error,
    moves,
)
from gym_mario_suite.dream.presets import preset  # noqa: E402
from gym_mario_suite.errors import OptionError  # noqa: E402

CONFIG = preset("tiny")
SIZE = (CONFIG.height_px, CONFIG.width_px)
CELLS = tuple(side // CELL for side in SIZE)


def logits_of(choice: np.ndarray) -> Any:
    """Logits that choose so: int[n, rows, columns]."""
    chosen = torch.nn.functional.one_hot(torch.from_numpy(choice), len(moves(CONFIG)) + 1)
    return 30.0 * chosen.movedim(-1, 1).float()


def test_motion_finds_how_far_the_picture_has_moved() -> None:
    config = preset("xs")
    picture = torch.rand(1, 3, 130, 172)
    for dx in (-4, 0, 5):
        before = picture[:, :, :120, 6:166]
        last = picture[:, :, :120, 6 + dx : 166 + dx]
        near, local, whole = Motion(config)(torch.cat([before] * 3 + [last], 1))
        count = len(moves(config))
        way = moves(config).index(dx)
        assert whole.argmax(1).tolist() == [way]
        assert local.shape == (1, count, 15, 20)
        assert local[0, :, 7, 10].argmax().item() == way
        assert near.shape == (1, count, 60, 80)
        assert near[0, :, 30, 40].argmax().item() == way


def test_each_cell_is_what_was_chosen() -> None:
    rng = np.random.default_rng(0)
    last, painted = torch.rand(2, 3, *SIZE), torch.rand(2, 3, *SIZE)
    choice = rng.integers(0, len(moves(CONFIG)) + 1, (2, *CELLS))
    frames = choose(painted, logits_of(choice), last, CONFIG).numpy()
    for row, y, x in rng.integers(0, (2, *SIZE), (500, 3)):
        way = choice[row, y // CELL, x // CELL]
        if way == len(moves(CONFIG)):
            expected = painted[row, :, y, x]
        else:
            # Beyond the edges a picture goes on as it ends.
            from_x = min(max(x + moves(CONFIG)[way], 0), SIZE[1] - 1)
            expected = last[row, :, y, from_x]
        assert np.array_equal(frames[row, :, y, x], expected.numpy())


def test_the_expected_error_of_sure_choices_is_that_of_the_frame_they_make() -> None:
    rng = np.random.default_rng(1)
    last, painted, target = (torch.rand(2, 3, *SIZE) for _ in range(3))
    logits = logits_of(rng.integers(0, len(moves(CONFIG)) + 1, (2, *CELLS)))
    weight = torch.rand(2, 1, *SIZE)
    frames = choose(painted, logits, last, CONFIG)
    own = (weight * (frames - target).square()).mean()

    def found(paint: float, hard: float) -> float:
        error = expected_error(
            *(painted, logits, last, target, weight, CONFIG),
            paint_share=paint,
            hard_share=hard,
            best_share=0.0,
        )
        return error.item()

    assert found(0.0, 0.0) == pytest.approx(own.item(), rel=1e-5)
    extra = (weight * (painted - target).square()).mean()
    # In noise no copy would do.
    assert found(0.0, 0.5) == pytest.approx((own + 0.5 * extra).item(), rel=1e-2)
    assert found(0.5, 0.0) == pytest.approx((own + 0.5 * extra).item(), rel=1e-5)


def test_the_best_copy_is_learnt_even_if_it_is_hardly_ever_chosen() -> None:
    last, painted = torch.rand(1, 3, *SIZE), torch.zeros(1, 3, *SIZE)
    target = torch.roll(last, -2, dims=3)
    right = moves(CONFIG).index(2)
    weight = torch.ones(1, 1, 1, 1)
    pulls = []
    for share in (0.0, 0.06):
        logits = torch.zeros(1, len(moves(CONFIG)) + 1, *CELLS)
        logits[:, right] = -12
        logits.requires_grad_()
        expected_error(painted, logits, last, target, weight, CONFIG, best_share=share).backward()
        assert logits.grad is not None
        pulls.append(-float(logits.grad[0, right, 3:-3, 3:-3].sum()))
    assert pulls[1] > 1000 * pulls[0] > 0


def test_unsure_choices_learn_the_better_one() -> None:
    last, painted = torch.rand(1, 3, *SIZE), torch.zeros(1, 3, *SIZE)
    target = torch.roll(last, -1, dims=3)
    logits = torch.zeros(1, len(moves(CONFIG)) + 1, *CELLS, requires_grad=True)
    weight = torch.ones(1, 1, 1, 1)
    expected_error(painted, logits, last, target, weight, CONFIG).backward()
    assert logits.grad is not None
    inner = logits.grad[0, :, 2:-2, 2:-2]
    assert (inner.argmin(0) == moves(CONFIG).index(1)).all()


def test_a_model_may_be_without_copies() -> None:
    without = {"memory": False, "focus": 0, "sprite": 0, "edge": False, "laws": 0}
    bare = replace(CONFIG, shifts=0, fine=0, **without)
    assert moves(bare) == ()
    assert not bare.scenery
    with pytest.raises(OptionError, match="a memory needs a scenery"):
        replace(CONFIG, shifts=0, fine=0)
