"""One designs a course, another plays it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils import seeding
from numpy.typing import NDArray
from pettingzoo import AECEnv
from pettingzoo.utils.wrappers import OrderEnforcingWrapper

from gym_mario_suite.engine.world import Status
from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.envs.keyword_options import check_names
from gym_mario_suite.envs.options import InfiniteOptions
from gym_mario_suite.envs.render_modes import check_render_mode, may_render, window_of
from gym_mario_suite.envs.reset_options import options_given
from gym_mario_suite.envs.windowed import Windowed
from gym_mario_suite.errors import OptionError, as_choice, as_integer, as_number
from gym_mario_suite.levels.limits import Limits
from gym_mario_suite.levels.tile_grid import N_TILES
from gym_mario_suite.multiplayer.drawing_board import ROWS, DrawingBoard
from gym_mario_suite.multiplayer.parallel import RENDER_FPS, check_agent

DESIGNER, PLAYER, ANTAGONIST = "designer", "player_0", "player_1"
REWARDS = ("regret", "band")
_DEFAULT_LIMITS = {"enemies": 8}
_MOST_EDITS = 100_000
# What the designer decides.
_COURSE = (
    "rules",
    "level",
    "level_seed",
    "difficulty",
    "level_type",
    "length",
    "generator",
    "generator_options",
)
_RESET_OPTIONS = ("level", "seed", "state")


class raw_env(Windowed, AECEnv[str, Any, Any]):
    """A designer changes a course under limits; then a player plays it.

    The designer makes `edits` changes, one a turn: (column, row, tile code). What breaks a limit or
    lies in the first or last columns is refused (`info["refused"]` says why) and the turn is lost.
    Then it is the player's turn until his game ends, with the observations and actions of
    `MarioInfinite-v0`. He is paid `progress` (the share of the course that he has come, step by
    step) and 1 for reaching the exit.

    The designer is paid at the end:

    * `reward="regret"`: how much better than the player one can do. With `antagonist=True` a third
      agent plays the course after the player, and the regret is his return less the player's
      (PAIRED, Dennis et al., 2020). Without him it is the share of the course that the static
      solver can come, plus 1 if that is all, less the player's return: so impossible courses do
      not pay.
    * `reward="band"`: 1 if the player's success rate over the last `window` courses is between the
      two numbers of `band`, less its distance from the band otherwise.

    The designer sees the board, int8[14, width] of tile codes; players see zeros until it is their
    turn. All agents play to the end; then all terminate.

    Args:
        width: Columns of the course.
        edits: Changes that the designer makes.
        limits: The most of each group of tiles, see `levels.limits`.
        reward: "regret" or "band".
        antagonist: Whether a second player plays, for the regret.
        band: Success rates that are wanted.
        window: Courses over which the success rate is taken; they go on over resets.
        render_mode: None, "rgb_array" or "human": the board's level as it is played.
        max_cycles: Turns of each player after which his game is cut off.
        **options: Of `MarioInfinite-v0`, for the players: `obs`, `actions`, `frame_skip`, ...

    Raises:
        OptionError: For an option that is not possible.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 (PettingZoo declares it so)
        "render_modes": ["human", "rgb_array"],
        "render_fps": RENDER_FPS,
        "name": "mario_design_play_v0",
        "is_parallelizable": False,
    }

    def __init__(
        self,
        *,
        width: int = 48,
        edits: int = 24,
        limits: str | Limits | Mapping[str, int] | None = None,
        reward: str = "regret",
        antagonist: bool = False,
        band: tuple[float, float] = (0.4, 0.6),
        window: int = 20,
        render_mode: str | None = None,
        max_cycles: int | None = 500,
        **options: Any,
    ) -> None:
        super().__init__()
        self.reward = as_choice("reward", reward, REWARDS)
        if not isinstance(band, list | tuple) or len(band) != 2:
            raise OptionError(f"band must be two rates from 0 to 1 in order, got {band!r}")
        low, high = self.band = as_number("band[0]", band[0]), as_number("band[1]", band[1])
        if not 0 <= low <= high <= 1:
            raise OptionError(f"band must be two rates from 0 to 1 in order, got {band!r}")
        if max_cycles is not None:
            as_integer("max_cycles", max_cycles, 1, 1 << 40)
        check_render_mode(render_mode, self.metadata)
        for name in _COURSE:
            if name in options:
                raise OptionError(f"the course is the designer's: {name} cannot be given")
        if "max_episode_steps" in options:
            raise OptionError("max_episode_steps is called max_cycles here")
        theirs = [option.name for option in fields(InfiniteOptions) if option.name not in _COURSE]
        theirs.remove("max_episode_steps")
        own = raw_env.__init__.__kwdefaults__ or {}
        check_names(list(dict.fromkeys([*own, *theirs])), "mario_design_play_v0", options)
        self.render_mode = render_mode
        self.board = DrawingBoard(width, _DEFAULT_LIMITS if limits is None else limits)
        self.edits = as_integer("edits", edits, 1, _MOST_EDITS)
        self._results: deque[bool] = deque(maxlen=as_integer("window", window, 1, 1 << 20))
        self.max_cycles = max_cycles
        self._game = MarioInfiniteEnv(
            level=self.board.level(),
            max_episode_steps=max_cycles,
            render_mode=None if render_mode is None else "rgb_array",
            **options,
        )
        self.players = [PLAYER, ANTAGONIST] if antagonist else [PLAYER]
        self.possible_agents = [DESIGNER, *self.players]
        self.agents = []
        board = gym.spaces.Box(0, N_TILES - 1, self.board.codes.shape, np.int8)
        seen: Any = self._game.observation_space
        spaces: dict[str, gym.spaces.Space[Any]] = {DESIGNER: board}
        for agent in self.players:
            spaces[agent] = gym.spaces.Box(seen.low, seen.high, dtype=seen.dtype.type)
        self.observation_spaces = spaces
        design: gym.spaces.Space[Any] = gym.spaces.MultiDiscrete([self.board.width, ROWS, N_TILES])
        self.action_spaces = {DESIGNER: design} | {
            agent: self._game.options.action_set.space() for agent in self.players
        }
        self._np_random: np.random.Generator | None = None
        self.metadata = {**self.metadata, "render_fps": self._game.metadata["render_fps"]}
        self._window = window_of(render_mode, self.metadata["name"], self.metadata["render_fps"])
        # Of a game that is over, while the next one stands at its beginning.
        self._last_picture: NDArray[np.uint8] | None = None

    @property
    def success_rate(self) -> float | None:
        """The share of the last courses that the player has finished; None before the first."""
        return sum(self._results) / len(self._results) if self._results else None

    @property
    def np_random(self) -> np.random.Generator:
        """The environment's random stream, as Gymnasium's have one."""
        if self._np_random is None:
            self._np_random = seeding.np_random(None)[0]
        return self._np_random

    def observation_space(self, agent: str) -> gym.spaces.Space[Any]:
        """The observation space of an agent; the same object every time."""
        return self.observation_spaces[check_agent(agent, self.possible_agents)]

    def action_space(self, agent: str) -> gym.spaces.Space[Any]:
        """The action space of an agent; the same object every time."""
        return self.action_spaces[check_agent(agent, self.possible_agents)]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Begin a new course on an empty board; it is the designer's turn.

        Options are left to wrappers.

        Raises:
            OptionError: For options that choose a level or a state, which no designer made.
        """
        for name in options_given(options):
            if name in _RESET_OPTIONS:
                raise OptionError(f"the course is the designer's: no reset option {name!r} here")
        if seed is not None:
            self._np_random = seeding.np_random(seed)[0]
        self.agents = list(self.possible_agents)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos = {agent: {} for agent in self.agents}
        self.agent_selection = DESIGNER
        self._last_picture = None
        self.board.clear()
        self._edits_made = 0
        self._returns = dict.fromkeys(self.players, 0.0)
        self._won = dict.fromkeys(self.players, False)
        self._seen: dict[str, NDArray[Any]] = {
            agent: np.zeros(space.shape or (), space.dtype)
            for agent, space in self.observation_spaces.items()
        }
        self._show()

    def observe(self, agent: str) -> NDArray[Any]:
        """What an agent sees: the designer the board, a player his game once it has begun."""
        check_agent(agent, self.possible_agents)
        if agent == DESIGNER:
            return self.board.codes.astype(np.int8)
        return self._seen[agent].copy()

    def step(self, action: Any) -> None:
        """The turn of the agent whose turn it is."""
        if not self.agents:
            raise gym.error.ResetNeeded("call reset() first: no course is being made")
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        self._cumulative_rewards[agent] = 0.0
        self._clear_rewards()
        self._last_picture = None
        if agent == DESIGNER:
            self._design(action)
        else:
            self._play(agent, action)
        self._accumulate_rewards()
        self._show()

    def render(self) -> NDArray[np.uint8] | None:
        """The game's screen, uint8[240, 320, 3]; during the design the beginning of the course."""
        started = hasattr(self, "agent_selection")
        return self._screen() if may_render(self.render_mode, started) else None

    def _screen(self) -> NDArray[np.uint8]:
        if self._last_picture is not None:
            return self._last_picture
        if self._edits_made < self.edits:
            self._game.reset(seed=0, options={"level": self.board.level()})
        return self._game.render()

    def _design(self, action: Any) -> None:
        numbers = np.asarray(action)
        if numbers.shape != (3,) or numbers.dtype.kind not in "iu":
            raise OptionError(
                f"a designer's action is three whole numbers, column, row and tile, got {action!r}"
            )
        column, row, code = numbers.tolist()
        refused = self.board.put(row, column, code)
        self.infos[DESIGNER] = {} if refused is None else {"refused": refused}
        self._edits_made += 1
        if self._edits_made == self.edits:
            self._begin(PLAYER)

    def _begin(self, agent: str) -> None:
        """It is a player's turn, at the beginning of the course."""
        self.agent_selection = agent
        seed = int(self.np_random.integers(1 << 31))
        options = {"level": self.board.level()}
        self._seen[agent], self.infos[agent] = self._game.reset(seed=seed, options=options)
        self._came_px = self._from_px = float(self.infos[agent]["distance"])

    def _play(self, agent: str, action: Any) -> None:
        self._seen[agent], _, terminated, truncated, info = self._game.step(action)
        self.infos[agent] = info
        distance = float(info["distance"])
        exit_px = 16.0 * (self.board.width - 1)
        gained = max(distance - self._came_px, 0.0) / (exit_px - self._from_px)
        self._came_px = max(distance, self._came_px)
        won = info["status"] == Status.WIN
        self.rewards[agent] = gained + float(won)
        self._returns[agent] += self.rewards[agent]
        if not (terminated or truncated):
            return
        self._won[agent] = won
        if agent == PLAYER and ANTAGONIST in self.players:
            if self.render_mode is not None:
                self._last_picture = self._game.render()  # how it ended is seen once
            self._begin(ANTAGONIST)
            return
        self._judge()

    def _judge(self) -> None:
        """Pay the designer; the course is done."""
        self._results.append(self._won[PLAYER])
        rate = self.success_rate or 0.0
        if self.reward == "regret":
            if ANTAGONIST in self.players:
                best = self._returns[ANTAGONIST]
            else:
                best = self.board.way + float(self.board.way == 1.0)
            self.rewards[DESIGNER] = best - self._returns[PLAYER]
        else:
            low, high = self.band
            off = max(low - rate, rate - high, 0.0)
            self.rewards[DESIGNER] = 1.0 if off == 0.0 else -off
        self.infos[DESIGNER] = {
            "success_rate": rate,
            "solver_way": self.board.way,
            "player_return": self._returns[PLAYER],
            "won": self._won[PLAYER],
        }
        self.terminations = dict.fromkeys(self.agents, True)
        self.agent_selection = DESIGNER


def env(**options: Any) -> Any:
    """The environment with PettingZoo's checks of the order of calls."""
    return OrderEnforcingWrapper(raw_env(**options))
