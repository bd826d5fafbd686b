"""The nes-py backend on a stand-in for its native module, for Pythons that nes-py is not built for.

The stand-in has the methods that nes-py 9.0.1's `_native.pyx` declares, and counts instead of
emulating. Where nes-py is installed, `test_backends.py` runs the backend on the real one.
"""

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from gym_mario_suite.errors import StateError
from gym_mario_suite.nes import nespy
from gym_mario_suite.nes.backend import SCREEN_SHAPE, BackendError
from gym_mario_suite.nes.nespy import NesPyBackend
from gym_mario_suite.nes.rom import Rom


class NativeEmulator:
    """RAM[0] counts frames, RAM[1] sums the buttons; the screen shows the buttons."""

    frames_run = 0

    def __init__(self, path: str) -> None:
        with open(path, "rb") as file:
            assert file.read(4) == b"NES\x1a"
        self.memory = np.full(2048, 255, np.uint8)
        self.buttons = 0

    def reset(self) -> None:
        self.memory[:] = 0

    def ram_buffer(self) -> np.ndarray:
        return self.memory

    def frame_advance(self, buttons: int) -> None:
        NativeEmulator.frames_run += 1
        self.memory[0] = (int(self.memory[0]) + 1) % 256
        self.memory[1] = (int(self.memory[1]) + buttons) % 256
        self.buttons = buttons

    def copy_screen_rgb(self, out: np.ndarray) -> None:
        out[:] = 1
        out[8:232, 8:248] = self.buttons

    def dump_state(self) -> Any:
        return self.memory.copy()

    def load_state(self, snapshot: Any) -> None:
        self.memory[:] = snapshot

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("nes_py._native")
    vars(module)["NativeEmulator"] = NativeEmulator
    monkeypatch.setitem(sys.modules, "nes_py", ModuleType("nes_py"))
    monkeypatch.setitem(sys.modules, "nes_py._native", module)
    monkeypatch.setattr(nespy, "version", lambda name: "9.0.1")


def ram_of(console: NesPyBackend) -> bytearray:
    ram = bytearray(2048)
    console.read_ram(ram)
    return ram


def test_a_state_is_what_was_done_since_the_switch(rom: Rom):
    console = NesPyBackend(rom)
    console.run(1, 3)
    console.run(1, 2)
    console.write_ram(5, 77)
    console.run(128, 70_000)
    state = console.save()
    # 5 frames of A, a write, and 70,000 frames in runs of at most 32,767.
    assert len(state) == 3 * (1 + 1 + 3)
    expected = ram_of(console)
    console.reset()
    assert ram_of(console) == bytes(2048)
    ran = NativeEmulator.frames_run
    console.load(state)
    assert NativeEmulator.frames_run == ran, "the console has a snapshot"
    assert ram_of(console) == expected
    other = NesPyBackend(rom)
    other.load(state)
    assert NativeEmulator.frames_run == ran + 70_005, "another console plays it"
    assert ram_of(other) == expected
    other.run(1)
    console.run(1)
    assert other.save() == console.save()


def test_snapshots_do_not_pile_up(rom: Rom, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(nespy, "_KEPT_SNAPSHOTS", 3)
    console = NesPyBackend(rom)
    states = []
    for _ in range(5):
        console.run(2)
        states.append((console.save(), ram_of(console)))
    assert len(console._snapshots) == 3
    for state, expected in states:
        console.load(state)
        assert ram_of(console) == expected


def test_the_screen_is_without_its_border(rom: Rom):
    console = NesPyBackend(rom)
    console.run(9)
    screen = np.zeros(SCREEN_SHAPE, np.uint8)
    console.screen(screen)
    assert (screen == 9).all()


def test_damaged_logs(rom: Rom):
    console = NesPyBackend(rom)
    console.run(1)
    before = ram_of(console)
    for bad in (b"ab", b"\0\0\0", b"\0\xff\xff"):
        with pytest.raises(StateError, match="log"):
            console.load(bad)
        assert ram_of(console) == before


def test_an_old_version_is_refused(rom: Rom, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(nespy, "version", lambda name: "8.2.1")
    with pytest.raises(BackendError, match=r"8\.2\.1 is too old"):
        NesPyBackend(rom)
