"""Episodes of Super Mario Bros.: reset, step, reward, telemetry, observation, saved states.

The single and the vector environment use the same class, so that they cannot differ.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.world import Status
from gym_mario_suite.envs.end_codes import RUNNING, TERMINATED, TRUNCATED
from gym_mario_suite.envs.nes_options import OBSERVATIONS, PIXELS, NESOptions
from gym_mario_suite.errors import StateError
from gym_mario_suite.nes import smb
from gym_mario_suite.nes.backend import SCREEN_SHAPE, Backend
from gym_mario_suite.nes.picture import GRAY84_HUD_LINES, HUD_LINES, Shrinker
from gym_mario_suite.nes.rewards import ALL_BUT_X, TERMS, Progress
from gym_mario_suite.nes.run import Run, Stage, parse_stage
from gym_mario_suite.nes.save_state import pack_state, unpack_state
from gym_mario_suite.nes.smb import Address
from gym_mario_suite.nes.terrain import write_terrain

# Whole-number telemetry, in the order of the arrays.
TELEMETRY = (
    "status",
    "mode",
    "coins",
    "ticks",
    "time_left",
    "world",
    "stage",
    "area",
    "score",
    "clock",
    "lives",
    "y",
)
REWARD_KEYS = tuple(f"reward_{term}" for term in TERMS)
_MASK = (1 << 64) - 1


class NESEpisode:
    """One game and its bookkeeping.

    Attributes:
        options: The environment's options.
        backend: The console.
        started: Whether there is an episode, running or ended.
        code: How the last step has left it: 0 running, 1 terminated, 2 truncated.
        reward: Of the last step.
        terms: Its weighted terms before clipping, in the order of `TERMS`.
        stream: State of the random stream (splitmix64), which chooses among stages.
    """

    def __init__(self, options: NESOptions, backend: Backend) -> None:
        self.options = options
        self.backend = backend
        self.run = Run(backend, options.skip_scenes)
        self.started = False
        self.code = RUNNING
        self.reward = 0.0
        self.terms = [0.0] * len(TERMS)
        self.stream = 0
        rule = options.rule
        self._weights = [(i, weight) for i, weight in enumerate(rule.weights) if weight]
        self._limit = rule.limit
        self._stages = options.stages
        self._pixels = options.obs in PIXELS
        self._progress = Progress()
        self._steps = 0
        # The last frame, when it has been fetched, and the one before, where both are shown.
        self._screen: NDArray[np.uint8] | None = None
        self._before = np.zeros(SCREEN_SHAPE, np.uint8)
        self._pooled = False
        self._shrink = Shrinker() if options.obs == "gray84" else None

    def reset(self, stage: str | None = None, x_px: int | None = None) -> None:
        """Begin an episode: of this stage, of one of the options' stages, or of the game.

        Args:
            stage: The stage; None for what the options say.
            x_px: Where Mario begins; likewise.
        """
        chosen: Stage | None = None
        if stage is not None:
            chosen = parse_stage(stage)
        elif self._stages:
            chosen = self._stages[self._draw() % len(self._stages)]
        self.started = False  # until it has begun; a place that is refused leaves the console there
        start = self.run.begin(chosen, self.options.x if x_px is None else x_px)
        self._screen, self._pooled = start.picture, False
        self._progress.begin(self.run.ram)
        self._begin()
        self._steps = 0

    def step(self, buttons: int) -> None:
        """Hold the buttons for `frame_skip` frames or until the episode ends."""
        options, run = self.options, self.run
        pools = self._pixels and options.max_pool
        self._screen, self._pooled = None, False
        self.terms = [0.0] * len(TERMS)
        self.reward = 0.0
        left = options.frame_skip
        while left:
            most = left - 1 if pools and left > 1 else left
            # Consoles of our own run several frames at once, where each would be paid alike.
            if not self._progress.is_as_before(run.ram):
                most = 1
            traces = run.series(buttons, most, ALL_BUT_X)
            left -= len(traces)
            for page, on_page in traces[:-1].tolist():
                self._pay(self._progress.advance_in_x(smb.x_of_page(page, on_page)))
            self._pay(self._progress.advance(run.ram))
            if run.settle():
                # What is on the screen now is another place.
                self._pooled = False
            if run.status is not Status.RUNNING:
                self.code = TERMINATED
                break
            if pools and left == 1:
                self._before = self.backend.picture()
                self._pooled = True
        self._steps += 1
        limit = options.max_episode_steps
        if not self.code and limit is not None and self._steps >= limit:
            self.code = TRUNCATED

    def observe(self, out: NDArray[Any]) -> None:
        """Write the observation into `out`."""
        mode = self.options.obs
        if not self._pixels:
            write_numbers(mode, self.run.ram, out)
        else:
            screen = self.picture()
            other = self._before if self._pooled else screen
            if self._shrink is not None:
                self._shrink(screen, other, out)
            else:
                np.maximum(screen, other, out=out)
            if not self.options.hud:
                out[: GRAY84_HUD_LINES if mode == "gray84" else HUD_LINES] = 0

    def picture(self) -> NDArray[np.uint8]:
        """The last frame, uint8[224, 240, 3], not to be written to."""
        if self._screen is None:
            self._screen = self.backend.picture()
        return self._screen

    def counts(self) -> list[int]:
        """Telemetry in the order of `TELEMETRY`."""
        ram = self.run.ram
        clock = smb.clock(ram)
        return [
            int(self.run.status),
            smb.mode(ram),
            smb.coins(ram),
            self.run.frames,
            clock,
            ram[Address.WORLD] + 1,
            ram[Address.STAGE] + 1,
            ram[Address.AREA] + 1,
            smb.score(ram),
            clock,
            0 if smb.is_game_over(ram) else ram[Address.LIVES],
            smb.y_px(ram),
        ]

    def distance(self) -> float:
        """The player's x, px."""
        return float(smb.x_px(self.run.ram))

    def state(self) -> bytes:
        """The console, the episode and, where it cannot be drawn again, the picture as bytes."""
        extra = {
            "stage": None if self.run.stage is None else list(self.run.stage),
            "numbers": [
                self.code,
                int(self.run.status),
                self.run.frames,
                self._steps,
                self.stream,
            ],
            "progress": self._progress.to_list(),
        }
        parts = {}
        if not self.backend.redraws:
            parts["picture"] = zlib.compress(self.picture().tobytes(), 1)
        return pack_state(self.backend, extra, parts)

    def check_state(self, state: bytes) -> None:
        """Whether `load` would take the state.

        Raises:
            StateError: If the bytes are no state, or one of another emulator or ROM.
        """
        self._parse(state)

    def load(self, state: bytes) -> None:
        """Take up a saved game; nothing changes if it cannot be.

        Raises:
            StateError: If the bytes are no state, or one of another emulator or ROM.
        """
        numbers, progress, stage, console, picture = self._parse(state)
        self.run.resume(console, stage)
        self._screen, self._pooled = picture, False
        self._begin()
        self._progress = progress
        self.code, status, self.run.frames, self._steps, self.stream = numbers
        self.run.status = Status(status)

    def _parse(
        self, state: bytes
    ) -> tuple[list[int], Progress, tuple[int, int] | None, bytes, NDArray[np.uint8] | None]:
        header, blocks = unpack_state(state, self.backend)
        progress = Progress()
        try:
            numbers = [int(value) for value in header["numbers"]]
            if len(numbers) != 5 or numbers[1] not in set(Status):
                raise ValueError("numbers")
            progress.from_list(header["progress"])
            stage = header["stage"]
            stage = None if stage is None else parse_stage("{}-{}".format(*stage))
            picture = None
            if not self.backend.redraws:
                picture = np.frombuffer(zlib.decompress(blocks["picture"]), np.uint8)
                picture = picture.reshape(SCREEN_SHAPE)
        except (KeyError, TypeError, ValueError, IndexError, zlib.error):
            raise StateError("the state is damaged: its episode cannot be read") from None
        return numbers, progress, stage, blocks["console"], picture

    def _begin(self) -> None:
        self.started = True
        self.code = RUNNING
        self.reward = 0.0
        self.terms = [0.0] * len(TERMS)

    def _pay(self, terms: tuple[float, ...]) -> None:
        """Add the reward of a frame with these terms."""
        total = 0.0
        for i, weight in self._weights:
            if terms[i]:
                paid = weight * terms[i]
                self.terms[i] += paid
                total += paid
        limit = self._limit
        self.reward += -limit if total < -limit else limit if total > limit else total

    def _draw(self) -> int:
        """The next number of the random stream (splitmix64, Steele et al. 2014)."""
        self.stream = (self.stream + 0x9E3779B97F4A7C15) & _MASK
        z = self.stream
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)


