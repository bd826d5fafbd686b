import math
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gym_mario_suite.datasets.tapes import Tapes, joined  # noqa: E402
from gym_mario_suite.datasets.tapes_json import load_tapes_json  # noqa: E402
from gym_mario_suite.dream.evaluation import Evaluation  # noqa: E402
from gym_mario_suite.dream.facts import FACT  # noqa: E402
from gym_mario_suite.dream.memory import HURT_TICKS, INVULNERABLE_UNIT  # noqa: E402
from gym_mario_suite.dream.metrics import (  # noqa: E402
    average_precision,
    calibration_error,
    changed_pixels,
    frechet_distance,
    interval,
    psnr,
    shift_of,
    shifted,
    squared_errors,
    ssim,
)
from gym_mario_suite.dream.presets import CONTEXT, HEAD_SIZE, head_slices  # noqa: E402
from gym_mario_suite.dream.probes import Probes, Sighting, deeds, mario_px  # noqa: E402
from gym_mario_suite.dream.rollouts import forked, roll_out  # noqa: E402
from gym_mario_suite.dream.runtime import OnnxModel  # noqa: E402
from gym_mario_suite.dream.step_evaluation import (  # noqa: E402
    COPY,
    ENGINE,
    HELD_OUT,
    SHIPPED_PROBES,
    VELOCITY,
    EvalOptions,
    like_held_out,
)
from gym_mario_suite.dream.tape_player import Pieces, TapePlayer  # noqa: E402
from gym_mario_suite.dream.windows import TapeWindows  # noqa: E402
from gym_mario_suite.errors import DatasetError, WeightsError  # noqa: E402

# Names that others read: they never change.
NAMES = {
    *("psnr_next", "psnr_changed", "track_px_50", "track_px_200", "action_following"),
    *("counterfactual_sign", "done_ap", "false_deaths_per_1000", "one_mario_at_1000"),
    "moves_wrong",
}


def test_measures_of_pictures() -> None:
    black = np.zeros((2, 16, 16, 3), np.uint8)
    grey = black + np.uint8(16)
    assert psnr(float(squared_errors(black, black).mean())) == 100
    assert psnr(float(squared_errors(black, grey).mean())) == pytest.approx(24.05, abs=0.01)
    assert np.isnan(psnr(math.nan)), "of no pixels"
    assert ssim(black, black) == pytest.approx(1)
    assert ssim(black, np.random.default_rng(0).integers(0, 256, black.shape, np.uint8)) < 0.2
    assert not changed_pixels(black, black + np.uint8(8)).any()
    assert changed_pixels(black, black + np.uint8(9)).all()


def test_a_shift_is_found_and_undone() -> None:
    wide = np.random.default_rng(0).integers(0, 256, (3, 20, 60, 3), dtype=np.uint8)
    before = wide[:, :, 10:50]
    by = np.array([-4, 0, 6])
    after = np.stack([wide[i, :, 10 + by[i] : 50 + by[i]] for i in range(3)])
    assert shift_of(before, after).tolist() == by.tolist()
    assert np.array_equal(shifted(before, by)[:, :, 8:-8], after[:, :, 8:-8])


def test_measures_of_decisions() -> None:
    truth = np.array([True, False, True, False])
    assert average_precision(truth, np.array([0.9, 0.8, 0.7, 0.1])) == pytest.approx(
        (1 + 2 / 3) / 2
    )
    assert np.isnan(average_precision(np.zeros(3, bool), np.ones(3)))
    # Of equal scores none comes first: an answer that is always the same has the share of the true.
    assert average_precision(truth, np.zeros(4)) == 0.5
    assert average_precision(truth, np.array([0.9, 0.9, 0.5, 0.5])) == 0.5
    assert calibration_error(truth, np.full(4, 0.5)) == pytest.approx(0)
    assert calibration_error(truth, np.ones(4)) == pytest.approx(0.5)
    low, high = interval(np.arange(101.0))
    assert low < 50 < high
    features = np.random.default_rng(0).normal(size=(500, 4))
    assert frechet_distance(features, features) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(features, features + 3) == pytest.approx(4 * 9, rel=1e-6)


def test_deeds_are_direction_and_jump() -> None:
    assert deeds(np.array([0, 1, 2, 8, 9, 26])).tolist() == [2, 0, 4, 3, 1, 5]


