import pickle
from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite.datasets.tapes import Tapes, joined, statistics, tapes_of_replays
from gym_mario_suite.datasets.tapes_json import load_tapes_json, save_tapes_json
from gym_mario_suite.dream.facts import FACT
from gym_mario_suite.dream.frames import resized, to_frames, to_model
from gym_mario_suite.dream.hints import HintMap
from gym_mario_suite.dream.presets import multi_hot
from gym_mario_suite.dream.step_evaluation import HELD_OUT
from gym_mario_suite.dream.tape_player import TapePlayer
from gym_mario_suite.dream.windows import FrameWindows, TapeWindows, targets_of
from gym_mario_suite.engine.draw import Renderer
from gym_mario_suite.engine.world import Kind, Status
from gym_mario_suite.errors import DatasetError, ReplayMismatch


def test_frames_stay_in_range_whatever_a_model_says() -> None:
    values = np.array([-9.0, -1.0, 0.0, 1.0, 1.004, 9.0], np.float32).reshape(1, 1, 6).repeat(3, 0)
    assert to_frames(values)[0, :, 0].tolist() == [0, 0, 128, 255, 255, 255]
    frames = np.arange(256, dtype=np.uint8).reshape(1, 256, 1).repeat(3, 2)
    assert np.array_equal(to_frames(to_model(frames)), frames)


def test_no_pixel_wraps_around_when_sizes_change() -> None:
    # The earlier system's resizing overshot at edges like this one, and wrapped around.
    frame = np.zeros((240, 320, 3), np.uint8)
    frame[:, 160:] = 255
    small = resized(frame, 60, 64)
    assert small[:, :32].max() == 0
    assert small[:, 32:].min() == 255
    checks = np.indices((240, 320)).sum(0) % 2 * 255
    mean = resized(checks[..., None].repeat(3, 2).astype(np.uint8), 120, 160)
    assert np.abs(mean.astype(int) - 128).max() <= 1


def test_frames_of_tapes_are_the_renderer_s(tapes: Tapes) -> None:
    player = TapePlayer(tapes, 120, 160)
    pieces = player.pieces(np.array([3]), np.array([10]), 5)
    game = tapes.game(3)
    keys = tapes.keys_of(3)
    for tick in keys[:11].tolist():
        game.tick(tick)
    renderer = Renderer()
    theme = int(tapes.episodes[3]["level_type"])
    for k in range(5):
        drawn = renderer.rgb_half(game.image, game.worlds, 0, theme, False)
        assert np.array_equal(pieces.frames[0, k], drawn)
        assert np.array_equal(
            pieces.scenery[0, k], renderer.scenery_half(game.image, game.worlds, 0, theme)
        )
        assert pieces.facts[0, k, FACT["x"]] == game.x
        assert pieces.facts[0, k, FACT["clock"]] == game.worlds[0]["start_time"]
        assert pieces.facts[0, k, FACT["theme"]] == theme
        if k < 4:
            assert pieces.keys[0, k] == keys[11 + k]
            game.tick(int(keys[11 + k]))


def test_the_nearest_creature_is_noted(tapes: Tapes) -> None:
    player, beside = TapePlayer(tapes, 60, 64), 0
    creatures = range(Kind.GOOMBA, Kind.SHELL + 1)
    for index in range(min(4, len(tapes))):
        ticks = int(tapes.episodes["ticks"][index])
        facts = player.pieces(np.array([index]), np.array([0]), ticks).facts[0]
        game = tapes.game(index)
        for keys, noted in zip(tapes.keys_of(index).tolist(), facts, strict=True):
            game.tick(keys)
            world = game.worlds[0]
            mario = world["players"][0]["body"]
            listed = world["sprites"][world["order"][: world["n_sprites"]]]
            near = [
                (max(abs(s["x"] - mario["x"]), abs(s["y"] - mario["y"])), s)
                for s in listed
                if s["kind"] in creatures and s["dead_time"] <= 0 and not s["carried"]
            ]
            near = [(far, s) for far, s in near if far < 40]
            assert noted[FACT["near"]] == bool(near)
            if near:
                beside += 1
                nearest = min(near, key=lambda pair: pair[0])[1]
                assert noted[FACT["near_x"]] == nearest["x"] - mario["x"]
                assert noted[FACT["near_y"]] == nearest["y"] - mario["y"]
                assert noted[FACT["near_speed_x"]] == nearest["xa"]
    assert beside > 20


def test_no_window_crosses_a_reset_and_deaths_are_ends(tapes: Tapes) -> None:
    windows = TapeWindows(tapes, 60, 64, end_share=0.3)
    episodes, begins = windows.choose(0, 0, 200, 6)
    assert (begins >= 0).all()
    assert (begins + 6 <= tapes.episodes["ticks"][episodes]).all()
    pieces = windows.batch(0, 0, 200, 6)
    status = pieces.facts[..., FACT["status"]]
    # Within a window the game runs; only its last frame may be an end.
    assert (status[:, :-1] == Status.RUNNING).all()
    done = targets_of(pieces.facts).done
    assert done[:, :-1].sum() == 0
    assert np.array_equal(done[:, -1] > 0, status[:, -1] != Status.RUNNING)
    assert done[:, -1].sum() > 50
    # A camera that jumps back would be a reset.
    assert (np.diff(pieces.facts[..., FACT["camera"]], axis=1) > -40).all()


