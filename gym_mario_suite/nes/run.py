"""One run of the game: from the start of a stage, or of the game, to its end."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.world import Status
from gym_mario_suite.errors import OptionError
from gym_mario_suite.nes import smb
from gym_mario_suite.nes.backend import Backend, Watch
from gym_mario_suite.nes.game import Game, Start
from gym_mario_suite.nes.smb import Address

Stage = tuple[int, int]
_STAGE = re.compile(r"([1-8])-([1-4])")
_LAST_STAGE = (smb.WORLDS, smb.STAGES)


def parse_stage(name: object) -> Stage:
    """World and stage of a name like "1-2".

    Raises:
        OptionError: If it is none.
    """
    match = _STAGE.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise OptionError(f'a stage is named "<world>-<stage>", "1-1" to "8-4", got {name!r}')
    return int(match[1]), int(match[2])


class Run:
    """A game on its way from its start to its end, frame by frame.

    A frame is two calls: `frame` plays it, and `settle` looks what has come of it; between the two
    the RAM is as the frame has left it. A run of one stage ends with its goal or a death; a run of
    the whole game with the last life or the last stage. Scenes in which the player cannot act are
    no frames of the run, unless they are asked for.

    Args:
        backend: The console.
        skip_scenes: Whether scenes are passed over, and a death is the end. If not, all frames are
            frames of the run, and a stage's ends when the death has been played.

    Attributes:
        game: The game in its console.
        skip_scenes: As given.
        stage: The stage; None for the whole game.
        status: Running, won or dead.
        frames: Frames played.
    """

    def __init__(self, backend: Backend, skip_scenes: bool = True) -> None:
        self.game = Game(backend)
        self.skip_scenes = skip_scenes
        self.stage: Stage | None = None
        self.status = Status.RUNNING
        self.frames = 0

    @property
    def ram(self) -> bytearray:
        """The RAM after the last frame."""
        return self.game.ram

    def begin(self, stage: Stage | None, x_px: int | None = None) -> Start:
        """Begin a run, see `Game.start`."""
        start = self.game.start(stage, x_px)
        self.stage, self.status, self.frames = stage, Status.RUNNING, 0
        return start

    def resume(self, console: bytes, stage: Stage | None) -> None:
        """Go on from a state of the console, as a run that has just begun.

        Raises:
            StateError: If the bytes are no state.
        """
        self.game.load(console)
        self.stage, self.status, self.frames = stage, Status.RUNNING, 0

    def frame(self, buttons: int) -> None:
        """Play one frame with these buttons held; `settle` comes next."""
        self.game.frame(buttons)
        self.frames += 1

    def series(self, buttons: int, most: int, watch: Watch) -> NDArray[np.uint8]:
        """Up to `most` frames, as one of which `settle` would see nothing but in the last.

        Args:
            buttons: Held in all of them.
            most: How many at most.
            watch: What ends the series: at least all that `settle` looks at.

        Returns:
            uint8[frames, len(watch.traced)], the traced bytes after each.
        """
        traces = self.game.series(buttons, most, watch)
        self.frames += len(traces)
        return traces

    def settle(self) -> bool:
        """See whether the run has ended, else let scenes pass.

        Returns:
            Whether a scene has passed.
        """
        # Asked here too, because a generator costs more than the question.
        if not smb.is_eventful(self.game.ram):
            return False
        return sum(1 for _ in self.unfold()) > 0

    def unfold(self) -> Iterator[None]:
        """The same frame by frame, for those who want to see the scenes."""
        if not smb.is_eventful(self.game.ram):
            return
        self._look_for_end()
        if self.status is Status.RUNNING and self.skip_scenes:
            yield from self.game.scenes()
            if smb.is_game_over(self.game.ram):
                self.status = Status.DEAD

    def _look_for_end(self) -> None:
        ram = self.game.ram
        if smb.is_stage_cleared(ram):
            at = ram[Address.WORLD] + 1, ram[Address.STAGE] + 1
            if self.stage is not None or at == _LAST_STAGE:
                self.status = Status.WIN
                return
        elif self.stage is not None and self._is_lost(ram):
            self.status = Status.DEAD
            return
        if smb.is_game_over(ram):
            self.status = Status.DEAD

    def _is_lost(self, ram: smb.Ram) -> bool:
        """Whether the life of a stage's run is lost."""
        return smb.is_dead(ram) or (self.skip_scenes and smb.is_dying(ram))
