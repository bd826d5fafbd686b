"""Messages of a process that is not trusted: one that stops in the middle holds nobody up."""

from __future__ import annotations

import os
import struct
import time
from multiprocessing.connection import Connection, wait

_LENGTH = struct.Struct("!i")  # what `Connection.send_bytes` writes before a message below 2 GB
_CHUNK = 1 << 16


class FrameReader:
    """Reads what another process has sent with `Connection.send_bytes`, on POSIX.

    Args:
        connection: The pipe's end; nobody else may read from it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._come = bytearray()

    def read(self, most: int, deadline: float) -> bytes | None:
        """The next message.

        Args:
            most: Bytes it may have.
            deadline: Until when to wait for it, in monotonic seconds.

        Returns:
            None when it is not there by then; what has come of it is kept.

        Raises:
            EOFError: When the other end is closed.
            OSError: For a message that is too long.
        """
        while True:
            if len(self._come) >= _LENGTH.size:
                (size,) = _LENGTH.unpack_from(self._come)
                if not 0 <= size <= most:
                    raise OSError(f"a message of {size} bytes, at most {most} are allowed")
                end = _LENGTH.size + size
                if len(self._come) >= end:
                    message = bytes(self._come[_LENGTH.size : end])
                    del self._come[:end]
                    return message
            if not wait([self._connection], max(deadline - time.monotonic(), 0)):
                return None
            chunk = os.read(self._connection.fileno(), _CHUNK)
            if not chunk:
                raise EOFError
            self._come += chunk