def test_probes_learn_to_find_mario(tapes: Tapes, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    windows = TapeWindows(tapes, 60, 64)
    probes = Probes(60, 64)
    pieces = windows.batch(9, 0, 60, 2)
    x, y = mario_px(pieces.facts[:, 1], 60, 64)
    probes.train(windows, 200, batch=8)
    seen = probes.find(pieces.frames[:, 1])
    off = np.hypot(seen.x - x, seen.y - y)
    assert np.median(off) < 1.5
    probes.save(tmp_path / "p.safetensors")
    other = Probes(60, 64)
    other.load(tmp_path / "p.safetensors")
    a, b = probes.find(pieces.frames[:, 1]), other.find(pieces.frames[:, 1])
    assert np.array_equal(a.x, b.x)
    # Their weights have the same shapes.
    with pytest.raises(WeightsError, match="probes for frames of 64x60 px"):
        Probes(120, 160).load(tmp_path / "p.safetensors")


def test_weights_of_something_else_are_no_probes(tiny_files: Path) -> None:
    with pytest.raises(WeightsError, match="not those of probes"):
        Probes(60, 64).load(tiny_files / "tiny.safetensors")
    Probes(120, 160).load(SHIPPED_PROBES)


def test_a_rollout_follows_the_tape(tiny_files: Path, tapes: Tapes) -> None:
    rolled = roll_out(OnnxModel(tiny_files / "tiny.onnx"), tapes, 3, 6)
    assert rolled.dreamt.shape == (3, 7, 60, 64, 3)
    assert np.array_equal(rolled.dreamt[:, 0], rolled.truth.frames[:, 0])
    assert rolled.truth.keys.shape == (3, 6)
    assert np.array_equal(
        roll_out(OnnxModel(tiny_files / "tiny.onnx"), tapes, 3, 6).dreamt, rolled.dreamt
    )


def test_forks_are_the_game_with_other_buttons(tapes: Tapes) -> None:
    held = np.array([0, 9, 2], np.uint8)
    forks = forked(tapes, 3, 40, held, 6)
    assert forks.episodes["ticks"].tolist() == [46, 46, 46]
    facts = TapePlayer(forks, 60, 64).pieces(np.arange(3), np.full(3, 39), 7).facts
    game = tapes.game(3)
    for pressed in tapes.keys_of(3)[:40].tolist():
        game.tick(pressed)
    assert (facts[:, 0, FACT["x"]] == game.x).all()
    for row, keys in enumerate(held.tolist()):
        fork = game.clone()
        for _ in range(6):
            fork.tick(keys)
        assert facts[row, -1, FACT["x"]] == fork.x
        assert facts[row, -1, FACT["y"]] == fork.y


def test_mario_stays_where_he_was_seen_last(tiny_files: Path, tapes: Tapes) -> None:
    evaluation = Evaluation(OnnxModel(tiny_files / "tiny.onnx"), "tiny", EvalOptions(), tapes)
    seen = Sighting(
        np.array([8.0, 12, 50, 14]), np.array([40.0, 44, 3, 48]), np.array([1, 1, 0, 2])
    )
    evaluation.probes.find = lambda frames: seen  # type: ignore[method-assign]
    still = np.zeros(3, np.int64)
    evaluation.probes.read = lambda before, after: (still, still)  # type: ignore[method-assign]
    x, y = evaluation._paths(np.zeros((1, 4, 60, 64, 3), np.uint8))
    # A frame of 64x60 px shows 320x240 px of the engine.
    assert x.tolist() == [[0, 20, 20, 30]]
    assert y.tolist() == [[0, 16, 16, 32]]


def test_hurts_that_are_said_and_hurts_that_are(tiny_files: Path, tapes: Tapes) -> None:
    evaluation = Evaluation(OnnxModel(tiny_files / "tiny.onnx"), "tiny", EvalOptions(), tapes)
    evaluation.tapes = tapes
    pieces = TapeWindows(tapes, 60, 64, end_share=0).batch(0, 0, 30, CONTEXT + 1)

    def figures(ticks: float) -> list[float]:
        def says(windows: Pieces) -> tuple[None, np.ndarray]:
            heads = np.zeros((len(windows.frames), HEAD_SIZE), np.float32)
            heads[:, head_slices()["invulnerable"]] = ticks / INVULNERABLE_UNIT
            return None, heads

        evaluation._predict = says  # type: ignore[assignment,method-assign]
        return [r["value"] for r in evaluation._hurts(pieces, says(pieces)[1])]

    assert figures(0) == [0, 0]
    assert figures(HURT_TICKS) == [1, 1000]


def test_other_episodes_are_chosen_like_the_held_out_ones(tmp_path: Path) -> None:
    held_out = load_tapes_json(HELD_OUT)
    joined([held_out, held_out]).save(tmp_path / "many.npz")
    chosen = like_held_out(tmp_path / "many.npz")
    assert len(chosen) == len(held_out)
    assert set(chosen.episodes["seed"]) <= set(held_out.episodes["seed"])
    assert np.array_equal(
        like_held_out(tmp_path / "many.npz").episodes["first"], chosen.episodes["first"]
    )
    Tapes(held_out.episodes[:50], held_out.keys, held_out.players).save(tmp_path / "few.npz")
    with pytest.raises(DatasetError, match="are like the held-out ones, 96 are needed"):
        like_held_out(tmp_path / "few.npz")


@pytest.mark.slow
def test_the_evaluation_gives_the_named_figures(tiny_files: Path) -> None:
    torch.set_num_threads(1)
    options = EvalOptions(
        windows=12, rollouts=1, steps=200, long_rollouts=1, forks=1, probe_steps=3
    )
    evaluation = Evaluation(OnnxModel(tiny_files / "tiny.onnx"), "tiny", options)
    evaluation.prepare()
    records = [record for part in evaluation.run() for record in part]
    assert {r["metric"] for r in records} >= NAMES
    assert all({"model", "metric", "value", "n"} <= set(r) for r in records)
    figures = {(r["model"], r["metric"]): r["value"] for r in records}
    assert figures[ENGINE, "psnr_next"] == 100
    assert figures[COPY, "psnr_next"] < figures[VELOCITY, "psnr_next"] + 3 < 60
    assert figures[ENGINE, "scrolling_share"] >= 0.5
    assert figures["tiny+hint", "track_px_50"] is not None
    assert (ENGINE, "counterfactual_sign") in figures
