"""Frames of a NES, on the program of our own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("h5py")
pytest.importorskip("stable_retro")

from gym_mario_suite.agents.dream_nes import NESFrameOptions, record_nes
from gym_mario_suite.datasets.diamond_hdf5 import load_diamond
from gym_mario_suite.dream.windows import open_windows
from gym_mario_suite.errors import OptionError
from tests.nes.own_rom import own_rom


@pytest.fixture(scope="module")
def rom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("rom") / "own.nes"
    file.write_bytes(own_rom())
    return file


def test_episodes_are_recorded_and_go_on_where_they_stopped(rom: Path, tmp_path: Path) -> None:
    few = NESFrameOptions(rom=rom, episodes=1, steps=30)
    (first,) = record_nes(tmp_path, few)
    written = first.stat().st_mtime_ns
    more = NESFrameOptions(rom=rom, episodes=2, steps=30)
    paths = list(record_nes(tmp_path, more))
    assert paths[0] == first
    assert first.stat().st_mtime_ns == written
    one, other = map(load_diamond, paths)
    assert one.frames.shape[1:] == other.frames.shape[1:] == (224, 240, 3)
    assert 0 < len(one.keys) <= 30
    assert not np.array_equal(one.keys, other.keys)
    again = NESFrameOptions(rom=rom, episodes=1, steps=30)
    (copy,) = record_nes(tmp_path / "again", again)
    assert np.array_equal(load_diamond(copy).frames, one.frames)
    windows = open_windows(str(tmp_path), 60, 64, 1)
    assert windows.batch(0, 0, 2, 5).frames.shape == (2, 5, 60, 64, 3)


def test_a_folder_goes_on_with_the_options_that_it_began_with(rom: Path, tmp_path: Path) -> None:
    begun = NESFrameOptions(rom=rom, episodes=1, steps=20)
    (first,) = record_nes(tmp_path, begun)
    for other in ({"frame_skip": 4}, {"steps": 21}):
        with pytest.raises(OptionError, match="of 1-1 and seed 0 were made with other options"):
            list(record_nes(tmp_path, replace(begun, **other)))
    assert len(list(record_nes(tmp_path, replace(begun, seed=1, frame_skip=4)))) == 1
    # As releases before left it.
    (tmp_path / "nes-1-1-0.json").unlink()
    assert list(record_nes(tmp_path, replace(begun, frame_skip=4))) == [first]


def test_bad_options_say_what_is_wrong(rom: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="episodes must be a whole number from 1"):
        NESFrameOptions(episodes=0)
    with pytest.raises(OptionError, match="stage must be like '1-1'"):
        list(record_nes(tmp_path, NESFrameOptions(rom=rom, stage="9-9")))
    assert not list(tmp_path.iterdir())
