"""Super Mario Bros. on a console: starting a stage, playing frames, passing over the scenes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import MarioError
from gym_mario_suite.nes import smb
from gym_mario_suite.nes.backend import RAM_BYTES, Backend, NESButton
from gym_mario_suite.nes.smb import Address, GameMode, PlayerState

# The longest scene, Bowser's end with the walk to the princess, takes some twenty seconds.
_MAX_SCENE_FRAMES = 60 * 60
_MAX_START_FRAMES = 60 * 30


class GameError(MarioError):
    """The program in the console does not behave as Super Mario Bros. does."""


@dataclass(frozen=True)
class Start:
    """A console in which a stage has begun.

    Attributes:
        console: State for `Backend.load`.
        picture: What is on the screen, uint8[224, 240, 3].
    """

    console: bytes
    picture: NDArray[np.uint8]


# Getting to a stage takes a second; it is the same for every console of an emulator and ROM.
_starts: dict[tuple[str, str, str, tuple[int, int] | None], Start] = {}


class Game:
    """The game in a console.

    Attributes:
        backend: The console.
        ram: What was read of it after the last frame.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.ram = bytearray(RAM_BYTES)

    def start(self, stage: tuple[int, int] | None) -> Start:
        """Begin a stage (world 1 to 8, stage 1 to 4), or the game where None.

        Raises:
            GameError: If the ROM does not start as Super Mario Bros. does.
        """
        backend = self.backend
        key = (backend.name, backend.version, backend.rom.sha1, stage)
        if key not in _starts:
            self._walk_to(stage)
            _starts[key] = Start(backend.save(), backend.picture())
        start = _starts[key]
        self.load(start.console)
        return start

    def load(self, console: bytes) -> None:
        """Go on from a state of the console.

        Raises:
            StateError: If the bytes are no state.
        """
        self.backend.load(console)
        self.backend.read_ram(self.ram)

    def frame(self, buttons: int) -> None:
        """One frame with these buttons held."""
        self.backend.run(buttons)
        self.backend.read_ram(self.ram)

    def scenes(self) -> Iterator[None]:
        """Let pass what the player cannot act in, and cut short the death of the player.

        Yields:
            After each frame that was run.

        Raises:
            GameError: If a scene does not end.
        """
        ram = self.ram
        ran = 0
        if smb.is_dying(ram):
            self.backend.write_ram(Address.PLAYER_STATE, PlayerState.DEAD)
            self.frame(0)
            ran = 1
            yield
        while smb.in_scene(ram) and not smb.is_game_over(ram):
            if 1 < ram[Address.AREA_CHANGE_TIMER] < 255:
                self.backend.write_ram(Address.AREA_CHANGE_TIMER, 1)
            if ram[Address.PRELEVEL_TIMER]:
                self.backend.write_ram(Address.PRELEVEL_TIMER, 0)
            self.frame(0)
            ran += 1
            if ran > _MAX_SCENE_FRAMES:
                raise GameError(f"a scene has not ended after {ran} frames")
            yield

    def _walk_to(self, stage: tuple[int, int] | None) -> None:
        """From the switch to the first frame in which the player can act."""
        backend, ram = self.backend, self.ram
        backend.reset()
        clock = 0
        for i in range(_MAX_START_FRAMES):
            # Pressed in every second frame: the game looks for a button that was not held before.
            # Not once it has begun, where START would pause it.
            on_title = ram[Address.GAME_MODE] != GameMode.PLAYING
            self.frame(NESButton.START * (i % 2) if on_title else 0)
            # Until the program has cleared it, RAM holds what the chips woke up with.
            if ram[Address.GAME_MODE] == GameMode.PLAYING and 0 < smb.clock(ram) < 1000:
                clock = smb.clock(ram)
                break
            if stage is not None:
                backend.write_ram(Address.WORLD, stage[0] - 1)
                backend.write_ram(Address.STAGE, stage[1] - 1)
                backend.write_ram(Address.AREA, smb.area_of_stage(*stage) - 1)
            if ram[Address.PRELEVEL_TIMER]:
                backend.write_ram(Address.PRELEVEL_TIMER, 0)
        for _ in range(_MAX_START_FRAMES if clock else 0):
            if smb.clock(ram) < clock and not smb.in_scene(ram):
                break
            clock = smb.clock(ram)
            self.frame(0)
        else:
            raise GameError(f"the game does not start: {self._rom_name()}")
        reached = ram[Address.WORLD] + 1, ram[Address.STAGE] + 1
        if reached != (stage or (1, 1)):
            raise GameError(
                f"the game has started stage {reached[0]}-{reached[1]} instead: {self._rom_name()}"
            )

    def _rom_name(self) -> str:
        rom = self.backend.rom
        if rom.title is not None:
            return f"the ROM is {rom.title}"
        return f"the ROM (SHA-1 {rom.sha1}) is not a known dump of Super Mario Bros."
