"""Playing a dream, without the window: time, pause, spawns, and the true engine beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from gym_mario_suite.dream.cards import threshold_of
from gym_mario_suite.dream.dreamer import Dreamer, Outcome
from gym_mario_suite.dream.frames import Frames
from gym_mario_suite.dream.hints import HintMap
from gym_mario_suite.dream.metrics import psnr, squared_errors
from gym_mario_suite.dream.runtime import DreamModel
from gym_mario_suite.dream.spawns import Spawn
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Status
from gym_mario_suite.errors import OptionError
from gym_mario_suite.play.actions import Action
from gym_mario_suite.play.session import SLOW_MOTION
from gym_mario_suite.play.ticker import SPEEDS, Ticker

_PX = 2  # engine pixels for each of a frame


class DreamSession:
    """Takes buttons, commands and time, and dreams on.

    Args:
        model: What dreams.
        spawns: Where dreams begin, one after the other.
        first: Number of the first spawn.
        steps: Sampling steps; None for the model's own number.
        seed: Of the noise.
        hint: Whether the model is told the level of the spawn.
        listener: Called with each new frame.

    Attributes:
        frame: The last frame, uint8[h, w, 3].
        engine: The true game, fed with the same buttons; None where the spawn has none.
        stages: What was expected of the last frame after each sampling step.
        outcome: What the model said of the last step.
        buttons: Those of the last step.
        paused: Whether time stands still.
        beside: Whether the engine shall be shown.
        denoising: Whether the sampling steps shall be shown.
        ended: Whether the model has ended the episode.
        ticks: Steps of this dream.
    """

    def __init__(
        self,
        model: DreamModel,
        spawns: Sequence[Spawn],
        *,
        first: int = 0,
        steps: int | None = None,
        seed: int = 0,
        hint: bool = False,
        listener: Callable[[Frames], None] = lambda frame: None,
    ) -> None:
        if not spawns:
            raise OptionError("there is no spawn to begin from")
        if hint and not model.config.level_hint:
            raise OptionError(f"the model {model.config.name!r} takes no level hint")
        self._dreamer = Dreamer(model, 1, steps)
        self._dreamer.seeds[:] = seed
        self._spawns = list(spawns)
        self._number = first % len(self._spawns)
        self._threshold = threshold_of(model.card)
        self._hint = hint
        self._listener = listener
        self._ticker = Ticker()
        self._held = self._taps = 0
        self.speed = Fraction(1)
        self.slow = False
        self.paused = False
        self.beside = True
        self.denoising = False
        self._begin()

    @property
    def spawn(self) -> Spawn:
        """Where this dream began."""
        return self._spawns[self._number]

    @property
    def model(self) -> DreamModel:
        """What dreams."""
        return self._dreamer.model

    @property
    def pace(self) -> Fraction:
        """Game seconds in a second."""
        return SLOW_MOTION * self.speed if self.slow else self.speed

    @property
    def tracking_error_px(self) -> float | None:
        """How far Mario's way in the dream, as the model tells it, is from the engine's, px.

        None without an engine, or when its game has ended.
        """
        if self.engine is None or self.engine.status != Status.RUNNING:
            return None
        return abs(self._way_px - (float(self.engine.x) - self._start_px))

    def picture_error_db(self, truth: Frames) -> float:
        """PSNR of the last frame beside the engine's, dB."""
        return psnr(float(squared_errors(self.frame, truth).mean()))

    def press(self, held: int, taps: int = 0) -> None:
        """Take the button bits held now, and those pressed since the last call."""
        self._held = held
        self._taps |= taps

    def command(self, action: Action) -> None:
        """Do what a key asks for; what only concerns the window is passed over."""
        match action:
            case Action.START | Action.PAUSE:
                if self.ended:
                    self._begin()
                else:
                    self.paused = not self.paused
            case Action.RESTART:
                self._begin()
            case Action.NEXT:
                self._number = (self._number + 1) % len(self._spawns)
                self._begin()
            case Action.STEP:
                self.paused = True
                self._tick()
            case Action.SLOW:
                self.slow = not self.slow
            case Action.SLOWER | Action.FASTER:
                nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self.speed))
                by = 1 if action is Action.FASTER else -1
                self.speed = SPEEDS[min(max(nearest + by, 0), len(SPEEDS) - 1)]
            case Action.GRID:
                self.beside = not self.beside
            case Action.TRAJECTORIES:
                self.denoising = not self.denoising

    def interrupt(self) -> None:
        """Pause, as when the window loses the keyboard."""
        self.paused = True

    def advance(self, elapsed_ns: int, hurried: Callable[[], bool] = lambda: False) -> int:
        """Let time pass; how many ticks ran.

        Args:
            elapsed_ns: Since the last call, in nanoseconds.
            hurried: Asked after each tick; True drops the ticks that are still due.
        """
        if self.paused or self.ended:
            self._ticker.forget()
            return 0
        self._ticker.speed = self.pace
        ran = 0
        for _ in range(self._ticker.due(elapsed_ns)):
            self._tick()
            ran += 1
            if self.ended or hurried():
                break
        return ran

    def _begin(self) -> None:
        spawn = self.spawn
        config = self.model.config
        frames = spawn.sized(config.height_px, config.width_px)
        level = HintMap(spawn.level()) if self._hint and spawn.has_engine else None
        self._dreamer.begin(
            0,
            frames,
            spawn.keys,
            level,
            max(spawn.camera_px, 0),
            spawn.memory_array,
            spawn.sized_scenery(config.height_px, config.width_px),
        )
        self.engine: Game | None = spawn.game() if spawn.has_engine else None
        self._start_px = 0.0 if self.engine is None else float(self.engine.x)
        self._way_px = 0.0
        self.frame: Frames = frames[-1]
        self.stages: list[Frames] = []
        self.outcome: Outcome | None = None
        self.buttons = 0
        self.ended = False
        self.ticks = 0
        self._taps = 0
        self._ticker.forget()

    def _tick(self) -> None:
        if self.ended:
            return
        self.buttons, self._taps = self._held | self._taps, 0
        self.stages = []
        frames, outcome = self._dreamer.step(
            np.array([self.buttons], np.uint8), watch=lambda f: self.stages.append(f[0])
        )
        self.frame, self.outcome = frames[0], outcome
        self.ticks += 1
        scale = 240 / self._dreamer.model.config.height_px / _PX
        self._way_px += _PX * scale * float(outcome.move[0, 0])
        self.ended = bool(outcome.p_done[0] >= self._threshold)
        if self.engine is not None and self.engine.status == Status.RUNNING:
            self.engine.tick(self.buttons)
        self._listener(self.frame)
