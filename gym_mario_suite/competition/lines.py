"""Lines of bytes from someone who may send anything."""

from __future__ import annotations

from collections.abc import Callable

from gym_mario_suite.errors import MarioError

MAX_LINE_BYTES = 1 << 16


class ProtocolError(MarioError):
    """The other side does not keep to the protocol."""


class LineReader:
    """Lines, ended by LF or CR LF, from a stream of bytes.

    Args:
        receive: Called with a number of bytes, returns at least one and at most that many, or none
            at the end of the stream.
        limit: Bytes a line may have.
    """

    def __init__(self, receive: Callable[[int], bytes], limit: int = MAX_LINE_BYTES) -> None:
        self._receive = receive
        self._limit = limit
        self._buffer = bytearray()

    def read(self) -> bytes | None:
        """The next line without its end; None at the end of the stream.

        What is left without a line's end before the end of the stream is a line.

        Raises:
            ProtocolError: When the line is longer than the limit.
        """
        searched = 0
        while True:
            at = self._buffer.find(b"\n", searched)
            if at > self._limit or (at < 0 and len(self._buffer) > self._limit):
                raise ProtocolError(f"a line may have {self._limit:,} bytes")
            if at >= 0:
                line = bytes(self._buffer[:at])
                del self._buffer[: at + 1]
                return line.removesuffix(b"\r")
            searched = len(self._buffer)
            data = self._receive(4096)
            if not data:
                rest = bytes(self._buffer)
                self._buffer.clear()
                return rest.removesuffix(b"\r") if rest else None
            self._buffer += data
