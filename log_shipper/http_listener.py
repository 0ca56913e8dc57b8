"""The HTTP server of the standard library, at HOST:PORT or at a unix socket, with a bound on its connections."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from log_shipper.errors import AddressUnusable
from wholelog_base import unix_socket
from wholelog_base.addresses import Address, as_text

_CONNECTIONS: Final = 32  # at a time, each with a thread; above it one is closed at once


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: Any, handler: type[BaseHTTPRequestHandler]) -> None:
        self._places = threading.BoundedSemaphore(_CONNECTIONS)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()


class _Tcp6Listener(_Listener):
    address_family = socket.AF_INET6


class _UnixListener(_Listener):
    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        self.socket.close()
        self.socket, self._name = unix_socket.bind(Path(str(self.server_address)))
        self.server_name, self.server_port = "localhost", 0

    def server_close(self) -> None:
        self._name.remove()
        super().server_close()


def listening(address: Address, handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    """Raises AddressUnusable."""
    try:
        if isinstance(address, Path):
            return _UnixListener(str(address), handler)
        return (_Tcp6Listener if ":" in address[0] else _Listener)(address, handler)
    except OSError as error:
        raise AddressUnusable(
            f"cannot listen on {as_text(address)}: {error.strerror or error}: give another with --shipper-listen"
        ) from error


def same_machine(connection: socket.socket) -> bool:
    """Whether who asks is a process of this machine."""
    if connection.family == socket.AF_UNIX:
        return True
    try:
        return bool(connection.getpeername()[0] == connection.getsockname()[0])
    except OSError:  # it has hung up
        return False
