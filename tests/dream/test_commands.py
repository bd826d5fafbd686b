"""`mario dream`: from tapes to a model that dreams."""

import json
import signal
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
from typer.testing import CliRunner, Result

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402

from gym_mario_suite import cli  # noqa: E402
from gym_mario_suite.datasets.tapes import Tapes  # noqa: E402
from gym_mario_suite.dream import upsampling  # noqa: E402
from gym_mario_suite.dream.presets import UpsamplerConfig  # noqa: E402
from gym_mario_suite.dream.step_evaluation import EvalOptions  # noqa: E402
from gym_mario_suite.dream.training import CHECKPOINT, Trainer  # noqa: E402
from gym_mario_suite.dream.weights import averages_of, load_model  # noqa: E402


def mario(*arguments: object) -> Result:
    return CliRunner().invoke(
        cli.app, ["dream", *map(str, arguments)], catch_exceptions=False, standalone_mode=False
    )


def error_of(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    with pytest.raises(SystemExit) as end:
        cli.main(["dream", *map(str, arguments)])
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    return told


@pytest.fixture(scope="module")
def trained(tapes: Tapes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tapes, the run of a tiny model and what was exported of it."""
    folder = tmp_path_factory.mktemp("dream")
    (folder / "tapes").mkdir()
    tapes.save(folder / "tapes" / "all.npz")
    command = ("train", "--data", folder / "tapes", "--out", folder / "run", "--model", "tiny")
    command = (*command, "--steps", 3, "--batch", 2, "--law-moments", 200)
    first = mario(*command).output
    assert "step 3 of 3" in first
    assert "laws of motion: all moments follow one but" in first
    # The same command goes on; here there is nothing left to do.
    assert "step 3 of 3, 6 predictions" in mario(*command).output
    second = (*command, "--stage", "rollout", "--start", folder / "run", "--horizon", 2)
    assert "step 3 of 3, 18 predictions" in mario(*second, "--out", folder / "second").output
    exported = mario("export", folder / "second", "--out", folder / "mine", "--note", "A test.")
    assert "mine.onnx" in exported.output
    return folder


def test_ctrl_c_in_a_step_waits_for_its_end(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, steps = Trainer._step, []

    def interrupted(self: Trainer, *batches: Any) -> None:
        steps.append(self.progress.step)
        if steps == [0, 1]:
            signal.raise_signal(signal.SIGINT)
        step(self, *batches)

    monkeypatch.setattr(Trainer, "_step", interrupted)
    out = tmp_path / "run"
    command = ["train", "--data", str(trained / "tapes"), "--out", str(out), "--model", "tiny"]
    command += ["--steps", "3", "--batch", "2", "--law-moments", "200"]
    stopped = CliRunner().invoke(cli.app, ["dream", *command])
    assert (stopped.exit_code, "interrupted" in stopped.output) == (130, True)
    assert "step 2 of 3" in stopped.output
    assert "step 3 of 3" in mario(*command).output
    assert steps == [0, 1, 2]
    whole, parts = (load_file(folder / CHECKPOINT) for folder in (trained / "run", out))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_a_training_leaves_what_tensorboard_shows(trained: Path) -> None:
    assert list((trained / "run").glob("events.out.tfevents.*"))


def test_an_exported_model_knows_where_it_comes_from(trained: Path) -> None:
    for name in ("mine.onnx", "mine.safetensors"):
        card = json.loads(mario("card", trained / name).output)
        assert card["config"]["name"] == "tiny"
        assert card["note"] == "A test."
        assert card["predictions"] == 18


def test_of_several_checkpoints_the_mean_is_exported(trained: Path, tmp_path: Path) -> None:
    runs = trained / "run", trained / "second"
    mario("export", *runs, "--out", tmp_path / "mean")
    made = load_model(tmp_path / "mean.safetensors")[0].state_dict()
    (one, _), (other, _) = (averages_of(run / CHECKPOINT) for run in runs)
    for name, tensor in made.items():
        if tensor.is_floating_point():
            mean = (one[name] + other[name]) / 2
            assert torch.allclose(tensor, mean, atol=1e-3, rtol=2e-3), name


def test_an_exported_model_dreams(trained: Path) -> None:
    env = gym.make("MarioDream-v0", model=str(trained / "mine.onnx"))
    first, _ = env.reset(seed=0)
    second, *_ = env.step(3)
    assert first.shape == second.shape
    env.close()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("train --device foo", "device must be auto, cpu, cuda or cuda:NUMBER, got 'foo'"),
        ("train --device cuda:99", "torch cannot use cuda:99"),
        ("train --threads 0", "--threads must be a whole number from 1"),
        ("train --seed -1", "seed must be a whole number from 0"),
        ("train --seed 99999999999", "seed must be a whole number from 0"),
        ("train --model upsampler --seed -1", "seed must be a whole number from 0"),
        ("train --model upsampler --batch 0", "batch must be a whole number from 1"),
        ("train --rate -1", "rate must be a number from"),
        ("train --rate nan", "rate must be a number from"),
        ("train --steps 0 --minutes nan", "minutes must be a number from 0"),
        ("train --max-minutes -1", "--max-minutes must be a number from 0"),
        ("probes --steps 0", "--steps must be a whole number from 1"),
        ("probes --threads 0", "--threads must be a whole number from 1"),
    ],
)
def test_numbers_and_devices_that_cannot_be_are_told_first(
    words: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # There are no such tapes, which would be told of next.
    data = ("--data", tmp_path / "none", "--out", tmp_path / "out")
    assert told in error_of(capsys, *words.split(), *data)
    assert not list(tmp_path.iterdir())


def test_the_shares_of_a_run_stay_as_they_are(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("train", "--data", trained / "tapes", "--out", trained / "run", "--model", "tiny")
    command = (*command, "--steps", 3, "--batch", 2, "--law-moments", 200)
    assert "made with other --end-share" in error_of(capsys, *command, "--end-share", 0.5)


def test_names_with_points_are_names_of_their_own(trained: Path, tmp_path: Path) -> None:
    for name in ("m-0.5", "m-0.9.onnx"):
        mario("export", trained / "run", "--out", tmp_path / name)
    stems = ("m-0.5", "m-0.9")
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{stem}{suffix}" for stem in stems for suffix in (".onnx", ".safetensors")
    }


@pytest.mark.parametrize("threshold", ["7", "nan", "0", "-0.5"])
def test_thresholds_that_are_no_probabilities(
    threshold: str, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("export", trained / "run", "--out", tmp_path / "m", "--threshold", threshold)
    assert "--threshold must be" in error_of(capsys, *words)
    absent = ("export", trained / "run", "--out", tmp_path / "absent" / "m")
    assert "cannot write" in error_of(capsys, *absent)


def test_a_model_is_no_checkpoint(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("export", trained / "mine.safetensors", "--out", tmp_path / "m")
    assert "no checkpoint of `mario dream train`" in error_of(capsys, *words)


def test_ctrl_c_while_the_upsampler_trains_keeps_what_was_learnt(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = UpsamplerConfig(
        channels=(8,) * 4, depths=(1,) * 4, attention=(False,) * 4, condition=16, steps=2
    )
    monkeypatch.setattr("gym_mario_suite.dream.presets.UpsamplerConfig", lambda: small)
    loss, calls = upsampling.upsampling_loss, []

    def interrupted(*given: Any) -> Any:
        calls.append(given[-1])
        if len(calls) == 1:
            signal.raise_signal(signal.SIGINT)
        return loss(*given)

    monkeypatch.setattr(upsampling, "upsampling_loss", interrupted)
    command = ["train", "--data", trained / "tapes", "--out", tmp_path, "--model", "upsampler"]
    words = [*map(str, command), "--steps", "2", "--batch", "1"]
    stopped = CliRunner().invoke(cli.app, ["dream", *words])
    assert (stopped.exit_code, "interrupted" in stopped.output) == (130, True)
    assert [path.name for path in tmp_path.iterdir()] == [upsampling.CHECKPOINT]
    assert "2 steps" in mario(*words).output
    assert calls == [0, 1]
    upsampling.load_upsampler(tmp_path / "upsampler.safetensors")


def test_what_cannot_be_done_is_one_line(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ("--data", trained / "tapes", "--out", tmp_path / "run", "--model", "tiny")
    assert "stage must be one of" in error_of(capsys, "train", *data, "--stage", "third")
    assert "unknown preset" in error_of(capsys, "train", *data, "--model", "huge")
    assert "share of ends" in error_of(capsys, "train", *data, "--end-share", 2)
    assert "'huge'; shipped are xs" in error_of(capsys, "train", *data, "--start", "huge")
    assert "law_moments" in error_of(capsys, "train", *data, "--law-moments", 0)
    assert "upsampler needs" in error_of(
        capsys, "train", *data, "--model", "upsampler", "--steps", 0
    )
    assert str(tmp_path / "none") in error_of(capsys, "export", tmp_path / "none", "--out", "a")
    card = ("export", trained / "run", "--out", tmp_path / "a", "--card", tmp_path / "none")
    assert "cannot read" in error_of(capsys, *card)
    assert "there is no model" in error_of(capsys, "card", "huge")
    assert "--from-replay or --from-image" in error_of(capsys, "spawn", "--out", "a.npz")
    assert "ends in .npz" in error_of(capsys, "spawn", "--out", "a", "--from-image", "b.png")
    picture = ("spawn", "--out", tmp_path / "a.npz", "--from-image", tmp_path / "none.png")
    assert "cannot read" in error_of(capsys, *picture)
    assert not list(tmp_path.glob("a*"))


@pytest.mark.parametrize(
    "words",
    [
        "eval none.onnx --json",
        "eval none.onnx --probes",
        "probes --data none --out",
        "data none --json",
    ],
)
def test_a_place_that_cannot_be_written_is_told_before_the_work(
    words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "cannot write" in error_of(capsys, *words.split(), tmp_path / "absent" / "file")


def test_a_transfer_that_cannot_be_written_is_not_begun(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("transfer", "--steps", 0, "--json", tmp_path / "absent" / "file")
    assert "cannot write" in error_of(capsys, *words)


@pytest.mark.slow
def test_an_exported_model_is_measured(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = EvalOptions(windows=12, rollouts=1, long_rollouts=1, forks=1, probe_steps=3)
    monkeypatch.setattr(EvalOptions, "quick", classmethod(lambda cls, threads: few))
    target = tmp_path / "figures.json"
    shown = mario("eval", trained / "mine.onnx", "--quick", "--json", target).output
    assert "psnr_next" in shown
    assert "track_px_50" in {row["metric"] for row in json.loads(target.read_text())}
    card = ("export", trained / "run", "--out", tmp_path / "b", "--card", target)
    assert "b.onnx" in mario(*card).output
