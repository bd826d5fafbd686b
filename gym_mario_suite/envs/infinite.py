"""`MarioInfinite-v0`: Infinite Mario as a Gymnasium environment."""

from __future__ import annotations

from typing import Any, Protocol

import gymnasium as gym
import numpy as np
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray

from gym_mario_suite.engine.world import RENDER_FPS, Rules
from gym_mario_suite.envs.actions import ActionReader
from gym_mario_suite.envs.batch import GameBatch
from gym_mario_suite.envs.end_codes import TERMINATED, TRUNCATED
from gym_mario_suite.envs.episode import REWARD_TERMS, TELEMETRY
from gym_mario_suite.envs.forward_model import ForwardModel
from gym_mario_suite.envs.keyword_options import read_options
from gym_mario_suite.envs.native_vector import draw_stream_seed
from gym_mario_suite.envs.options import InfiniteOptions
from gym_mario_suite.envs.render_modes import (
    check_render_mode,
    fps_of_steps,
    may_render,
    window_of,
)
from gym_mario_suite.envs.reset_options import check_one_option, options_given
from gym_mario_suite.envs.windowed import Windowed
from gym_mario_suite.levels.level import Level

REWARD_KEYS = tuple(f"reward_{term}" for term in REWARD_TERMS)
_TICKS = TELEMETRY.index("ticks")
RESET_OPTIONS = frozenset({"seed", "level", "state"})
# Lines that the figures take at the top of a picture, by the picture's height.
HUD_LINES = {240: 13, 120: 13, 84: 9}


class EpisodeListener(Protocol):
    """What wants to know all that happens in an environment, tick by tick."""

    def began(self, from_start: bool) -> None:
        """A level has started, or (`from_start` False) a saved game was taken up."""
        ...

    def pressed(self, keys: NDArray[np.uint8]) -> None:
        """A step has run: the button bits of each of its ticks."""
        ...


