import itertools
from pathlib import Path
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from gym_mario_suite.datasets.tapes import Tapes, TapeWriter  # noqa: E402
from gym_mario_suite.dream.losses import denoising_loss, rollout_loss, to_batch  # noqa: E402
from gym_mario_suite.dream.motion_loss import motion_loss  # noqa: E402
from gym_mario_suite.dream.network import Denoiser  # noqa: E402
from gym_mario_suite.dream.presets import STAGES, preset  # noqa: E402
from gym_mario_suite.dream.train_options import TrainOptions  # noqa: E402
from gym_mario_suite.dream.training import Trainer  # noqa: E402
from gym_mario_suite.dream.training_log import MemoryModel, dream_strip  # noqa: E402
from gym_mario_suite.dream.weights import load_checkpoint, save_tensors  # noqa: E402
from gym_mario_suite.dream.windows import TapeWindows  # noqa: E402
from gym_mario_suite.errors import OptionError, WeightsError  # noqa: E402

from .conftest import played  # noqa: E402


class OneClip:
    """The same windows again and again."""

    def __init__(self, source: TapeWindows) -> None:
        self._source = source
        self.longest, self.shares = source.longest, source.shares

    def digest(self) -> str:
        return "one clip"

    def batch(self, seed: int, number: int, count: int, length: int) -> object:
        return self._source.batch(0, 0, count, length)


# A herd needs tiles of whole pixels, which `tiny` has not; see test_herd. Contacts are a small part
# of a model; see test_creature.
TINY_STAGES = [stage for stage in STAGES if stage not in ("herd", "contact")]


@pytest.fixture(scope="module")
def source(tapes: Tapes) -> TapeWindows:
    return TapeWindows(tapes, 60, 64)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def losses(trainer: Trainer) -> float:
    """The loss of the clip with the same noise each time."""
    batch = to_batch(trainer.source.batch(0, 0, 4, 6))
    function = denoising_loss if trainer.options.stage == "denoise" else rollout_loss
    generator = torch.Generator().manual_seed(0)
    if trainer.options.stage == "motion":
        with torch.no_grad():
            loss, _ = motion_loss(trainer.model.net, trainer.config, batch, generator)
        return float(loss)
    with torch.no_grad():
        loss, _ = function(
            trainer.model.parts,  # type: ignore[arg-type]
            trainer.config,
            batch,
            trainer.options.noise_options,
            generator,
        )
    return float(loss)


@pytest.mark.parametrize("stage", TINY_STAGES)
def test_a_small_model_learns_one_clip_by_heart(stage: str, source: TapeWindows) -> None:
    options = TrainOptions(
        law_moments=200, stage=stage, steps=60, batch=4, rate=4e-3, warm_up=5, horizon=2
    )
    trainer = Trainer(preset("tiny"), options, OneClip(source))  # type: ignore[arg-type]
    before = losses(trainer)
    heads = [dict(progress.head) for progress in trainer.run()]
    assert losses(trainer) < 0.6 * before
    # Laws that were fitted to a hundred moments leave nothing to choose.
    first, last = (
        sum(loss for n, loss in heads[k].items() if n not in ("laws", "paths")) for k in (0, -1)
    )
    assert last < 0.5 * first
    assert trainer.progress.predictions == 60 * 4 * 2


@pytest.mark.parametrize("stage", [*TINY_STAGES, "contact"])
def test_going_on_is_as_never_having_stopped(
    stage: str, source: TapeWindows, tmp_path: Path
) -> None:
    config = preset("tiny")
    more = 0 if stage == "motion" else 2
    options = TrainOptions(
        law_moments=200, stage=stage, steps=6, batch=3, warm_up=2, motion_batch=more
    )
    whole = Trainer(config, options, source)
    list(whole.run())
    first = Trainer(config, options, source)
    list(first.run(until=3))
    first.save(tmp_path)
    second = Trainer(config, options, source)
    assert second.load(tmp_path)
    assert second.progress.step == 3
    list(second.run())
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, second.model.state_dict()[name]), name
        assert torch.equal(whole.average[name], second.average[name]), name
    assert second.progress.loss == whole.progress.loss


