"""A track played by an agent, and the competition's score of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.agents.base import Agent
from gym_mario_suite.competition.episode import LevelRecord, play_level
from gym_mario_suite.competition.framework_track import completion
from gym_mario_suite.competition.limits import MAX_MS_PER_STEP
from gym_mario_suite.competition.plays import PlayedLevel
from gym_mario_suite.competition.tracks import LevelSpec, Track
from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.replay import Replay
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Rules, Status

__all__ = [
    "CollectionScore",
    "DifficultyScore",
    "PlayedLevel",
    "TrackScore",
    "load_queries",
    "score_track",
]


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
class CollectionScore:
    """The score of a collection of levels of the 2019 rules.

    Attributes:
        name: Which.
        levels: How many levels.
        levels_cleared: How many of them were won.
        win_rate: That as a share.
        completion: Mean share of the way to the exit, 0 to 1.
        time_left_ms_sum: Sum of the clocks in ms.
        kills_sum: Kills by stomps, fireballs and shells (the framework also counts falls).
        ms_per_step: Mean time of an answer in milliseconds.
    """

    name: str
    levels: int
    levels_cleared: int
    win_rate: float
    completion: float
    time_left_ms_sum: int
    kills_sum: int
    ms_per_step: float


@dataclass(frozen=True)
class TrackScore:
    """The result of an agent on a track.

    On a track of which only the last level counts, score and sums are of that level.

    Attributes:
        track: What was played.
        agent: Name of the agent.
        levels: Level by level, in the order of play.
        strict: Whether a level slower than 40 ms per step was lost; then nobody is disqualified.
    """

    track: Track
    agent: str
    levels: tuple[PlayedLevel, ...]
    strict: bool = False

    @property
    def counted(self) -> tuple[PlayedLevel, ...]:
        """The levels that make the score."""
        return self.levels[-1:] if self.track.only_last_counts else self.levels

    @property
    def difficulties(self) -> tuple[DifficultyScore, ...]:
        """Score of each difficulty, in the order of play; the time is that of all its levels."""
        groups: dict[int, list[LevelRecord]] = {}
        for level in self.counted:
            groups.setdefault(level.spec.difficulty, []).append(level.record)
        played: dict[int, list[LevelRecord]] = {}
        for level in self.levels:
            played.setdefault(level.spec.difficulty, []).append(level.record)
        return tuple(
            DifficultyScore(
                difficulty,
                _sum_in_order([record.distance for record in records]) / len(records),
                _mean(act_times_ms(played[difficulty])),
            )
            for difficulty, records in groups.items()
        )

    @property
    def score(self) -> float:
        """The sum of the difficulties' mean distances in px; on `framework-2019` the wins in %."""
        if self.track.rules == Rules.FRAMEWORK_2019:
            return 100.0 * self.levels_cleared / len(self.counted)
        return _sum_in_order([difficulty.score for difficulty in self.difficulties])

    @property
    def disqualified(self) -> str | None:
        """Why the agent is disqualified by the rules of 2009, or None."""
        if self.strict:
            return None
        slow = [str(d.difficulty) for d in self.difficulties if d.ms_per_step > MAX_MS_PER_STEP]
        if slow and self.track.rules == Rules.FRAMEWORK_2019:
            return f"over {MAX_MS_PER_STEP:g} ms per step"
        if not slow:
            return None
        return f"over {MAX_MS_PER_STEP:g} ms per step on difficulty {', '.join(slow)}"

    @property
    def levels_cleared(self) -> int:
        """Levels won."""
        return sum(level.record.status == Status.WIN for level in self.counted)

    @property
    def levels_failed(self) -> int:
        """Levels lost by a fault of the agent's program, of all that were played."""
        return sum(level.record.failure is not None for level in self.levels)

    @property
    def time_left_sum(self) -> int:
        """Seconds left, over all levels: the first tie-breaker."""
        return sum(level.record.time_left for level in self.counted)

    @property
    def kills_sum(self) -> int:
        """Kills, over all levels: the second tie-breaker."""
        return sum(level.record.kills for level in self.counted)

    @property
    def mode_sum(self) -> int:
        """Power states at the end of the levels (small 0, large 1, fire 2): the third."""
        return sum(int(level.record.mode) for level in self.counted)

    @property
    def step_times_ms(self) -> NDArray[np.float64]:
        """Time of each answer in milliseconds, over all levels."""
        return act_times_ms([level.record for level in self.levels])

    @property
    def ms_per_step_mean(self) -> float:
        """Mean time of an answer in milliseconds; 0 when there was none."""
        return _mean(self.step_times_ms)

    @property
    def ms_per_step_p99(self) -> float:
        """Time in milliseconds that 99 of 100 answers kept."""
        times_ms = self.step_times_ms
        return float(np.percentile(times_ms, 99)) if times_ms.size else 0.0

    @property
    def collections(self) -> tuple[CollectionScore, ...]:
        """Score of each collection of levels of a `framework-2019` track, in the order of play."""
        groups: dict[str, list[PlayedLevel]] = {}
        for level in self.counted:
            groups.setdefault(level.spec.group, []).append(level)
        return tuple(_collection(name, levels) for name, levels in groups.items())

    def framework_json(self) -> dict[str, Any]:
        """What the score of a `framework-2019` track has beside; nothing on other tracks."""
        if self.track.rules != Rules.FRAMEWORK_2019:
            return {}
        whole = _collection("all", self.counted)
        return {
            "win_rate": whole.win_rate,
            "completion": whole.completion,
            "time_left_ms_sum": whole.time_left_ms_sum,
            "collections": [asdict(each) for each in self.collections],
        }

    def to_json(self) -> dict[str, Any]:
        """The numbers of the score; `competition.results` adds where they come from."""
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
            **self.framework_json(),
            "levels": [level.to_json() for level in self.levels],
        }


