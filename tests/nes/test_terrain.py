"""The view `terrain`: on RAM made by hand, and held to the real game where there is a ROM."""

import numpy as np
import pytest

from gym_mario_suite.engine.learner_views import TERRAIN_COLUMNS, TERRAIN_ROWS
from gym_mario_suite.envs.nes import MarioNESEnv
from gym_mario_suite.envs.nes_vector import MarioNESVectorEnv
from gym_mario_suite.nes import smb
from gym_mario_suite.nes.smb import Address
from gym_mario_suite.nes.terrain import (
    N_TERRAIN,
    NEAREST_SPRITES,
    PLAYER_FEATURES,
    SPRITE_FEATURES,
    write_terrain,
)
from tests.nes.test_smb import ram_with, retro_states

_SPRITES_AT = len(PLAYER_FEATURES)
_TILES_AT = _SPRITES_AT + NEAREST_SPRITES * len(SPRITE_FEATURES)


def view(ram: bytes | bytearray) -> np.ndarray:
    out = np.full(N_TERRAIN, 9, np.float32)
    write_terrain(np.frombuffer(ram, np.uint8), out)
    assert np.abs(out).max() <= 1
    return out


def player(seen: np.ndarray) -> dict[str, float]:
    return dict(zip(PLAYER_FEATURES, seen.tolist(), strict=False))


def sprites(seen: np.ndarray) -> list[dict[str, float]]:
    rows = seen[_SPRITES_AT:_TILES_AT].reshape(NEAREST_SPRITES, -1)
    return [dict(zip(SPRITE_FEATURES, row.tolist(), strict=True)) for row in rows if row[0]]


def tiles(seen: np.ndarray) -> np.ndarray:
    return seen[_TILES_AT:].reshape(TERRAIN_ROWS, TERRAIN_COLUMNS)


def put(ram: bytearray, slot: int, kind: int, x: int, y: int, state: int = 0) -> None:
    ram[Address.ENEMY_ACTIVE + slot] = 1
    ram[Address.ENEMY_KIND + slot] = kind
    ram[Address.ENEMY_STATE + slot] = state
    ram[Address.ENEMY_PAGE + slot], ram[Address.ENEMY_X_ON_PAGE + slot] = divmod(x, 256)
    ram[Address.ENEMY_Y + slot] = y


def test_the_player():
    ram = ram_with(
        x_on_page=1036, y_on_page=120, x_speed=0xE8, y_speed=0xFC, facing=2, float_state=1,
        buttons=0x80, crouching=4, power_up=2, hurt_timer=8, screen_x_on_page=0xF0, clock=300,
        area_pointer=0x81,
    )  # fmt: skip
    assert player(view(ram)) == pytest.approx(
        {
            "x_in_tile": 4 / 16, "y": 0.5, "x_speed": -0.5, "y_speed": -0.5, "facing": -1,
            "on_ground": 0, "jump_held": 1, "swimming": 0, "ducking": 1, "climbing": 0, "small": 0,
            "large": 0, "fire": 1, "invulnerable": 0.25, "x_on_screen": 28 / 256,
            "time_left": 0.75, "progress": 1036 / 4096, "area": 1 / 128,
        }
    )  # fmt: skip
    below = ram_with(y_on_page=16, y_viewport=2, float_state=0)
    assert (player(view(below))["y"], player(view(below))["on_ground"]) == (1, 1)


