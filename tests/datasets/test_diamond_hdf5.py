from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite.datasets.diamond_hdf5 import RecordedFrames, load_diamond, save_diamond
from gym_mario_suite.errors import DatasetError

h5py = pytest.importorskip("h5py")


def episode(steps: int) -> RecordedFrames:
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (steps + 1, 240, 256, 3), dtype=np.uint8)
    keys = np.array([0, 2, 10, 1, 8] * steps, np.uint8)[:steps]
    return RecordedFrames(frames, keys, rng.normal(size=steps), np.zeros(steps, bool))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    told = episode(7)
    told.ends[-1] = True
    told.keys[3] = 26  # running, too
    save_diamond(tmp_path / "e.hdf5", told)
    with h5py.File(tmp_path / "e.hdf5") as file:
        # Blue, green, red, as there.
        assert np.array_equal(file["frame_0_x"][:][..., ::-1], told.frames[0])
        assert file["frame_2_y"][:].tolist() == [1, 0, 1]
        assert len(file) == 4 * 8
    again = load_diamond(tmp_path / "e.hdf5")
    for name in ("frames", "keys", "rewards", "ends"):
        assert np.array_equal(getattr(again, name), getattr(told, name))


def test_one_hot_actions_and_a_lost_life(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "e.hdf5", "w") as file:
        for i in range(6):
            file[f"frame_{i}_x"] = np.full((240, 256, 3), i, np.uint8)
            file[f"frame_{i}_y"] = np.eye(7, dtype=int)[(i + 1) % 7]
            file[f"frame_{i}_helperarr"] = np.array([1.0, float(i == 3)])
    read = load_diamond(tmp_path / "e.hdf5")
    # After the life was lost another begins, which is no part of this episode.
    assert len(read.frames) == 5
    assert read.ends.tolist() == [False, False, False, True]
    assert read.keys.tolist() == [2, 10, 18, 26]


def test_other_files_are_refused(tmp_path: Path) -> None:
    for missing in (tmp_path / "absent.hdf5", tmp_path):
        with pytest.raises(DatasetError, match="cannot read") as caught:
            load_diamond(missing)
        assert "\n" not in str(caught.value)
    (tmp_path / "text.hdf5").write_text("text")
    with pytest.raises(DatasetError, match="no file of the earlier system"):
        load_diamond(tmp_path / "text.hdf5")
    with h5py.File(tmp_path / "empty.hdf5", "w"):
        pass
    with pytest.raises(DatasetError, match="there are no frames"):
        load_diamond(tmp_path / "empty.hdf5")
    with h5py.File(tmp_path / "odd.hdf5", "w") as file:
        for i in range(2):
            file[f"frame_{i}_x"] = np.zeros((240, 256, 3), np.uint8)
            file[f"frame_{i}_y"] = np.zeros(5)
    with pytest.raises(DatasetError, match="3 switches or one-hot"):
        load_diamond(tmp_path / "odd.hdf5")
    with h5py.File(tmp_path / "grey.hdf5", "w") as file:
        for i in range(2):
            file[f"frame_{i}_x"] = np.zeros((240, 256))
            file[f"frame_{i}_y"] = np.zeros(3)
    with pytest.raises(DatasetError, match=r"uint8\[h, w, 3\], got float64 of shape \(240, 256\)"):
        load_diamond(tmp_path / "grey.hdf5")


def test_damaged_files_are_refused_or_read(tmp_path: Path) -> None:
    small = RecordedFrames(
        np.zeros((3, 8, 8, 3), np.uint8), np.ones(2, np.uint8), np.zeros(2), np.zeros(2, bool)
    )
    save_diamond(tmp_path / "e.hdf5", small)
    data = (tmp_path / "e.hdf5").read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(data)
        for at in rng.integers(len(data), size=5):
            damaged[at] = rng.integers(256)
        (tmp_path / "damaged.hdf5").write_bytes(damaged)
        try:
            load_diamond(tmp_path / "damaged.hdf5")
        except DatasetError:
            refused += 1
    assert refused > 100
