"""Mario's picture upon the frame."""

import pytest

torch = pytest.importorskip("torch")

from gym_mario_suite.dream.body import known_size  # noqa: E402
from gym_mario_suite.dream.composition import Composed, Parts, composed, composition_error  # noqa: E402
from gym_mario_suite.dream.copies import expected_error  # noqa: E402
from gym_mario_suite.dream.layers import Layer, covered, covering_error  # noqa: E402
from gym_mario_suite.dream.presets import HEAD_SIZE, preset  # noqa: E402
from gym_mario_suite.dream.sprite import SpriteLayer  # noqa: E402

CONFIG = preset("tiny")
SIZE = (CONFIG.height_px, CONFIG.width_px)


def test_the_canvas_lies_where_mario_stands() -> None:
    torch.manual_seed(0)
    layer = SpriteLayer(CONFIG)
    known, head, code = (
        torch.randn(3, known_size(CONFIG)),
        torch.randn(3, HEAD_SIZE),
        torch.zeros(3),
    )
    feet = torch.tensor([[30.25, 40.5], [1.0, 10.0], [63.0, 200.0]])
    with torch.no_grad():
        sprite = torch.cat(layer(known, head, code, feet), 1)
        canvas = layer.canvas(known, head, code, feet - feet.floor())
    assert sprite.shape == (3, 4, *SIZE)
    side = CONFIG.sprite
    top, left = 40 - side + side // 4, 30 - side // 2
    inside = sprite[0, :, top : top + side, left : left + side]
    assert torch.allclose(inside, canvas[0], atol=1e-5)
    outside = torch.ones(SIZE, dtype=torch.bool)
    outside[top : top + side, left : left + side] = False
    assert bool((sprite[0, 3][outside] < -10).all())
    # Partly beyond the left edge; and below the picture.
    top = 10 - side + side // 4
    inside = sprite[1, :, top : top + side, : side // 2 + 1]
    assert torch.allclose(inside, canvas[1, :, :, -7:], atol=1e-5)
    assert bool((sprite[2, 3] < -10).all())


def test_a_pixel_is_covered_or_not() -> None:
    frame, sprite = torch.rand(1, 3, 4, 4), torch.rand(1, 4, 4, 4)
    sprite[:, 3] = -1.0
    sprite[:, 3, 1, 2] = 1.0
    laid = covered(frame, Layer.of(sprite))
    assert torch.equal(laid[:, :, 1, 2], sprite[:, :3, 1, 2])
    assert (laid != frame).any(1).sum() == 1


def test_the_expected_error_is_that_of_drawn_coverings() -> None:
    torch.manual_seed(0)
    painted, last, target = (torch.rand(2, 3, *SIZE) for _ in range(3))
    sprite = torch.cat([torch.rand(2, 3, *SIZE), torch.randn(2, 1, *SIZE)], 1)
    weight = torch.ones(2, 1, 1, 1)
    layer = Layer.of(sprite)
    share = layer.cover.sigmoid()
    beneath = (painted - target).square().mean(1, keepdim=True)
    above = (layer.colours - target).square().mean(1, keepdim=True)
    error = covering_error(painted, layer, target, weight)
    teaching = 0.3 * above * (beneath > 2e-3)
    assert torch.allclose(error, share * above + teaching, atol=1e-6)
    # And beside what is beneath, the whole.
    truth = Composed(target, target)
    parts = Parts(painted, torch.zeros(2, HEAD_SIZE), edge=layer)
    whole = composition_error(parts, last, truth, weight, CONFIG)
    assert torch.allclose(whole, (error + (1 - share) * beneath).mean(), atol=1e-6)
    bare = composition_error(parts._replace(edge=None), last, truth, weight, CONFIG)
    assert torch.equal(bare, expected_error(painted, None, last, target, weight, CONFIG))
    # What moves hides no scenery: that is to be known all the same.
    parts = parts._replace(edge=None, things=layer)
    assert torch.allclose(
        composition_error(parts, last, truth, weight, CONFIG), bare + error.mean(), atol=1e-6
    )


def test_a_layer_above_hides_those_below() -> None:
    torch.manual_seed(0)
    painted, last, target = (torch.rand(2, 3, *SIZE) for _ in range(3))
    hidden = torch.cat([torch.rand(2, 3, *SIZE), torch.full((2, 1, *SIZE), 3.0)], 1)
    above = torch.cat([torch.rand(2, 3, *SIZE), torch.full((2, 1, *SIZE), 30.0)], 1)
    truth = Composed(target, painted)
    parts = Parts(
        painted, torch.zeros(2, HEAD_SIZE), things=Layer.of(hidden), sprite=Layer.of(above)
    )
    made = composed(parts, last, CONFIG)
    assert torch.equal(made.frame, above[:, :3])
    assert torch.equal(made.scenery, painted)
    error = composition_error(parts, last, truth, torch.ones(2, 1, 1, 1), CONFIG)
    only = (above[:, :3] - target).square().mean()
    # All but what teaches the uppermost layer where the frame beneath is wrong.
    assert only <= error <= 1.31 * only
    hidden.requires_grad_()
    parts = parts._replace(things=Layer.of(hidden))
    composition_error(parts, last, truth, torch.ones(2, 1, 1, 1), CONFIG).backward()
    assert hidden.grad is not None
    assert hidden.grad.abs().max() < 1e-6


def test_covering_learns_to_cover_what_is_wrong() -> None:
    torch.manual_seed(0)
    target = torch.rand(1, 3, *SIZE)
    frame = target.clone()
    frame[:, :, 10:20, 10:20] = 0.0
    sprite = torch.zeros(1, 4, *SIZE, requires_grad=True)
    optimiser = torch.optim.Adam([sprite], lr=0.1)
    for _ in range(150):
        error = covering_error(frame, Layer.of(sprite), target, torch.ones(1, 1, 1, 1)).mean()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
    parts = Parts(frame, torch.zeros(1, HEAD_SIZE), sprite=Layer.of(sprite.detach()))
    made = composed(parts, frame, CONFIG).frame
    assert (made - target).abs().mean() < 0.1 * (frame - target).abs().mean()
    assert torch.equal(made[:, :, 30:, 30:], frame[:, :, 30:, 30:])
