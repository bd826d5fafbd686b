"""Any level, any buttons, any switches, for any time: the engine stays sound.

`test_with_bounds_checking` runs this file once more with numba's bounds checks compiled in.
"""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numba
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gym_mario_suite.engine import learner_views, observe
from gym_mario_suite.engine.clone import copy_world, words, world_from_bytes, world_to_bytes
from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.game import INVULNERABLE, TIMER_OFF
from gym_mario_suite.engine.level_image import N_CHANGEABLE, N_SPAWNS, read_tiles, spent_words
from gym_mario_suite.engine.player_2019 import FREEZE_TICKS
from gym_mario_suite.engine.tiles import Tile
from gym_mario_suite.engine.world import (
    DETACHED_SHELL,
    EVENT_SLOTS,
    MAX_PLAYERS,
    MAX_SPRITES,
    NO_SPRITE,
    SPENT_BITS,
    EnemyType,
    Kind,
    Rules,
    Status,
    Worlds,
    empty_worlds,
)
from gym_mario_suite.levels import Level, Spawn
from tests.engine import recordings
from tests.engine.random_play import (
    Play,
    evenly_drawn_game,
    generated_levels,
    plays,
    random_levels,
    run,
)

MODEST = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
SPRITE_KINDS = [kind for kind in Kind if kind not in (Kind.NONE, Kind.MARIO)]
LONG_TICKS = 3000
GAMES = 150


def assert_sound(level: Level, world: np.void) -> None:
    """What holds after every tick, whatever happened."""
    n, free = int(world["n_sprites"]), int(world["n_free"])
    assert 0 <= n <= MAX_SPRITES
    assert n + free == MAX_SPRITES
    listed = world["order"][:n]
    np.testing.assert_array_equal(
        np.sort(np.concatenate([listed, world["free"][:free]])), np.arange(MAX_SPRITES)
    )
    assert (listed < world["slots_used"]).all()
    assert 0 <= world["slots_used"] <= MAX_SPRITES
    assert world["n_added"] == 0
    assert world["n_shells"] == 0
    assert 0 <= world["n_fireballs"] <= 2 * MAX_SPRITES
    assert world["n_effects"] >= 0
    assert world["sprites_dropped"] >= 0
    assert 1 <= world["n_players"] <= MAX_PLAYERS
    in_2009 = level.rules == Rules.COMPETITION_2009
    assert world["rules"] == level.rules
    assert 0 <= world["paused"] <= (1 if in_2009 else FREEZE_TICKS)
    assert 0 <= world["n_events"] <= (0 if in_2009 else EVENT_SLOTS)
    for switch in ("creatures_off", "invulnerable", "power_restoration", "timer_on"):
        assert world[switch] in (0, 1)

    sprites = world["sprites"][listed]
    assert np.isin(sprites["kind"], SPRITE_KINDS).all()
    assert np.isin(sprites["facing"], (-1, 0, 1)).all()
    assert np.isin(sprites["height"], (8, 12, 24)).all()
    assert (sprites["removed"] == 0).all()
    assert (sprites["dead_time"] >= 0).all()
    assert ((sprites["spawn"] >= -1) & (sprites["spawn"] < level.image[N_SPAWNS])).all()
    spawned = sprites["spawn"][sprites["spawn"] >= 0]
    assert len(np.unique(spawned)) == len(spawned), "a spawn point has one enemy at a time"
    player = world["players"][0]
    for body in (*sprites, player["body"]):
        for name in ("x", "y", "xa", "ya"):
            assert np.isfinite(body[name]), f"{name} of {Kind(int(body['kind'])).name}"
    assert np.isfinite(world["x_cam"])
    for name in ("x_jump_speed", "y_jump_speed"):
        assert np.isfinite(player[name])

    assert player["status"] in set(Status)
    assert player["body"]["kind"] == Kind.MARIO
    assert player["body"]["facing"] in (-1, 1)
    height = 24 if player["large"] and not player["ducking"] else 12
    # In 2019 the height follows a change of power with the next tick that is not frozen.
    assert player["body"]["height"] == height or not in_2009
    assert player["body"]["height"] in (12, 24)
    assert player["large"] or not player["fire"]
    carried = int(player["carried"])
    assert carried >= DETACHED_SHELL
    if carried not in (NO_SPRITE, DETACHED_SHELL):
        assert carried in listed
        assert world["sprites"][carried]["kind"] == Kind.SHELL
    for name in ("coins", "mushrooms", "flowers", "jumps", "hurts", "invulnerable_time"):
        assert player[name] >= 0

    assert world["spent_words"] == spent_words(level.image)
    bits = np.unpackbits(world["spent"].view(np.uint8), bitorder="little")
    assert not bits[int(level.image[N_CHANGEABLE] + level.image[N_SPAWNS]) :].any()