def score_track(
    agent: Agent,
    track: Track,
    on_level: Callable[[PlayedLevel], None] | None = None,
    on_replay: Callable[[LevelSpec, Replay], None] | None = None,
) -> TrackScore:
    """Play a track with an agent object and score it, here and now.

    One agent plays all levels. It is reset before each by the procedure and once more by the
    episode, as in the original: what its `reset` leaves alone is carried from level to level.
    For limits, faults and many runs at a time see `competition.contest`.

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
            load_queries(game)
        try:
            level = PlayedLevel(spec, play_level(agent, game, str(spec)))
        finally:
            if on_replay is not None and isinstance(game, RecordedGame):
                on_replay(spec, game.replay({"agent": agent.name}))
        levels.append(level)
        if on_level is not None:
            on_level(level)
    return TrackScore(track, agent.name, tuple(levels))


def load_queries(game: Game) -> None:
    """Have the queries compiled or loaded, which is not the time of the agent's first answer."""
    game.tick(0)
    game.level_grid()
    game.enemies_grid()
    game.merged_grid()
    game.enemy_floats()
    game.level_bitmap()


def act_times_ms(records: list[LevelRecord]) -> NDArray[np.float64]:
    """Time of each answer of all records in milliseconds."""
    if not records:
        return np.zeros(0)
    return np.concatenate([record.act_times_ns for record in records]) / 1e6


def _collection(name: str, levels: Sequence[PlayedLevel]) -> CollectionScore:
    won = sum(level.record.status == Status.WIN for level in levels)
    shares = [completion(level.record.distance, level.exit_px) for level in levels]
    return CollectionScore(
        name,
        len(levels),
        won,
        won / len(levels),
        _sum_in_order(shares) / len(levels),
        sum(level.record.time_left_ms for level in levels),
        sum(level.record.kills for level in levels),
        _mean(act_times_ms([level.record for level in levels])),
    )


def _game_of(spec: LevelSpec, recorded: bool) -> Game:
    level = spec.generate()
    if recorded:
        return RecordedGame(level, spec.mode, spec.time_limit)
    return Game(level.image, spec.mode, spec.time_limit)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else 0.0


def _sum_in_order(values: list[float]) -> float:
    """The sum as the original rounds it: one addition after the other, in float64.

    (From Python 3.12 on `sum` compensates for rounding errors, and so differs in the last bits.)
    """
    total = 0.0
    for value in values:
        total += value
    return total