class MarioInfiniteEnv(Windowed, gym.Env[NDArray[Any], Any]):
    """Infinite Mario, the game of the 2009 Mario AI Competition, tick for tick.

    ## Description
    Mario runs to the right through a level, past gaps, pipes, cannons and creatures, to the exit.
    The game equals the competition's Java program bit for bit; levels come from its generator, so
    a level of seed 3 and difficulty 5 here is the level of seed 3 and difficulty 5 there.

    An episode begins with one tick without buttons, after which the original asked its agents for
    the first time. Every step presses the buttons of its action for `frame_skip` ticks.

    ## Action space
    One of the named sets of `envs.actions`: `complex` (12 combinations, the default), `simple` (7),
    `right_only` (5), `curiosity` (14) as `Discrete`, or `buttons` as `MultiBinary(5)`: left,
    right, down, jump, speed.

    ## Observation space
    `obs="grid"`: int8[22, 22], the competition's merged view around Mario (tiles at detail
    `z_level`, sprites at `z_enemies`); `"channels"`: int8[11, 22, 22] one-hot planes;
    `"features"`: float32[118] in -1 .. 1 (see `engine.learner_views`); `"terrain"`: float32[342],
    the features and the tiles around Mario. Pixels: `"rgb"` uint8[240, 320, 3], `"rgb_half"`
    uint8[120, 160, 3], `"gray84"` uint8[84, 84], with or without the line of figures (`hud`).

    ## Rewards
    `reward="distance"`: tiles moved to the right. `"score"`: the same in px, so that an episode
    sums to the competition's distance less the 32 px of the start. `"fitness"`: the competition's
    basic fitness, px less seconds plus coins plus 5000 for a win. `"sparse"`: 1 for a win. Or a
    mapping of weights for the terms distance (px), coins, kills, mode, time (seconds), win, death.
    `info["reward_<term>"]` holds each weighted term; they sum to the reward.

    ## Episode end
    `terminated` when Mario wins or dies, `truncated` when the level's time is up.

    ## Info
    `distance` (px, Mario's x), `status` (2 running, 1 won, 0 dead), `mode` (0 small, 1 large,
    2 fire), `coins`, `kills` (the competition's count), `kills_stomp`, `kills_fire`, `kills_shell`,
    `kills_bump` (not in `kills`), `jumps`, `hurts`, `ticks`, `time_left` (seconds), `level_seed`
    (-1 for a level that has none) and the reward terms.

    ## Options of reset
    `options={"seed": n}` plays the level of that seed, `{"level": Level}` that level, for one
    episode; `{"state": bytes}` takes up a saved game.

    ## Rules of 2019
    `rules="framework-2019"` plays by the rules of the Mario AI Framework: `level` is then needed,
    Mario starts small, the clock counts the framework's milliseconds, status 3 is its time-out, and
    info has `event_<name>` for each of the framework's events, how often it happened in the step.
    `obs="framework"` is its complete grid around Mario, int8[16, 16], x first. See
    docs/concepts/framework_2019.md.

    Args:
        rules: "competition-2009" or "framework-2019".
        obs: Observation mode.
        actions: Name of the action set.
        reward: Name of a reward, or weights of the terms.
        level: A fixed level for all episodes, instead of generated ones; or the path of a level
            text of the framework.
        level_seed: Seed of the one level to generate; or (first, end), from which each episode
            draws one; by default each episode has a new level.
        difficulty: Difficulty of generated levels; the competition used 0, 3, 5 and 10.
        level_type: 0 overground, 1 underground, 2 castle, or the name.
        length: Columns of generated levels; below 75 there is only the start and the end, and
            below 23 the exit may lie outside the level.
        generator: Another level generator than the competition's, by its name in
            `levels.generators` ("tile-diffusion", "ngram", "vae:weights=FILE", ...), as
            `module:class`, or itself: a new level every episode, of a seed from `level_seed`.
        generator_options: What it is to make, for example {"width": 150}; `difficulty`,
            `level_type` and `length` are the competition's alone.
        time_limit: Seconds of level time, 15 ticks each, in 2019 of 30 ms a tick; 0 for no limit.
        mode: Power state at the start: small, large or fire (2019: small by default).
        frame_skip: Ticks for each step.
        sticky_prob: Probability, in every tick, that the buttons of the tick before stay in effect.
        z_level: Level of detail of the grid's tiles, 0 to 2.
        z_enemies: Level of detail of the grid's sprites, 0 to 2.
        hud: Whether pixel observations show the line of figures at the top.
        creatures: False: no creatures at all.
        invulnerable: Creatures do no harm.
        power_restoration: SPEED makes Mario fire Mario again.
        timer: Whether the clock runs.
        render_mode: None, "ansi", "rgb_array" or "human", a window (the extra `play`).

    Raises:
        OptionError: For an option that is not possible.
        LevelError: For a level that the original generator cannot build, that cannot be read, or
            that belongs to other rules.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 (Gymnasium declares it so)
        "render_modes": ["ansi", "rgb_array", "human"],
        "render_fps": RENDER_FPS[Rules.COMPETITION_2009],
        "hud_lines": HUD_LINES,
    }

    def __init__(self, *, render_mode: str | None = None, **options: Any) -> None:
        check_render_mode(render_mode, self.metadata)
        self.options = read_options(InfiniteOptions, "MarioInfinite-v0", options)
        self.render_mode = render_mode
        fps = fps_of_steps(RENDER_FPS[self.options.rule_set], self.options.frame_skip)
        self.metadata = {**type(self).metadata, "render_fps": fps}
        self._window = window_of(render_mode, "Infinite Mario", fps)
        self.batch = GameBatch(self.options, 1)
        mode = self.options.observation
        self.observation_space = mode.space()
        self.action_space = self.options.action_set.space()
        self._actions = ActionReader(self.options.action_set)
        self._buffer = mode.buffer(1)
        self._keys = np.zeros(1, np.uint8)
        self._seeded = False
        self.listener: EpisodeListener | None = None

    @property
    def level(self) -> Level:
        """The level being played."""
        return self.batch.level(0)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Begin an episode; see the class for the options.

        Raises:
            OptionError: For an unknown option or a value that is not possible.
            StateError: For a state that cannot be loaded.
        """
        super().reset(seed=seed)
        chosen = options_given(options)
        check_one_option(chosen, RESET_OPTIONS)
        if seed is not None or not self._seeded:
            self.batch.seed(0, draw_stream_seed(self.np_random))
            self._seeded = True
        if "state" in chosen:
            self.set_state(chosen["state"])
            self._show()
            return self._observation(), self._info()
        if "seed" in chosen:
            self.batch.choose_levels({0: chosen["seed"]})
        if "level" in chosen:
            self.batch.set_levels({0: chosen["level"]})
        self.batch.reset()
        if self.listener is not None:
            self.listener.began(from_start=True)
        self._show()
        return self._observation(), self._info()

    def step(self, action: Any) -> tuple[NDArray[Any], float, bool, bool, dict[str, Any]]:
        """Press the action's buttons for `frame_skip` ticks.

        Raises:
            OptionError: If the action is not one of the set.
            ResetNeeded: Before the first reset, and after the end of an episode.
        """
        batch = self.batch
        keys = self._actions.one(action)
        if batch.codes[0] or not batch.started[0]:
            raise ResetNeeded("call reset() first: no episode is running")
        self._keys[0] = keys
        if self.listener is None:
            batch.step(self._keys, self._buffer)
        else:
            self._step_heard(self.listener, keys)
        self._show()
        code = batch.codes[0]
        return (
            self._buffer[0].copy(),
            float(batch.rewards[0]),
            bool(code == TERMINATED),
            bool(code == TRUNCATED),
            self._info(),
        )

    def render(self) -> Any:
        """The screen: text with `render_mode="ansi"`, uint8[240, 320, 3] with "rgb_array"."""
        if not may_render(self.render_mode, self.batch.started[0]):
            return None
        return self.batch.picture(0, self.render_mode)

    def get_state(self) -> bytes:
        """The game as bytes: level, world and random stream.

        Any environment of this family continues from it with the same future, given the same
        options.
        """
        if not self.batch.started[0]:
            raise ResetNeeded("call reset() first: there is no game to save")
        return self.batch.state(0)

    def set_state(self, state: bytes) -> None:
        """Take up a game that `get_state` saved.

        Raises:
            StateError: If the bytes are no such state; the environment is unchanged then.
        """
        self.batch.load_states({0: state})
        self._seeded = True
        if self.listener is not None:
            self.listener.began(from_start=False)

    def forward_model(self) -> ForwardModel:
        """A copy of the game for planners, under the 2019 rules.

        Raises:
            OptionError: Under other rules.
            ResetNeeded: Before the first reset.
        """
        if not self.batch.started[0]:
            raise ResetNeeded("call reset() first: there is no game to copy")
        return ForwardModel(self.batch.level(0), self.batch.worlds[:1])

    def _step_heard(self, listener: EpisodeListener, keys: int) -> None:
        """Step, and tell the listener which buttons were held in each tick."""
        batch = self.batch
        held = batch.foreseen_keys(0, keys)
        before = batch.counts[0, _TICKS]
        batch.step(self._keys, self._buffer)
        listener.pressed(held[: batch.counts[0, _TICKS] - before])

    def _screen(self) -> NDArray[np.uint8]:
        return self.batch.picture(0, "rgb_array")

    def _observation(self) -> NDArray[Any]:
        self.batch.observe(self._buffer)
        return self._buffer[0].copy()

    def _info(self) -> dict[str, Any]:
        batch = self.batch
        info: dict[str, Any] = dict(zip(batch.telemetry, batch.counts[0].tolist(), strict=True))
        info["distance"] = float(batch.worlds[0]["players"][0]["body"]["x"])
        info.update(zip(REWARD_KEYS, batch.terms[0].tolist(), strict=True))
        return info
