"""The pretended GPU refuses what a real one refuses, and computes as the CPU does."""

import copy
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.pretended_gpu import PretendedGPU, pretended_gpu  # noqa: E402


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[PretendedGPU]:
    with pretended_gpu(monkeypatch) as mode:
        yield mode


def there(*shape: int) -> Any:
    return torch.ones(shape, device="cuda")


@pytest.mark.parametrize(
    "mixed",
    [
        lambda: there(3) + torch.ones(3),
        lambda: torch.ones(3).add_(there(3)),
        lambda: torch.nn.Linear(3, 2).to("cuda")(torch.ones(1, 3)),
        lambda: torch.nn.Linear(3, 2)(there(1, 3)),
        lambda: torch.cat([there(3), torch.ones(3)]),
        lambda: torch.stack([there(), torch.ones(())]),
        lambda: torch.where(there(3) > 0, torch.ones(3), 0.0),
        lambda: there(3).gather(0, torch.zeros(1, dtype=torch.int64)),
        lambda: torch.ones(3)[torch.zeros(1, dtype=torch.int64, device="cuda")],
        lambda: torch.randn(3, generator=torch.Generator("cuda")),
        lambda: torch.randn(3, generator=torch.Generator(), device="cuda"),
        lambda: there(3).exponential_(generator=torch.Generator()),
        lambda: torch.Generator("cuda").set_state(torch.Generator().get_state()),
        lambda: torch.Generator().set_state(torch.Generator("cuda").get_state()),
        lambda: there(3).numpy(),
        lambda: np.asarray(there(3)),
    ],
)
def test_what_a_gpu_refuses_is_refused(gpu: PretendedGPU, mixed: Callable[[], Any]) -> None:
    with pytest.raises((RuntimeError, TypeError)):
        mixed()


def test_what_a_gpu_takes_is_taken(gpu: PretendedGPU) -> None:
    x = there(2, 3)
    rows = torch.zeros(1, dtype=torch.int64)
    for made in (
        *(x + 1, x * torch.tensor(2.0), x[rows], x[0], x.T, x.clone(), x.new_zeros(2), x.long()),
        *(
            torch.zeros_like(x),
            torch.arange(2, device=x.device),
            torch.from_numpy(np.ones(2)).to(x),
        ),
        torch.randn(2, generator=torch.Generator("cuda"), device="cuda"),
    ):
        assert made.is_cuda
        assert str(made.device) == "cuda:0"
    x[0] = torch.ones(3)
    x.copy_(torch.ones(2, 3))
    for made in (x.cpu(), x.to("cpu"), torch.ones(3), torch.from_numpy(np.ones(2))):
        assert made.device.type == "cpu"
        made.numpy()


def test_a_network_learns_there_as_on_the_cpu(gpu: PretendedGPU) -> None:
    one = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    other = copy.deepcopy(one).to("cuda")
    x = torch.randn(5, 3)
    for network, seen in ((one, x), (other, x.to("cuda"))):
        optimiser = torch.optim.Adam(network.parameters())
        for _ in range(2):
            optimiser.zero_grad()
            network(seen).square().sum().backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 0.1)
            optimiser.step()
        moments = next(iter(optimiser.state.values()))["exp_avg"]
        assert moments.device == seen.device
    for mine, theirs in zip(one.state_dict().values(), other.state_dict().values(), strict=True):
        assert theirs.is_cuda
        assert torch.equal(mine, theirs.cpu())
    assert all(p.is_cuda and p.grad.is_cuda for p in other.parameters())


def test_threads_see_it_and_waits_are_counted(gpu: PretendedGPU) -> None:
    with ThreadPoolExecutor(1) as pool:
        x = pool.submit(there, 3).result()
    assert x.is_cuda
    gpu.waits.clear()
    _ = x + 1, x.sum(), x.to("cpu", non_blocking=True), x[:2], torch.as_tensor(x, device="cuda")
    assert not gpu.waits
    _ = float(x.sum()), x.cpu(), x[x > 0], x.new_tensor([1.0]), torch.tensor([1], device="cuda")
    assert [what for _, what in gpu.waits] == [
        *("__float__", "cpu", "index by a mask", "new_tensor of host values"),
        "tensor of host values",
    ]


def test_what_is_not_in_it_is_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.Generator, torch.autocast, torch.cuda.is_available
    with pretended_gpu(monkeypatch):
        assert torch.cuda.is_available()
    assert (torch.Generator, torch.autocast, torch.cuda.is_available) == before
