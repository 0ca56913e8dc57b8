"""A Forward client of our own acceptor, for what the audit puts back."""

import socket
import threading
import time
from pathlib import Path

import msgpack

from log_shipper.errors import NotAccepted

PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0)  # seconds between tries


class AcceptorClient:
    """Sends a message and returns when the acceptor says that it is durable. Safe to use from several threads."""

    def __init__(self, path: Path, timeout: float = 10.0) -> None:
        self._path, self._timeout = path, timeout
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None

    def send(self, message: bytes, chunk: str) -> None:
        """Tries for a while, then raises NotAccepted; the acceptor and the stages take the same only once."""
        with self._lock:
            for pause in PAUSES:
                try:
                    connection = self._connected()
                    connection.sendall(message)
                    return self._await_ack(connection, chunk)
                except OSError as error:
                    self.close()
                    failure = error
                # Where the spool is full it has room again once the store has taken some; from the beginning again, the
                # audit would fill it with what it has.
                time.sleep(pause)
            raise NotAccepted(
                f"the acceptor at {self._path} does not take what the audit puts back: {failure}"
            ) from failure

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> socket.socket:
        if self._connection is None:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(self._timeout)
            try:
                connection.connect(str(self._path))
            except OSError:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _await_ack(self, connection: socket.socket, chunk: str) -> None:
        unpacker = msgpack.Unpacker()
        while True:
            data = connection.recv(4096)
            if not data:
                raise ConnectionError("it closed the connection")
            unpacker.feed(data)
            for answer in unpacker:
                if isinstance(answer, dict) and answer.get("ack") == chunk:
                    return
