from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gym_mario_suite.datasets.tapes import Tapes  # noqa: E402
from gym_mario_suite.dream.frames import resized  # noqa: E402
from gym_mario_suite.dream.presets import UpsamplerConfig  # noqa: E402
from gym_mario_suite.dream.upsampling import (  # noqa: E402
    LARGE,
    Upsampling,
    load_upsampler,
    save_upsampler,
    train_upsampler,
)
from gym_mario_suite.dream.windows import TapeWindows  # noqa: E402
from gym_mario_suite.errors import WeightsError  # noqa: E402

# Four levels, since attention over the pixels of the third would need gigabytes.
SMALL = UpsamplerConfig(
    channels=(8,) * 4, depths=(1,) * 4, attention=(False,) * 4, condition=16, steps=2
)


def test_an_upsampler_learns_and_makes_frames_large(tapes: Tapes, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    losses: list[float] = []
    source = TapeWindows(tapes, 240, 320)

    def tell(step: int, loss: float) -> bool:
        losses.append(loss)
        return False

    model = train_upsampler(SMALL, source, 12, batch=1, rate=3e-3, tell=tell)
    assert np.mean(losses[-4:]) < np.mean(losses[:4])
    save_upsampler(tmp_path / "u.safetensors", model)
    again = load_upsampler(tmp_path / "u.safetensors")
    large = resized(source.batch(0, 0, 1, 1).frames[0, 0], *LARGE)
    small = resized(large, 60, 64)
    frames = [Upsampling(m, large, seed=3).step(small) for m in (model, again)]
    assert frames[0].shape == (240, 256, 3)
    assert np.array_equal(frames[0], frames[1])
    torch_file = tmp_path / "other.safetensors"
    torch_file.write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="cannot be read"):
        load_upsampler(torch_file)


def test_a_training_that_was_stopped_goes_on_to_the_bit(tapes: Tapes, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    source = TapeWindows(tapes, 240, 320)

    def trained(steps: int, folder: Path | None = None, rate: float = 3e-3) -> dict[str, object]:
        return train_upsampler(SMALL, source, steps, batch=1, rate=rate, folder=folder).state_dict()

    whole = trained(4)
    trained(2, tmp_path)
    resumed = trained(4, tmp_path)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)  # type: ignore[arg-type]
    with pytest.raises(WeightsError, match="of another training"):
        trained(4, tmp_path, rate=1e-3)


def test_who_is_told_of_the_steps_can_stop_them(tapes: Tapes, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    source = TapeWindows(tapes, 240, 320)
    train_upsampler(SMALL, source, 5, batch=1, tell=lambda step, loss: True, folder=tmp_path)
    steps: list[int] = []

    def tell(step: int, loss: float) -> bool:
        steps.append(step)
        return False

    train_upsampler(SMALL, source, 2, batch=1, tell=tell, folder=tmp_path)
    assert steps == [2]
