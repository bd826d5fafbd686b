import hashlib
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gym_mario_suite.errors import LevelError, OptionError, WeightsError
from gym_mario_suite.levels.diffusion.footprints import whole
from gym_mario_suite.levels.diffusion.generator import TileDiffusion, TileDiffusionQuality
from gym_mario_suite.levels.grid_levels import to_level
from gym_mario_suite.levels.limits import PROFILES
from gym_mario_suite.levels.solver import solve
from gym_mario_suite.levels.tile_grid import MASK, Tile
from tests.processes import run_python

SMALL = {"width": 40, "iterations": 6}


@pytest.fixture(scope="module")
def generator() -> TileDiffusion:
    return TileDiffusion()


def test_alone_in_a_batch_and_in_threads_the_levels_are_the_same(generator):
    batch = generator.generate_grids(range(4), **SMALL)
    backwards = generator.generate_grids([3, 2, 1, 0], **SMALL)[::-1]
    assert [g.digest for g in batch] == [g.digest for g in backwards]
    assert [generator.generate_grid(s, **SMALL).digest for s in range(4)] == [
        g.digest for g in batch
    ]
    assert len({g.digest for g in batch}) == 4
    with ThreadPoolExecutor(2) as threads:
        # One generator, which is copied and pickled too.
        made = list(threads.map(lambda s: generator.generate_grid(s, **SMALL), range(4)))
        again = pickle.loads(pickle.dumps(generator))
        more = list(threads.map(lambda s: again.generate_grid(s, **SMALL), range(4)))
    assert [g.digest for g in made] == [g.digest for g in batch]
    assert [g.digest for g in more] == [g.digest for g in batch]


def test_another_process_with_other_thread_counts_makes_the_same_bytes(generator):
    code = (
        "from gym_mario_suite.levels.diffusion.generator import TileDiffusion;"
        "print(TileDiffusion().generate_grid(5, width=40, iterations=6).digest)"
    )
    threads = {"OMP_NUM_THREADS": "3", "NUMBA_NUM_THREADS": "2", "PYTHONHASHSEED": "7"}
    done = run_python(code, environment=threads)
    assert done.stdout.split()[-1] == generator.generate_grid(5, **SMALL).digest


def test_the_shipped_weights_make_the_levels_they_made(generator):
    digest = hashlib.sha256()
    for seed in range(3):
        digest.update(generator.generate_grid(seed, width=48).codes.tobytes())
    assert digest.hexdigest() == SHIPPED


@pytest.mark.parametrize("height", [14, 15, 16, 27])
@pytest.mark.parametrize("width", [16, 37])
def test_any_shape_is_passable_and_has_no_broken_structure(generator, height, width):
    grid = generator.generate_grid(1, width=width, height=height, iterations=6)
    assert grid.codes.shape == (height, width)
    assert solve(grid.codes).solved
    assert all(whole(grid.codes, y, x) for y in range(height) for x in range(width))
    level = to_level(grid)
    assert level.width == width


def test_what_makes_a_canvas_even_is_no_part_of_a_structure(generator):
    """Halves of pipes and cannons stood in the last column and the top row."""
    for seed in range(60):
        undecided = np.full((15, 17), MASK, np.uint8)
        codes = generator.generate_grid(seed, init=undecided, iterations=1, temperature=3.0).codes
        assert all(whole(codes, y, x) for y in range(15) for x in range(17)), seed
        assert solve(codes).solved, seed


@pytest.mark.parametrize(("seed", "allowed"), [(748, "XS"), (1455, None)])
def test_the_sky_above_a_level_of_odd_height_is_no_higher(generator, seed, allowed):
    options = {"width": 16, "height": 15, "iterations": 1, "temperature": 10, "max_repairs": 0}
    assert solve(generator.generate_grid(seed, allowed=allowed, **options).codes).solved


def test_a_level_of_mario_maker_size_keeps_its_limits(generator):
    grid = generator.generate_grid(7, width=240, height=27, iterations=4, limits="mm2")
    assert solve(grid.codes).solved
    assert not PROFILES["mm2"].violations(grid.codes)


def test_limits_and_counts_hold_exactly(generator):
    for seed in range(4):
        codes = generator.generate_grid(
            seed, **SMALL, limits={"objects": 12, "enemies": 1}, counts={"S": 3}
        ).codes
        counts = np.bincount(codes.ravel(), minlength=13)
        assert counts[Tile.ENEMY] <= 1
        assert counts[Tile.BRICK] <= 3
        assert counts.sum() - counts[Tile.EMPTY] - counts[Tile.GROUND] <= 12


def test_counts_have_a_least_that_is_aimed_at(generator):
    few, many = (
        np.mean(
            [
                (generator.generate_grid(s, **SMALL, counts={"coin": c}).codes == Tile.COIN).sum()
                for s in range(4)
            ]
        )
        for c in ((0, 60), (20, 60))
    )
    assert many > few + 8
    assert many <= 60


