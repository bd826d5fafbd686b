"""What a window shows of the NES: runs that a person or an agent plays, and replays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.agents.base import NESAgent
from gym_mario_suite.datasets.nes_replay import (
    NESReplay,
    RecordedRun,
    open_run,
    play_nes,
    stage_name,
)
from gym_mario_suite.engine.world import Button, Status
from gym_mario_suite.errors import MarioError, ReplayError, as_integer
from gym_mario_suite.nes import smb
from gym_mario_suite.nes.backend import NESButton
from gym_mario_suite.nes.run import Run, Stage
from gym_mario_suite.play.actions import UP_BUTTON
from gym_mario_suite.play.episodes import Archive, Episode, Shown

# A program that is killed outright loses no more than this of a replay.
_FRAMES_PER_SAVE = 300
_PAD = {
    int(Button.LEFT): int(NESButton.LEFT),
    int(Button.RIGHT): int(NESButton.RIGHT),
    int(Button.DOWN): int(NESButton.DOWN),
    int(Button.JUMP): int(NESButton.A),
    int(Button.SPEED): int(NESButton.B),
    UP_BUTTON: int(NESButton.UP),
}


def pad_buttons(buttons: int) -> int:
    """Bits of `NESButton` for bits of the window's buttons."""
    return sum(pad for bit, pad in _PAD.items() if buttons & bit)


def window_buttons(pad: int) -> int:
    """Bits of the window's buttons for bits of `NESButton`."""
    return sum(bit for bit, mask in _PAD.items() if pad & mask)


