"""A track played by an agent, and the competition's score of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gym_mario_suite.agents.base import Agent
from gym_mario_suite.competition.episode import LevelRecord, play_level
from gym_mario_suite.competition.tracks import LevelSpec, Track
from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.replay import Replay
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Status

MAX_MS_PER_STEP = 40.0  # more, on average over a difficulty, disqualified a controller in 2009


@dataclass(frozen=True)
class PlayedLevel:
    """A level of a track and how the agent fared in it."""

    spec: LevelSpec
    record: LevelRecord

    def to_json(self) -> dict[str, Any]:
        """The level's entry in the JSON form of a score."""
        spec, record = self.spec, self.record
        return {
            "difficulty": spec.difficulty,
            "trial": spec.trial,
            "level_seed": spec.level_seed,
            "type": spec.type,
            "length": spec.length,
            "distance": record.distance,
            "status": int(record.status),
            "time_left": record.time_left,
            "kills": record.kills,
            "mode": int(record.mode),
            "coins": record.coins,
            "ticks": record.ticks,
            "actions_crc32": record.actions_crc32,
        }


@dataclass(frozen=True)
class DifficultyScore:
    """The score of the levels of one difficulty.

    Attributes:
        difficulty: Which.
        score: Mean distance in px.
        ms_per_step: Mean time of an answer in milliseconds.
    """

    difficulty: int
    score: float
    ms_per_step: float


@dataclass(frozen=True)
class TrackScore:
    """The result of an agent on a track.

    Attributes:
        track: What was played.
        agent: Name of the agent.
        levels: Level by level, in the order of play.
    """

    track: Track
    agent: str
    levels: tuple[PlayedLevel, ...]

    @property
    def difficulties(self) -> tuple[DifficultyScore, ...]:
        """Score of each difficulty, in the order of play."""
        groups: dict[int, list[LevelRecord]] = {}
        for level in self.levels:
            groups.setdefault(level.spec.difficulty, []).append(level.record)
        return tuple(
            DifficultyScore(
                difficulty,
                _sum_in_order([record.distance for record in records]) / len(records),
                float(_act_times_ms(records).mean()),
            )
            for difficulty, records in groups.items()
        )

    @property
    def score(self) -> float:
        """The competition's score: the sum of the difficulties' means, in px."""
        return _sum_in_order([difficulty.score for difficulty in self.difficulties])

    @property
    def levels_cleared(self) -> int:
        """Levels won."""
        return sum(level.record.status == Status.WIN for level in self.levels)

    @property
    def time_left_sum(self) -> int:
        """Seconds left, over all levels: the first tie-breaker."""
        return sum(level.record.time_left for level in self.levels)

    @property
    def kills_sum(self) -> int:
        """Kills, over all levels: the second tie-breaker."""
        return sum(level.record.kills for level in self.levels)

    @property
    def mode_sum(self) -> int:
        """Power states at the end of the levels (small 0, large 1, fire 2): the third."""
        return sum(int(level.record.mode) for level in self.levels)

    @property
    def ms_per_step_mean(self) -> float:
        """Mean time of an answer in milliseconds."""
        return float(_act_times_ms([level.record for level in self.levels]).mean())

    @property
    def ms_per_step_p99(self) -> float:
        """Time in milliseconds that 99 of 100 answers kept."""
        times_ms = _act_times_ms([level.record for level in self.levels])
        return float(np.percentile(times_ms, 99))

    def to_json(self) -> dict[str, Any]:
        """The score as `mario score --json` writes it."""
        return {
            "track": self.track.name,
            "seed": self.track.seed,
            "agent": self.agent,
            "score": self.score,
            "levels_cleared": self.levels_cleared,
            "time_left_sum": self.time_left_sum,
            "kills_sum": self.kills_sum,
            "mode_sum": self.mode_sum,
            "ms_per_step": {"mean": self.ms_per_step_mean, "p99": self.ms_per_step_p99},
            "levels": [level.to_json() for level in self.levels],
        }


def score_track(
    agent: Agent,
    track: Track,
    on_level: Callable[[PlayedLevel], None] | None = None,
    on_replay: Callable[[LevelSpec, Replay], None] | None = None,
) -> TrackScore:
    """Play a track and score it.

    One agent plays all levels. It is reset before each by the procedure and once more by the
    episode, as in the original: what its `reset` leaves alone is carried from level to level.

    Args:
        agent: Who plays.
        track: What is played.
        on_level: Called after each level.
        on_replay: Called with the replay of each level, also of one that an error or an interrupt
            breaks off.

    Raises:
        OptionError: When the agent's answer is no action.
    """
    levels: list[PlayedLevel] = []
    for spec in track.levels:
        agent.reset()
        game = _game_of(spec, recorded=on_replay is not None)
        if not levels:
            _load_queries(game)
        try:
            level = PlayedLevel(spec, play_level(agent, game, str(spec)))
        finally:
            if on_replay is not None and isinstance(game, RecordedGame):
                on_replay(spec, game.replay({"agent": agent.name}))
        levels.append(level)
        if on_level is not None:
            on_level(level)
    return TrackScore(track, agent.name, tuple(levels))


def _game_of(spec: LevelSpec, recorded: bool) -> Game:
    level = spec.generate()
    if recorded:
        return RecordedGame(level, spec.mode, spec.time_limit)
    return Game(level.image, spec.mode, spec.time_limit)


def _load_queries(game: Game) -> None:
    """Have the queries compiled or loaded, which is not the time of the agent's first answer."""
    game.tick(0)
    game.level_grid()
    game.enemies_grid()
    game.merged_grid()
    game.enemy_floats()
    game.level_bitmap()


def _sum_in_order(values: list[float]) -> float:
    """The sum as the original rounds it: one addition after the other, in float64.

    (From Python 3.12 on `sum` compensates for rounding errors, and so differs in the last bits.)
    """
    total = 0.0
    for value in values:
        total += value
    return total


def _act_times_ms(records: list[LevelRecord]) -> np.ndarray:
    return np.concatenate([record.act_times_ns for record in records]) / 1e6
