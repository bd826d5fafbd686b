"""One level played by one agent, in the order of the 2009 program."""

from __future__ import annotations

import operator
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.agents.base import Agent
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.tick_2019 import MS_PER_TICK as MS_PER_TICK_2019
from gym_mario_suite.engine.world import MS_PER_SECOND, TICKS_PER_SECOND, Mode, Rules, Status
from gym_mario_suite.errors import OptionError

_ALL_BUTTONS = 31


@dataclass(frozen=True, kw_only=True)
class LevelRecord:
    """How an agent fared in one level.

    Attributes:
        distance: Mario's x at the end in px, a float32 as a float; 16 * the exit's column when he
            won.
        cells: The column he was in when the last tick began.
        status: Won or dead.
        time_left: Seconds left on the level's clock.
        time_spent: Seconds played (the original counts one tick more than there were).
        time_left_ms: The level's clock in milliseconds.
        kills: Kills, as the competition counts them.
        mode: Power state at the end.
        coins: Coins collected.
        ticks: Ticks played; the agent was asked as often.
        nonempty_actions: Answers with at least one button pressed, the unused last one included.
        actions_crc32: CRC-32 of all answers, one byte of button bits each.
        act_times_ns: int64[ticks], how long each answer took in nanoseconds.
        failure: Why the agent lost the level outside of the game; then all numbers are 0. None for
            a level that was played.
    """

    distance: float
    cells: int
    status: Status
    time_left: int
    time_spent: int
    kills: int
    mode: Mode
    coins: int
    ticks: int
    nonempty_actions: int
    actions_crc32: int
    act_times_ns: NDArray[np.int64] = field(compare=False, repr=False)
    failure: str | None = None
    time_left_ms: int = 0


def play_level(agent: Agent, game: Game, level_name: str = "the level") -> LevelRecord:
    """Play a level from its start to its end.

    The game and the agent are reset. Then, until the level is won or lost: a tick, and the agent
    is asked for the buttons of the next one. So the first tick runs with no buttons, and the
    agent is asked once more after the last tick, which has no effect.

    Args:
        agent: Who plays.
        game: What is played. With its timer off a level may never end.
        level_name: The level in error messages.

    Raises:
        OptionError: When an answer is no whole number from 0 to 31; the message names the agent,
            the level and the tick.
    """
    answers, act_times_ns = ask_through(agent, game, level_name)
    return record_of(game, answers, act_times_ns)


def ask_through(
    agent: Agent,
    game: Game,
    level_name: str = "the level",
    on_answer: Callable[[], None] | None = None,
) -> tuple[bytes, NDArray[np.int64]]:
    """Play a level as `play_level` does.

    Args:
        agent: Who plays.
        game: What is played.
        level_name: The level in error messages.
        on_answer: Called after each answer, outside the time that counts.

    Returns:
        All answers, and int64[n], how long each took in nanoseconds.

    Raises:
        OptionError: When an answer is no action.
    """
    game.reset()
    agent.reset()
    act, tick, clock = agent.act, game.tick, time.perf_counter_ns
    answers = bytearray()
    act_times_ns: list[int] = []
    keys = 0
    status = Status.RUNNING
    while status == Status.RUNNING:
        tick(keys)
        asked_at = clock()
        answer = act(game)
        act_times_ns.append(clock() - asked_at)
        if type(answer) is not int or not 0 <= answer <= _ALL_BUTTONS:
            answer = _checked_answer(answer, agent, level_name, game.ticks)
        keys = answer
        answers.append(keys)
        status = game.status
        if on_answer is not None:
            on_answer()
    return bytes(answers), np.array(act_times_ns, np.int64)


def record_of(game: Game, answers: bytes, act_times_ns: NDArray[np.int64]) -> LevelRecord:
    """The record of a game that has ended."""
    ticks = game.ticks
    in_2009 = game.worlds[0]["rules"] == Rules.COMPETITION_2009
    clock = int(game.worlds[0]["time_left"])  # in ticks, or by the rules of 2019 in ms
    return LevelRecord(
        distance=float(game.x),
        cells=int(game.worlds[0]["players"][0]["body"]["map_x"]),
        status=game.status,
        time_left=game.time_left,
        time_spent=(ticks + 1) // TICKS_PER_SECOND
        if in_2009
        else (ticks + 1) * MS_PER_TICK_2019 // MS_PER_SECOND,
        time_left_ms=clock * MS_PER_SECOND // TICKS_PER_SECOND if in_2009 else clock,
        kills=game.kills,
        mode=game.mode,
        coins=game.coins,
        ticks=ticks,
        nonempty_actions=len(answers) - answers.count(0),
        actions_crc32=zlib.crc32(answers),
        act_times_ns=act_times_ns,
    )


def lost_record(failure: str, act_times_ns: NDArray[np.int64]) -> LevelRecord:
    """The record of a level that the agent lost by its own fault: it is worth nothing."""
    return LevelRecord(
        distance=0.0,
        cells=0,
        status=Status.DEAD,
        time_left=0,
        time_spent=0,
        kills=0,
        mode=Mode.SMALL,
        coins=0,
        ticks=0,
        nonempty_actions=0,
        actions_crc32=0,
        act_times_ns=act_times_ns,
        failure=failure,
    )


def _checked_answer(answer: Any, agent: Agent, level_name: str, tick: int) -> int:
    """An answer such as a numpy integer as an int, or the error that explains what is wrong."""
    try:
        # True is an int to Python, but more likely one button's state than the action LEFT.
        keys = -1 if isinstance(answer, bool | np.bool_) else operator.index(answer)
    except TypeError:
        keys = -1
    if not 0 <= keys <= _ALL_BUTTONS:
        raise OptionError(
            f"agent {agent.name!r} answered {_shortened(answer)} after tick {tick} of "
            f"{level_name}; an action is a whole number from 0 to {_ALL_BUTTONS}, the sum of its "
            "buttons' bits"
        )
    return keys


def _shortened(answer: Any) -> str:
    text = repr(answer)
    return text if len(text) <= 80 else text[:77] + "..."
