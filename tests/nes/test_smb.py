"""The memory map, the tiles and the rewards, on RAM made by hand and on RAM of the real game.

stable-retro carries saved states of Super Mario Bros. (no ROM), in which the map can be checked.
"""

import gzip
from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite.envs.nes_episode import write_tiles
from gym_mario_suite.errors import OptionError
from gym_mario_suite.nes import smb
from gym_mario_suite.nes.rewards import REWARDS, TERMS, Progress, reward_rule
from gym_mario_suite.nes.smb import Address


def ram_with(**values: int) -> bytearray:
    ram = bytearray(2048)
    ram[Address.Y_VIEWPORT] = 1
    ram[Address.PLAYER_STATE] = smb.PlayerState.NORMAL
    ram[Address.GAME_MODE] = smb.GameMode.PLAYING
    ram[Address.TASK] = 3
    for name, value in values.items():
        address = Address[name.upper()]
        if address in smb.DIGITS:
            text = str(value).zfill(smb.DIGITS[address])
            ram[address : address + len(text)] = bytes(map(int, text))
        elif name == "x_on_page":
            ram[Address.X_PAGE], ram[address] = divmod(value, 256)
        else:
            ram[address] = value
    return ram


def test_numbers_are_python_ints_that_do_not_overflow():
    ram = ram_with(x_on_page=16_383, clock=999, score=123_450, coins=42)
    assert smb.x_px(ram) == 16_383
    assert (smb.clock(ram), smb.score(ram), smb.coins(ram)) == (999, 123_450, 42)
    assert type(smb.x_px(ram)) is int


def test_left_of_the_start():
    """Where the maze of a castle can send him: four pages back from the third."""
    ram = ram_with(x_on_page=0xFFF0, screen_page=0xFF, screen_x_on_page=0x80, y=176)
    assert (smb.x_px(ram), smb.screen_left_px(ram)) == (-16, -128)
    ram[Address.ENEMY_ACTIVE], ram[Address.ENEMY_X_ON_PAGE] = 1, 32  # in page 0
    assert smb.enemies(ram) == [(0, 32, 0)]
    ram[Address.ENEMY_Y] = 184
    tiles = np.zeros((13, 16), np.int8)
    write_tiles(ram, tiles)
    assert np.argwhere(tiles == 2).tolist() == [[10, 7]]
    assert np.argwhere(tiles == -1).tolist() == [[10, 10]]


def test_the_height_goes_on_above_and_below_the_screen():
    heights = []
    for viewport, y in ((0, 255), (1, 0), (1, 176), (1, 255), (2, 0)):
        ram = bytearray(2048)
        ram[Address.Y_VIEWPORT], ram[Address.Y] = viewport, y
        heights.append(smb.y_px(ram))
    assert heights == [256, 255, 79, 0, -1]


def test_progress_is_paid_after_a_maze_has_sent_him_back():
    frames = [
        ram_with(x_on_page=700),
        ram_with(x_on_page=0xFFF0),
        *(ram_with(x_on_page=x % 65536) for x in range(-11, 710, 5)),
    ]
    assert sum(reward("v9", *frames)) == 4 + 5
    assert sum(reward("v7", *frames)) == 5 * 144 + 5


@pytest.mark.parametrize(
    ("values", "cleared"),
    [
        ({}, False),
        ({"float_state": 3}, False),  # a vine
        ({"float_state": 3, "enemy_kind": 0x31}, True),
        ({"float_state": 3, "enemy_kind": 0x2D}, True),
        ({"float_state": 1, "enemy_kind": 0x31}, False),
        ({"game_mode": 2}, True),
    ],
)
def test_cleared_stages(values: dict[str, int], cleared: bool):
    assert smb.is_stage_cleared(ram_with(**values)) is cleared


def test_the_flag_may_be_in_any_slot():
    for slot in range(7):
        ram = ram_with(float_state=3)
        ram[Address.ENEMY_KIND + slot] = 0x31
        assert smb.is_stage_cleared(ram) is (slot < 5)


def test_areas_of_stages():
    for world in range(1, 9):
        areas = [smb.area_of_stage(world, stage) for stage in range(1, 5)]
        assert areas == ([1, 3, 4, 5] if world in {1, 2, 4, 7} else [1, 2, 3, 4])
        if world <= smb.LOST_LEVELS_WORLDS:
            areas = [smb.area_of_stage(world, stage, lost_levels=True) for stage in range(1, 5)]
            assert areas == ([1, 3, 4, 5] if world in {1, 3} else [1, 2, 3, 4])


