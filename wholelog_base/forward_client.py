"""A client of the shipper's acceptor that knows when a message is durable. Forward protocol v1, "Option" `chunk`, "Response"."""

import socket
from pathlib import Path

import msgpack


class ForwardClient:
    """On a unix socket; for one thread at a time. Connects at need, and anew after an error."""

    def __init__(self, path: Path, timeout: float) -> None:
        self._path, self._timeout = path, timeout
        self._connection: socket.socket | None = None

    def send(self, message: bytes, chunk: str) -> None:
        """Returns when the acceptor has it on its disk. Raises OSError."""
        try:
            connection = self._connected()
            connection.sendall(message)
            self._await_ack(connection, chunk)
        except OSError:
            self.close()
            raise

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
