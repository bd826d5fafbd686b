"""Any level of the 2019 rules, any buttons, for any time: the engine stays sound."""

from collections import Counter

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gym_mario_suite.engine.clone import copy_world, words, world_from_bytes, world_to_bytes
from gym_mario_suite.engine.observe_2019 import (
    GRID_2019,
    write_complete_2019,
    write_enemies_2019,
    write_enemy_floats_2019,
    write_scene_2019,
)
from gym_mario_suite.engine.tiles import Tile2019
from gym_mario_suite.engine.world import (
    MAX_SPRITES,
    EnemyType,
    Event,
    Kind,
    Rules,
    Status,
    Worlds,
    empty_worlds,
)
from gym_mario_suite.levels import Level, Spawn
from tests.engine import recordings
from tests.engine.random_play import buttons_of, random_buttons
from tests.engine.test_robustness import MODEST, SPRITE_KINDS, assert_sound, assert_visible

PALETTES = {
    "any": np.arange(256),
    "known": np.array(list(Tile2019)),
    "blocks": np.array([6, 7, 8, 11, 15, 48, 49, 50, 51]),
    "cannons": np.array([3, 3, 4, 5]),
    "platforms": np.array([1, 2, 43, 44, 45, 46, 47, 14]),
}
GAMES = 150


def random_level(
    rng: np.random.Generator,
    width: int,
    height: int,
    palette: str,
    density: float,
    ground: int,
    crowd: float,
    start: tuple[int, int] | None,
    x_exit: int,
) -> Level:
    tiles = rng.choice(PALETTES[palette], (width, height)).astype(np.uint8)
    tiles[rng.random((width, height)) >= density] = Tile2019.AIR
    if ground:
        tiles[:, max(0, height - ground) :] = Tile2019.GROUND
    cells = np.argwhere(rng.random((width, height)) < crowd).tolist()
    spawns = [Spawn(x, y, EnemyType(int(rng.integers(5))), bool(rng.integers(2))) for x, y in cells]
    return Level(tiles, spawns, x_exit, 0, {}, Rules.FRAMEWORK_2019, start)


@st.composite
def random_levels(draw: st.DrawFn) -> Level:
    width = draw(st.one_of(st.integers(30, 80), st.integers(1, 80), st.integers(1, 6)))
    height = draw(st.one_of(st.just(16), st.integers(1, 60)))
    cells = st.tuples(st.integers(0, width - 1), st.integers(-1, height - 1))
    return random_level(
        np.random.default_rng(draw(st.integers(0, 2**32 - 1))),
        width,
        height,
        palette=draw(st.sampled_from(sorted(PALETTES))),
        density=draw(st.sampled_from([0.02, 0.05, 0.1, 0.2, 0.5, 1.0])),
        ground=draw(st.sampled_from([0, 1, 2, 2, 3])),
        crowd=draw(st.sampled_from([0.01, 0.03, 0.1, 1.0])),
        start=draw(st.one_of(st.none(), cells)),
        x_exit=draw(st.one_of(st.just(width + 3), st.integers(-3, width))),
    )


@st.composite
def plays(draw: st.DrawFn, max_ticks: int = 500) -> tuple[int, int, NDArray[np.uint8]]:
    """Start mode, time limit and buttons; each choice of buttons is held for some ticks."""
    held = draw(st.integers(1, 12))
    most = max_ticks // held
    random = st.builds(random_buttons, st.integers(0, 2**32 - 1), st.just(most))
    choices = draw(st.one_of(random, random, st.binary(min_size=1, max_size=most)))
    time_limit = draw(st.sampled_from([200, 200, 0, 1, 3]))
    return draw(st.integers(0, 2)), time_limit, np.repeat(buttons_of(choices), held)


@numba.njit
def _look_2019(image, history, grid, floats):
    for t in range(history.shape[0]):
        world = history[t]
        for centre in range(2):
            for detail in range(3):
                write_scene_2019(image, world, centre, detail, grid)
                write_enemies_2019(world, centre, detail, grid)
                for other in range(3):
                    write_complete_2019(image, world, centre, detail, other, grid)
        if write_enemy_floats_2019(world, floats) > world.n_sprites:
            return t
    return -1


