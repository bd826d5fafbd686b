"""An agent that is a program of its own and speaks JSON lines on its standard streams."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Sequence

from gym_mario_suite.agents.base import GameView
from gym_mario_suite.competition import protocol_json as protocol
from gym_mario_suite.competition.lines import LineReader, ProtocolError
from gym_mario_suite.competition.process_end import how_ended
from gym_mario_suite.errors import OptionError


class CommandAgent:
    """Asks a program for its actions.

    The program is started for the first level and plays all of them; after a fault it is started
    anew for the next one. What it writes to its standard error goes to ours.

    Args:
        name: Name in scores.
        arguments: The command line.
    """

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self.name = name
        self._arguments = list(arguments)
        self._program: subprocess.Popen[bytes] | None = None
        self._ticks = 0
        self._fresh = False

    def reset(self) -> None:
        """Tell the program that a level begins.

        Raises:
            ProtocolError: When the program does not keep to the protocol.
            OptionError: When it cannot be started.
        """
        if self._fresh:  # a competition resets twice; the program is told once
            return
        if self._program is None:
            self._start()
        self._send({"type": "reset"})
        self._ticks = 0
        self._fresh = True

    def act(self, game: GameView) -> int:
        """The program's answer to what it is shown.

        Raises:
            ProtocolError: When the program does not keep to the protocol.
        """
        self._fresh = False
        self._ticks += 1
        self._send(protocol.observation(game, self._wishes, self._ticks))
        try:
            return protocol.action_of(self._receive())
        except ProtocolError as error:
            self.stop()
            raise ProtocolError(f"after tick {self._ticks} {error}") from None

    def stop(self) -> None:
        """End the program."""
        program, self._program = self._program, None
        self._fresh = False
        if program is not None:
            for stream in (program.stdin, program.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
            try:
                program.wait(0.5)  # it sees the end of its input
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()

    def _start(self) -> None:
        try:
            self._program = program = subprocess.Popen(
                self._arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
            )
        except OSError as error:
            raise OptionError(f"{self.name} cannot be started: {error.strerror}") from None
        assert program.stdout is not None
        output = program.stdout.fileno()
        self._reader = LineReader(lambda size: os.read(output, size))
        # A program that is gone already may have left a word, which tells more.
        with contextlib.suppress(OSError):
            self._write(protocol.hello())
        try:
            self._wishes = protocol.wishes_of(self._receive())
        except ProtocolError:
            self.stop()
            raise

    def _send(self, message: dict[str, object]) -> None:
        try:
            self._write(message)
        except OSError:
            raise ProtocolError(f"the program closed its input{self._end()}") from None

    def _write(self, message: dict[str, object]) -> None:
        program = self._program
        if program is None or program.stdin is None:
            raise ProtocolError("the program has ended")
        data = memoryview(protocol.encode(message))
        while data:
            data = data[program.stdin.write(data) :]

    def _receive(self) -> dict[str, object]:
        line = self._reader.read()
        if line is None:
            raise ProtocolError(f"the program closed its output{self._end()}")
        return protocol.decode(line)

    def _end(self) -> str:
        """How the program ended, if it did; it is not used again."""
        program = self._program
        self.stop()
        code = program.returncode if program is not None else None
        return f" ({how_ended(code)})" if code else ""
