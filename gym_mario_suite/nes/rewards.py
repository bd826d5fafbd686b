"""Rewards of Super Mario Bros., frame by frame, as weights of terms that are read from RAM.

`v7` is the reward of gym-super-mario-bros 7, which most published agents were trained on; `v9` that
of its release 9. Both are sums of a frame's terms, clipped to -15 .. 15.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np

from gym_mario_suite.errors import OptionError, as_weights
from gym_mario_suite.nes import smb
from gym_mario_suite.nes.backend import Watch
from gym_mario_suite.nes.smb import DIGITS, Address

# What a frame can be rewarded for, in the order of the arrays. `x`: px moved. `progress`: px past
# the furthest x of the attempt (a life in a stage). `time`: units of the clock, never positive.
# `death`: 1 for each, in its first frame. `score`: points. `coins`. `power`: change of the mode.
# `goal`: 1 when the stage is cleared.
TERMS = ("x", "progress", "time", "death", "score", "coins", "power", "goal")
# A larger change of x is a pipe or a new stage, not a movement.
_MAX_STEP_PX = 5
_LIVES, _WORLD, _STAGE = int(Address.LIVES), int(Address.WORLD), int(Address.STAGE)
# Where all the figures are; most frames change none of them.
_FIGURES = slice(int(Address.SCORE), int(Address.CLOCK) + DIGITS[Address.CLOCK])
_PLACE = slice(int(Address.POWER_UP), int(Address.WORLD) + 1)
# What ends a series of frames in which nothing but Mario's x has changed.
ALL_BUT_X = Watch(
    np.array(
        [
            *range(_FIGURES.start, _FIGURES.stop),
            *range(_PLACE.start, _PLACE.stop),
            *smb.EVENTFUL_CHANGES,
        ]
    ),
    np.array([Address.FLOAT_STATE, smb.SLIDING_DOWN]),
    np.array([Address.X_PAGE, Address.X_ON_PAGE]),
)


@dataclass(frozen=True)
class RewardRule:
    """Weights of the terms.

    Attributes:
        weights: In the order of `TERMS`.
        limit: The sum of a frame is clipped to -limit .. limit.
    """

    weights: tuple[float, ...]
    limit: float = math.inf


def _rule(limit: float = math.inf, **weights: float) -> RewardRule:
    return RewardRule(tuple(weights.get(term, 0.0) for term in TERMS), limit)


REWARDS: dict[str, RewardRule] = {
    "v7": _rule(15.0, x=1.0, time=1.0, death=-25.0),
    "v9": _rule(
        15.0, progress=1.0, time=1.0, death=-25.0, score=0.01, coins=5.0, power=5.0, goal=50.0
    ),
    "distance": _rule(x=1 / 16),
    "score": _rule(score=1.0),
    "sparse": _rule(goal=1.0),
}


def reward_rule(choice: str | Mapping[str, float]) -> RewardRule:
    """The rule of that name, or of those weights (unclipped).

    Raises:
        OptionError: If there is no such rule or term, or a weight is no finite number.
    """
    if isinstance(choice, str):
        if choice not in REWARDS:
            raise OptionError(
                f"unknown reward {choice!r}; there are {', '.join(REWARDS)}, "
                f"or a mapping of weights for {', '.join(TERMS)}"
            )
        return REWARDS[choice]
    return _rule(**as_weights(choice, TERMS))


_NOT_BEGUN = -1
_NOTHING_ELSE = (0,) * (len(TERMS) - 2)


@dataclass
class Progress:
    """What a frame's terms are measured against: the frame before it."""

    x: int = 0
    furthest: int = 0
    clock: int = 0
    score: int = 0
    coins: int = 0
    mode: int = 0
    cleared: bool = False
    attempt: int = 0
    dying: bool = False

    def __post_init__(self) -> None:
        # Copies of the RAM that the numbers were read from; no part of what is saved.
        self._figures: smb.Ram = b""
        self._place: smb.Ram = b""

    def begin(self, ram: smb.Ram) -> None:
        """Measure from here on."""
        self.advance(ram)
        self.furthest = self.x

    def advance(self, ram: smb.Ram) -> tuple[float, ...]:
        """The terms of the frame that led here, in the order of `TERMS`."""
        if self.is_as_before(ram):
            return self.advance_in_x(smb.x_px(ram))
        self._figures, self._place = ram[_FIGURES], ram[_PLACE]
        return self._advance_in_all(ram)

    def is_as_before(self, ram: smb.Ram) -> bool:
        """Whether nothing but x can have changed since the last frame: `advance_in_x` will do."""
        figures, place = ram[_FIGURES], ram[_PLACE]
        same = figures == self._figures and place == self._place and self.attempt != _NOT_BEGUN
        return same and not smb.is_eventful(ram)

    def advance_in_x(self, x: int) -> tuple[float, ...]:
        """The terms of a frame in which nothing but x has changed, as of `advance`."""
        moved, passed = x - self.x, x - self.furthest
        self.x = x
        if passed > 0:
            self.furthest = x
        else:
            passed = 0
        self.cleared = self.dying = False
        return (
            moved if -_MAX_STEP_PX <= moved <= _MAX_STEP_PX else 0,
            passed if passed <= _MAX_STEP_PX else 0,
            *_NOTHING_ELSE,
        )

    def _advance_in_all(self, ram: smb.Ram) -> tuple[float, ...]:
        x, clock, score = smb.x_px(ram), smb.clock(ram), smb.score(ram)
        coins, mode, cleared = smb.coins(ram), smb.mode(ram), smb.is_stage_cleared(ram)
        dying = smb.is_dying(ram) or smb.is_dead(ram)
        if self._take_up_attempt(ram):
            self.furthest = x
        moved, passed = x - self.x, max(x - self.furthest, 0)
        terms = (
            moved if abs(moved) <= _MAX_STEP_PX else 0,
            passed if passed <= _MAX_STEP_PX else 0,
            min(clock - self.clock, 0),
            int(dying and not self.dying),
            max(score - self.score, 0),
            (coins - self.coins) % 100,
            mode - self.mode,
            int(cleared and not self.cleared),
        )
        self.x, self.clock, self.score, self.coins = x, clock, score, coins
        self.mode, self.cleared, self.dying = mode, cleared, dying
        self.furthest = max(self.furthest, x)
        return terms

    def to_list(self) -> list[int]:
        """For saving."""
        return [int(value) for value in asdict(self).values()]

    def from_list(self, values: list[int]) -> None:
        """Take up what `to_list` gave.

        Raises:
            ValueError: If it is something else.
        """
        names = [field.name for field in fields(self)]
        if len(values) != len(names) or not all(isinstance(value, int) for value in values):
            raise ValueError("not a progress")
        for name, value in zip(names, values, strict=True):
            setattr(self, name, value)
        self.cleared = bool(self.cleared)
        self._figures = self._place = b""

    def _take_up_attempt(self, ram: smb.Ram) -> bool:
        """Note the frame's attempt; whether it begins with this frame, or is still to begin.

        Lives and stages are counted while the player still stands where the attempt before has
        ended; the new one begins with the first frame in which he can act.
        """
        attempt = ram[_LIVES] << 16 | ram[_WORLD] << 8 | ram[_STAGE]
        if attempt == self.attempt:
            return False
        elsewhere = (attempt ^ self.attempt) & 0xFFFF
        if self.attempt != _NOT_BEGUN and attempt > self.attempt and not elsewhere:
            self.attempt = attempt  # one life more
            return False
        plays = not (smb.in_scene(ram) or smb.is_dying(ram) or smb.is_dead(ram))
        self.attempt = attempt if plays else _NOT_BEGUN
        return True
