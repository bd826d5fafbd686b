"""`MarioNES-v0`: Super Mario Bros. on an emulated NES, with a ROM of the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray

from gym_mario_suite.envs.end_codes import TERMINATED, TRUNCATED
from gym_mario_suite.envs.keyword_options import read_options
from gym_mario_suite.envs.native_vector import draw_stream_seed
from gym_mario_suite.envs.nes_actions import NESActionReader
from gym_mario_suite.envs.nes_episode import (
    REWARD_KEYS,
    TELEMETRY,
    NESEpisode,
    observation_buffer,
)
from gym_mario_suite.envs.nes_options import NESOptions
from gym_mario_suite.envs.render_modes import (
    check_render_mode,
    fps_of_steps,
    may_render,
    window_of,
)
from gym_mario_suite.envs.reset_options import check_one_option, options_given
from gym_mario_suite.envs.windowed import Windowed
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.nes.backend import SCREEN_SHAPE, open_backend
from gym_mario_suite.nes.game import MAX_X_PX, START_X_PX
from gym_mario_suite.nes.picture import GRAY84_HUD_LINES, GRAY84_SHAPE, HUD_LINES
from gym_mario_suite.nes.rom_store import find_rom
from gym_mario_suite.nes.run import parse_stage

RENDER_FPS = 60
# Lines that the figures take at the top of a picture, by the picture's height.
HUD_LINES_OF = {SCREEN_SHAPE[0]: HUD_LINES, GRAY84_SHAPE[0]: GRAY84_HUD_LINES}
_KEPT_IN_COPIES = ("spec", "_np_random", "_np_random_seed", "_seeded")
_RESET_OPTIONS = frozenset({"stage", "state", "x"})


class MarioNESEnv(Windowed, gym.Env[NDArray[Any], Any]):
    """Super Mario Bros. on an emulated NES.

    ## Description
    The game itself, from a ROM of the user's own, on this package's console, FCEUmm or nes-py.
    `MarioNES-v0` is the whole game with three lives; `MarioNES-<world>-<stage>-v0` one stage and
    one life. Scenes in which the player cannot act (pipes, deaths, the ends of stages) are passed
    over: a step always ends where the next action counts, or with the episode. With
    `skip_scenes=False` they are played, as raw emulators play them: steps go by in which actions do
    nothing, and dying takes its three seconds.

    An episode begins when the clock has ticked for the first time. Every step holds the buttons of
    its action for `frame_skip` frames, 60 of which are a second.

    ## Action space
    One of the named sets of `envs.actions`: `complex` (12 combinations, the default), `simple` (7),
    `right_only` (5), `curiosity` (14) as `Discrete`, or `buttons` as `MultiBinary(6)`: left,
    right, down, jump (A), speed (B), up. Or a list of combinations of one's own, as `Discrete`:
    `["none", "right+jump"]`, also as gym-super-mario-bros has them, `[["NOOP"], ["right", "A"]]`.

    ## Observation space
    `obs="rgb"`: uint8[224, 240, 3], the screen without the border of 8 px that televisions hid.
    `"gray84"`: uint8[84, 84], grey means of areas. `"ram"`: uint8[2048]. `"tiles"`: int8[13, 16],
    the screen in tiles as RAM has them: 1 a tile, -1 an enemy, 2 Mario, 0 nothing. `"terrain"`:
    float32[296], numbers of Mario and of sprites, and the tiles around him (`nes.terrain`).

    ## Rewards
    `reward="v7"` (default): what most published agents were trained on, frame by frame px moved
    (changes of more than 5 dropped), units of the clock lost, -25 for dying, clipped to -15 .. 15.
    `"v9"`: px past the furthest point instead, plus score / 100, 5 for each coin and level of
    power, 50 for a stage. `"distance"`: tiles to the right. `"score"`: points. `"sparse"`: 1 for a
    stage. Or a mapping of weights of the terms x, progress, time, death, score, coins, power, goal.
    `info["reward_<term>"]` holds each weighted term, before clipping.

    ## Episode end
    `terminated` when Mario dies (without `skip_scenes`: has died) or clears the stage; with the
    whole game, when the last life is lost or the last stage is cleared.

    ## Info
    `distance` (px, Mario's x), `y` (px upward, 79 on most ground, 255 at the top edge), `status`
    (2 running, 1 won, 0 dead), `mode` (0 small, 1 large, 2 fire), `coins`, `ticks` (frames played),
    `time_left` and `clock` (units of game time), `world`, `stage`, `area`, `score`, `lives` (left
    beside the present one) and the reward terms.

    ## Options of reset
    `options={"stage": "1-2"}` plays that stage for one episode; `{"x": 1200}` begins at that px or
    at the next ground (also together with a stage); `{"state": bytes}` takes up a saved game, and
    shows its last frame alone, not pooled with the one before. None stands for what is usual.

    Args:
        stage: The stage, or several from which each episode draws one; None for the whole game.
        x: Where Mario begins, px, 40 or more; None for the stage's own start.
        obs: Observation mode.
        actions: Name of the action set, or combinations of buttons.
        reward: Name of a reward, or weights of the terms.
        frame_skip: Frames for each step.
        max_pool: Whether pixels are the larger of the last two frames, which keeps what flickers;
            only where `frame_skip` is more than 1.
        hud: False blackens the line of figures in pixel observations.
        skip_scenes: Whether scenes in which the player cannot act are passed over.
        backend: "builtin", "fceumm", "nes-py", or "auto" for the fastest that is installed.
        rom: A ROM file; by default see `nes.rom_store.find_rom`.
        max_episode_steps: Steps after which an episode is truncated; `gymnasium.make` has its own.
        render_mode: None, "rgb_array" or "human", a window (the extra `play`).

    Raises:
        OptionError: For an option that is not possible.
        RomError: If there is no usable ROM.
        BackendError: If the emulator is not installed, or has not the ROM's cartridge.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 (Gymnasium declares it so)
        "render_modes": ["rgb_array", "human"],
        "render_fps": RENDER_FPS,
        "hud_lines": HUD_LINES_OF,
    }

    def __init__(self, *, render_mode: str | None = None, **options: Any) -> None:
        check_render_mode(render_mode, self.metadata)
        self.options = read_options(NESOptions, "MarioNES", options)
        self.render_mode = render_mode
        fps = fps_of_steps(RENDER_FPS, self.options.frame_skip)
        self.metadata = {**type(self).metadata, "render_fps": fps}
        self._window = window_of(render_mode, "Super Mario Bros.", fps)
        self.observation_space = self.options.observation_space()
        self.action_space = self.options.action_set.space()
        self._actions = NESActionReader(self.options.action_set)
        self._buffer = observation_buffer(self.options, 1)[0]
        rom = find_rom(self.options.rom)
        self.episode = NESEpisode(self.options, open_backend(rom, self.options.backend))
        self._seeded = False

    @property
    def backend_name(self) -> str:
        """Name and version of the emulator."""
        backend = self.episode.backend
        return f"{backend.name} {backend.version}"

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Begin an episode; see the class for the options.

        Raises:
            OptionError: For an unknown option or a value that is not possible.
            StateError: For a state that cannot be loaded.
            GameError: If the ROM is not Super Mario Bros.
        """
        super().reset(seed=seed)
        chosen = nes_reset_options(options_given(options))
        check_start(chosen.get("stage"), chosen.get("x"))
        if seed is not None or not self._seeded:
            self.episode.stream = draw_stream_seed(self.np_random)
            self._seeded = True
        if "state" in chosen:
            self.set_state(chosen["state"])
        else:
            self.episode.reset(chosen.get("stage"), chosen.get("x"))
        self._show()
        return self._observation(), self._info()

    def step(self, action: Any) -> tuple[NDArray[Any], float, bool, bool, dict[str, Any]]:
        """Hold the action's buttons for `frame_skip` frames.

        Raises:
            OptionError: If the action is not one of the set.
            ResetNeeded: Before the first reset, and after the end of an episode.
        """
        episode = self.episode
        buttons = self._actions.one(action)
        if episode.code or not episode.started:
            raise ResetNeeded("call reset() first: no episode is running")
        episode.step(buttons)
        self._show()
        return (
            self._observation(),
            float(episode.reward),
            episode.code == TERMINATED,
            episode.code == TRUNCATED,
            self._info(),
        )

    def render(self) -> Any:
        """The screen, uint8[224, 240, 3], with `render_mode="rgb_array"`."""
        if not may_render(self.render_mode, self.episode.started):
            return None
        return self._screen().copy()

    def close(self) -> None:
        """Switch the console off, and close the window. Closing twice does no harm."""
        episode = getattr(self, "episode", None)
        if episode is not None:
            episode.started = False
            episode.backend.close()
            super().close()

    def get_state(self) -> bytes:
        """The game as bytes, with the emulator's name and version and the ROM's hash.

        Any environment of this family with the same emulator, version and ROM continues from it
        with the same future, given the same options.
        """
        if not self.episode.started:
            raise ResetNeeded("call reset() first: there is no game to save")
        return self.episode.state()

    def set_state(self, state: bytes) -> None:
        """Take up a game that `get_state` saved.

        Raises:
            StateError: If the bytes are no such state; the environment is unchanged then.
        """
        self.episode.load(state)
        self._seeded = True

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy or a pickle is another console, at the same place in its game."""
        episode, own = self.episode, self.__dict__
        running = episode.started and not episode.code
        return _copied, (
            type(self),
            {**vars(self.options), "render_mode": self.render_mode},
            {name: own[name] for name in _KEPT_IN_COPIES if name in own},
            episode.stream,
            episode.state() if running else None,
        )

    def _screen(self) -> NDArray[np.uint8]:
        return self.episode.picture()

    def _observation(self) -> NDArray[Any]:
        self.episode.observe(self._buffer)
        return self._buffer.copy()

    def _info(self) -> dict[str, Any]:
        episode = self.episode
        info: dict[str, Any] = dict(zip(TELEMETRY, episode.counts(), strict=True))
        info["distance"] = episode.distance()
        info.update(zip(REWARD_KEYS, episode.terms, strict=True))
        return info


def _copied(
    kind: type[MarioNESEnv],
    options: dict[str, Any],
    kept: dict[str, Any],
    stream: int,
    state: bytes | None,
) -> MarioNESEnv:
    env = kind(**options)
    env.episode.stream = stream
    if state is not None:
        env.set_state(state)
    vars(env).update(kept)
    return env


def nes_reset_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The reset options that are not None, which stands for what is usual.

    Raises:
        OptionError: For an unknown one, or two that exclude each other.
    """
    given = {k: v for k, v in options.items() if v is not None or k not in _RESET_OPTIONS}
    check_one_option({name: given[name] for name in given if name != "x"}, _RESET_OPTIONS)
    if "x" in given and "state" in given:
        raise OptionError("give one reset option, not state and x")
    return given


def check_start(stage: object, x: object) -> None:
    """Refuse where no episode begins; None is what is usual.

    Raises:
        OptionError: Saying what was expected.
    """
    if stage is not None:
        parse_stage(stage)
    if x is not None:
        as_integer("x", x, START_X_PX, MAX_X_PX)