def test_sprites_come_by_distance():
    ram = ram_with(x_on_page=300, y_on_page=100)
    put(ram, 0, 0x2D, 400, 100)  # Bowser
    put(ram, 1, 0x06, 250, 116)  # a goomba across the page's edge
    put(ram, 3, 0x24, 300, 150)  # a lift
    put(ram, 5, 0x2E, 310, 100)  # a mushroom
    ram[Address.ENEMY_X_SPEED + 1] = 0xF4
    ram[Address.ENEMY_Y_SPEED + 1] = 4
    ram[Address.MISC_STATE + 8] = 0x90  # a hammer
    ram[Address.MISC_PAGE + 8], ram[Address.MISC_X_ON_PAGE + 8] = 1, 24
    ram[Address.MISC_Y + 8] = 100
    ram[Address.MISC_STATE + 2] = 1  # a coin out of a block
    mushroom, hammer, lift, goomba, bowser = sprites(view(ram))
    assert (mushroom["item"], mushroom["dangerous"], mushroom["dx"]) == (1, 0, 10 / 128)
    assert (hammer["dangerous"], hammer["stompable"], hammer["dx"]) == (1, 0, -20 / 128)
    assert (lift["platform"], lift["dangerous"], lift["dy"]) == (1, 0, 50 / 128)
    assert goomba == {
        "present": 1, "dx": -50 / 128, "dy": 16 / 128, "x_speed": -0.25, "y_speed": 0.5,
        "stompable": 1, "dangerous": 1, "item": 0, "platform": 0,
    }  # fmt: skip
    assert (bowser["dangerous"], bowser["stompable"]) == (1, 0)


@pytest.mark.parametrize(
    ("kind", "state", "stompable", "dangerous"),
    [
        (0x00, 0x00, 1, 1),  # a koopa
        (0x00, 0x04, 0, 0),  # its shell
        (0x00, 0x84, 1, 1),  # which was kicked
        (0x06, 0x20, 0, 0),  # a goomba that falls out of the game
        (0x0D, 0x00, 0, 1),  # a piranha plant
        (0x12, 0x05, 0, 1),  # a spiny's egg
        (0x31, 0x00, 0, 0),  # the flag
    ],
)
def test_what_a_sprite_is_to_mario(kind: int, state: int, stompable: int, dangerous: int):
    ram = ram_with(x_on_page=40, y_on_page=100)
    put(ram, 4, kind, 60, 100, state)
    (sprite,) = sprites(view(ram))
    assert (sprite["stompable"], sprite["dangerous"]) == (stompable, dangerous)


@pytest.mark.parametrize(("turn", "x", "y"), [(0, 0, -1), (8, 1, 0), (16, 0, 1), (24, -1, 0)])
def test_a_firebar_tells_where_it_points(turn: int, x: int, y: int):
    ram = ram_with(x_on_page=40, y_on_page=100)
    put(ram, 0, 0x1B, 60, 100)
    ram[Address.ENEMY_Y_SPEED] = turn
    (firebar,) = sprites(view(ram))
    assert (firebar["x_speed"], firebar["y_speed"]) == pytest.approx((x, y), abs=1e-6)
    assert firebar["dangerous"]


def test_more_sprites_than_fit_leave_the_farthest_out():
    ram = ram_with(x_on_page=512, y_on_page=100)
    for slot in range(6):
        put(ram, slot, 0x06, 512 + 20 * slot, 100)
    for hammer in range(9):
        ram[Address.MISC_STATE + hammer] = 0x90
        ram[Address.MISC_PAGE + hammer], ram[Address.MISC_X_ON_PAGE + hammer] = 2, 10
        ram[Address.MISC_Y + hammer] = 100
    seen = sprites(view(ram))
    assert [round(128 * sprite["dx"]) for sprite in seen] == [0, 10, 10, 10, 10, 10]


def test_tiles():
    # Mario's feet are in row 7 of the level's column 18: the second page. 24 columns are drawn.
    ram = ram_with(x_on_page=18 * 16, y_on_page=128, drawn_page=2, drawn_column=8)
    tiles_at, page = Address.TILES, 13 * 16
    ram[tiles_at + page + 8 * 16 + 2] = 0x54  # ground under him
    ram[tiles_at + page + 7 * 16 + 3] = 0xC2  # a coin before him
    ram[tiles_at + page + 0 * 16 + 2] = 0x5F  # a hidden block
    ram[tiles_at + page + 6 * 16 + 4] = 0x24  # a flagpole
    ram[tiles_at + page + 6 * 16 + 5] = 0x51  # a brick
    ram[tiles_at + 5 * 16 + 15] = 0x61  # behind him, in the first page
    ram[tiles_at + 5 * 16 + 9] = 0x61  # column 41, which is not drawn yet: still column 9
    expected = np.zeros((TERRAIN_ROWS, TERRAIN_COLUMNS), np.float32)
    expected[8, 3] = 1
    expected[7, 4] = 0.5
    expected[6, 5] = 0.5
    expected[6, 6] = 1
    expected[5, 0] = 1
    expected[13] = -1  # below the level
    assert np.array_equal(tiles(view(ram)), expected)


