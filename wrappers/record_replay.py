"""A wrapper that writes every episode as a replay."""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.replay import SUFFIX, switch_options
from gym_mario_suite.datasets.state_hash import state_hash
from gym_mario_suite.engine.clone import world_to_bytes
from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.errors import OptionError
from gym_mario_suite.whole_file import require_folder, write_numbered
from gym_mario_suite.wrappers.recorded_arguments import record_arguments

# Numbers and the suffix come after it, and file systems take 255 bytes.
_LONGEST_NAME = 200


class RecordReplay(gym.Wrapper[Any, Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Writes a replay of every episode of a Mario environment into a folder.

    A replay holds what was pressed in every tick, so it knows of frame skips and sticky actions;
    other wrappers may stand inside or outside of this one. The file appears when the episode ends,
    when the next one begins, on `close()`, and when the program ends in the midst of an episode: an
    unfinished episode is a replay too. An episode that began with `reset(options={"state": ...})`
    is recorded from that state on. What happens to the environment behind the wrapper's back, such
    as the search of a planner, is left out; when it leaves the environment elsewhere, a new replay
    begins there. A copy records on its own from where it was made; it is written on its `close()`,
    but not when the program ends.

    Args:
        env: The environment, of the Infinite Mario family.
        folder: Where the files go; made if need be.
        name: Files are called `<name>-<number>.mario`, and none is overwritten.
        metadata: What the replays shall tell besides, JSON-able: who plays, for example.

    Raises:
        OptionError: For another kind of environment, or a folder that cannot be written.

    Example:
        >>> import tempfile, pathlib
        >>> import gymnasium as gym
        >>> from gym_mario_suite.wrappers import RecordReplay
        >>> folder = tempfile.mkdtemp()
        >>> env = RecordReplay(gym.make("gym_mario_suite:MarioInfinite-v0"), folder)
        >>> observation, info = env.reset(seed=0)
        >>> for _ in range(10):
        ...     step = env.step(4)
        >>> env.close()
        >>> [file.name for file in pathlib.Path(folder).iterdir()]
        ['episode-000000.mario']
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        folder: str | Path,
        name: str = "episode",
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        metadata = _checked_metadata(metadata)
        record_arguments(self, folder=folder, name=name, metadata=metadata)
        gym.Wrapper.__init__(self, env)
        inner = env.unwrapped
        if not isinstance(inner, MarioInfiniteEnv):
            raise OptionError(f"RecordReplay needs an Infinite Mario environment, got {inner!r}")
        if inner.listener is not None:
            raise OptionError("this environment has a RecordReplay already")
        if not isinstance(name, str) or not name or Path(name).name != name or "\0" in name:
            raise OptionError(f"name must be the beginning of a file name, got {name!r}")
        if len(name.encode()) > _LONGEST_NAME:
            raise OptionError(f"name must have {_LONGEST_NAME} bytes at most, got {name[:20]!r}...")
        if not isinstance(folder, str | os.PathLike):
            raise OptionError(f"folder must be the path of a folder, got {folder!r}")
        self._recording = _Recording(inner, require_folder(Path(folder)), name, metadata)
        inner.listener = self._recording
        # Runs when the program ends, too, unless it is killed outright.
        self._at_exit = weakref.finalize(self, self._recording.write)

    @property
    def files(self) -> tuple[Path, ...]:
        """The replays written so far."""
        return tuple(self._recording.files)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Write the episode so far, and begin the next one."""
        self._recording.write()
        with self._recording:
            return self.env.reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step, and write the episode if this ends it."""
        recording = self._recording
        recording.catch_up()
        with recording:
            result = self.env.step(action)
        if result[2] or result[3]:
            recording.write()
        return result

    def close(self) -> None:
        """Write the episode so far, and close the environment."""
        inner = self.env.unwrapped
        if isinstance(inner, MarioInfiniteEnv) and inner.listener is self._recording:
            inner.listener = None
        # Not by the finalizer: that of a copy is dead from the start.
        self._at_exit.detach()
        self._recording.write()
        super().close()


def _checked_metadata(metadata: object) -> dict[str, Any]:
    """The metadata, if a replay can hold them.

    Raises:
        OptionError: Otherwise.
    """
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping) or not all(isinstance(key, str) for key in metadata):
        raise OptionError(f"metadata must be a mapping of names, got {metadata!r}")
    try:
        json.dumps(dict(metadata))
    except (TypeError, ValueError, RecursionError) as error:
        raise OptionError(f"the metadata must be JSON-able: {error}") from None
    return dict(metadata)


class _Recording:
    """The environment's listener: plays along, and writes what it has played.

    As a context manager it tells what the wrapper does from what happens behind its back.
    """

    def __init__(
        self, env: MarioInfiniteEnv, folder: Path, name: str, metadata: Mapping[str, Any]
    ) -> None:
        self.files: list[Path] = []
        self._env = env
        self._folder = folder
        self._name = name
        self._metadata = {
            "actions": env.options.actions,
            "frame_skip": env.options.frame_skip,
            "sticky_prob": env.options.sticky_prob,
            **metadata,
        }
        self._game: RecordedGame | None = None
        self._at_first = 0
        self._listening = False
        self._moved = False

    def __enter__(self) -> None:
        self._listening = True

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        self._listening = False
        # An interrupt may have come after the environment's step and before its record.
        self._moved |= error is not None

    def began(self, from_start: bool) -> None:
        if not self._listening:
            self._moved = True
            return
        self.write()
        self._begin(from_start)

    def pressed(self, keys: NDArray[np.uint8]) -> None:
        if not self._listening or self._game is None:
            self._moved = True
            return
        for held in keys.tolist():
            self._game.tick(held)

    def catch_up(self) -> None:
        """Begin anew where the environment is, if it is not where the recording is."""
        batch = self._env.batch
        if not batch.started[0] or batch.codes[0]:
            return  # the step will be refused, or begins with a reset
        game = self._game
        if game is not None and (
            not self._moved or state_hash(game.worlds[0]) == state_hash(batch.worlds[0])
        ):
            self._moved = False
            return
        self.write()
        self._begin(from_start=False)

    def write(self) -> None:
        """Write what was recorded, if there was a step, and forget it."""
        game, self._game = self._game, None
        if game is None or game.ticks_recorded == self._at_first:
            return
        data = game.replay(self._metadata).to_bytes()
        self.files.append(
            write_numbered(self._folder, self._name, SUFFIX, data, first=len(self.files))
        )

    def _begin(self, from_start: bool) -> None:
        env = self._env
        config = env.batch.configs[0]
        game = RecordedGame(
            env.level,
            int(config["mode"]),
            int(config["time_limit"]),
            **switch_options(int(config["switches"])),
        )
        if from_start:
            game.tick(0)
        else:
            game.load_bytes(world_to_bytes(env.batch.worlds[0]))
        self._game = game
        self._at_first = game.ticks_recorded
        self._moved = False
