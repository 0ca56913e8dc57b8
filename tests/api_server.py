"""The real server on loopback, run in a thread, and raw connections to it."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from log_store.problem import ProblemStore
from log_store.protocols import LogReader
from runtime_api.assembly import assemble
from runtime_api.config import ApiSettings
from runtime_api.containers.protocols import Containers
from tests.fake_problems import MemoryProblems


@contextmanager
def running(
    containers: Containers, reader: LogReader, problems: ProblemStore | None = None, **settings: Any
) -> Iterator[int]:
    """The port of a server that ends with the block; 0 where `listen` is a unix socket."""
    asked = ApiSettings(**{"listen": ("127.0.0.1", 0), **settings})
    server = assemble(asked, containers, reader, problems or MemoryProblems())
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.port
    finally:
        server.stop()
        thread.join(10)
        assert not thread.is_alive()


def connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def everything(connection: socket.socket) -> tuple[bytes, bool]:
    """All that comes until the end, and whether the end was a reset."""
    received = bytearray()
    while True:
        try:
            part = connection.recv(1 << 16)
        except ConnectionResetError:
            return bytes(received), True
        if not part:
            return bytes(received), False
        received += part


def ask(port: int, request: bytes) -> bytes:
    """The whole answer to one request that asks for the connection's end, or is refused."""
    with connect(port) as connection:
        connection.sendall(request)
        return everything(connection)[0]


def parts(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers (names in lower case), body as it stands on the wire."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), headers, body


def enveloped(answer: bytes) -> dict[str, Any]:
    """The envelope of an answer that is not chunked; its members are checked."""
    status, headers, body = parts(answer)
    assert headers["content-type"] == "application/json"
    read: dict[str, Any] = json.loads(body)
    assert list(read) == ["timestamp", "status", "message", "data"]
    assert read["status"] == status
    return read


def unchunked(body: bytes) -> tuple[bytes, bool]:
    """The bytes of a chunked body, and whether its last chunk is there."""
    whole = bytearray()
    while body:
        size, separator, rest = body.partition(b"\r\n")
        length = int(size, 16) if separator else 0
        if not separator or len(rest) < length + 2:
            return bytes(whole), False
        if length == 0:
            return bytes(whole), True
        whole += rest[:length]
        body = rest[length + 2 :]
    return bytes(whole), False


def eventually(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it has become true within the time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