def test_windows_are_a_function_of_seed_and_number(tapes: Tapes) -> None:
    one, many = (TapeWindows(tapes, 60, 64, threads=threads) for threads in (1, 3))
    first = one.batch(5, 7, 70, 5)
    for part, other in zip(first, many.batch(5, 7, 70, 5), strict=True):
        assert np.array_equal(part, other)
    assert not np.array_equal(first.frames, one.batch(5, 8, 70, 5).frames)
    with pytest.raises(DatasetError, match="no episode has 5000 frames"):
        one.batch(0, 0, 4, 5000)


def test_targets_say_what_happened(tapes: Tapes) -> None:
    player = TapePlayer(tapes, 60, 64)
    index = int(np.flatnonzero(tapes.episodes["status"] == Status.DEAD)[0])
    length = int(tapes.episodes["ticks"][index])
    pieces = player.pieces(np.array([index]), np.array([0]), length)
    targets = targets_of(pieces.facts)
    assert targets.done[0].tolist() == [0.0] * (length - 2) + [1.0]
    assert targets.won[0, -1] == 0
    assert (targets.won[0, :-1] == -1).all()
    assert targets.power[0, -1] == 3
    way = pieces.facts[0, -1, FACT["x"]] - pieces.facts[0, 0, FACT["x"]]
    assert targets.reward[0].sum() == pytest.approx(way / 16, abs=1e-3)


def test_buttons_become_switches() -> None:
    assert multi_hot(np.array([0, 2 | 8, 32])).tolist() == [
        [0, 0, 0, 0, 0, 0],
        [0, 1, 0, 1, 0, 0],
        [0, 0, 0, 0, 0, 1],
    ]


def test_hints_of_a_level_are_those_of_the_training(tapes: Tapes) -> None:
    player = TapePlayer(tapes, 60, 64)
    index = 4
    level = tapes.replay(index).level
    pieces = player.pieces(np.array([index]), np.array([0]), 1)
    tiles, place = HintMap(level).around(int(pieces.facts[0, 0, FACT["camera"]]))
    # Nothing has changed yet in the level.
    assert np.array_equal(tiles, pieces.hints[0, 0])
    assert place.tolist() == [0, 1]
    assert tiles[..., 0].any()


def test_tapes_are_kept_joined_and_proved(tapes: Tapes, tmp_path: Path) -> None:
    tapes.save(tmp_path / "a.npz")
    again = Tapes.load(tmp_path / "a.npz")
    assert again.digest() == tapes.digest()
    replay = tapes.replay(2)
    assert replay.keys == tapes.keys_of(2).tobytes()
    replay.save(tmp_path / "a.mario")
    back = tapes_of_replays([tmp_path / "a.mario"])
    for name in ("seed", "difficulty", "level_type", "mode", "ticks", "status", "state"):
        assert back.episodes[0][name] == tapes.episodes[2][name]
    both = joined([tapes, back])
    assert np.array_equal(both.keys_of(len(tapes)), tapes.keys_of(2))
    assert statistics(both)["ticks"] == tapes.ticks + len(replay.keys)
    wrong = Tapes(tapes.episodes.copy(), tapes.keys, tapes.players)
    wrong.episodes["state"][2] ^= 1
    with pytest.raises(ReplayMismatch):
        wrong.replay(2)


def test_damaged_tapes_are_refused(tapes: Tapes, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="there are no tape files"):
        Tapes.load(tmp_path)
    with pytest.raises(DatasetError, match="cannot read"):
        Tapes.load(tmp_path / "missing.npz")
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(DatasetError, match="no tape file"):
        Tapes.load(tmp_path / "text.npz")
    # An array of objects would be a pickle.
    np.savez(tmp_path / "pickle.npz", version=1, episodes=np.array([{}], object), keys=[0])
    with pytest.raises(DatasetError, match="no tape file"):
        Tapes.load(tmp_path / "pickle.npz")
    (tmp_path / "bare.npz").write_bytes(pickle.dumps({}))
    with pytest.raises(DatasetError, match="no tape file"):
        Tapes.load(tmp_path / "bare.npz")
    rows = tapes.episodes.copy()
    rows["ticks"][-1] += 1
    with pytest.raises(DatasetError, match="outside the keys"):
        Tapes(rows, tapes.keys, tapes.players)


def test_the_held_out_episodes_are_what_they_were(tmp_path: Path) -> None:
    held_out = load_tapes_json(HELD_OUT)
    assert len(held_out) == 96
    assert set(held_out.episodes["difficulty"].tolist()) == {4, 7}
    held_out.replay(5)
    save_tapes_json(tmp_path / "again.json", held_out, "note")
    assert load_tapes_json(tmp_path / "again.json").digest() == held_out.digest()
    text = (tmp_path / "again.json").read_text().replace('"mode": 2', '"mode": 1', 1)
    (tmp_path / "changed.json").write_text(text)
    with pytest.raises(DatasetError, match="not those of the digest"):
        load_tapes_json(tmp_path / "changed.json")


def test_windows_of_recorded_pictures_stay_within_episodes() -> None:
    from gym_mario_suite.datasets.diamond_hdf5 import RecordedFrames

    episodes = []
    for number in (1, 2):
        frames = np.full((9, 60, 64, 3), 100 * number, np.uint8)
        ends = np.array([False] * 7 + [True])
        episodes.append(RecordedFrames(frames, np.zeros(8, np.uint8), np.zeros(8), ends))
    windows = FrameWindows(episodes, 60, 64)
    pieces = windows.batch(0, 0, 40, 5)
    values = pieces.frames.reshape(40, -1)
    assert (values.min(1) == values.max(1)).all()
    assert set(values[:, 0].tolist()) == {100, 200}
    assert targets_of(pieces.facts).done[:, :-1].sum() == 0
