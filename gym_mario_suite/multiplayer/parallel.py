"""The PettingZoo environment that the contests are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils import seeding
from numpy.typing import NDArray
from pettingzoo import ParallelEnv
from pettingzoo.utils.conversions import parallel_to_aec
from pettingzoo.utils.wrappers import OrderEnforcingWrapper

from gym_mario_suite.envs.actions import ActionReader
from gym_mario_suite.envs.end_codes import TERMINATED, TRUNCATED
from gym_mario_suite.envs.keyword_options import read_options
from gym_mario_suite.envs.native_vector import draw_stream_seed
from gym_mario_suite.envs.render_modes import check_render_mode, fps_of_steps, may_render, window_of
from gym_mario_suite.envs.reset_options import options_given
from gym_mario_suite.envs.windowed import Windowed
from gym_mario_suite.errors import MarioError, OptionError
from gym_mario_suite.multiplayer.batch import PartyBatch
from gym_mario_suite.multiplayer.options import PartyOptions
from gym_mario_suite.multiplayer.party import PARTY_TELEMETRY, PARTY_TERMS

RENDER_FPS = 24
_RESET_OPTIONS = ("level", "seed", "state")


class AgentError(MarioError, KeyError):
    """An agent that does not play was named, or one that plays was left out."""

    def __str__(self) -> str:
        """The message; a KeyError would put it in quotes."""
        return str(self.args[0])


def check_agent(agent: str, possible_agents: list[str]) -> str:
    """The agent's name.

    Raises:
        AgentError: For one that never plays in this environment.
    """
    if agent not in possible_agents:
        raise AgentError(f"there is no agent {agent!r}; there are {', '.join(possible_agents)}")
    return agent


class MarioParallelEnv(Windowed, ParallelEnv[str, NDArray[Any], Any]):
    """Several players in Infinite Mario, all acting at once.

    Agents are called `player_0`, `player_1` and so on. One who has died or reached the exit leaves
    `agents`; the others play on. Observations and actions are those of `MarioInfinite-v0`, around
    each player, with the others in them (see `multiplayer.views`). Infos have `distance` (px),
    the entries of `party.PARTY_TELEMETRY` and the weighted terms of the reward
    (`reward_<term>`).

    A contest whose rewards are shared goes on paying those who are out, by what the others do;
    PettingZoo hands out rewards of `agents` only, so theirs are in `all_rewards`.

    `reset(options=...)` takes one of `seed` (a level seed), `level` (a Level) and `state` (bytes of
    `get_state`); others are left to wrappers.

    Args:
        render_mode: None, "rgb_array" (all screens, side by side) or "human" (in a window).
        **options: See `PartyOptions`.

    Raises:
        OptionError: For an option that is not possible.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 (PettingZoo declares it so)
        "render_modes": ["human", "rgb_array"],
        "render_fps": RENDER_FPS,
        "is_parallelizable": True,
    }

    def __init__(self, *, render_mode: str | None = None, **options: Any) -> None:
        check_render_mode(render_mode, self.metadata)
        name = self.metadata.get("name", "this environment")
        self.options = read_options(PartyOptions, name, options)
        self.render_mode = render_mode
        self.metadata = {
            **type(self).metadata,
            "render_fps": fps_of_steps(RENDER_FPS, self.options.frame_skip),
        }
        self.max_cycles = self.options.max_cycles
        self.batch = PartyBatch(self.options, 1)
        self.possible_agents = [f"player_{p}" for p in range(self.options.players)]
        self.agents: list[str] = []
        # One space for each agent: PettingZoo's tests seed them one by one.
        self.observation_spaces = {
            agent: gym.spaces.Box(
                self.batch.views.space.low,
                self.batch.views.space.high,
                dtype=self.batch.views.space.dtype.type,  # type: ignore[union-attr]
            )
            for agent in self.possible_agents
        }
        self.action_spaces = {
            agent: self.options.infinite.action_set.space() for agent in self.possible_agents
        }
        self._actions = ActionReader(self.options.infinite.action_set)
        self._np_random: np.random.Generator | None = None
        self._levels_seeded = False
        self._window = window_of(render_mode, name, self.metadata["render_fps"])

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

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, NDArray[Any]], dict[str, dict[str, Any]]]:
        """Begin a game.

        Raises:
            OptionError: For more than one of the options, or a value that is not possible.
            StateError: For a state that cannot be loaded.
        """
        given = options_given(options)
        chosen = {key: given[key] for key in _RESET_OPTIONS if key in given}
        if len(chosen) > 1:
            raise OptionError(f"give one reset option, not {' and '.join(sorted(chosen))}")
        if seed is not None:
            self._np_random = seeding.np_random(seed)[0]
        if seed is not None or not self._levels_seeded:
            self.batch.levels.seed(0, draw_stream_seed(self.np_random))
            self._levels_seeded = True
        if "state" in chosen:
            self.set_state(chosen["state"])
        else:
            if "seed" in chosen:
                self.batch.levels.choose_levels({0: chosen["seed"]})
            if "level" in chosen:
                self.batch.levels.set_levels({0: chosen["level"]})
            self.batch.reset()
            self.agents = list(self.possible_agents)
        self._show()
        return self._observations(self.agents), self._infos(self.agents)

    def step(
        self, actions: Mapping[str, Any]
    ) -> tuple[
        dict[str, NDArray[Any]],
        dict[str, float],
        dict[str, bool],
        dict[str, bool],
        dict[str, dict[str, Any]],
    ]:
        """One step of all who play.

        Raises:
            AgentError: If an agent that plays has no action, or an action's agent does not play.
            OptionError: If the actions are no mapping, or one is not of the set.
            ResetNeeded: Before the first reset, and for actions when the game is over; a step
                without any is empty then, as some wrappers of others expect it.
        """
        if not self.agents and not actions and self.batch.started[0]:
            return {}, {}, {}, {}, {}
        if not self.agents:
            raise gym.error.ResetNeeded("call reset() first: no game is running")
        self._check_agents(actions)
        keys = np.zeros((1, self.options.players), np.uint8)
        for agent in self.agents:
            keys[0, self._seat(agent)] = self.buttons(agent, actions[agent])
        batch = self.batch
        batch.step(keys)
        acted = self.agents
        if self.max_cycles is not None and batch.games[0]["cycles"] >= self.max_cycles:
            self._cut_off()
        codes = {agent: int(batch.codes[0, self._seat(agent)]) for agent in acted}
        self.agents = [agent for agent in acted if not codes[agent]]
        self._show()
        return (
            self._observations(acted),
            {agent: float(batch.rewards[0, self._seat(agent)]) for agent in acted},
            {agent: codes[agent] == TERMINATED for agent in acted},
            {agent: codes[agent] == TRUNCATED for agent in acted},
            self._infos(acted),
        )

    @property
    def all_rewards(self) -> dict[str, float]:
        """The last step's rewards of all players, also of those who are out.

        Where they are one's own less the mean of the rivals', these add up to zero.
        """
        return dict(zip(self.possible_agents, self.batch.rewards[0].tolist(), strict=True))

    def buttons(self, agent: str, action: Any) -> int:
        """The buttons that an agent's action presses, as the engine's bits.

        Raises:
            OptionError: For an action that is not of the set.
        """
        try:
            return self._actions.one(action)
        except OptionError as error:
            raise OptionError(f"{agent}: {error}") from None

    def state(self) -> NDArray[Any]:
        """What all players see, stacked in the order of `possible_agents`: [players, ...]."""
        return self.batch.observations[0].copy()

    @property
    def state_space(self) -> gym.spaces.Box:
        """The space of `state()`."""
        space = self.batch.views.space
        count = self.options.players
        assert space.dtype is not None
        return gym.spaces.Box(
            np.stack([space.low] * count), np.stack([space.high] * count), dtype=space.dtype.type
        )

    def get_state(self) -> bytes:
        """The game as bytes: worlds, level and random stream."""
        if not self.batch.started[0]:
            raise gym.error.ResetNeeded("call reset() first: there is no game to save")
        return self.batch.state(0)

    def set_state(self, state: bytes) -> None:
        """Take up a game that `get_state` saved, in an environment with as many players.

        Raises:
            StateError: If the bytes are no such state; the environment is unchanged then.
        """
        self.batch.load_states({0: state})
        self._levels_seeded = True  # the state has the stream of levels
        ended = self.batch.memory[0]["ended"]
        self.agents = [
            agent
            for agent, gone in zip(self.possible_agents, ended.tolist(), strict=True)
            if not gone
        ]

    def render(self) -> NDArray[np.uint8] | None:
        """All screens side by side, uint8[240, 320 * players, 3], with "rgb_array"."""
        return self._screen() if may_render(self.render_mode, self.batch.started[0]) else None

    def _screen(self) -> NDArray[np.uint8]:
        return np.concatenate(self.batch.screens(0), 1)

    def _cut_off(self) -> None:
        """`max_cycles` was set later on, as PettingZoo's own tests do."""
        batch = self.batch
        late = (batch.memory[0]["ended"] == 0) & (batch.codes[0] == 0)
        batch.codes[0, late] = TRUNCATED
        batch.memory["ended"][0, late] = 1

    def _check_agents(self, actions: Mapping[str, Any]) -> None:
        if not isinstance(actions, Mapping):
            raise OptionError(f"actions must be a mapping by agent, got {actions!r}")
        strangers = sorted(set(actions) - set(self.agents), key=str)
        if strangers:
            who = strangers[0]
            check_agent(who, self.possible_agents)
            raise AgentError(f"{who!r} plays no more; its game has ended")
        missing = sorted(set(self.agents) - set(actions))
        if missing:
            raise AgentError(f"no action for {', '.join(missing)}: everybody who plays needs one")

    def _seat(self, agent: str) -> int:
        return self.possible_agents.index(agent)

    def _observations(self, agents: list[str]) -> dict[str, NDArray[Any]]:
        seen = self.batch.observations[0]
        return {agent: seen[self._seat(agent)].copy() for agent in agents}

    def _infos(self, agents: list[str]) -> dict[str, dict[str, Any]]:
        infos = {}
        for agent in agents:
            seat = self._seat(agent)
            counts = self.batch.counts[0, seat].tolist()
            info: dict[str, Any] = dict(zip(PARTY_TELEMETRY, counts, strict=True))
            info["distance"] = float(self.batch.memory[0, seat]["x"])
            for term, value in zip(PARTY_TERMS, self.batch.terms[0, seat].tolist(), strict=True):
                info[f"reward_{term}"] = value
            infos[agent] = info
        return infos


def turn_based(parallel: MarioParallelEnv) -> Any:
    """The environment in PettingZoo's agent-by-agent form, which checks calls and actions."""
    return _TurnBased(parallel)


class _TurnBased(OrderEnforcingWrapper):
    """Checks every action as it comes: the game takes them all at the last player's turn only."""

    def __init__(self, parallel: MarioParallelEnv) -> None:
        super().__init__(parallel_to_aec(parallel))
        self._parallel = parallel

    def step(self, action: Any) -> None:
        if self._has_reset and self.agents:
            agent = self.agent_selection
            if not (self.terminations[agent] or self.truncations[agent]):
                self._parallel.buttons(agent, action)
        super().step(action)
