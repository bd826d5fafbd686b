"""Replays of any kind: of Infinite Mario and of the NES."""

from __future__ import annotations

from pathlib import Path

from gym_mario_suite.datasets.nes_replay import NESReplay
from gym_mario_suite.datasets.replay import Replay
from gym_mario_suite.datasets.replay_file import MAGIC_BYTES, read_replay

AnyReplay = Replay | NESReplay


def load_replay(path: Path | str) -> AnyReplay:
    """Read a replay file of any kind.

    Raises:
        ReplayError: When the file cannot be read; the message names it.
    """
    kind = NESReplay if read_replay(path)[:MAGIC_BYTES] == NESReplay.magic else Replay
    return kind.load(path)
