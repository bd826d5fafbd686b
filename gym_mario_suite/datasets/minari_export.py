"""Writing episodes into a Minari dataset."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError


@dataclass(frozen=True, eq=False)
class Episode:
    """An episode as arrays; n is the number of its steps.

    Attributes:
        observations: [n + 1, ...], the first one from the reset.
        actions: [n, ...].
        rewards: float64[n].
        terminations: bool[n].
        truncations: bool[n]. The last step of an unfinished episode counts as truncated.
    """

    observations: NDArray[Any]
    actions: NDArray[Any]
    rewards: NDArray[np.float64]
    terminations: NDArray[np.bool_]
    truncations: NDArray[np.bool_]


def check_dataset_id(dataset_id: str) -> None:
    """Fail now rather than after the work.

    Raises:
        OptionError: When Minari is not installed, the id is not of its form, or taken.
    """
    minari = _minari()
    from minari.dataset.minari_dataset import parse_dataset_id
    from minari.storage.datasets_root_dir import get_dataset_path

    try:
        parse_dataset_id(dataset_id)
    except (ValueError, TypeError):
        raise OptionError(
            f"a Minari id looks like mario/infinite/forward-v0 or forward-v0, got {dataset_id!r}"
        ) from None
    if get_dataset_path(dataset_id).exists():
        raise OptionError(
            f"there is a dataset {dataset_id} in {get_dataset_path()}; choose another version, "
            f"or delete it with `minari delete {dataset_id}` (Minari {minari.__version__})"
        )


def write_minari(
    dataset_id: str, episodes: Iterable[Episode], env: gym.Env[Any, Any], description: str
) -> int:
    """Write a dataset, episode by episode; what is written stays when the program is interrupted.

    Images are stored as they are, without JPEG.

    Args:
        dataset_id: Minari's id, `(namespace/)name-v<number>`.
        episodes: The episodes; an iterator keeps memory small.
        env: An environment with the episodes' spaces; its spec goes into the dataset, so that
            `recover_environment` makes such an environment.
        description: What the dataset holds.

    Returns:
        How many episodes were written. Without any there is no dataset.

    Raises:
        OptionError: When Minari is not installed, or the id is not possible.
    """
    check_dataset_id(dataset_id)
    minari = _minari()
    from minari.data_collector.episode_buffer import EpisodeBuffer

    dataset = None
    count = 0
    for count, episode in enumerate(episodes, 1):
        # Minari's types want lists, its storage takes whatever has a length.
        parts: dict[str, Any] = vars(episode)
        buffer = EpisodeBuffer(id=count - 1, **parts)
        if dataset is None:
            with warnings.catch_warnings():
                # It misses the author, a link to the code, and other things nobody has to give.
                warnings.simplefilter("ignore", UserWarning)
                dataset = minari.create_dataset_from_buffers(
                    dataset_id,
                    [buffer],
                    env=env,
                    description=description,
                    requirements=["gym-mario-suite"],
                    jpeg_encoding=False,
                )
        else:
            dataset.update_dataset_from_buffer([buffer])
    return count


def _minari() -> Any:
    try:
        import minari
        import minari.dataset._storages.hdf5_storage  # needs h5py and Pillow
    except ImportError as error:
        raise OptionError(
            f'datasets need {error.name}: pip install "gym-mario-suite[datasets]"'
        ) from None
    return minari
