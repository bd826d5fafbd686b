"""The mathematics of PPO, by its definitions."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gym_mario_suite.agents.ppo import (  # noqa: E402
    draw_actions,
    estimate_advantages,
    go_on_drawing,
    ppo_losses,
)


def test_advantages_are_the_same_for_numpy_and_torch() -> None:
    random = np.random.default_rng(0)
    rewards, values = (random.normal(size=(n, 3)).astype(np.float32) for n in (6, 7))
    goes_on = (random.random((6, 3)) < 0.8).astype(np.float32)
    config = SimpleNamespace(gamma=0.99, gae_lambda=0.95)
    by_numpy, by_torch = np.zeros_like(rewards), torch.zeros(6, 3)
    estimate_advantages(rewards, values, goes_on, config, by_numpy)
    tensors = [torch.from_numpy(array) for array in (rewards, values, goes_on)]
    estimate_advantages(tensors[0], tensors[1], tensors[2], config, by_torch)
    np.testing.assert_allclose(by_numpy, by_torch.numpy(), rtol=1e-5)
    # By their definition, summed from each step on.
    for start in range(6):
        total, weight = np.zeros(3), np.ones(3)
        for step in range(start, 6):
            kept = goes_on[step]
            total += weight * (rewards[step] + 0.99 * kept * values[step + 1] - values[step])
            weight = weight * 0.99 * 0.95 * kept
        np.testing.assert_allclose(by_numpy[start], total, rtol=1e-4, atol=1e-6)


def test_actions_are_drawn_by_their_probabilities() -> None:
    shares = torch.tensor([0.5, 0.3, 0.2, 0.0])
    actions, log = draw_actions(shares.log().expand(40_000, 4), torch.Generator().manual_seed(0))
    counts = torch.bincount(actions, minlength=4) / len(actions)
    assert torch.allclose(counts, shares, atol=0.01)
    assert torch.allclose(log, shares.log()[actions])


def test_a_ratio_out_of_the_clip_brings_no_gradient() -> None:
    logits = torch.tensor([[2.0, 0.0], [0.0, 0.0]], requires_grad=True)
    before = torch.tensor([0.5, 0.5]).log()
    losses = ppo_losses(
        logits,
        values=torch.tensor([1.0, 3.0]),
        actions=torch.tensor([0, 0]),
        log_probabilities=before,
        advantages=torch.tensor([1.0, 0.0]),
        returns=torch.tensor([0.0, 0.0]),
        clip=0.2,
    )
    losses.policy.backward()
    assert logits.grad is not None
    assert not logits.grad.any()
    assert losses.policy.item() == pytest.approx(-1.2 / 2)
    assert losses.value.item() == 5.0
    assert losses.clipped.item() == 0.5


def test_a_generator_goes_on_and_one_of_another_device_begins_anew() -> None:
    def drawn(random: Any) -> float:
        return float(torch.rand((), generator=random))

    first, on = torch.Generator().manual_seed(1), torch.Generator()
    drawn(first)
    go_on_drawing(on, first.get_state(), 7)
    assert drawn(on) == drawn(first)
    of_a_gpu = torch.zeros(16, dtype=torch.uint8)
    go_on_drawing(on, of_a_gpu, 7)
    assert drawn(on) == drawn(torch.Generator().manual_seed(7))
