"""Laws of motion: that there are some, and that the network only chooses among them."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gym_mario_suite.datasets.tapes import Tapes  # noqa: E402
from gym_mario_suite.dream.findings import (  # noqa: E402
    Moments,
    backdrop_moments,
    herd_moments,
    law_moments,
)
from gym_mario_suite.dream.laws import (  # noqa: E402
    ACROSS,
    CAMERA,
    UPRIGHT,
    Laws,
    free_guess,
    law_loss,
    plain_terms,
)
from gym_mario_suite.dream.linear_laws import fit_laws  # noqa: E402
from gym_mario_suite.dream.memory import MEMORY_SIZE  # noqa: E402
from gym_mario_suite.dream.network import Denoiser, example_inputs  # noqa: E402
from gym_mario_suite.dream.presets import (  # noqa: E402
    CONTEXT,
    HEAD_SIZE,
    DreamConfig,
    head_slices,
    preset,
)
from gym_mario_suite.dream.remembered import REMEMBERED  # noqa: E402
from gym_mario_suite.dream.tape_player import Pieces  # noqa: E402
from gym_mario_suite.dream.windows import FrameWindows, TapeWindows  # noqa: E402
from gym_mario_suite.errors import OptionError  # noqa: E402

NOTHING_NEAR = torch.zeros(1, 3)  # see `creature.Contact`


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def moments(tapes: Tapes) -> Moments:
    found = law_moments(TapeWindows(tapes, 60, 64), 0, 8, 2048)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def fitted(moments: Moments) -> tuple[Laws, tuple[float, float]]:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    laws = Laws(12, 32, REMEMBERED, ground=False)
    return laws, laws.fit(*moments[:3], seed=0)


def test_nearly_all_moments_follow_a_law_to_three_hundredths_of_a_pixel(
    fitted: tuple[Laws, tuple[float, float]],
) -> None:
    laws, unexplained = fitted
    assert laws.fitted
    assert max(unexplained) < 0.02


def test_laws_hold_for_moments_they_were_not_found_in(
    tapes: Tapes, fitted: tuple[Laws, tuple[float, float]]
) -> None:
    found = law_moments(TapeWindows(tapes, 60, 64), 7, 8, 1024)
    assert found is not None
    memory, buttons, truth, _ = found
    laws, _ = fitted
    for name, columns, units in (("across", ACROSS, (2, 4)), ("upright", UPRIGHT, (2, 4, 4))):
        said = plain_terms(memory, buttons) @ getattr(laws, name)
        apart = said.unflatten(1, (laws.count, len(columns))) - truth[:, None, columns]
        best = (apart.abs() * torch.tensor(units)).sum(2).amin(1)
        assert (best > 0.1).float().mean() < 0.05


def test_of_few_moments_few_laws_are_found() -> None:
    laws = Laws(4, 1, REMEMBERED, ground=False)
    memory = torch.rand(10, MEMORY_SIZE)
    laws.fit(memory, torch.zeros(10, CONTEXT, 6), torch.rand(10, HEAD_SIZE), seed=0)
    assert laws.fitted
    assert not laws.across.any()


def test_laws_are_found_on_the_cpu_wherever_the_network_is() -> None:
    class OnDevice:
        """A buffer on a GPU: it takes what is copied to it, and nothing on the CPU goes with it."""

        shape = torch.Size((2, 6))
        found = torch.zeros(0)

        def copy_(self, found) -> None:
            self.found = found

    terms = torch.rand(200, 2)
    truth = terms @ torch.tensor([[1.0, 0.0], [0.5, 2.0]])
    buffer = OnDevice()
    generator = torch.Generator().manual_seed(0)
    assert fit_laws(buffer, terms, truth, (1.0, 1.0), generator) == 0  # type: ignore[arg-type]
    assert buffer.found.shape == buffer.shape


def test_the_same_seed_finds_the_same_laws(moments: Moments) -> None:
    one, other = (Laws(2, 1, REMEMBERED, ground=False) for _ in range(2))
    one.fit(*moments[:3], seed=3)
    other.fit(*moments[:3], seed=3)
    assert torch.equal(one.across, other.across)
    assert torch.equal(one.upright, other.upright)


def test_a_camera_that_goes_with_mario_is_right(moments: Moments) -> None:
    memory, buttons, truth, _ = moments
    laws = Laws(1, 1, REMEMBERED, ground=False)
    guess = torch.zeros(len(memory), HEAD_SIZE)
    guess[:] = truth  # the free guess is chosen at first, and right
    seen, remembered = torch.zeros(len(memory), 1), torch.zeros(len(memory), REMEMBERED)
    _, proposals = laws(memory, buttons, seen, remembered, guess, None, NOTHING_NEAR)
    right = (proposals.camera == truth[:, CAMERA, None]).float().mean(0)
    # Where it does not follow him it is at an end of the level, and stays.
    either = (proposals.camera[:, :2] == truth[:, CAMERA, None]).any(1).float().mean()
    assert right[0] > 0.5
    assert either > 0.99


def test_only_the_choice_learns_from_the_laws(moments: Moments) -> None:
    memory, buttons, truth, _ = (part[:64] for part in moments)
    laws = Laws(4, 8, REMEMBERED, ground=False)
    laws.fit(*moments[:3], seed=0)
    seen = torch.randn(64, 8, requires_grad=True)
    guess = torch.randn(64, HEAD_SIZE, requires_grad=True)
    remembered = torch.zeros(64, REMEMBERED)
    head, proposals = laws(memory, buttons, seen, remembered, guess, None, NOTHING_NEAR)
    law_loss(proposals, truth).backward()
    assert seen.grad is not None
    assert seen.grad.abs().sum() > 0
    assert guess.grad is None or not guess.grad.any()
    said = free_guess(head, proposals)
    flags = head_slices()["flags"]
    assert torch.equal(said[:, : flags.start], guess[:, : flags.start])
    assert torch.equal(said[:, flags.stop :], guess[:, flags.stop :])
    unknown = torch.full_like(truth, float("nan"))
    assert law_loss(proposals, unknown).item() == 0


def test_the_choice_learns_which_law_holds(
    moments: Moments, fitted: tuple[Laws, tuple[float, float]]
) -> None:
    memory, buttons, truth, _ = moments
    laws, _ = fitted
    seen, remembered = torch.zeros(len(memory), 32), torch.zeros(len(memory), REMEMBERED)
    guess = torch.zeros_like(truth)
    optimiser = torch.optim.Adam(laws.parameters(), lr=1e-2)
    for _ in range(150):
        _, proposals = laws(memory, buttons, seen, remembered, guess, None, NOTHING_NEAR)
        loss = law_loss(proposals, truth)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    said = laws(memory, buttons, seen, remembered, guess, None, NOTHING_NEAR)[0][:, CAMERA - 2]
    wrong = (said - truth[:, CAMERA - 2]).abs() * 2
    assert wrong.median() < 0.05


def test_of_pictures_alone_no_laws_are_found() -> None:
    class Episode:
        frames = np.zeros((22, 60, 64, 3), np.uint8)
        keys = np.zeros(21, np.uint8)
        rewards = np.zeros(21)
        ends = np.zeros(21, bool)

    class Counted(FrameWindows):
        batches = 0

        def batch(self, seed: int, number: int, count: int, length: int) -> Pieces:
            self.batches += 1
            return super().batch(seed, number, count, length)

    # One look at them shows it; going through as many as are asked for would take minutes.
    windows = Counted([Episode()] * 2, 60, 64)
    assert law_moments(windows, 0, 1, 6400) is None
    assert herd_moments(windows, 0, 64000) is None
    assert backdrop_moments(windows, 0, 6400) is None
    assert windows.batches == 3


def test_a_model_with_laws_says_as_much_as_one_without() -> None:
    inputs = example_inputs(preset("tiny"), 3)
    with torch.no_grad():
        _, head, *_ = Denoiser(preset("tiny")).eval()(**inputs)
        _, other, *_ = Denoiser(preset("tiny", laws=0)).eval()(**inputs)
    assert head.shape == other.shape == (3, HEAD_SIZE)
    with pytest.raises(OptionError, match="laws needs a memory"):
        DreamConfig(name="x", laws=4)
