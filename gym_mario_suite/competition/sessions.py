"""One client's conversation with the server, in either protocol.

A session reads lines and writes messages through a `Wire`; where they come from and go to, and how
long one waits for them, is the wire's business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from gym_mario_suite.competition import protocol_2009, protocol_json
from gym_mario_suite.competition.lines import ProtocolError
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Mode, Status
from gym_mario_suite.errors import MarioError
from gym_mario_suite.levels.generate import DEFAULT_LENGTH, generate

MAX_MISTAKES = 20

Log = Callable[[str], None]


class Wire(Protocol):
    """A connection."""

    def read_line(self) -> bytes | None:
        """The next line, or None at the end; raises ProtocolError for one that is too long."""
        ...

    def write(self, message: bytes) -> None:
        """Send a message in one piece."""
        ...


def serve_2009(wire: Wire, log: Log) -> None:
    """Talk to a client of the 2009 protocol until it says `ciao`, leaves, or makes a mistake."""
    wire.write(protocol_2009.WELCOME)
    options = protocol_2009.Options()
    try:
        name = protocol_2009.client_name(_text(wire.read_line()) or "")
        log(f"client {name or 'without a name'}")
        line = _text(wire.read_line())
        while line is not None and not line.startswith("ciao"):
            if not line.startswith("reset"):
                raise ProtocolError(f"expected reset or ciao, got {line[:40]!r}")
            options = options.changed(line)
            game = options.game()
            line = _episode_2009(wire, game, options)
            if line is None:
                wire.write(protocol_2009.result(game))
                log(f"seed {options.ls}, difficulty {options.ld}: distance {float(game.x):g}")
                line = _text(wire.read_line())
    except ProtocolError as error:
        wire.write(protocol_2009.error(str(error)))
        raise


def _episode_2009(wire: Wire, game: Game, options: protocol_2009.Options) -> str | None:
    """Play an episode; returns the `reset` or `ciao` that ended it early, else None."""
    keys = 0
    while game.status == Status.RUNNING:
        game.tick(keys)
        wire.write(protocol_2009.observation(game, options))
        line = _text(wire.read_line())
        if line is None:
            raise ProtocolError("the client left in the middle of a level")
        action = protocol_2009.action_of(line)
        if action is None:
            if line.startswith(("reset", "ciao")):
                return line
            raise ProtocolError(f"an action has five characters, got {line[:40]!r}")
        keys = action
    return None


def serve_json(wire: Wire, log: Log) -> None:
    """Talk to a client of the JSON-lines protocol until it says `bye` or leaves.

    A mistake is answered with an `error`, and what was expected is expected again.
    """
    _JsonSession(wire, log).run()


class _JsonSession:
    """The state of a conversation in JSON lines."""

    def __init__(self, wire: Wire, log: Log) -> None:
        self._wire = wire
        self._log = log
        self._mistakes = 0
        self._game: Game | None = None
        self._ticks = 0
        self._wishes: protocol_json.Wishes | None = None

    def run(self) -> None:
        """Answer message after message."""
        self._send(protocol_json.hello())
        while True:
            try:
                line = self._wire.read_line()
                if line is None:
                    return
                message = protocol_json.decode(line)
                if message["type"] == "bye":
                    self._send({"type": "bye"})
                    return
                self._answer(message)
            except ProtocolError as error:
                self._mistakes += 1
                self._send(protocol_json.error(str(error)))
                if self._mistakes >= MAX_MISTAKES:
                    raise ProtocolError(f"{MAX_MISTAKES} mistakes; the last: {error}") from None

    def _answer(self, message: dict[str, Any]) -> None:
        if self._wishes is None:
            self._wishes = protocol_json.wishes_of(message)
            self._log(f"client {self._wishes.name!a}")
            self._send({"type": "welcome", "name": self._wishes.name})
        elif message["type"] == "reset":
            self._game = _game_of(message)
            self._ticks = 0
            self._tick(0)
        elif self._game is None:
            raise ProtocolError('no level is being played: send a "reset"')
        else:
            keys = protocol_json.action_of(message)
            if self._game.status == Status.RUNNING:
                self._tick(keys)
            else:  # that was the answer after the last tick
                self._send(protocol_json.result(self._game))
                self._log(f"distance {float(self._game.x):g}")
                self._game = None

    def _tick(self, keys: int) -> None:
        assert self._game is not None
        assert self._wishes is not None
        self._game.tick(keys)
        self._ticks += 1
        self._send(protocol_json.observation(self._game, self._wishes, self._ticks))

    def _send(self, message: dict[str, Any]) -> None:
        self._wire.write(protocol_json.encode(message))


_LEVEL_OPTIONS = {"seed": 0, "difficulty": 0, "level_type": 0, "length": DEFAULT_LENGTH}
_GAME_OPTIONS = {"mode": int(Mode.FIRE), "time_limit": 200}
_SWITCHES = {
    "creatures": True,
    "invulnerable": False,
    "power_restoration": False,
    "timer": True,
}


def _game_of(message: dict[str, Any]) -> Game:
    """The level that a `reset` asks for."""
    known = _LEVEL_OPTIONS | _GAME_OPTIONS | _SWITCHES
    unknown = sorted(set(message) - set(known) - {"type"})
    if unknown:
        raise ProtocolError(
            f"unknown option {unknown[0][:40]!r} of reset; known: {', '.join(known)}"
        )
    values = known | {name: value for name, value in message.items() if name != "type"}
    for name in _SWITCHES:
        if not isinstance(values[name], bool):
            raise ProtocolError(f"{name!r} must be true or false")
    try:
        level = generate(*(values[name] for name in _LEVEL_OPTIONS))
        return Game(
            level.image,
            *(values[name] for name in _GAME_OPTIONS),
            **{name: values[name] for name in _SWITCHES},
        )
    except (MarioError, TypeError) as error:
        raise ProtocolError(str(error)) from None


def _text(line: bytes | None) -> str | None:
    return None if line is None else line.decode("ascii", "replace")
