"""One world in Python's hands."""

import copy
from typing import Any

import numpy as np
import pytest

from gym_mario_suite.engine import observe
from gym_mario_suite.engine.game import MAX_TIME_LIMIT_S, Game
from gym_mario_suite.engine.tiles import Tile
from gym_mario_suite.engine.world import Button, EnemyType, Kind, Mode, Rules, Status
from gym_mario_suite.errors import OptionError, StateError
from gym_mario_suite.levels import Level, Spawn, generate

RIGHT, JUMP, SPEED = Button.RIGHT, Button.JUMP, Button.SPEED


def flat(width: int = 40, spawns: tuple[Spawn, ...] = (), x_exit: int | None = None) -> Level:
    """Ground from row 13 on."""
    tiles = np.zeros((width, 15), np.uint8)
    tiles[:, 13:] = Tile.GROUND_TOP
    return Level(tiles, spawns, width - 2 if x_exit is None else x_exit)


def run(game: Game, *keys: int, ticks: int = 1) -> Game:
    for key in keys:
        for _ in range(ticks):
            game.tick(int(key))
    return game


# --- the start ------------------------------------------------------------------------------------


def test_a_new_game() -> None:
    game = Game(flat().image)
    assert (game.x, game.y) == (32, 0)
    assert game.status is Status.RUNNING
    assert game.mode is Mode.FIRE
    assert game.time_left == 200
    assert (game.ticks, game.coins, game.kills) == (0, 0, 0)
    assert not game.on_ground
    assert not game.may_jump
    assert not game.carrying
    assert game.sprite_kinds() == []
    assert game.enemy_floats().shape == (0, 3)


@pytest.mark.parametrize("mode", list(Mode))
def test_start_modes(mode: Mode) -> None:
    game = Game(flat().image, mode)
    assert game.mode is mode
    assert game.worlds[0]["players"][0]["body"]["height"] == (12 if mode == Mode.SMALL else 24)
    assert Game(flat().image, int(mode)).mode is mode


def test_a_whole_episode_of_the_original() -> None:
    """The rule of the 2009 ForwardJumpingAgent in a level it wins: the recorded results."""
    game = Game(generate(0, 0, 0, 320).image)
    keys = 0
    while game.status is Status.RUNNING:
        game.tick(keys)
        free = game.may_jump or not game.on_ground
        keys = int(RIGHT) | (int(JUMP | SPEED) if free else 0)
    assert game.status is Status.WIN
    assert game.x == 4336
    assert (game.ticks, game.time_left, game.coins, game.kills) == (468, 168, 30, 1)
    assert game.mode is Mode.LARGE


def test_buttons_are_ints_of_any_kind() -> None:
    """Python's, the enum's and numpy's play the same game."""
    games = [Game(flat().image) for _ in range(3)]
    for _ in range(30):
        games[0].tick(26)
        games[1].tick(RIGHT | JUMP | SPEED)
        games[2].tick(np.uint8(26))  # type: ignore[arg-type]
    assert games[0].to_bytes() == games[1].to_bytes() == games[2].to_bytes()
    assert games[0].x > 100


# --- reset, clone, bytes --------------------------------------------------------------------------


def test_reset_is_a_new_game() -> None:
    level = generate(3, 8, 0, 120)
    fresh, used = Game(level.image), Game(level.image)
    run(used, *[26, 26, 10, 18] * 20, ticks=2)
    used.reset()
    assert used.ticks == 0
    for _ in range(100):
        for game in (fresh, used):
            game.tick(26)
        assert (fresh.x, fresh.y, fresh.status) == (used.x, used.y, used.status)
        assert fresh.sprite_kinds() == used.sprite_kinds()
        np.testing.assert_array_equal(fresh.merged_grid(), used.merged_grid())
        np.testing.assert_array_equal(fresh.enemy_floats(), used.enemy_floats())


def test_bytes_after_a_reset_are_those_of_a_new_game() -> None:
    """Comparing bytes compares games: what was played before must not show."""
    level = generate(3, 8, 0, 120)
    fresh, used = Game(level.image), Game(level.image)
    run(used, *[26, 26, 10, 18] * 20, ticks=2)
    used.reset()
    assert used.to_bytes() == fresh.to_bytes()
    run(used, 26, 10, ticks=40)
    run(fresh, 26, 10, ticks=40)
    assert used.to_bytes() == fresh.to_bytes()


def test_a_clone_has_the_same_bytes() -> None:
    """Also where the memory of the copy was in use before."""
    game = run(Game(generate(3, 8, 0, 120).image), 26, ticks=30)
    for _ in range(20):
        np.full(game.worlds.nbytes, 0xAB, np.uint8)
        assert game.clone().to_bytes() == game.to_bytes()


