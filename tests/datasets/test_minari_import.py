from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite.cli import main
from gym_mario_suite.datasets.minari_import import minari_episodes
from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.errors import DatasetError
from gym_mario_suite.levels import generate

pytest.importorskip("minari")
pytest.importorskip("h5py")


def test_what_was_exported_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    game = RecordedGame(generate(3))
    keys = [0, 2, 10, 10, 18, 0]
    for key in keys:
        game.tick(key)
    game.replay().save(tmp_path / "a.mario")
    for name, obs in (("frames-v0", "rgb_half"), ("grid-v0", "grid")):
        with pytest.raises(SystemExit) as ended:
            main(["export", "minari", str(tmp_path / "a.mario"), "--id", name, "--obs", obs])
        assert ended.value.code == 0
    (episode,) = minari_episodes("frames-v0")
    assert episode.frames.shape == (6, 120, 160, 3)
    # The level's first tick belongs to the reset.
    assert episode.keys.tolist() == keys[1:]
    assert not episode.ends.any()
    assert np.isfinite(episode.rewards).all()
    with pytest.raises(DatasetError, match="RGB pictures"):
        list(minari_episodes("grid-v0"))
    with pytest.raises(DatasetError, match="no Minari dataset"):
        list(minari_episodes("none-v0"))
