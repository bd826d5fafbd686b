"""A level played by an agent in one call, and what there is to tell of it.

The telemetry has the thirteen figures of the simulator that goes with the two-dimensional VAE of
Mario levels, by their names there, and more: jumps, cause and place of death, kills by kind, power
states, the path. Everything is found by playing the answered buttons on the exact engine; no
display is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gym_mario_suite.agents.base import Agent
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.competition.episode import ask_through
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.tick_2019 import MS_PER_TICK
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import (
    MS_PER_SECOND,
    TICKS_PER_SECOND,
    Button,
    Kind,
    Mode,
    Rules,
    Status,
)
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.formats.matrix import grid_of_codes
from gym_mario_suite.levels.grid_levels import to_grid, to_level
from gym_mario_suite.levels.level import Level, rules_name
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.course_files import read_level_or_course
from gym_mario_suite.levels.maker.course_levels import course_to_level
from gym_mario_suite.levels.playability import start_mode
from gym_mario_suite.levels.tile_grid import TileGrid

TIME_LIMIT_S = 200

# What can hurt Mario, by the names that the telemetry has.
_HARMLESS = frozenset(
    {Kind.MARIO, Kind.MUSHROOM, Kind.FIRE_FLOWER, Kind.LIFE_MUSHROOM, Kind.FIREBALL}
)

Playable = Level | TileGrid | MakerCourse | ArrayLike | Path | str


@dataclass(frozen=True, kw_only=True)
class Telemetry:
    """How a level was played.

    The names of the first thirteen are those of the VAE's simulator.

    Attributes:
        marioStatus: 1 when Mario won, else 0.
        agentName: Who played.
        agentType: "AI" or "Human".
        lengthOfLevelPassedPhys: Mario's x at the end, px.
        totalLengthOfLevelPassedPhys: The level's width, px.
        lengthOfLevelPassedCells: The column he was in.
        totalLengthOfLevelPassedCells: The level's columns.
        timeSpentOnLevel: Seconds of level time played.
        totalTimeGiven: Seconds of level time there were.
        numberOfGainedCoins: Coins.
        totalActionsPerformed: Ticks with any button pressed.
        jumpActionsPerformed: Ticks with the jump button pressed; `jumps` has the jumps.
        level: The grid of tile codes most like the level, a list of rows.
        rules: The rule set.
        ticks: Ticks played.
        jumps: Jumps.
        jump_ticks: Ticks with the jump button pressed.
        kills: Kills by "stomp", "fire", "shell" and "bump", and "total", the competition's count.
        hurts: How often a creature hit Mario.
        power_at_start: "small", "large" or "fire".
        power_at_end: The same.
        death: None when Mario lives, else "cause" ("enemy", "fall" or "time"), "enemy" (what was
            nearest, for that cause), "x_px", "y_px" and "column".
        path: Mario's position after each tick, [x, y] in px.
        keys: Buttons of each tick as hexadecimal digits, two for each.
    """

    marioStatus: int
    agentName: str
    agentType: str
    lengthOfLevelPassedPhys: float
    totalLengthOfLevelPassedPhys: int
    lengthOfLevelPassedCells: int
    totalLengthOfLevelPassedCells: int
    timeSpentOnLevel: int
    totalTimeGiven: int
    numberOfGainedCoins: int
    totalActionsPerformed: int
    jumpActionsPerformed: int
    level: list[list[int]]
    rules: str
    ticks: int
    jumps: int
    jump_ticks: int
    kills: dict[str, int]
    hurts: int
    power_at_start: str
    power_at_end: str
    death: dict[str, Any] | None
    path: list[list[float]]
    keys: str

    def to_json(self) -> dict[str, Any]:
        """The telemetry as a JSON object."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def simulate(
    level: Playable,
    agent: str | Agent = "astar",
    *,
    mode: Mode | None = None,
    time_limit: int = TIME_LIMIT_S,
) -> Telemetry:
    """Have a level played.

    Args:
        level: A level, a grid, a course, a matrix of tile codes, or the path of a file of one.
        agent: A name as for `make_agent`, or an agent.
        mode: Mario's power state at the start; None for fire in 2009, small in 2019.
        time_limit: Seconds of level time.

    Raises:
        OptionError: For an unknown agent, or one whose answer is no action.
        LevelError: For something that is no level.
    """
    return simulate_batch([level], agent, mode=mode, time_limit=time_limit)[0]


def simulate_batch(
    levels: Iterable[Playable],
    agent: str | Agent = "astar",
    *,
    mode: Mode | None = None,
    time_limit: int = TIME_LIMIT_S,
) -> list[Telemetry]:
    """Have levels played by one agent, in order; arguments and errors as for `simulate`.

    An agent that carries something from level to level may fare otherwise in the second level of a
    batch than alone; those that come with this package do not.
    """
    playable = [as_playable(level) for level in levels]
    player = make_agent(agent) if isinstance(agent, str) else _checked_agent(agent)
    found = []
    for level in playable:
        game = Game(level.image, start_mode(level, mode), time_limit)
        answers, _ = ask_through(player, game)
        # The first tick has no buttons, and the last answer comes too late.
        keys = b"\0" + answers[:-1]
        found.append(telemetry_of(level, keys, player.name, mode=mode, time_limit=time_limit))
    return found