def test_a_clone_is_independent() -> None:
    game = run(Game(generate(3, 8, 0, 120).image), 26, ticks=30)
    before = game.to_bytes()
    twin = game.clone()
    assert twin.image is game.image
    assert twin.to_bytes() == before
    run(twin, 26, ticks=20)
    assert game.to_bytes() == before
    run(game, 26, ticks=20)
    assert game.to_bytes() == twin.to_bytes()
    twin.reset()
    assert (twin.ticks, game.ticks) == (0, 50)


def test_a_shallow_copy_is_a_clone() -> None:
    game = Game(flat().image)
    other = copy.copy(game)
    run(other, RIGHT, ticks=9)
    assert (game.ticks, other.ticks) == (0, 9)


def test_a_level_in_place_of_its_image() -> None:
    level: Any = flat()
    with pytest.raises(OptionError, match=r"Game\(level\.image\), got Level"):
        Game(level)


def test_bytes_go_back_in_time() -> None:
    game = run(Game(generate(3, 8, 0, 120).image), 26, ticks=30)
    saved = game.to_bytes()
    then = run(game, 26, 10, ticks=20).to_bytes()
    game.load_bytes(saved)
    assert game.ticks == 30
    assert run(game, 26, 10, ticks=20).to_bytes() == then


def test_loading_what_does_not_fit_changes_nothing() -> None:
    game = run(Game(generate(3, 8, 0, 120).image), 26, ticks=30)
    before = game.to_bytes()
    foreign = Game(generate(3, 8, 0, 400).image).to_bytes()
    for data in (b"", before[:-1], foreign):
        with pytest.raises(StateError):
            game.load_bytes(data)
    assert game.to_bytes() == before


# --- clock and switches ---------------------------------------------------------------------------


def test_time_runs_out() -> None:
    game = Game(flat().image, time_limit=2)
    run(game, 0, ticks=29)
    assert game.status is Status.RUNNING
    assert game.time_left == 0
    assert not game.timed_out
    run(game, 0)
    assert game.status is Status.DEAD
    assert game.timed_out


@pytest.mark.parametrize("rules", Rules)
def test_a_fall_is_not_the_clock(rules: Rules) -> None:
    image = Level(np.zeros((40, 16), np.uint8), [], 38, rules=rules).image

    def fallen(time_limit: int) -> Game:
        game = Game(image, time_limit=time_limit)
        while game.status is Status.RUNNING:
            run(game, RIGHT)
        return game

    in_2009 = rules is Rules.COMPETITION_2009
    seconds = fallen(200).ticks // 15 if in_2009 else fallen(200).ticks * 30 // 1000
    late = fallen(seconds + 1)
    assert (late.status, late.time_left) == (Status.DEAD, 0), "in the last second"
    assert not late.timed_out
    assert not fallen(0).timed_out, "without a limit"


def test_a_limit_of_zero_never_runs_out() -> None:
    game = run(Game(flat().image, time_limit=0), 0, ticks=100)
    assert game.status is Status.RUNNING
    assert game.time_left == -6
    assert Game(flat().image, time_limit=0).time_left == 0


def test_without_a_timer_the_clock_stands() -> None:
    game = run(Game(flat().image, time_limit=1, timer=False), 0, ticks=100)
    assert game.status is Status.RUNNING
    assert game.time_left == 1
    # As in the original, which looks for 0 whether or not the clock runs.
    assert run(Game(flat().image, time_limit=0, timer=False), 0).status is Status.DEAD


def test_creatures_harm_unless_invulnerable_or_off() -> None:
    level = flat(spawns=tuple(Spawn(x, 12, EnemyType.SPIKY) for x in range(6, 12)))

    def walk(**switches: bool) -> Game:
        return run(Game(level.image, Mode.SMALL, **switches), RIGHT, ticks=150)

    assert walk().status is Status.DEAD
    assert walk(invulnerable=True).status is Status.WIN
    off = walk(creatures=False)
    assert off.status is Status.WIN
    assert off.sprite_kinds() == []


@pytest.mark.parametrize("name", ["creatures", "invulnerable", "power_restoration", "timer"])
def test_a_switch_is_true_or_false(name: str) -> None:
    """A 2 was the bit of another switch, and the word "no" was True."""
    image = flat().image
    wrong: list[Any] = [2, "no", None]
    for value in wrong:
        with pytest.raises(OptionError, match=f"{name} must be True or False, got"):
            Game(image, **{name: value})
    numpys: Any = np.True_
    Game(image, **{name: numpys})


def test_speed_restores_power_when_switched_on() -> None:
    assert run(Game(flat().image, Mode.SMALL), SPEED, ticks=3).mode is Mode.SMALL
    restoring = Game(flat().image, Mode.SMALL, power_restoration=True)
    assert run(restoring, RIGHT, ticks=3).mode is Mode.SMALL
    assert run(restoring, SPEED).mode is Mode.FIRE


