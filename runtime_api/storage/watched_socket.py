"""A connection whose answer is read with a look at the world every second, so that a server that dribbles holds nobody."""

import io
import socket
import time
from collections.abc import Callable
from typing import Any, Final

_LOOK: Final = 1.0  # seconds


class WatchedSocket:
    """What `http.client` needs of a socket. `alive` is called at least once a second while something is read; what it
    raises ends the reading. TimeoutError after `silence` seconds without a byte."""

    def __init__(self, connection: socket.socket, alive: Callable[[], None], silence: float) -> None:
        self._connection, self._alive, self._silence = connection, alive, silence
        self._read = False

    def makefile(self, mode: str) -> io.BufferedReader:
        """From here on the answer's end, or its own `close`, closes the connection."""
        self._read = True
        self._connection.settimeout(_LOOK)
        return io.BufferedReader(_Reading(self._connection, self._alive, self._silence))

    def sendall(self, data: bytes) -> None:
        self._connection.sendall(data)

    def close(self) -> None:
        if not self._read:
            self._connection.close()


class _Reading(io.RawIOBase):
    def __init__(self, connection: socket.socket, alive: Callable[[], None], silence: float) -> None:
        self._connection, self._alive, self._silence = connection, alive, silence

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._connection.close()
        super().close()

    def readinto(self, buffer: Any) -> int:
        end = time.monotonic() + self._silence
        while True:
            self._alive()
            try:
                return self._connection.recv_into(buffer)
            except TimeoutError as error:
                if time.monotonic() > end:
                    raise TimeoutError(f"it has said nothing for {self._silence:g} seconds") from error