def check(level: Level, mode: int, time_limit: int, keys: NDArray[np.uint8]) -> Worlds:
    image = level.image.tobytes()
    worlds = recordings.start(level, mode, time_limit, 0)
    history = recordings.play(level, worlds, keys)
    for world in history[:: max(1, len(history) // 40)]:
        assert_sound(level, world)
    assert_sound(level, history[-1])
    assert_visible(level, history)
    grid = np.zeros((GRID_2019, GRID_2019), np.int8)
    assert _look_2019(level.image, history, grid, np.zeros((MAX_SPRITES, 3), np.float32)) == -1
    assert level.image.tobytes() == image, "the level is shared: play must not change it"
    # What has ended does not change any more.
    over = np.flatnonzero(history["players"]["status"][:, 0] != Status.RUNNING)
    assert len({history[t].tobytes() for t in over}) <= 1
    return history


@MODEST
@given(random_levels(), plays())
def test_random_levels(level: Level, play: tuple[int, int, NDArray[np.uint8]]) -> None:
    check(level, *play)


@MODEST
@given(random_levels(), plays(max_ticks=200))
def test_saving_and_copying(level: Level, play: tuple[int, int, NDArray[np.uint8]]) -> None:
    history = check(level, *play)
    data = world_to_bytes(history[-1])
    loaded = world_from_bytes(data, level.image)
    assert world_to_bytes(loaded[0]) == data
    pool = empty_worlds(2)
    pool[:1] = history[-1:]
    copy_world(pool, words(pool), 0, 1)
    assert world_to_bytes(pool[1]) == data


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (2, 15), (40, 1), (20, 60), (400, 1)], ids=str)
@pytest.mark.parametrize("tile", [Tile2019.AIR, Tile2019.COIN, Tile2019.CANNON_MUZZLE, 51])
def test_extreme_shapes(shape: tuple[int, int], tile: int) -> None:
    level = Level(np.full(shape, tile, np.uint8), [], shape[0], rules=Rules.FRAMEWORK_2019)
    keys = np.repeat(np.random.default_rng(0).integers(0, 32, 40), 5).astype(np.uint8)
    for mode in range(3):
        check(level, mode, 3, keys)


def test_evenly_drawn_games() -> None:
    """Many long games; together they show all that can happen."""
    shown: Counter[str] = Counter()
    for seed in range(GAMES):
        rng = np.random.default_rng(seed)
        width = int(rng.integers(40, 120))
        level = random_level(
            rng,
            width,
            height=int(rng.choice([16, 16, 30])),
            palette=str(rng.choice(["known", "blocks", "cannons", "platforms"])),
            density=float(rng.choice([0.02, 0.05, 0.1])),
            ground=2,
            crowd=float(rng.choice([0.01, 0.03, 0.06])),
            start=(int(rng.integers(0, 5)), 3),
            x_exit=int(rng.choice([width // 2, width + 3])),
        )
        keys = np.repeat(buttons_of(random_buttons(seed, 200)), rng.integers(1, 8, 200))
        time_limit = 200 if seed % 5 else 4
        history = check(level, int(rng.integers(3)), time_limit, keys)
        shown.update(Status(int(s)).name for s in np.unique(history["players"]["status"][:, 0]))
        events = np.unique(history["events"]["kind"])
        shown.update(Event(int(kind)).name for kind in events if kind)
        listed = np.arange(MAX_SPRITES) < history["n_sprites"][:, None]
        ticks, places = np.nonzero(listed)
        kinds = np.unique(history["sprites"]["kind"][ticks, history["order"][ticks, places]])
        shown.update(Kind(int(kind)).name for kind in kinds)
    wanted = {m.name for m in (*Status, *Event, *SPRITE_KINDS)}
    assert wanted - set(shown) == set()
