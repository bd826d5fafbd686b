"""The recordings, replayed by the code for the GPU: every public one, all at once.

`gpu` runs it on a device. Without one the same code is compiled for this processor
(`device_code`); that leaves out NVIDIA's own compiler and the hardware, and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gym_mario_suite.engine.game import CREATURES_OFF
from gym_mario_suite.engine.world import WORLD, Worlds
from gym_mario_suite.levels import Level
from tests.engine import recordings, recordings_2019, test_traces_2009, test_traces_2019
from tests.engine.device_code import DEVICES, choose_device

# Recordings that are replayed side by side; their worlds are kept after each tick.
_AT_ONCE = 24


@dataclass(frozen=True)
class Play:
    """A recording: where it starts, its buttons, and what compares the worlds with it."""

    level: Level
    mode: int
    time_limit: int
    switches: int
    keys: NDArray[np.uint8]
    compare: Callable[[Worlds], None]


def plays_2009() -> list[Play]:
    plays = []
    for name in recordings.trace_names():
        trace = recordings.read_trace(name)
        meta = trace.meta
        switches = CREATURES_OFF if meta["pause_world"] else 0

        def compare(history: Worlds, trace: recordings.Trace = trace) -> None:
            test_traces_2009.assert_is_trace(trace, history)

        keys = trace.ticks["t_keys"]
        plays.append(Play(trace.level, meta["mode"], meta["time_limit"], switches, keys, compare))
    return plays


def plays_2019() -> list[Play]:
    plays = []
    for number in range(len(recordings_2019.trace_names())):
        trace = recordings_2019.read_trace(number)

        def compare(history: Worlds, trace: recordings_2019.Trace = trace) -> None:
            test_traces_2019.assert_is_trace(trace, history)

        plays.append(Play(trace.level, trace.mode, trace.time_limit, 0, trace.keys, compare))
    return plays


@pytest.fixture(params=DEVICES)
def _device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    choose_device(request.param, monkeypatch)


def replay(plays: list[Play]) -> list[Worlds]:
    """The worlds of each recording after each of its ticks."""
    from gym_mario_suite.engine.cuda import to_device
    from gym_mario_suite.engine.cuda_worlds import DeviceWorlds
    from gym_mario_suite.envs.device_levels import stacked_images

    worlds = DeviceWorlds(stacked_images([play.level for play in plays]), np.arange(len(plays)))
    worlds.start(
        [play.mode for play in plays],
        [play.time_limit for play in plays],
        [play.switches for play in plays],
    )
    length = max(len(play.keys) for play in plays)
    keys = np.zeros((length, len(plays)), np.uint8)
    for column, play in enumerate(plays):
        keys[: len(play.keys), column] = play.keys
    histories: list[list[Any]] = [[] for _ in plays]
    for t in range(length):
        worlds.tick(to_device(keys[t]))
        now = worlds.to_host()
        for column, play in enumerate(plays):
            if t < len(play.keys):
                histories[column].append(now[column].copy())
    return [np.array(history, WORLD) for history in histories]


@pytest.mark.usefixtures("_device")
@pytest.mark.parametrize("plays_of", [plays_2009, plays_2019])
def test_every_trace_is_met_to_the_last_bit(
    plays_of: Callable[[], list[Play]], record_property: Callable[[str, Any], None]
) -> None:
    plays = sorted(plays_of(), key=lambda play: len(play.keys))
    assert plays
    compared = 0
    for first in range(0, len(plays), _AT_ONCE):
        some = plays[first : first + _AT_ONCE]
        for play, history in zip(some, replay(some), strict=True):
            play.compare(history)
            expected = recordings.play(
                play.level,
                recordings.start(play.level, play.mode, play.time_limit, play.switches),
                play.keys,
            )
            assert history.tobytes() == expected.tobytes(), "bytes that no recording holds differ"
            compared += len(history)
    record_property(f"ticks of the device's code ({plays_of.__name__}) compared", compared)
