"""Reading episodes of pictures out of a Minari dataset."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.datasets.diamond_hdf5 import RecordedFrames
from gym_mario_suite.errors import DatasetError, OptionError

_BUTTONS = 5


def minari_episodes(dataset_id: str) -> Iterator[RecordedFrames]:
    """The episodes of a dataset whose observations are RGB pictures.

    Actions must be switches (left, right, down, jump, speed), as `mario export minari` writes them.

    Args:
        dataset_id: Its id, for example `mario/infinite/forward-v0`.

    Raises:
        OptionError: When Minari is not installed.
        DatasetError: When there is no such dataset, or it holds something else.
    """
    try:
        import minari
    except ImportError:
        raise OptionError('datasets need minari: pip install "gym-mario-suite[datasets]"') from None
    try:
        dataset = minari.load_dataset(dataset_id)
    except (FileNotFoundError, ValueError, OSError) as error:
        raise DatasetError(f"there is no Minari dataset {dataset_id!r}: {error}") from error
    for episode in dataset.iterate_episodes():
        yield _recorded(dataset_id, episode)


def _recorded(dataset_id: str, episode: Any) -> RecordedFrames:
    frames = np.asarray(episode.observations)
    actions: NDArray[Any] = np.asarray(episode.actions)
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3:
        raise DatasetError(
            f"{dataset_id}: observations must be RGB pictures (obs rgb or rgb_half), got "
            f"{frames.dtype} of shape {frames.shape[1:]}"
        )
    if actions.ndim != 2 or actions.shape[1] != _BUTTONS:
        raise DatasetError(
            f"{dataset_id}: actions must be {_BUTTONS} switches (the set 'buttons'), got shape "
            f"{actions.shape[1:]}"
        )
    keys = (actions.astype(np.uint8) << np.arange(_BUTTONS, dtype=np.uint8)).sum(1, dtype=np.uint8)
    return RecordedFrames(
        frames,
        keys,
        np.asarray(episode.rewards, np.float64),
        np.asarray(episode.terminations, bool),
    )
