"""The way of an episode as a replay: its actions, played anew from where it began."""

from __future__ import annotations

from typing import Any, Protocol

import gymnasium as gym

from gym_mario_suite.datasets.nes_replay import RecordedRun
from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.replay import switch_options
from gym_mario_suite.engine.world import Status
from gym_mario_suite.envs.infinite_vector import MarioInfiniteVectorEnv
from gym_mario_suite.envs.nes_vector import MarioNESVectorEnv
from gym_mario_suite.levels.level import Level
from gym_mario_suite.nes.backend import open_backend
from gym_mario_suite.nes.rom_store import find_rom
from gym_mario_suite.nes.run import Stage

_AGENT = "icm-ppo"


class Ways(Protocol):
    """What plays the episodes of an environment anew."""

    def begin(self, game: int) -> None:
        """An episode of the game has begun."""
        ...

    def replay(self, game: int, actions: list[int]) -> bytes:
        """The episode that has just ended, as a replay file.

        Args:
            game: Which of the games.
            actions: What it was played with.
        """
        ...


def ways_of(envs: gym.vector.VectorEnv[Any, Any, Any], span: int) -> Ways | None:
    """What plays an environment's episodes anew; None where their actions do not tell them.

    Args:
        envs: The environment, perhaps wrapped.
        span: Frames of a decision, 0 for the environment's own.
    """
    inner: Any = envs.unwrapped
    if isinstance(inner, MarioInfiniteVectorEnv):
        options = inner.options
        told = options.action_set.combinations and not options.sticky_prob
        return _InfiniteWays(inner, span) if told else None
    if isinstance(inner, MarioNESVectorEnv):
        # A run from another x than the stage's own start has no replay.
        told = inner.options.action_set.combinations and inner.options.x is None
        return _NESWays(inner, span) if told else None
    return None


class _InfiniteWays:
    def __init__(self, envs: MarioInfiniteVectorEnv, span: int) -> None:
        self._envs = envs
        self._ticks = span or envs.options.frame_skip
        self._levels: list[Level | None] = [None] * envs.num_envs

    def begin(self, game: int) -> None:
        self._levels[game] = self._envs.level(game)

    def replay(self, game: int, actions: list[int]) -> bytes:
        options, config = self._envs.options, self._envs.batch.configs[0]
        level = self._levels[game]
        assert level is not None  # `begin` comes first
        again = RecordedGame(
            level,
            int(config["mode"]),
            int(config["time_limit"]),
            **switch_options(int(config["switches"])),
        )
        again.tick(0)
        keys = options.action_set.keys.tolist()
        for action in actions:
            for _ in range(self._ticks):
                if again.status == Status.RUNNING:
                    again.tick(keys[action])
        about = {"agent": _AGENT, "actions": options.actions, "frame_skip": self._ticks}
        return again.replay(about).to_bytes()


class _NESWays:
    """Plays on a console of its own, so that the games are not disturbed."""

    def __init__(self, envs: MarioNESVectorEnv, span: int) -> None:
        self._envs = envs
        self._frames = span or envs.options.frame_skip
        # Where warps lead on, an episode ends in another stage than that in which it began.
        self._stages: list[Stage | None] = [None] * envs.num_envs

    def begin(self, game: int) -> None:
        self._stages[game] = self._envs.stages()[game]

    def replay(self, game: int, actions: list[int]) -> bytes:
        options = self._envs.options
        keys = options.action_set.keys.tolist()
        backend = open_backend(find_rom(options.rom), options.backend)
        try:
            run = RecordedRun(backend, options.skip_scenes)
            run.begin(self._stages[game])
            for action in actions:
                for _ in range(self._frames):
                    if run.status == Status.RUNNING:
                        run.frame(keys[action])
                        run.settle()
            about = {"agent": _AGENT, "actions": options.actions, "frame_skip": self._frames}
            return run.replay(about).to_bytes()
        finally:
            backend.close()
