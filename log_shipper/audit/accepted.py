"""A Forward client of our own acceptor, for what the audit puts back."""

import socket
import threading
from pathlib import Path

import msgpack

from log_shipper.errors import NotAccepted


class AcceptorClient:
    """Sends a message and returns when the acceptor says that it is durable. Safe to use from several threads."""

    def __init__(self, path: Path, timeout: float = 10.0) -> None:
        self._path, self._timeout = path, timeout
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None

    def send(self, message: bytes, chunk: str) -> None:
        """Raises NotAccepted; sending the same again is harmless."""
        with self._lock:
            try:
                connection = self._connected()
                connection.sendall(message)
                self._await_ack(connection, chunk)
            except OSError as error:
                self.close()
                raise NotAccepted(
                    f"the acceptor at {self._path} does not take what the audit puts back: {error}"
                ) from error

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