def test_checkpoints_are_not_mixed_up(source: TapeWindows, tapes: Tapes, tmp_path: Path) -> None:
    options = TrainOptions(law_moments=200, steps=2, batch=2)
    trainer = Trainer(preset("tiny"), options, source)
    assert not trainer.load(tmp_path)
    list(trainer.run())
    path = trainer.save(tmp_path)
    others = TrainOptions(law_moments=200, steps=2, batch=2, rate=1e-3)
    with pytest.raises(WeightsError, match="with other options"):
        Trainer(preset("tiny"), others, source).load(tmp_path)
    fewer = TapeWindows(Tapes(tapes.episodes[:5], tapes.keys, tapes.players), 60, 64)
    with pytest.raises(WeightsError, match="with other data"):
        Trainer(preset("tiny"), options, fewer).load(tmp_path)
    with pytest.raises(WeightsError, match="of another model"):
        Trainer(preset("tiny", shifts=1), options, source).load(tmp_path)
    later = Trainer(
        preset("tiny"), TrainOptions(law_moments=200, stage="rollout", steps=2, batch=2), source
    )
    later.start_from(tmp_path)
    assert torch.equal(
        later.model.state_dict()["net.stem.weight"], trainer.average["net.stem.weight"]
    )
    assert later.progress.predictions == 4
    with pytest.raises(WeightsError, match="weights of the preset 'tiny', which"):
        Trainer(preset("ci"), options, source).start_from(tmp_path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="cannot be read"):
        trainer.load(tmp_path)


def test_motion_moves_nothing_but_body_sprite_and_edge(source: TapeWindows) -> None:
    options = TrainOptions(law_moments=200, stage="motion", steps=2, batch=2)
    trainer = Trainer(preset("tiny"), options, source)
    before = {n: t.clone() for n, t in trainer.model.state_dict().items()}
    list(trainer.run())
    moved = {n for n, t in trainer.model.state_dict().items() if not torch.equal(t, before[n])}
    assert moved
    assert all(n.startswith(("net.body.", "net.sprite.", "net.edge.")) for n in moved)
    diamond = Trainer(preset("diamond"), options, source)
    with pytest.raises(OptionError, match="needs a model with a memory, not 'diamond'"):
        list(diamond.run())


@pytest.mark.parametrize(("ticks", "columns"), [(15, 3), (6, 1), (400, 5)])
def test_short_episodes_make_short_strips(ticks: int, columns: int) -> None:
    writer = TapeWriter()
    for seed in range(3):
        game, origin, keys = played(seed, ticks)
        writer.add(game, origin, keys, "right")
    config = preset("tiny")
    model = MemoryModel(config, Denoiser(config).eval())
    strip = dream_strip(model, TapeWindows(writer.tapes(), *config.shape[:2]), 0)
    # Four px of white between frames and below a truth, twelve between the pairs.
    height, width = config.height_px, config.width_px
    assert strip.shape == (6 * height + 3 * 4 + 2 * 12, columns * (width + 4) - 4, 3)
    assert (strip[height : height + 4] == 255).all()


def test_older_checkpoints_tell_no_shares(
    source: TapeWindows, tapes: Tapes, tmp_path: Path
) -> None:
    options = TrainOptions(law_moments=200, steps=2, batch=2)
    other = TapeWindows(tapes, 60, 64, touch_share=0.2)
    path = Trainer(preset("tiny"), options, source).save(tmp_path)
    with pytest.raises(WeightsError, match="made with other --end-share or --touch-share"):
        Trainer(preset("tiny"), options, other).load(tmp_path)
    tensors, metadata = load_checkpoint(path)
    del metadata["shares"]
    save_tensors(path, tensors, metadata)
    assert Trainer(preset("tiny"), options, other).load(tmp_path)


def test_steps_follow_from_the_time(
    source: TapeWindows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock of which a step takes 1/16 s, as the machine's own is anything."""
    ticks = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: next(ticks) / 16)
    monkeypatch.setattr("gym_mario_suite.dream.training.time", clock)
    options = TrainOptions(law_moments=200, steps=0, minutes=0.08, batch=1)
    trainer = Trainer(preset("tiny"), options, source)
    done = sum(1 for _ in trainer.run())
    assert done == trainer.progress.steps > 61
    assert 0.9 < done / 16 / (60 * options.minutes) <= 1
    # What stages before have taken is not taken off the time of this one.
    trainer.progress.seconds = 7200
    trainer.save(tmp_path)
    later = Trainer(preset("tiny"), options, source)
    later.start_from(tmp_path)
    assert sum(1 for _ in later.run()) == later.progress.steps == done
    assert later.progress.seconds == 7200 + done / 16
    # One that was stopped while its speed was measured measures it anew.
    options = TrainOptions(law_moments=200, steps=0, minutes=0.12, batch=1)
    stopped = Trainer(preset("tiny"), options, source)
    assert sum(1 for _ in stopped.run(until=45)) == 45
    stopped.save(tmp_path)
    again = Trainer(preset("tiny"), options, source)
    assert again.load(tmp_path)
    assert sum(1 for _ in again.run()) + 45 == again.progress.steps
    assert again.progress.seconds <= 60 * options.minutes
    with pytest.raises(OptionError, match="give steps, or minutes"):
        TrainOptions(steps=0)
    with pytest.raises(OptionError, match="stage must be"):
        TrainOptions(stage="third")