def reward(name: str, *frames: bytearray) -> list[float]:
    """The clipped reward of each frame after the first."""
    rule, progress = reward_rule(name), Progress()
    progress.begin(frames[0])
    paid = []
    for ram in frames[1:]:
        terms = progress.advance(ram)
        total = sum(w * t for w, t in zip(rule.weights, terms, strict=True))
        paid.append(max(-rule.limit, min(rule.limit, total)))
    return paid


def test_reward_v7():
    frames = [
        ram_with(x_on_page=40, clock=400),
        ram_with(x_on_page=43, clock=400),
        ram_with(x_on_page=41, clock=399),
        ram_with(x_on_page=47, clock=399),  # 6 px: not a movement
        ram_with(x_on_page=41, clock=399),
        ram_with(x_on_page=46, clock=399),
        ram_with(x_on_page=41, clock=399),
        ram_with(x_on_page=300, clock=399),  # a pipe
        ram_with(x_on_page=300, clock=400),  # the clock never earns
        ram_with(x_on_page=303, clock=399, player_state=0x0B),
        ram_with(x_on_page=303, clock=399, player_state=0x06),
        ram_with(x_on_page=303, clock=399, y_viewport=2),
        ram_with(x_on_page=303, clock=399),
        ram_with(x_on_page=303, clock=399, y_viewport=2),
    ]
    # A death is paid for once, however many frames it takes.
    assert reward("v7", *frames) == [3, -3, 0, 0, 5, -5, 0, 0, -15, 0, 0, 0, -15]


def test_reward_v9():
    frames = [
        ram_with(x_on_page=40, clock=400, coins=99),
        ram_with(x_on_page=43, clock=400, coins=99),
        ram_with(x_on_page=40, clock=400, coins=99),  # back: no loss
        ram_with(x_on_page=44, clock=399, coins=99),  # 1 px past the furthest, a unit of the clock
        ram_with(x_on_page=44, clock=399, coins=0),  # the hundredth coin
        ram_with(x_on_page=44, clock=399, score=1000),
        ram_with(x_on_page=44, clock=399, score=1000, power_up=1),
        ram_with(x_on_page=44, clock=399, score=1000, power_up=0),
        ram_with(x_on_page=44, clock=399, score=1000, game_mode=2),
        ram_with(x_on_page=44, clock=399, score=1000, game_mode=2),  # only once
    ]
    assert reward("v9", *frames) == [3, 0, 0, 5, 10, 5, -5, 15, 0]


def test_a_progress_that_was_saved_pays_again_for_what_comes_next():
    before, after = ram_with(x_on_page=40), ram_with(x_on_page=43, score=100)
    progress = Progress()
    progress.begin(before)
    saved = progress.to_list()
    paid = progress.advance(after)
    assert (paid[TERMS.index("x")], paid[TERMS.index("score")]) == (3, 100)
    progress.from_list(saved)
    assert progress.advance(after) == paid
    for wrong in (saved[:-1], [*saved, 0], [*saved[:-1], "1"]):
        with pytest.raises(ValueError, match="not a progress"):
            progress.from_list(wrong)


def test_the_furthest_point_is_that_of_a_life_in_a_stage():
    frames = [
        ram_with(x_on_page=400, lives=2),
        ram_with(x_on_page=40, lives=1),
        ram_with(x_on_page=43, lives=1),
        ram_with(x_on_page=20, lives=1, stage=1),
        ram_with(x_on_page=22, lives=1, stage=1),
    ]
    assert reward("v9", *frames) == [0, 3, 0, 2]


def test_an_attempt_begins_when_the_player_can_act():
    frames = [
        ram_with(x_on_page=400, lives=2),
        ram_with(x_on_page=400, lives=1, player_state=0x06),  # counted, still where he died
        ram_with(x_on_page=400, lives=1, player_state=0x00, task=0),
        ram_with(x_on_page=40, lives=1, player_state=0x07),
        ram_with(x_on_page=40, lives=1),
        ram_with(x_on_page=43, lives=1),
        ram_with(x_on_page=41, lives=1),
        ram_with(x_on_page=41, lives=2),  # a life more is no attempt
        ram_with(x_on_page=44, lives=2),
        ram_with(x_on_page=44, lives=2, stage=1, game_mode=1, task=0),  # behind a castle
        ram_with(x_on_page=20, lives=2, stage=1),
        ram_with(x_on_page=22, lives=2, stage=1),
    ]
    progress = Progress()
    progress.begin(frames[0])
    paid = [progress.advance(ram)[TERMS.index("progress")] for ram in frames[1:]]
    assert paid == [0, 0, 0, 0, 3, 0, 0, 1, 0, 0, 2]