def test_only_allowed_tiles_are_used(generator):
    codes = generator.generate_grid(2, **SMALL, allowed="XS?Qo").codes
    assert {Tile(c) for c in np.unique(codes)} <= {
        Tile.EMPTY,
        Tile.GROUND,
        Tile.BRICK,
        Tile.POWER_BLOCK,
        Tile.COIN_BLOCK,
        Tile.COIN,
    }


@pytest.mark.parametrize("shape", [(14, 60), (15, 61)])
@pytest.mark.parametrize("air", [0.75, 0.95])
def test_the_air_quota_is_met(generator, air, shape):
    height, width = shape
    made = generator.generate_grids(
        range(3), width=width, height=height, air=air, playable=False, novel=False
    )
    shares = [(grid.codes == Tile.EMPTY).mean() for grid in made]
    assert np.mean(shares) == pytest.approx(air, abs=0.03)


def test_inpainting_changes_only_the_mask(generator):
    first = generator.generate_grid(3, width=60, iterations=6)
    mask = np.zeros(first.codes.shape, bool)
    mask[:, 20:34] = True
    made = generator.generate_grid(
        9, init=first, mask=mask, freeze=~mask, playable=False, novel=False
    )
    assert np.array_equal(made.codes[~mask], first.codes[~mask])
    assert not np.array_equal(made.codes[mask], first.codes[mask])


def test_styles_differ(generator):
    made = {s: generator.generate_grid(4, **SMALL, style=s) for s in ("smb", "sml", "infinite")}
    assert len({grid.digest for grid in made.values()}) == 3


def test_a_trace_shows_every_iteration(generator):
    grid = generator.generate_grid(5, **SMALL, trace=True, novel=False, playable=False)
    frames = grid.metadata["trace"]
    assert len(frames) == 6
    open_cells = [sum(row.count("~") for row in frame) for frame in frames]
    assert open_cells == sorted(open_cells, reverse=True)
    assert open_cells[0] > open_cells[-1] == 0
    assert frames[-1] == grid.rows()


def test_many_refinements_keep_all_kinds_of_tiles(generator):
    options = {"width": 100, "playable": False, "novel": False, "style": "smb"}
    before = generator.generate_grids(range(3), **options)
    after = generator.generate_grids(range(3), **options, refine=30)
    shares = [np.mean([(g.codes == Tile.EMPTY).mean() for g in made]) for made in (before, after)]
    assert abs(shares[0] - shares[1]) < 0.03
    kinds = [len({int(c) for g in made for c in np.unique(g.codes)}) for made in (before, after)]
    assert kinds[1] >= kinds[0] - 1


def test_what_cannot_be_passed_by_drawing_is_bridged(generator):
    codes = np.full((14, 60), Tile.EMPTY, np.uint8)
    codes[-1, :5] = codes[-1, -5:] = Tile.GROUND
    grid = generator.generate_grid(0, init=codes, max_repairs=0)
    assert grid.metadata["repaired"] == "bridge"
    assert solve(grid.codes).solved


def test_an_impossible_request_is_refused(generator):
    codes = np.full((14, 40), Tile.EMPTY, np.uint8)
    codes[-1] = Tile.GROUND
    codes[:, 20] = Tile.GROUND
    wall = codes == codes
    with pytest.raises(LevelError, match="frozen cells"):
        generator.generate_grid(0, init=codes, freeze=wall, max_repairs=2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"width": 3}, "width"),
        ({"height": 9}, "height"),
        ({"style": "zelda"}, "unknown style"),
        ({"air": 2}, "air"),
        ({"temperature": 0}, "temperature"),
        ({"allowed": "XY"}, "unknown tile"),
        ({"allowed": "X<"}, "a pipe needs"),
        ({"counts": {"E": (5, 2)}}, "the most of"),
        ({"limits": "big"}, "unknown limits"),
        ({"mask": np.ones((14, 100), bool)}, "needs init"),
        ({"init": np.full((14, 20), MASK + 1)}, "init must be"),
        ({"iterations": 0}, "iterations"),
        ({"nonsense": 1}, "no option"),
    ],
)
def test_bad_options_say_what_was_expected(generator, options, said):
    with pytest.raises(OptionError, match=said):
        generator.generate_grid(0, **options)


def test_a_file_without_weights_is_refused(tmp_path):
    (tmp_path / "x.safetensors").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="cannot be read"):
        TileDiffusion(tmp_path / "x.safetensors")
    with pytest.raises(WeightsError, match="cannot be read"):
        TileDiffusion(tmp_path / "missing.safetensors")
    with pytest.raises(WeightsError, match=r"are a folder; expected a \*\.safetensors file"):
        TileDiffusion(tmp_path)


def test_the_quality_preset_takes_more_iterations():
    grid = TileDiffusionQuality().generate_grid(1, width=16)
    assert (
        grid.metadata["iterations"]
        > TileDiffusion().generate_grid(1, width=16).metadata["iterations"]
    )


SHIPPED = "1de1d6c8c995318360108c0cef919685bc24619a3443fe8d305542ebc1911d33"