@numba.njit
def _look(image, history, grids, channels, features, bitmap, floats, tiles):
    for t in range(history.shape[0]):
        world = history[t]
        for z in range(3):
            observe.write_level_grid(image, world, 0, z, grids[0])
            observe.write_enemies_grid(world, 0, z, grids[1])
            for other in range(3):
                observe.write_merged_grid(image, world, 0, z, other, grids[2])
                for r in range(22):
                    for c in range(22):
                        shown = grids[1, r, c] != 0 and grids[2, r, c] == 0
                        if z == other and shown:
                            return t
        observe.write_level_bitmap(image, world, 0, bitmap)
        n = observe.write_enemy_floats(world, floats)
        if n > world.n_sprites:
            return t
        learner_views.write_channels(image, world, 0, channels)
        learner_views.write_features(image, world, 0, features)
        for i in range(features.shape[0]):
            if not -1 <= features[i] <= 1:
                return t
        read_tiles(image, world, tiles)
    return -1


def assert_visible(level: Level, history: Worlds) -> None:
    """All views can be written, and none is absurd."""
    size = observe.GRID_SIZE
    wrong = _look(
        level.image,
        history,
        np.zeros((3, size, size), np.int8),
        np.zeros((len(learner_views.CHANNELS), size, size), np.uint8),
        np.zeros(learner_views.N_FEATURES, np.float32),
        np.zeros(observe.BITMAP_UNITS, np.uint16),
        np.zeros((MAX_SPRITES, 3), np.float32),
        np.zeros((level.width, level.height), np.uint8),
    )
    assert wrong == -1, f"an absurd view after tick {wrong}"


def check(level: Level, play: Play) -> Worlds:
    image = level.image.tobytes()
    history = run(level, play)
    for world in history[:: max(1, len(history) // 40)]:
        assert_sound(level, world)
    assert_sound(level, history[-1])
    assert_visible(level, history)
    assert level.image.tobytes() == image, "the level is shared: play must not change it"
    return history


# --- properties -----------------------------------------------------------------------------------


@MODEST
@given(generated_levels, plays())
def test_generated_levels(level: Level, play: Play) -> None:
    check(level, play)


@MODEST
@given(random_levels(), plays())
def test_random_levels(level: Level, play: Play) -> None:
    check(level, play)


def test_evenly_drawn_games() -> None:
    """Many long games; together they show all that can happen."""
    shown: Counter[str] = Counter()
    for seed in range(GAMES):
        level, play = evenly_drawn_game(seed)
        history = check(level, play)
        player = history["players"][:, 0]
        for name in ("kills_stomp", "kills_fire", "kills_shell", "kills_bump"):
            shown[name] += int(history[name][-1])
        for name in ("coins", "mushrooms", "flowers", "hurts", "jumps"):
            shown[name] += int(player[name][-1])
        shown["carried"] += int((player["carried"] >= 0).any())
        shown["wall jumps"] += int((player["jump_time"] < 0).any())
        for status in Status:
            shown[status.name] += int(player["status"][-1] == status)
        for kind in SPRITE_KINDS:
            listed = np.arange(MAX_SPRITES) < history["n_sprites"][:, None]
            ticks, places = np.nonzero(listed)
            kinds = history["sprites"]["kind"][ticks, history["order"][ticks, places]]
            shown[kind.name] += int((kinds == kind).any())
    only_in_2019 = {Status.TIME_OUT.name, Kind.LIFE_MUSHROOM.name}
    assert {name for name, count in shown.items() if count == 0} == only_in_2019


@MODEST
@given(st.one_of(generated_levels, random_levels()), plays(max_ticks=300))
def test_same_inputs_same_bytes(level: Level, play: Play) -> None:
    first, second = run(level, play), run(level, play)
    assert world_to_bytes(first[-1]) == world_to_bytes(second[-1])
    assert first.tobytes() == second.tobytes()


@MODEST
@given(st.one_of(generated_levels, random_levels()), plays(max_ticks=300))
def test_saving_and_copying_at_any_time(level: Level, play: Play) -> None:
    history = run(level, play)
    data = world_to_bytes(history[-1])
    assert world_to_bytes(world_from_bytes(data, level.image)[0]) == data
    pool = empty_worlds(2)
    pool[:1] = history[-1:]
    copy_world(pool, words(pool), 0, 1)
    assert world_to_bytes(pool[1]) == world_to_bytes(pool[0])


@settings(MODEST, max_examples=15)
@given(st.one_of(generated_levels, random_levels()), plays(max_ticks=100))
def test_long_after_the_end(level: Level, play: Play) -> None:
    """Ticks go on for minutes after death or a win, with the last buttons held."""
    keys = np.concatenate([play.keys, np.full(LONG_TICKS, play.keys[-1], np.uint8)])
    history = check(level, Play(play.mode, play.time_limit, play.switches, keys))
    status = history["players"]["status"][:, 0]
    dead = np.flatnonzero(status == Status.DEAD)
    # A win can come after a death in one tick's order only; the dead stay dead.
    if len(dead):
        assert (status[dead[0] :] != Status.RUNNING).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (2, 15), (40, 1), (20, 40), (400, 1)], ids=str)