def write_numbers(mode: str, ram: smb.Ram, out: NDArray[Any]) -> None:
    """Write the observation of a mode that is not pixels into `out`."""
    if mode == "ram":
        out[:] = np.frombuffer(ram, np.uint8)
    elif mode == "tiles":
        write_tiles(ram, out)
    else:
        write_terrain(np.frombuffer(ram, np.uint8), out)


def write_tiles(ram: smb.Ram, out: NDArray[np.int8]) -> None:
    """Fill `out` (int8[13, 16]): the screen in tiles; 1 solid or other, -1 enemy, 2 the player."""
    first = smb.screen_left_px(ram) // smb.TILE_PX
    for row in range(smb.TILE_ROWS):
        for k in range(smb.TILE_COLUMNS):
            out[row, k] = smb.metatile(ram, first + k, row) != 0
    marks = [(x, y, -1) for _, x, y in smb.enemies(ram)]
    # The player's box is two tiles high, whatever his size; his feet are in the lower one.
    feet_y = ram[Address.Y] + smb.TILE_PX + 256 * (ram[Address.Y_VIEWPORT] - 1)
    marks.append((smb.x_px(ram), feet_y, 2))
    for x, y, mark in marks:
        # Sprites are placed by their upper left corner; the middle says which tile they are on.
        column = (x + smb.TILE_PX // 2) // smb.TILE_PX - first
        row = (y + smb.TILE_PX // 2 - smb.TILES_TOP_PX) // smb.TILE_PX
        if 0 <= row < smb.TILE_ROWS and 0 <= column < smb.TILE_COLUMNS:
            out[row, column] = mark


def observation_buffer(options: NESOptions, count: int) -> NDArray[Any]:
    """Room for the observations of `count` environments."""
    _, _, shape, dtype = OBSERVATIONS[options.obs]
    return np.zeros((count, *shape), dtype)