def test_falling_out_of_the_clouds_is_no_death():
    falls = ram_with(y_viewport=2, in_clouds=1)
    assert not smb.is_dying(falls)
    assert smb.in_scene(falls)
    assert smb.is_eventful(falls)
    for dies in (ram_with(y_viewport=2), ram_with(y_viewport=2, in_clouds=1, time_is_up=1)):
        assert smb.is_dying(dies)
        assert not smb.in_scene(dies)


def test_an_area_that_is_being_made_is_a_scene():
    assert smb.in_scene(ram_with(game_mode=1, task=0))
    assert not smb.in_scene(ram_with(game_mode=1))


def test_other_rewards_and_wrong_ones():
    frames = [ram_with(x_on_page=40), ram_with(x_on_page=44, score=20), ram_with(game_mode=2)]
    assert reward("distance", *frames) == [0.25, 0]
    assert reward("score", *frames) == [20, 0]
    assert reward("sparse", *frames) == [0, 1]
    assert reward_rule({"goal": 2.0}).weights[TERMS.index("goal")] == 2.0
    for bad, words in (
        ("v8", "there are v7, v9"),
        ({"speed": 1.0}, "unknown reward term 'speed'"),
        ({"x": float("nan")}, "finite"),
        ({"x": "much"}, "finite"),
        (["x"], "mapping of weights for x, progress"),
    ):
        with pytest.raises(OptionError, match=words):
            reward_rule(bad)  # type: ignore[arg-type]
    assert set(REWARDS) == {"v7", "v9", "distance", "score", "sparse"}


def test_tiles_made_by_hand():
    ram = ram_with(x_on_page=300, y=176, screen_page=1, screen_x_on_page=0)
    # Column 17 of the level lies in the second page; column 32 is column 0 of the first again.
    ram[Address.TILES + 13 * 16 + 12 * 16 + 1] = 0x54
    ram[Address.ENEMY_ACTIVE + 2] = 1
    ram[Address.ENEMY_PAGE + 2], ram[Address.ENEMY_X_ON_PAGE + 2] = 1, 100
    ram[Address.ENEMY_Y + 2] = 184
    tiles = np.full((13, 16), 9, np.int8)
    write_tiles(ram, tiles)
    expected = np.zeros((13, 16), np.int8)
    expected[12, 1] = 1
    expected[10, 3] = 2  # (300 + 8) // 16 - 16
    expected[10, 6] = -1
    assert np.array_equal(tiles, expected)


def retro_states() -> list[tuple[str, bytes]]:
    """RAM of the real game at the starts of stages, from stable-retro's saved states."""
    retro = pytest.importorskip("stable_retro")
    folder = Path(retro.__file__).parent / "data/stable/SuperMarioBros-Nes-v0"
    states = []
    for file in sorted(folder.glob("Level?-?.state")):
        data = gzip.decompress(file.read_bytes())
        at = data.find(b"RAM\0\0\x08\0\0") + 8
        if at >= 8:
            states.append((file.stem.removeprefix("Level"), data[at : at + 2048]))
    return states


def test_the_map_reads_the_real_games_ram():
    states = retro_states()
    if not states:
        pytest.skip("this stable-retro carries no states of the game")
    for name, ram in states:
        stage = f"{ram[Address.WORLD] + 1}-{ram[Address.STAGE] + 1}"
        assert stage == name
        assert ram[Address.GAME_MODE] == smb.GameMode.PLAYING
        world, number = map(int, name.split("-"))
        assert ram[Address.AREA] + 1 == smb.area_of_stage(world, number)
        assert 0 < smb.clock(ram) <= 401
        assert 0 <= smb.coins(ram) < 100
        assert not smb.is_dying(ram)
        assert not smb.is_game_over(ram)
        assert not smb.is_stage_cleared(ram)
        assert smb.x_px(ram) < 300
        tiles = np.zeros((13, 16), np.int8)
        write_tiles(ram, tiles)
        assert (tiles == 2).sum() == 1
    scores = {name: smb.score(ram) for name, ram in states}
    # Three stages and 52 coins; the digits one place off would say half a million.
    assert scores.get("1-4", 49_900) == 49_900
    assert scores.get("1-1", 0) == 0