def test_a_fall_kills_and_an_exit_wins() -> None:
    hole = Level(np.zeros((40, 15), np.uint8), [], 38)
    assert run(Game(hole.image), 0, ticks=60).status is Status.DEAD
    won = run(Game(flat(x_exit=5).image), RIGHT, ticks=60)
    assert won.status is Status.WIN
    assert won.x == 80


# --- what an agent sees ---------------------------------------------------------------------------


def busy_game() -> Game:
    game = Game(generate(2, 8, 0, 200).image, invulnerable=True)
    return run(game, *[26, 10, 26, 18] * 6, ticks=6)


def test_grids_agree_with_each_other() -> None:
    game = busy_game()
    enemies = {z: game.enemies_grid(z) for z in range(3)}
    levels = {z: game.level_grid(z) for z in range(3)}
    assert enemies[0].any()
    for z_level in range(3):
        for z_enemies in range(3):
            merged = game.merged_grid(z_level, z_enemies)
            assert merged.shape == (observe.GRID_SIZE, observe.GRID_SIZE)
            assert merged.dtype == np.int8
            shown = (enemies[z_enemies] != 0) & (levels[z_level] != 14)
            expected = np.where(shown, enemies[z_enemies], levels[z_level])
            np.testing.assert_array_equal(merged, expected)
    np.testing.assert_array_equal(game.merged_grid(), game.merged_grid(1, 0))
    np.testing.assert_array_equal(game.level_grid(), levels[1])
    np.testing.assert_array_equal(game.enemies_grid(), enemies[0])


def test_the_bitmap_is_the_level_grid() -> None:
    game = busy_game()
    units = game.level_bitmap()
    assert units.dtype == np.uint16
    assert units.shape == (observe.BITMAP_UNITS,)
    bits = ((units[:, None] >> np.arange(16)) & 1).ravel()[: observe.GRID_SIZE**2]
    grid = game.level_grid(1).ravel() != 0
    np.testing.assert_array_equal(bits.astype(bool), grid)


def test_floats_list_creatures_in_order() -> None:
    game = busy_game()
    kinds = [kind for kind in game.sprite_kinds() if Kind.GOOMBA <= kind <= Kind.MUSHROOM]
    floats = game.enemy_floats()
    assert floats.dtype == np.float32
    assert floats[:, 0].tolist() == kinds
    assert len(kinds) > 0


def test_grids_belong_to_the_caller() -> None:
    game = busy_game()
    first = game.merged_grid()
    first[:] = 77
    assert not (game.merged_grid() == 77).all()


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [3, -1, 1.5, "2", None, float("nan")], ids=repr)
def test_modes_that_do_not_exist(mode: Any) -> None:
    with pytest.raises(OptionError, match="mode must be 0 small, 1 large or 2 fire, got"):
        Game(flat().image, mode)


@pytest.mark.parametrize("limit", [-1, MAX_TIME_LIMIT_S + 1, 1 << 40, float("nan")], ids=repr)
def test_time_limits_out_of_range(limit: Any) -> None:
    with pytest.raises(OptionError, match=r"time_limit \(seconds\) must be a whole number"):
        Game(flat().image, time_limit=limit)


@pytest.mark.parametrize("limit", [1.5, "5", None, [1]], ids=repr)
def test_time_limits_that_are_no_whole_numbers(limit: Any) -> None:
    with pytest.raises(OptionError, match=r"time_limit \(seconds\) must be a whole number, got"):
        Game(flat().image, time_limit=limit)


@pytest.mark.parametrize("keys", [-1, 32, 255, 1 << 70])
def test_keys_out_of_range(keys: int) -> None:
    game = Game(flat().image)
    before = game.to_bytes()
    expected = rf"keys \(button bits\) must be a whole number from 0 to 31, got {keys}"
    with pytest.raises(OptionError, match=expected):
        game.tick(keys)
    assert game.to_bytes() == before


@pytest.mark.parametrize("keys", [1.5, float("nan"), "3", None, [1], 2.0], ids=repr)
def test_keys_that_are_no_whole_numbers(keys: Any) -> None:
    game = Game(flat().image)
    before = game.to_bytes()
    with pytest.raises(OptionError, match=r"keys \(button bits\) must be a whole number"):
        game.tick(keys)
    assert game.to_bytes() == before


@pytest.mark.parametrize("z", [-1, 3, 0.5, "1", None, [1], 1 << 70], ids=repr)
def test_details_that_do_not_exist(z: Any) -> None:
    game = Game(flat().image)
    for query in (game.level_grid, game.enemies_grid, game.merged_grid):
        with pytest.raises(OptionError, match=r"z \(a level of detail\) must be a whole number"):
            query(z)
    with pytest.raises(OptionError, match=r"z \(a level of detail\) must be a whole number"):
        game.merged_grid(1, z)


@pytest.mark.parametrize("z", [True, np.int8(1)], ids=repr)
def test_details_that_equal_a_whole_number(z: Any) -> None:
    game = Game(flat().image)
    np.testing.assert_array_equal(game.level_grid(z), game.level_grid(1))