@pytest.mark.parametrize("tile", [Tile.AIR, Tile.COIN, Tile.CANNON_MUZZLE, Tile.BRICK_POWER])
def test_extreme_shapes(shape: tuple[int, int], tile: Tile) -> None:
    level = Level(np.full(shape, tile, np.uint8), [], shape[0])
    rng = np.random.default_rng(0)
    keys = np.repeat(rng.integers(0, 32, 40), 5).astype(np.uint8)
    for mode in range(3):
        check(level, Play(mode, 3, 0, keys))


@pytest.mark.parametrize("enemy", [None, *EnemyType])
def test_more_sprites_than_slots(enemy: EnemyType | None) -> None:
    """A spawn point in every cell: the table fills up, the rest is counted and left out."""
    tiles = np.zeros((60, 15), np.uint8)
    tiles[:, 13:] = Tile.GROUND_TOP
    spawns = [
        Spawn(x, y, EnemyType((x + y) % 5) if enemy is None else enemy, y % 2 == 0)
        for x in range(60)
        for y in range(15)
    ]
    level = Level(tiles, spawns, 58)
    keys = np.repeat(np.array([26, 10, 18, 26, 8, 17], np.uint8), 40)
    for mode, switches in ((2, INVULNERABLE), (0, INVULNERABLE), (2, 0)):
        history = check(level, Play(mode, 200, switches, keys))
        assert history["n_sprites"].max() == MAX_SPRITES
        dropped = history["sprites_dropped"]
        assert dropped[-1] > 0
        assert (np.diff(dropped) >= 0).all()


def test_a_carried_shell_that_leaves_the_list() -> None:
    """Far above the screen: the player counts as carrying until he lets go."""
    level = Level(np.zeros((40, 15), np.uint8), [], 38)
    worlds = recordings.start(level, 2, 200, 0)
    world = worlds[0]
    slot = int(world["free"][MAX_SPRITES - 1])
    world["n_free"] = MAX_SPRITES - 1
    world["n_sprites"], world["order"][0], world["slots_used"] = 1, slot, slot + 1
    shell, player = world["sprites"][slot], world["players"][0]
    shell["kind"], shell["height"], shell["spawn"], shell["carried"] = Kind.SHELL, 12, -1, 1
    shell["x"], shell["y"] = 100, 100
    player["carried"], player["body"]["x"], player["body"]["y"] = slot, 100, -200
    assert_sound(level, world)
    history = recordings.play(level, worlds, np.array([16, 16, 16, 16, 0, 0], np.uint8))
    for after in history:
        assert_sound(level, after)
    carried = history["players"]["carried"][:, 0].tolist()
    assert carried == [slot, *[DETACHED_SHELL] * 3, *[NO_SPRITE] * 2]


def test_a_level_at_the_limit_of_changes() -> None:
    """Every bit of a world in use: coins and enemies to the last."""
    tiles = np.zeros((SPENT_BITS // 16, 16), np.uint8)
    tiles[:, :15] = Tile.COIN
    tiles[:, 14] = Tile.GROUND_TOP
    spawns = [Spawn(x, 13, EnemyType.GOOMBA) for x in range(len(tiles))]
    level = Level(tiles, spawns, len(tiles) - 1)
    image = level.image
    assert int(image[N_CHANGEABLE] + image[N_SPAWNS]) > SPENT_BITS - 16 * len(tiles) // 15
    keys = np.full(3000, 26, np.uint8)
    history = check(level, Play(2, 200, INVULNERABLE | TIMER_OFF, keys))
    assert history["players"]["coins"][-1, 0] > 1000


# --- bounds checking ------------------------------------------------------------------------------


@jit
def _scratch_order(world, i):
    return world.order[i]


@inline_jit
def _scratch_x(world, i):
    return world.sprites[i].x


@jit
def _scratch(image, worlds, i, j, k):
    return image[i] + _scratch_order(worlds[0], j) + _scratch_x(worlds[0], k)


@pytest.mark.skipif(
    os.environ.get("NUMBA_BOUNDSCHECK") != "1", reason="bounds checks are not compiled in"
)
@pytest.mark.parametrize("at", [(100, 0, 0), (0, MAX_SPRITES, 0), (0, 0, MAX_SPRITES)], ids=str)
def test_bounds_checks_work_in_the_engine(at: tuple[int, int, int]) -> None:
    """With the engine's own settings, through calls and records."""
    assert _scratch(np.zeros(100, np.int32), empty_worlds(1), 99, 127, 127) == 0
    with pytest.raises(IndexError):
        _scratch(np.zeros(100, np.int32), empty_worlds(1), *at)


@pytest.mark.slow
def test_with_bounds_checking(tmp_path: Path) -> None:
    """All of the above, and the recordings, compiled afresh with an error at any bad index."""
    here = Path(__file__).parent
    environment = {
        **os.environ,
        "NUMBA_BOUNDSCHECK": "1",
        "NUMBA_CACHE_DIR": str(tmp_path / "numba"),
    }
    others = ("test_robustness_2019.py", "test_traces_2009.py", "test_traces_2019.py")
    files = [__file__, *(str(here / name) for name in others)]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(
        command,
        cwd=here.parents[1],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "bounds checks are not compiled in" not in done.stdout
