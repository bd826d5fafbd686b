"""Super Mario Bros. on a console: starting a stage, playing frames, passing over the scenes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import MarioError, OptionError, as_integer
from gym_mario_suite.nes import smb
from gym_mario_suite.nes.backend import RAM_BYTES, Backend, NESButton, Watch
from gym_mario_suite.nes.rom import LOST_LEVELS
from gym_mario_suite.nes.smb import Address, GameMode, PlayerState

# The longest scene, Bowser's end with the walk to the princess, takes some twenty seconds.
_MAX_SCENE_FRAMES = 60 * 60
_MAX_START_FRAMES = 60 * 30
# Where Mario begins, and again on every page.
START_X_PX, PAGE_PX = 40, 256
MAX_X_PX = 64 * PAGE_PX
_MAX_CARRY_FRAMES = 60 * 10
_CARRY_Y_PX, _SWIM_Y_PX = 224, 40
_MAX_LANDINGS = 16
_LANDING_FRAMES = 8


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
_starts: dict[tuple[str, str, str, tuple[int, int] | None, int | None], Start] = {}
# A picture of 161 KB goes with each; the oldest go first.
_MAX_STARTS = 256


class Game:
    """The game in a console.

    Attributes:
        backend: The console.
        ram: What was read of it after the last frame.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.ram = bytearray(RAM_BYTES)

    def start(self, stage: tuple[int, int] | None, x_px: int | None = None) -> Start:
        """Begin a stage (world 1 to 8, stage 1 to 4), or the game where None.

        Args:
            stage: The stage.
            x_px: Where Mario stands, 40 px (the usual start) or more; where there is no ground, at
                the next. The game begins as it does after a death half way, at the page before,
                and Mario is carried over the level's top from there.

        Raises:
            GameError: If the ROM does not start as Super Mario Bros. does.
            OptionError: If Mario cannot stand at `x_px`, or the game has no start of the stage.
        """
        backend = self.backend
        if stage is not None and self._is_lost_levels and stage[0] > smb.LOST_LEVELS_WORLDS:
            raise OptionError(
                f"stage {stage[0]}-{stage[1]}: of The Lost Levels only stages of worlds 1 to "
                f"{smb.LOST_LEVELS_WORLDS} can be started"
            )
        key = (backend.name, backend.version, backend.rom.sha1, stage, x_px)
        if key not in _starts:
            if x_px is None:
                self._walk_to(stage)
            else:
                self._begin_at(stage, as_integer("x", x_px, START_X_PX, MAX_X_PX))
            while len(_starts) >= _MAX_STARTS:
                _starts.pop(next(iter(_starts)))
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
        self.backend.frame(buttons, self.ram)

    def series(self, buttons: int, most: int, watch: Watch) -> NDArray[np.uint8]:
        """Frames with these buttons held, until what is watched happens; see `Backend.frames`."""
        return self.backend.frames(buttons, most, self.ram, watch)

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

    def _begin_at(self, stage: tuple[int, int] | None, x_px: int) -> None:
        """To the first frame in which the player can act, at `x_px` or behind it."""
        name = "the game" if stage is None else f"stage {stage[0]}-{stage[1]}"
        nowhere = OptionError(f"x: Mario cannot stand at {x_px} px of {name}, or behind it")
        page = (x_px - START_X_PX) // PAGE_PX
        # On a few pages the game does not start, and on none behind the level's end.
        if not any(self._starts_at(stage, page - back) for back in range(min(page + 1, 3))):
            raise nowhere
        if self._land_at(x_px):
            return
        # Where the screen stands still, as before the warp zone of 1-2, only the page behind it
        # leads on. What met Mario on his way, such as the flagpole, has ended the stage; and in
        # castles it is Bowser behind whom nothing is left to do.
        castle = stage is not None and stage[1] == smb.STAGES
        if castle or smb.is_eventful(self.ram) or not self._starts_at(stage, page + 1):
            raise nowhere
        if not self._land_at(x_px):
            raise nowhere

    def _land_at(self, x_px: int) -> bool:
        """Mario on the first ground from `x_px` on where nobody is; whether there is any."""
        over = x_px
        for _ in range(_MAX_LANDINGS):
            if not self._carry_to(over):
                return False
            above = self.backend.save()
            self._put_down()
            # A wall there pushes him back.
            if smb.x_px(self.ram) >= x_px and self._is_left_alone():
                return True
            self.load(above)
            over = smb.x_px(self.ram) + smb.TILE_PX
        return False

    def _is_left_alone(self) -> bool:
        """Whether nothing happens to Mario before he can act; the game stays as it is."""
        if smb.is_eventful(self.ram):
            return False
        now = self.backend.save()
        self.frame(0)
        alone = not smb.is_eventful(self.ram)
        self.load(now)
        return alone

    def _starts_at(self, stage: tuple[int, int] | None, page: int) -> bool:
        """Begin a stage at a page; whether that is possible."""
        try:
            self._walk_to(stage, page)
        except GameError:
            if page:
                return False
            raise
        return True

    def _carry_to(self, x_px: int) -> bool:
        """Mario above the first ground from `x_px` on; whether there is any."""
        ram = self.ram
        for _ in range(_MAX_CARRY_FRAMES):
            far = smb.x_px(ram) < x_px
            if not far and smb.ground_row(ram) is not None:
                return True
            # Nothing is met above the screen, but there is no swimming there.
            swims = bool(ram[Address.SWIMMING])
            self._place(viewport=int(swims), y_px=_SWIM_Y_PX if swims else _CARRY_Y_PX)
            self.frame(NESButton.RIGHT | NESButton.B if far else NESButton.RIGHT)
            if smb.is_eventful(ram):
                return False
        return False

    def _put_down(self) -> None:
        """Mario on the ground under him."""
        ground = smb.ground_row(self.ram)
        self._place(viewport=1, y_px=smb.TILE_PX * (ground or 0))
        self.backend.write_ram(Address.X_SPEED, 0)
        for _ in range(_LANDING_FRAMES):
            self.frame(0)

    def _place(self, *, viewport: int, y_px: int) -> None:
        write = self.backend.write_ram
        write(Address.Y_VIEWPORT, viewport)
        write(Address.Y_ON_PAGE, y_px)
        write(Address.Y_SPEED, 0)

    def _walk_to(self, stage: tuple[int, int] | None, page: int = 0) -> None:
        """From the switch to the first frame in which the player can act."""
        backend, ram = self.backend, self.ram
        backend.reset()
        if self._is_lost_levels:
            # It counts on memory that is empty: of 255s, its clock begins at 290 instead of 400.
            for address in range(RAM_BYTES):
                backend.write_ram(address, 0)
        area = 0 if stage is None else smb.area_of_stage(*stage, lost_levels=self._is_lost_levels)
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
                backend.write_ram(Address.AREA, area - 1)
            if page:
                backend.write_ram(Address.HALFWAY_PAGE, page)
            if ram[Address.PRELEVEL_TIMER]:
                backend.write_ram(Address.PRELEVEL_TIMER, 0)
        for _ in range(_MAX_START_FRAMES if clock else 0):
            if smb.clock(ram) < clock and not smb.in_scene(ram):
                break
            clock = smb.clock(ram)
            self.frame(0)
        else:
            raise GameError(f"the game does not start: {self.backend.rom.told}")
        reached = ram[Address.WORLD] + 1, ram[Address.STAGE] + 1
        if reached != (stage or (1, 1)):
            raise GameError(
                f"the game has started stage {reached[0]}-{reached[1]} instead: "
                f"{self.backend.rom.told}"
            )

    @property
    def _is_lost_levels(self) -> bool:
        return self.backend.rom.sha1 in LOST_LEVELS
