"""What comes back from an agent that played a level, and the judge's view of it.

An agent's process is not believed: it hands in the answers that the agent gave and how long each
took. Everything else is found by playing the answers again on the exact engine.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.competition.episode import LevelRecord, lost_record, record_of
from gym_mario_suite.competition.limits import MAX_MS_PER_STEP
from gym_mario_suite.competition.tracks import LevelSpec
from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.replay import Replay
from gym_mario_suite.engine.world import Status

LAST_ANSWER = "last_answer"


@dataclass(frozen=True)
class LevelPlay:
    """An agent's answers in one level.

    Attributes:
        answers: Button bits, one byte each.
        act_times_ns: int64[n], how long each took.
        failure: Why the level is lost whatever was answered, or None.
    """

    answers: bytes
    act_times_ns: NDArray[np.int64] = field(compare=False)
    failure: str | None = None

    @classmethod
    def lost(cls, failure: str) -> LevelPlay:
        """A level lost without any answer."""
        return cls(b"", np.zeros(0, np.int64), failure)

    def to_json(self) -> dict[str, Any]:
        """As JSON, for the journal of an unfinished run."""
        times = zlib.compress(self.act_times_ns.astype("<i8").tobytes(), 1)
        return {
            "answers": base64.b64encode(zlib.compress(self.answers, 6)).decode(),
            "times": base64.b64encode(times).decode(),
            "failure": self.failure,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> LevelPlay:
        """What `to_json` gave.

        Raises:
            ValueError, KeyError, TypeError, zlib.error: For anything else.
        """
        times = zlib.decompress(base64.b64decode(value["times"]))
        return cls(
            zlib.decompress(base64.b64decode(value["answers"])),
            np.frombuffer(times, "<i8").astype(np.int64),
            value["failure"],
        )


@dataclass(frozen=True)
class PlayedLevel:
    """A level of a track and how the agent fared in it.

    Attributes:
        spec: The level.
        record: The outcome.
        replay: How it was played; None for a level lost by a fault, or where none was wanted.
        exit_px: Where the exit is.
    """

    spec: LevelSpec
    record: LevelRecord
    replay: Replay | None = field(default=None, compare=False, repr=False)
    exit_px: int | None = field(default=None, compare=False)

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
            **spec.results(record, self.exit_px),
        }


def judge(spec: LevelSpec, play: LevelPlay, agent: str, *, strict: bool = False) -> PlayedLevel:
    """Play an agent's answers again and say what they are worth.

    Args:
        spec: The level.
        play: The answers.
        agent: Name for the replay.
        strict: Whether more than 40 ms per step, on average, lose the level.
    """
    level = spec.generate()
    times = play.act_times_ns

    def lost(failure: str) -> PlayedLevel:
        return PlayedLevel(spec, lost_record(failure, times), None, 16 * level.x_exit)

    if play.failure is not None:
        return lost(play.failure)
    if strict and len(times) and times.mean() / 1e6 > MAX_MS_PER_STEP:
        return lost(
            f"slower than {MAX_MS_PER_STEP:g} ms per step: {times.mean() / 1e6:.1f} on average"
        )
    game = RecordedGame(level, spec.mode, spec.time_limit)
    keys = 0
    for answer in play.answers:
        if game.status != Status.RUNNING:
            return lost(
                "the agent changed the game it was shown: the level ends before its answers"
            )
        game.tick(keys)
        keys = answer
    if game.status == Status.RUNNING:
        return lost("the agent changed the game it was shown: its answers end before the level")
    replay = game.replay(
        {"agent": agent, "difficulty": spec.difficulty, "trial": spec.trial, LAST_ANSWER: keys}
    )
    return PlayedLevel(spec, record_of(game, play.answers, times), replay, 16 * level.x_exit)
