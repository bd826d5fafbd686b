"""Normalise observations by what random moves at the beginning have shown."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray
from rich.progress import Progress

from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.whole_file import write_whole
from gym_mario_suite.wrappers.observed import VectorObserved
from gym_mario_suite.wrappers.recorded_arguments import record_arguments

_MOVES = 10_000
_MOST_MOVES = 1 << 40
_SEED_RANGE = 1 << 63


@dataclass(frozen=True, eq=False)
class MoveStatistics:
    """Mean picture and spread of what random moves have shown.

    Attributes:
        mean: float32[shape of an observation].
        std: Mean over the picture of every pixel's standard deviation; a single number, so that
            still pixels are not blown up.
        moves: How many moves were made.
    """

    mean: NDArray[np.float32]
    std: float
    moves: int

    def save(self, path: str | Path) -> None:
        """Write an `.npz` file.

        Raises:
            OptionError: If the file cannot be written.
        """
        file = io.BytesIO()
        np.savez(file, mean=self.mean, std=np.float64(self.std), moves=np.int64(self.moves))
        write_whole(Path(path), file.getvalue())

    @classmethod
    def load(cls, path: str | Path) -> MoveStatistics:
        """Read what `save` has written.

        Raises:
            OptionError: If the file cannot be read or is another one.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                mean, std, moves = file["mean"], float(file["std"]), int(file["moves"])
        except FileNotFoundError:
            raise OptionError(f"there is no file {path} of statistics of random moves") from None
        except Exception as error:  # numpy and zlib raise many kinds for damaged archives
            raise OptionError(f"{path} holds no statistics of random moves: {error}") from None
        if mean.dtype != np.float32 or not np.isfinite(mean).all() or not 0 < std < np.inf:
            raise OptionError(f"{path} holds statistics that no observations can have")
        return cls(mean, std, moves)


Statistics = str | Path | MoveStatistics | Mapping[str, Any]


class NormalizeFromRandomMoves(
    gym.ObservationWrapper[Any, Any, Any],
    gym.utils.RecordConstructorArgs,
):
    """Subtracts the mean picture of random moves and divides by their mean deviation.

    As the curiosity replication article does: before training, `moves` random moves are made from
    the beginning of episodes; the mean of every pixel and the mean of all pixels' standard
    deviations stay the same ever after. Observations become float32. Save them with the run
    (`env.statistics.save(path)`) and make the environment with `statistics=path` later: an agent is
    worth nothing with others.

    Args:
        env: An environment whose observations are a Box.
        moves: How many random moves; none are made where `statistics` are given.
        seed: Of the environment and of the moves.
        statistics: Those to use: a file, a `MoveStatistics`, or a mapping of its attributes.
        progress: Whether to show a progress bar meanwhile.

    Attributes:
        statistics: What is used.

    Raises:
        OptionError: If observations are no Box, if the statistics are another observation's, or
            all observations are the same.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        moves: int = _MOVES,
        seed: int = 0,
        statistics: Statistics | None = None,
        progress: bool = False,
    ) -> None:
        _record(self, moves, seed, statistics, progress)
        gym.ObservationWrapper.__init__(self, env)
        space = _box(env.observation_space)
        if statistics is None:
            statistics = _measure(_Single(env), moves, seed, progress)
        self.statistics, self.observation_space = _checked(statistics, space)

    def observation(self, observation: Any) -> NDArray[np.float32]:
        """The normalised observation."""
        return _normalized(self.statistics, np.asarray(observation))


class VectorNormalizeFromRandomMoves(VectorObserved, gym.utils.RecordConstructorArgs):
    """`NormalizeFromRandomMoves` for vector environments.

    The moves are made by all games together, so the statistics differ from a single environment's;
    give both the same `statistics` where that matters.

    Args:
        env: A vector environment whose observations are a Box.
        moves: How many random moves, of all games together; rounded up to a move of each.
        seed: As of `NormalizeFromRandomMoves`.
        statistics: As of `NormalizeFromRandomMoves`.
        progress: As of `NormalizeFromRandomMoves`.

    Attributes:
        statistics: What is used.

    Raises:
        OptionError: As `NormalizeFromRandomMoves`.
    """

    def __init__(
        self,
        env: VectorEnv[Any, Any, Any],
        moves: int = _MOVES,
        seed: int = 0,
        statistics: Statistics | None = None,
        progress: bool = False,
    ) -> None:
        _record(self, moves, seed, statistics, progress)
        space = _box(env.single_observation_space)
        if statistics is None:
            statistics = _measure(_Many(env), moves, seed, progress)
        self.statistics, normalized = _checked(statistics, space)
        super().__init__(env, normalized)

    def observations(self, observations: NDArray[Any]) -> NDArray[np.float32]:
        """The normalised observations."""
        return _normalized(self.statistics, observations)


class _Single:
    """Random moves of a single environment, as arrays of one game."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        self._env = env
        self.games = 1

    def begin(self, seed: int) -> NDArray[Any]:
        self._env.action_space.seed(seed)
        return np.asarray(self._env.reset(seed=seed)[0])[None]

    def move(self) -> NDArray[Any]:
        observation, _, terminated, truncated, _ = self._env.step(self._env.action_space.sample())
        if terminated or truncated:
            observation = self._env.reset()[0]
        return np.asarray(observation)[None]


