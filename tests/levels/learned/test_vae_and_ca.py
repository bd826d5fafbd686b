import numpy as np
import pytest

from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.cellular.automaton import FIRST_COLUMN, FIRST_ROW
from gym_mario_suite.levels.cellular.generator import ContextCA
from gym_mario_suite.levels.solver import furthest_columns
from gym_mario_suite.levels.tile_grid import Tile
from gym_mario_suite.levels.vae.generator import CategoricalVAE
from gym_mario_suite.levels.vae.latent_picture import latent_picture


@pytest.fixture(scope="module")
def vae() -> CategoricalVAE:
    return CategoricalVAE()


def test_chunks_of_given_latents_stand_side_by_side(vae):
    grid = vae.generate_grid(0, latents=[[0.5, -1.0], [2.0, 0.0]])
    assert grid.codes.shape == (14, 28)
    assert np.array_equal(grid.codes[:, :14], vae.chunk([0.5, -1.0]))
    assert np.array_equal(grid.codes[:, 14:], vae.chunk([2.0, 0.0]))
    with pytest.raises(OptionError, match="lists of 2 numbers"):
        vae.generate_grid(0, latents=[[1.0, 2.0, 3.0]])


def test_the_playability_sampling_makes_more_levels_passable(vae):
    shares = [
        (
            furthest_columns([g.codes for g in vae.generate_grids(range(40), sampling=s)]) == 99
        ).mean()
        for s in ("wide", "playability")
    ]
    assert shares[1] > shares[0]
    assert shares[1] >= 0.9


def test_the_vae_is_the_same_in_a_batch_and_alone(vae):
    batch = vae.generate_grids([3, 4], draw_tiles=True, height=16)
    assert batch[1].digest == vae.generate_grid(4, draw_tiles=True, height=16).digest
    assert batch[0].codes.shape == (16, 100)
    assert (batch[0].codes[:2] == Tile.EMPTY).all()


def test_the_decoder_is_the_trained_one(vae):
    decoder = vae._decoder
    x = np.array([0.3, -0.7], np.float64)
    for w, bias in ((decoder.first, decoder.first_bias), (decoder.second, decoder.second_bias)):
        x = np.tanh(x @ w + bias)
    expected = (x @ decoder.logits + decoder.logits_bias).reshape(14, 14, 11)
    assert np.allclose(vae.chunk_logits([0.3, -0.7]), expected, atol=1e-4)


@pytest.mark.parametrize("latent", [[1.0], [1.0, 2.0, 3.0], [np.nan, 0.0], 1.0, "ab", []])
def test_a_chunk_is_of_a_latent_of_its_decoder(latent, vae):
    for decode in (vae.chunk, vae.chunk_logits):
        with pytest.raises(OptionError, match="latents must be"):
            decode(latent)


@pytest.mark.parametrize("cells", [0, 2.5, 100_000])
def test_a_picture_has_a_number_of_cells_that_can_be_drawn(cells, vae):
    with pytest.raises(OptionError, match="cells must be a whole number"):
        latent_picture(vae, cells=cells)


def test_a_picture_of_the_latents(vae):
    picture = latent_picture(vae, cells=2)
    assert picture.shape == (2 * (14 * 16 + 6), 2 * (14 * 16 + 6), 3)


@pytest.mark.parametrize("reach", [float("nan"), float("inf"), -1.0, 1e300])
def test_latents_reach_as_far_as_numbers_do(vae, reach):
    with pytest.raises(OptionError, match="reach must be a number from 0 to 1,000,000"):
        latent_picture(vae, reach=reach, cells=2)


def test_the_automaton_crowds_out_tiles_and_more_iterations_do_not_help():
    automaton = ContextCA()
    for mode in ("faithful", "fixed"):
        shares = []
        for iterations in (1, 30):
            made = automaton.generate_grids(range(3), iterations=iterations, mode=mode)
            region = np.stack([g.codes[FIRST_ROW:, FIRST_COLUMN:] for g in made])
            shares.append((region == Tile.EMPTY).mean())
        assert shares[1] < 0.6 < 0.86, "real levels have 0.86 of air"
        assert shares[1] < shares[0]


def test_the_automaton_starts_from_seeded_noise():
    automaton = ContextCA()
    options = {"iterations": 0, "allowed": "S?o", "width": 60, "height": 20}
    noise = automaton.generate_grid(3, **options)
    region = noise.codes[FIRST_ROW:, FIRST_COLUMN:]
    assert (region == Tile.EMPTY).mean() == pytest.approx(0.85, abs=0.04)
    assert {Tile(c) for c in np.unique(region)} <= {
        Tile.EMPTY,
        Tile.BRICK,
        Tile.POWER_BLOCK,
        Tile.COIN,
    }
    assert (
        noise.digest
        == automaton.generate_grids([2, 3], iterations=0, allowed="S?o", width=60, height=20)[
            1
        ].digest
    )
    trace = automaton.generate_grid(3, iterations=2, width=20, trace=True).metadata["trace"]
    assert len(trace) == 3
