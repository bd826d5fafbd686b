"""A TCP server for clients that play, whatever they send and whenever they leave."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType

from gym_mario_suite.competition import protocol_2009
from gym_mario_suite.competition.lines import LineReader, ProtocolError
from gym_mario_suite.competition.sessions import Log, Wire
from gym_mario_suite.errors import OptionError, reason_of

PORT_2009 = 4242
_PARTING_S = 0.5
_PARTING_READS = 16

Session = Callable[[Wire, Log], None]


class SocketWire:
    """A TCP connection whose lines must come, and messages go, within a time.

    Args:
        connection: The socket.
        idle_s: Seconds for a line to be complete, and for a message to be taken.
    """

    def __init__(self, connection: socket.socket, idle_s: float) -> None:
        self._connection = connection
        self._idle_s = idle_s
        self._reader = LineReader(self._receive)
        self._deadline = 0.0
        # Each message leaves at once and alone: old clients take a packet for a message.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read_line(self) -> bytes | None:
        """The next line, or None at the end.

        Raises:
            ProtocolError: When it is too long or does not come in time.
        """
        self._deadline = time.monotonic() + self._idle_s
        return self._reader.read()

    def write(self, message: bytes) -> None:
        """Send a message with one call.

        Raises:
            ProtocolError: When the client does not take it in time.
            OSError: When it has left.
        """
        self._connection.settimeout(self._idle_s)
        try:
            self._connection.sendall(message)
        except TimeoutError:
            raise ProtocolError("the client takes no message") from None

    def _receive(self, size: int) -> bytes:
        left = self._deadline - time.monotonic()
        if left > 0:
            self._connection.settimeout(left)
            with contextlib.suppress(TimeoutError):
                return self._connection.recv(size)
        raise ProtocolError(f"no complete line within {self._idle_s:g} s")


class StreamWire:
    """Our own standard input and output."""

    def __init__(self) -> None:
        self._reader = LineReader(lambda size: os.read(0, size))
        # What else is printed must not come between the messages.
        self._output = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)

    def read_line(self) -> bytes | None:
        """The next line, or None at the end."""
        return self._reader.read()

    def write(self, message: bytes) -> None:
        """Send a message."""
        data = memoryview(message)
        while data:
            data = data[self._output.write(data) :]


class PlayServer:
    """Listens, and has each client's session in a thread of its own.

    Args:
        session: What is talked.
        host: Address to listen on.
        port: Port, 0 for any that is free.
        connections: Clients at a time; one more is told so and sent away.
        idle_s: Seconds for which a client may be silent.
        log: Called with lines for the operator.
        refusal: What a client is told that is one too many; the default is of the protocol of 2009.

    Attributes:
        address: Host and port it listens on.

    Raises:
        OptionError: When it cannot listen there.
    """

    def __init__(
        self,
        session: Session,
        host: str = "127.0.0.1",
        port: int = PORT_2009,
        *,
        connections: int = 8,
        idle_s: float = 60.0,
        log: Log | None = None,
        refusal: bytes = protocol_2009.error("too many clients") + b"\n",
    ) -> None:
        self._session = session
        self._refusal = refusal
        self._idle_s = idle_s
        self._log: Log = log or (lambda line: None)
        self._free = threading.BoundedSemaphore(connections)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False
        try:
            self._listener = socket.create_server((host, port), backlog=16)
        except (OSError, OverflowError, TypeError, UnicodeError) as error:
            raise OptionError(f"cannot listen on {host}:{port}: {error}") from error
        self.address: tuple[str, int] = self._listener.getsockname()[:2]

    def __enter__(self) -> PlayServer:
        threading.Thread(target=self.serve, daemon=True, name="play server").start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def serve(self) -> None:
        """Take clients until the server is closed."""
        while not self._closed:
            try:
                connection, (host, port, *_) = self._listener.accept()
            except OSError:
                if self._closed:
                    return
                time.sleep(0.1)  # out of file handles, for example
                continue
            if not self._free.acquire(blocking=False):
                self._log(f"{host}:{port}: sent away, there are clients enough")
                with contextlib.suppress(OSError), connection:
                    connection.settimeout(1)
                    connection.sendall(self._refusal)
                continue
            with self._lock:
                self._open.add(connection)
            threading.Thread(
                target=self._talk, args=(connection, f"{host}:{port}"), daemon=True
            ).start()

    def close(self) -> None:
        """Stop listening and close all connections."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _talk(self, connection: socket.socket, who: str) -> None:
        def log(line: str) -> None:
            self._log(f"{who}: {line}")

        log("connected")
        try:
            self._session(SocketWire(connection, self._idle_s), log)
            log("done")
        except ProtocolError as error:
            log(f"closed: {error}")
        except OSError as error:
            log(f"gone: {reason_of(error)}")
        except Exception as error:
            # A bug of ours shall not take the other clients with it.
            log(f"closed by an internal error: {type(error).__name__}: {error}")
        finally:
            _part_from(connection)
            with self._lock:
                self._open.discard(connection)
            connection.close()
            self._free.release()


def _part_from(connection: socket.socket) -> None:
    """Let the client read our last message.

    A socket closed with data unread would take that message back, so a little more is read.
    """
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(_PARTING_S)
        for _ in range(_PARTING_READS):
            if not connection.recv(1 << 16):
                return


def print_log(line: str) -> None:
    """A line for the operator on the standard error, whatever a client put into it."""
    print(line if line.isprintable() else ascii(line), file=sys.stderr, flush=True)
