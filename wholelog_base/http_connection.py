"""HTTP connections of the standard library to an address of this machine."""

import http.client
import socket
from pathlib import Path

from wholelog_base.addresses import Address, reached


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float, host: str = "localhost") -> None:
        super().__init__(host, timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def connection_to(address: Address, timeout: float) -> http.client.HTTPConnection:
    """Not connected yet; `timeout` in seconds of silence."""
    if isinstance(address, Path):
        return UnixConnection(address, timeout)
    host, port = reached(address)
    return http.client.HTTPConnection(host, port, timeout=timeout)