def test_left_of_the_start():
    """Where the maze of a castle can send him; page 255 is that before the first."""
    ram = ram_with(x_on_page=0xFFE0, y_on_page=128, drawn_page=1, drawn_column=0)
    put(ram, 0, 0x06, 16, 128)
    ram[Address.TILES + 13 * 16 + 8 * 16 + 14] = 0x54  # under him: column -2, in the odd page
    ram[Address.TILES + 8 * 16 + 1] = 0x54
    seen = view(ram)
    assert player(seen)["progress"] == -32 / 4096
    (goomba,) = sprites(seen)
    assert goomba["dx"] == 48 / 128
    expected = np.zeros((TERRAIN_ROWS, TERRAIN_COLUMNS), np.float32)
    expected[8, [3, 6]] = 1
    expected[13] = -1
    assert np.array_equal(tiles(seen), expected)


@pytest.mark.rom
@pytest.mark.usefixtures("real_rom")
def test_the_real_games_tiles_carry_mario(backend_name: str):
    env = MarioNESEnv(stage=["1-1", "1-2", "4-1"], backend=backend_name, obs="terrain")
    rng = np.random.default_rng(0)
    seen, _ = env.reset(seed=0)
    stood = carried = inside = action = 0
    for step in range(3000 if backend_name != "nes-py" else 600):
        if step % 12 == 0:
            action = int(rng.integers(1, 6))
        seen, _, terminated, _, _ = env.step(action)
        if terminated:
            seen, _ = env.reset()
            continue
        mario, around = player(seen), tiles(seen)
        inside += around[7, 3] == 1
        on_something = any(s["platform"] or s["stompable"] for s in sprites(seen))
        if mario["on_ground"] and mario["y_speed"] == 0 and not on_something:
            # His feet are on the tiles under his box's edges, 3 px from its sides.
            column = mario["x_in_tile"] * 16
            under = [around[8, 3 + int((column + dx) // 16)] for dx in (-5, 4)]
            stood += 1
            carried += 1 in under
    env.close()
    assert stood > 100
    assert carried >= 0.99 * stood
    assert inside <= 0.01 * stood


@pytest.mark.rom
@pytest.mark.usefixtures("real_rom")
def test_a_vector_sees_the_same(backend_name: str):
    envs = MarioNESVectorEnv(2, stage=["1-1", "1-4"], backend=backend_name, obs="terrain")
    single = MarioNESEnv(stage=["1-1", "1-4"], backend=backend_name, obs="terrain")
    first, _ = envs.reset(seed=4)
    alone, _ = single.reset(seed=5)
    assert first.shape == (2, N_TERRAIN)
    assert np.array_equal(first[1], alone)
    for _ in range(20):
        both, *_ = envs.step(np.array([1, 1]))
        alone, *_ = single.step(1)
        assert np.array_equal(both[1], alone)
    envs.close()
    single.close()


def test_the_memory_of_saved_states():
    states = retro_states()
    if not states:
        pytest.skip("this stable-retro carries no states of the game")
    for name, ram in states:
        seen = view(ram)
        mario, around = player(seen), tiles(seen)
        assert mario["facing"] == 1, name
        assert (mario["small"], mario["large"], mario["fire"]) == (1, 0, 0), name
        assert mario["x_in_tile"] == (smb.x_px(ram) + 8) % 16 / 16, name
        # The ground is under him, in every stage.
        assert 1 in around[8:, 3], name
