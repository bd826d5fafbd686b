"""The messages of the JSON-lines protocol; docs/guides/competition.md is its description."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from gym_mario_suite.agents.base import GameView
from gym_mario_suite.competition.lines import ProtocolError
from gym_mario_suite.engine.game import Game
from gym_mario_suite.errors import MarioError, as_integer

PROTOCOL = "mario-json"
VERSION = 1
_ALL_BUTTONS = 31
_GRIDS = ("merged", "level", "enemies")
OBSERVABLE = (*_GRIDS, "enemy_floats", "bitmap")


@dataclass(frozen=True)
class Wishes:
    """What an agent's hello asks for.

    Attributes:
        name: Its name.
        observe: Names of `OBSERVABLE` that its observations shall have.
        z_level: Level of detail of tiles, 0 to 2.
        z_enemies: Level of detail of creatures.
    """

    name: str = "unnamed"
    observe: tuple[str, ...] = ("merged", "enemy_floats")
    z_level: int = 1
    z_enemies: int = 0


def encode(message: dict[str, Any]) -> bytes:
    """A message as a line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """The message of a line.

    Raises:
        ProtocolError: When it is none.
    """
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise ProtocolError(f"not JSON: {line[:60]!r}") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ProtocolError('a message is a JSON object with a "type"')
    return message


def hello() -> dict[str, Any]:
    """The first message of ours."""
    return {"type": "hello", "protocol": PROTOCOL, "version": VERSION}


def error(message: str) -> dict[str, Any]:
    """What is wrong with the last message."""
    return {"type": "error", "message": message}


def wishes_of(message: dict[str, Any]) -> Wishes:
    """The wishes of an agent's hello.

    Raises:
        ProtocolError: For another message, or a wish that cannot be granted.
    """
    if message["type"] != "hello":
        raise ProtocolError(f'the first message must be a "hello", got {message["type"][:40]!r}')
    observe = message.get("observe", list(Wishes.observe))
    if not isinstance(observe, list) or not all(name in OBSERVABLE for name in observe):
        raise ProtocolError(f'"observe" must be a list of {", ".join(OBSERVABLE)}')
    try:
        return Wishes(
            str(message.get("name", Wishes.name))[:100],
            tuple(observe),
            as_integer('"z_level"', message.get("z_level", Wishes.z_level), 0, 2),
            as_integer('"z_enemies"', message.get("z_enemies", Wishes.z_enemies), 0, 2),
        )
    except MarioError as problem:
        raise ProtocolError(str(problem)) from None


def observation(game: GameView, wishes: Wishes, tick: int) -> dict[str, Any]:
    """What an agent is shown after a tick."""
    message: dict[str, Any] = {
        "type": "observation",
        "tick": tick,
        "may_jump": game.may_jump,
        "on_ground": game.on_ground,
        "carrying": game.carrying,
        "mode": int(game.mode),
        "kills": game.kills,
        "x": float(game.x),
        "y": float(game.y),
    }
    for name in wishes.observe:
        if name == "merged":
            message[name] = game.merged_grid(wishes.z_level, wishes.z_enemies).tolist()
        elif name == "level":
            message[name] = game.level_grid(wishes.z_level).tolist()
        elif name == "enemies":
            message[name] = game.enemies_grid(wishes.z_enemies).tolist()
        elif name == "bitmap":
            message[name] = game.level_bitmap().tolist()
        else:
            message[name] = [[int(k), x, y] for k, x, y in game.enemy_floats().tolist()]
    return message


def action_of(message: dict[str, Any]) -> int:
    """The button bits of an action.

    Raises:
        ProtocolError: For another message, or buttons that are none.
    """
    if message["type"] != "action":
        raise ProtocolError(f'expected an "action", got {message["type"][:40]!r}')
    buttons = message.get("buttons")
    if isinstance(buttons, list):
        if len(buttons) != 5 or not all(each in (0, 1) for each in buttons):
            raise ProtocolError('a list of "buttons" must be five of 0, 1, true and false')
        return sum(1 << bit for bit, pressed in enumerate(buttons) if pressed)
    if isinstance(buttons, bool) or not isinstance(buttons, int):
        raise ProtocolError('"buttons" must be a whole number or a list of five')
    if not 0 <= buttons <= _ALL_BUTTONS:
        raise ProtocolError(f'"buttons" must be 0 to {_ALL_BUTTONS}, got {buttons}')
    return buttons


def result(game: Game) -> dict[str, Any]:
    """How a level ended."""
    return {
        "type": "result",
        "status": int(game.status),
        "distance": float(game.x),
        "time_left": game.time_left,
        "mode": int(game.mode),
        "coins": game.coins,
        "kills": game.kills,
        "ticks": game.ticks,
    }