def _checked_agent(agent: Any) -> Agent:
    if isinstance(agent, type):
        raise OptionError(f"agent must be a name or an agent, got a class: {agent.__name__}()?")
    for name in ("name", "reset", "act"):
        if not hasattr(agent, name):
            raise OptionError(
                "agent must be a name, or an agent: an object with a name, reset() and act(game); "
                f"{agent!r} has no {name!r}"
            )
    return agent


def as_playable(item: Playable) -> Level:
    """The level of whatever `simulate` takes.

    Raises:
        LevelError: When it is none.
    """
    if isinstance(item, Level):
        return item
    if isinstance(item, str | Path):
        return read_level_or_course(item)
    if isinstance(item, MakerCourse):
        return course_to_level(item)
    return to_level(item if isinstance(item, TileGrid) else grid_of_codes(item))


def telemetry_of(
    level: Level,
    keys: Sequence[int] | bytes,
    player: str,
    *,
    human: bool = False,
    mode: Mode | None = None,
    time_limit: int = TIME_LIMIT_S,
) -> Telemetry:
    """What there is to tell of a level that was played with these buttons.

    Args:
        level: The level.
        keys: Button bits of each tick, of the first one as well (0).
        player: Who played.
        human: Whether that is a person.
        mode: Power state at the start.
        time_limit: Seconds of level time.
    """
    at_start = start_mode(level, mode)
    game = Game(level.image, at_start, time_limit)
    held = bytearray()
    path: list[list[float]] = []
    for each in keys:
        if game.status != Status.RUNNING:
            break
        game.tick(int(each))
        held.append(int(each))
        path.append([float(game.x), float(game.y)])
    world = game.worlds[0]
    jump_ticks = sum(bool(each & Button.JUMP) for each in held)
    grid = to_grid(level)
    return Telemetry(
        marioStatus=int(game.status == Status.WIN),
        agentName=player,
        agentType="Human" if human else "AI",
        lengthOfLevelPassedPhys=float(game.x),
        totalLengthOfLevelPassedPhys=level.width * TILE_PX,
        lengthOfLevelPassedCells=int(game.x) // TILE_PX,
        totalLengthOfLevelPassedCells=level.width,
        timeSpentOnLevel=_seconds(level.rules, len(held)),
        totalTimeGiven=time_limit,
        numberOfGainedCoins=game.coins,
        totalActionsPerformed=sum(each != 0 for each in held),
        jumpActionsPerformed=jump_ticks,
        level=grid.codes.tolist(),
        rules=rules_name(level.rules),
        ticks=len(held),
        jumps=int(world["players"][0]["jumps"]),
        jump_ticks=jump_ticks,
        kills={
            "total": game.kills,
            "stomp": game.kills_by_stomp,
            "fire": game.kills_by_fire,
            "shell": game.kills_by_shell,
            "bump": int(world["kills_bump"]),
        },
        hurts=int(world["players"][0]["hurts"]),
        power_at_start=at_start.name.lower(),
        power_at_end=game.mode.name.lower(),
        death=_death(level, game),
        path=path,
        keys=held.hex(),
    )


def _seconds(rules: Rules, ticks: int) -> int:
    if rules == Rules.COMPETITION_2009:
        return ticks // TICKS_PER_SECOND
    return ticks * MS_PER_TICK // MS_PER_SECOND


def _death(level: Level, game: Game) -> dict[str, Any] | None:
    """What ended a game that was lost."""
    if game.status in (Status.WIN, Status.RUNNING):
        return None
    x, y = float(game.x), float(game.y)
    enemy = None
    if game.timed_out:
        cause = "time"
    elif y > level.height * TILE_PX:
        cause = "fall"
    else:
        cause, enemy = "enemy", _nearest_enemy(game, x, y)
    return {"cause": cause, "enemy": enemy, "x_px": x, "y_px": y, "column": int(x) // TILE_PX}


def _nearest_enemy(game: Game, x: float, y: float) -> str | None:
    """The name of the creature nearest to a point, None where there is none."""
    world = game.worlds[0]
    near: list[tuple[float, str]] = []
    for slot in world["order"][: world["n_sprites"]].tolist():
        sprite = world["sprites"][slot]
        kind = Kind(int(sprite["kind"]))
        if kind not in _HARMLESS:
            distance = np.hypot(float(sprite["x"]) - x, float(sprite["y"]) - y)
            near.append((float(distance), kind.name.lower()))
    return min(near)[1] if near else None