class _Many:
    """Random moves of a vector environment."""

    def __init__(self, env: VectorEnv[Any, Any, Any]) -> None:
        self._env = env
        self._ended = np.zeros(env.num_envs, bool)
        self._disabled = env.metadata["autoreset_mode"] == gym.vector.AutoresetMode.DISABLED
        self.games = env.num_envs

    def begin(self, seed: int) -> NDArray[Any]:
        self._env.action_space.seed(seed)
        return self._env.reset(seed=seed)[0]

    def move(self) -> NDArray[Any]:
        if self._disabled and self._ended.any():
            self._env.reset(options={"reset_mask": self._ended})
        step = self._env.step(self._env.action_space.sample())
        self._ended = np.asarray(step[2]) | np.asarray(step[3])
        return step[0]


def _measure(player: _Single | _Many, moves: int, seed: int, progress: bool) -> MoveStatistics:
    """Make the moves and sum up what is seen, in float64."""
    moves = as_integer("moves", moves, 1, _MOST_MOVES)
    steps = -(-moves // player.games)
    first = player.begin(as_integer("seed", seed, 0, _SEED_RANGE - 1))
    total = np.zeros(first.shape[1:])
    squares = np.zeros_like(total)
    with Progress(transient=True, disable=not progress) as bar:
        task = bar.add_task("random moves", total=steps)
        for _ in range(steps):
            seen = np.asarray(player.move(), np.float64)
            total += seen.sum(0)
            squares += np.square(seen).sum(0)
            bar.advance(task)
    count = steps * player.games
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - np.square(mean), 0.0))
    return MoveStatistics(mean.astype(np.float32), float(deviation.mean()), count)


def _box(space: gym.Space[Any]) -> gym.spaces.Box:
    if not isinstance(space, gym.spaces.Box):
        raise OptionError(f"NormalizeFromRandomMoves needs observations of a Box, got {space}")
    return space


def _of_numbers(told: Mapping[str, Any]) -> MoveStatistics:
    """Statistics as `env.spec` keeps them."""
    try:
        mean = np.array(told["mean"], np.float32)
        return MoveStatistics(mean, float(told["std"]), int(told["moves"]))
    except (KeyError, TypeError, ValueError):
        raise OptionError(
            f"statistics as a mapping have the numbers mean, std and moves, got {list(told)}"
        ) from None


def _checked(
    statistics: Statistics, space: gym.spaces.Box
) -> tuple[MoveStatistics, gym.spaces.Box]:
    """The statistics, if they fit observations of `space`, and the space of what they make."""
    if isinstance(statistics, Mapping):
        statistics = _of_numbers(statistics)
    elif not isinstance(statistics, MoveStatistics):
        statistics = MoveStatistics.load(statistics)
    if statistics.mean.shape != space.shape:
        raise OptionError(
            f"the statistics are those of observations of shape {statistics.mean.shape}, "
            f"these are of shape {space.shape}"
        )
    if not statistics.std > 0:
        raise OptionError("random moves have shown the same observation all the time")
    low = _normalized(statistics, space.low)
    high = _normalized(statistics, space.high)
    return statistics, gym.spaces.Box(low, high, dtype=np.float32)


def _normalized(statistics: MoveStatistics, observations: NDArray[Any]) -> NDArray[np.float32]:
    centred = observations.astype(np.float32) - statistics.mean
    centred /= np.float32(statistics.std)
    return centred


def _record(
    wrapper: gym.utils.RecordConstructorArgs, moves: int, seed: int, statistics: Any, progress: bool
) -> None:
    """Keep the arguments for `env.spec`: statistics that are in no file with all their numbers."""
    if isinstance(statistics, MoveStatistics):
        statistics = vars(statistics)
    record_arguments(wrapper, moves=moves, seed=seed, statistics=statistics, progress=progress)