class ShownRun:
    """A run with what is on its screen.

    Attributes:
        run: The run.
        keys: Buttons of the last frame, bits of `NESButton`.
        final_ram: The RAM when the run was last in play.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.keys = 0
        self.final_ram = run.ram
        self._picture: NDArray[np.uint8] | None = None

    @property
    def status(self) -> Status:
        """Whether it is won or lost."""
        return self.run.status

    @property
    def ram(self) -> bytearray:
        """The RAM as it stands."""
        return self.run.ram

    def picture(self) -> NDArray[np.uint8]:
        """What is on the screen, uint8[224, 240, 3]."""
        if self._picture is None:
            self._picture = self.run.game.backend.picture()
        return self._picture

    def begin(self, stage: Stage | None) -> None:
        """Begin the run."""
        self._picture = self.run.begin(stage).picture
        self.final_ram = self.run.ram

    def moved_on(self) -> None:
        """A frame was run: there is another picture."""
        self._picture = None

    def tick(self, keys: int) -> None:
        """A frame beside the run: what comes after its end."""
        self.run.game.frame(keys)
        self._picture = None


class _StillShown:
    """The start of a run, while the title card is over it."""

    status = Status.RUNNING
    keys = 0

    def __init__(self, shown: ShownRun) -> None:
        self._picture = shown.picture()
        self.ram = self.final_ram = bytes(shown.ram)

    def picture(self) -> NDArray[np.uint8]:
        """What is on the screen."""
        return self._picture

    def tick(self, keys: int) -> None:
        """It stands still."""


class NESEpisode:
    """What the episodes of the NES have in common.

    Attributes:
        game: The run and its screen.
    """

    kind = "nes"
    ticks_per_second = smb.FRAMES_PER_SECOND
    level = None
    game: ShownRun

    def preview(self) -> Shown:
        """The start."""
        return _StillShown(self.game)

    def aftermath(self) -> Shown:
        """The console goes on: Mario falls, or slides down the pole."""
        # What is told of the run shall not change with it.
        self.game.final_ram = bytearray(self.game.ram)
        return self.game


class PlayedNESEpisode(NESEpisode):
    """A run that a person or an agent plays, with its recording.

    Args:
        run: In its console.
        stage: Where it begins; None for the whole game.
        agent: Who plays; None for a person.
        archive: Where the replay goes.
    """

    def __init__(
        self, run: RecordedRun, stage: Stage | None, agent: NESAgent | None, archive: Archive
    ) -> None:
        self._run = run
        self.agent = agent
        self.game = ShownRun(run)
        self.game.begin(stage)
        self._scene: Iterator[None] = iter(())
        self._archive = archive
        self._file: Path | None = None
        self._kept_frames = 0
        if agent is not None:
            agent.reset()

    @property
    def over(self) -> bool:
        """Whether the run has ended."""
        return self._run.status != Status.RUNNING

    def tick(self, buttons: int) -> None:
        """One frame: of the run, or of a scene in which nobody can act.

        Raises:
            OptionError: When the agent's answer is no action.
        """
        self.game.moved_on()
        if self._scene_goes_on() or self.over:
            return
        if self.agent is None:
            keys = pad_buttons(buttons)
        else:
            name = f"the action of agent {self.agent.name!r}"
            keys = as_integer(name, self.agent.act(self._run), 0, 255)
        self.game.keys = keys
        self._run.frame(keys)
        self._scene = self._run.unfold()
        if not self._scene_goes_on() and self._run.frames % _FRAMES_PER_SAVE == 0:
            self.close()

    def _scene_goes_on(self) -> bool:
        """Run a frame of the present scene, if there is one."""
        return next(self._scene, self) is None

    def close(self) -> None:
        """Write the replay, if it has grown since the last time."""
        while self._scene_goes_on():
            self.game.moved_on()
        if self._archive.folder and self._run.frames > self._kept_frames:
            replay = self._run.replay(self._archive.metadata)
            self._file = self._archive.write(replay, self._file)
            self._kept_frames = replay.ticks


class ReplayedNESEpisode(NESEpisode):
    """A replay, verified as it plays.

    Args:
        replay: The replay.
        name: Its name in error messages.

    Raises:
        MarioError: When the replay's ROM or emulator is not there.
    """

    agent = None

    def __init__(self, replay: NESReplay, name: str) -> None:
        self._name = name
        self._keys = iter(replay.keys)
        self._left = replay.ticks
        self._run = self._explained(lambda: open_run(replay))
        self.game = ShownRun(self._run)
        self.game.begin(replay.stage)
        self._frames = play_nes(replay, self._run)

    @property
    def over(self) -> bool:
        """Whether all frames have been shown."""
        return self._left == 0

    def tick(self, buttons: int) -> None:
        """Show the next frame.

        Raises:
            ReplayError: When the run takes another course than the one recorded.
        """
        if self._left:
            self._explained(lambda: next(self._frames))
            self._left -= 1
            self.game.keys = next(self._keys)
            self.game.moved_on()

    def close(self) -> None:
        """There is nothing to keep."""

    def _explained(self, step: Callable[[], Run]) -> Run:
        try:
            return step()
        except MarioError as error:
            raise ReplayError(f"{self._name}: {error}") from error


class NESCourse:
    """Stages, one after the other; or the whole game.

    Args:
        run: In its console.
        stage: The first; None for the whole game.
        agent: Who plays; None for a person.
        archive: Where the replays go.
    """

    def __init__(
        self, run: RecordedRun, stage: Stage | None, agent: NESAgent | None, archive: Archive
    ) -> None:
        self._run = run
        self._stage = stage
        self._agent = agent
        self._archive = archive

    @property
    def headline(self) -> str:
        """The game, or the agent's name."""
        return "SUPER MARIO BROS." if self._agent is None else self._agent.name.upper()

    @property
    def details(self) -> str:
        """Which stage it is."""
        name = stage_name(self._stage)
        return "THE WHOLE GAME" if name is None else f"WORLD {name}"

    @property
    def human(self) -> bool:
        """Whether a person plays."""
        return self._agent is None

    @property
    def alone(self) -> bool:
        """Whether there is no other stage."""
        return self._stage is None

    def begin(self) -> Episode:
        """The present stage from its start."""
        return PlayedNESEpisode(self._run, self._stage, self._agent, self._archive)

    def go_on(self) -> None:
        """Go to the next stage; after the last comes the first."""
        if self._stage is None:
            return
        following = smb.ALL_STAGES.index(self._stage) + 1
        self._stage = smb.ALL_STAGES[following % len(smb.ALL_STAGES)]
