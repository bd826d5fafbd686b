import math

import numpy as np
import pytest

from gym_mario_suite.dream.diffusion import preconditioning, sampling_sigmas
from gym_mario_suite.dream.noise import normal_noise
from gym_mario_suite.dream.presets import preset
from gym_mario_suite.dream.sampler import sample
from gym_mario_suite.errors import OptionError


@pytest.mark.parametrize("sigma", [0.002, 0.1, 1.0, 5.0, 20.0])
def test_preconditioning_follows_the_formulas_of_edm_with_offset_noise(sigma: float) -> None:
    config = preset("xs")
    level = math.sqrt(sigma**2 + config.sigma_offset**2)
    data = config.sigma_data
    factors = preconditioning(np.array([sigma]), config)
    assert factors.c_in[0] == pytest.approx(1 / math.sqrt(level**2 + data**2), rel=1e-12)
    assert factors.c_skip[0] == pytest.approx(data**2 / (level**2 + data**2), rel=1e-12)
    expected = level * data / math.sqrt(level**2 + data**2)
    assert factors.c_out[0] == pytest.approx(expected, rel=1e-12)


def test_unit_variance_goes_into_the_network_and_is_asked_of_it() -> None:
    config = preset("xs", sigma_offset=0.0)
    rng = np.random.default_rng(0)
    data = rng.normal(0, config.sigma_data, 200_000)
    for sigma in (0.05, 0.5, 5.0):
        factors = preconditioning(sigma, config)
        noisy = data + sigma * rng.normal(size=data.shape)
        assert np.std(factors.c_in * noisy) == pytest.approx(1, rel=0.02)
        assert np.std((data - factors.c_skip * noisy) / factors.c_out) == pytest.approx(1, rel=0.02)


def test_three_steps_are_those_of_the_earlier_system() -> None:
    sigmas = sampling_sigmas(3, 2e-3, 5.0, 7.0)
    assert sigmas == pytest.approx((5.0, 0.2831, 0.002, 0.0), abs=1e-4)
    assert sampling_sigmas(1, 2e-3, 5.0, 7.0) == (5.0, 0.0)
    with pytest.raises(OptionError, match="1 to 1000 steps"):
        sampling_sigmas(0, 2e-3, 5.0, 7.0)


@pytest.mark.parametrize(("solver", "order"), [("euler", 1), ("heun", 2)])
def test_samplers_have_their_order_of_accuracy(solver: str, order: int) -> None:
    # Of data that are normal with deviation s the flow is known: x goes as sqrt(s^2 + sigma^2).
    deviation = 0.5

    def denoise(x: np.ndarray, sigma: float) -> tuple[np.ndarray, None]:
        return x * deviation**2 / (deviation**2 + sigma**2), None

    start = np.array([3.0, -1.0])
    truth = start * math.sqrt((deviation**2 + 0.1**2) / (deviation**2 + 2.0**2))
    errors = []
    for steps in (32, 64):
        levels = np.geomspace(2.0, 0.1, steps + 1)
        found, _ = sample(denoise, start, levels.tolist(), solver)
        errors.append(np.abs(found - truth).max())
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.25)


def test_the_last_step_to_zero_is_what_the_denoiser_expects() -> None:
    found, head = sample(lambda x, sigma: (x * 0 + 7, sigma), np.ones(2), (5.0, 1.0, 0.0))
    assert found.tolist() == [7, 7]
    assert head == 1.0
    with pytest.raises(OptionError, match="euler, heun"):
        sample(lambda x, _: (x, None), 0.0, (1.0, 0.0), "newton")


def test_noise_is_normal_and_a_function_of_seed_episode_and_step() -> None:
    noise = normal_noise(3, 1, 2, (200, 500))
    assert noise.dtype == np.float32
    assert abs(noise.mean()) < 0.01
    assert noise.std() == pytest.approx(1, abs=0.01)
    assert (noise**4).mean() == pytest.approx(3, abs=0.1)
    assert np.array_equal(noise, normal_noise(3, 1, 2, (200, 500)))
    for other in ((4, 1, 2), (3, 2, 2), (3, 1, 3)):
        assert (
            abs(np.corrcoef(noise.ravel(), normal_noise(*other, (200, 500)).ravel())[0, 1]) < 0.02
        )
    # The first numbers of a larger block are those of a smaller one.
    assert np.array_equal(normal_noise(3, 1, 2, (8,)), noise.ravel()[:8])


def test_noise_has_these_bytes() -> None:
    # They are part of what a seed means; they must never change.
    assert normal_noise(1, 2, 3, (4,)).tolist() == pytest.approx(GOLDEN, abs=1e-6)


GOLDEN = [0.0717193, 1.5731812, 0.3978373, -0.3572135]
