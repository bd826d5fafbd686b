"""Files of the earlier system, Super Mario DIAMOND: an HDF5 file for each thousand steps.

A file has for each step i `frame_i_x`, the picture uint8[240, 256, 3], blue, green, red;
`frame_i_y`, the action, either one-hot over the seven simple movements or three switches (jump,
left, right); and `frame_i_helperarr`, reward and whether a life was lost. Files that are written
here have `frame_i_keys`, too: all buttons as bits, running among them, which the earlier system
does not read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.world import Button
from gym_mario_suite.errors import DatasetError, OptionError, reason_of
from gym_mario_suite.whole_file import real_path, temporary_beside

SUFFIXES = (".hdf5", ".h5")
_LEFT, _RIGHT = int(Button.LEFT), int(Button.RIGHT)
_JUMP, _SPEED = int(Button.JUMP), int(Button.SPEED)
# none, right, right+A, right+B, right+A+B, A, left
_SIMPLE = np.array(
    [0, _RIGHT, _RIGHT | _JUMP, _RIGHT | _SPEED, _RIGHT | _JUMP | _SPEED, _JUMP, _LEFT], np.uint8
)
_SWITCHES = np.array([_JUMP, _LEFT, _RIGHT], np.uint8)


@dataclass(frozen=True, eq=False)
class RecordedFrames:
    """An episode as pictures; k is the number of its steps.

    Attributes:
        frames: uint8[k + 1, h, w, 3], red, green, blue.
        keys: uint8[k], button bits that lead from a frame to the next.
        rewards: float64[k].
        ends: bool[k]: the step ended the episode.
    """

    frames: NDArray[np.uint8]
    keys: NDArray[np.uint8]
    rewards: NDArray[np.float64]
    ends: NDArray[np.bool_]


def load_diamond(path: Path | str) -> RecordedFrames:
    """Read a file of the earlier system.

    Its action i was pressed at frame i; the last frame's leads nowhere and is left out. What comes
    after a lost life is left out, too: no window shall cross a reset.

    Raises:
        OptionError: When h5py is missing.
        DatasetError: When the file cannot be read; the message names it.
    """
    h5py = _h5py()
    try:
        with h5py.File(path, "r") as file:
            count = sum(1 for name in file if name.endswith("_x"))
            if not count:
                raise DatasetError(f"{path}: there are no frames (frame_0_x, ...)")
            frames = np.stack([file[f"frame_{i}_x"][:] for i in range(count)])[..., ::-1]
            actions = np.stack([file[f"frame_{i}_y"][:] for i in range(count)])
            bits = [file[f"frame_{i}_keys"][()] for i in range(count) if f"frame_{i}_keys" in file]
            helpers = [file.get(f"frame_{i}_helperarr") for i in range(count)]
            told = np.array([h[:2] if h is not None else (0, 0) for h in helpers], np.float64)
            own = np.array(bits, np.uint8)
    except DatasetError:
        raise
    # RuntimeError is what h5py makes of a damaged table of contents.
    except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        if isinstance(error, OSError) and error.errno:  # h5py tells of its insides, in lines
            raise DatasetError(f"cannot read {path}: {os.strerror(error.errno)}") from error
        raise DatasetError(f"{path}: no file of the earlier system: {error}") from error
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3:
        raise DatasetError(
            f"{path}: pictures are uint8[h, w, 3], got {frames.dtype} of shape {frames.shape[1:]}"
        )
    keys = own if own.shape == (count,) else _keys_of(actions, path)
    ends = told[:-1, 1] > 0
    last = int(np.argmax(ends)) + 1 if ends.any() else count - 1
    return RecordedFrames(
        np.ascontiguousarray(frames[: last + 1]),
        keys[:last],
        told[:last, 0].copy(),
        ends[:last],
    )


def save_diamond(path: Path | str, episode: RecordedFrames) -> None:
    """Write an episode in the earlier system's layout, with actions as three switches.

    Running has no place among these; all buttons stand beside them as bits.

    Raises:
        OptionError: When h5py is missing, or the file cannot be written.
    """
    h5py = _h5py()
    target = real_path(Path(path))
    temporary = temporary_beside(target)
    try:
        with h5py.File(temporary, "w") as file:
            for i, frame in enumerate(episode.frames):
                step = i < len(episode.keys)
                keys = int(episode.keys[i]) if step else 0
                picture = np.ascontiguousarray(frame[..., ::-1])
                file.create_dataset(f"frame_{i}_x", data=picture, compression="gzip")
                file[f"frame_{i}_y"] = (keys & _SWITCHES != 0).astype(np.int64)
                file[f"frame_{i}_keys"] = np.uint8(keys)
                reward = float(episode.rewards[i]) if step else 0.0
                file[f"frame_{i}_helperarr"] = np.array(
                    [reward, float(bool(episode.ends[i])) if step else 0.0]
                )
        temporary.replace(target)
    except OSError as error:
        raise OptionError(f"cannot write {path}: {reason_of(error)}") from error
    finally:
        temporary.unlink(missing_ok=True)


def record_frames(env: Any, policy: Any, seeds: Iterable[int]) -> Iterable[RecordedFrames]:
    """Play episodes of an environment with RGB observations, a NES with one's own ROM say.

    Args:
        env: A Gymnasium environment whose observations are uint8[h, w, 3], and whose actions
            `policy` gives together with their button bits.
        policy: Called with the observation; returns the action and its button bits.
        seeds: Seeds of the episodes.
    """
    for seed in seeds:
        frame, _ = env.reset(seed=seed)
        frames, keys, rewards, ends = [frame], [], [], []
        over = False
        while not over:
            action, pressed = policy(frame)
            frame, reward, terminated, truncated, _ = env.step(action)
            frames.append(frame)
            keys.append(pressed)
            rewards.append(float(reward))
            ends.append(bool(terminated))
            over = terminated or truncated
        yield RecordedFrames(
            np.stack(frames), np.array(keys, np.uint8), np.array(rewards), np.array(ends)
        )


def _keys_of(actions: NDArray[Any], path: Path | str) -> NDArray[np.uint8]:
    if actions.ndim == 2 and actions.shape[1] == len(_SIMPLE):
        return _SIMPLE[actions.argmax(1)]
    if actions.ndim == 2 and actions.shape[1] == len(_SWITCHES):
        return ((actions > 0) * _SWITCHES).sum(1, dtype=np.uint8)
    raise DatasetError(
        f"{path}: actions are 3 switches or one-hot over 7 movements, got shape {actions.shape}"
    )


def _h5py() -> Any:
    try:
        import h5py
    except ImportError:
        raise OptionError(
            'HDF5 files need h5py: pip install "gym-mario-suite[dream-train]"'
        ) from None
    return h5py
