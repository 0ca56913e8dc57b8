"""The sockets of the Forward receiver: one loop that always reads, whatever the rest does."""

import errno
import logging
import os
import selectors
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from log_shipper.errors import AddressUnusable
from log_shipper.forward.connection import Connection, Sender
from log_shipper.forward.decoder import Limits, Messages
from log_shipper.forward.errors import ProtocolError
from log_shipper.forward.handshake import Handshake

log = logging.getLogger(__name__)

READ = 1 << 18  # bytes
COLLECT = 0.002  # seconds
TICK = 0.5  # seconds at most between two heartbeats
BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class Rules:
    """`partial_timeout`: seconds that a sender over TCP may take over one message; Docker may take as long as it likes."""

    limits: Limits
    connections: int
    partial_timeout: float
    shared_key: str = ""


Take = Callable[[Connection, Messages], None]


class Server:
    """`run` in one thread; `acknowledge` and `stop` from any."""

    def __init__(
        self, listeners: list[socket.socket], rules: Rules, take: Take, count: Callable[[str, int], None]
    ) -> None:
        self._rules, self._take, self._count = rules, take, count
        self._selector = selectors.DefaultSelector()
        self._connections: dict[int, tuple[Connection, socket.socket]] = {}
        self._deadlines: dict[int, float] = {}  # connections within a message, over TCP
        self._acks: deque[tuple[int, tuple[bytes, ...]]] = deque()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._next_number = int.from_bytes(os.urandom(4), "big")
        self._stopping = self._served = False
        self._listeners = listeners
        for listener in listeners:
            listener.setblocking(False)
            self._selector.register(listener, selectors.EVENT_READ, listener)
        self._selector.register(self._wake_reader, selectors.EVENT_READ)

    def run(self, beat: Callable[[], None]) -> None:
        """Until `stop`; `beat` is called at least every half second."""
        while not self._stopping:
            beat()
            self._served = False
            for key, events in self._selector.select(TICK):
                if isinstance(key.data, int):
                    self._serve(key.data, events)
                elif key.data is None:
                    self._send_acks()
                else:
                    self._accept(key.data)
            self._close_slow()
            if self._served:
                # Docker writes each line alone. Reading a few at a time costs a third less than one by one; what comes
                # meanwhile waits in the kernel's buffer, which holds many times as much.
                time.sleep(COLLECT)
        for number in list(self._connections):
            self._close(number)
        for listener in self._listeners:
            listener.close()
        self._selector.close()

    def stop(self) -> None:
        self._stopping = True
        self._wake()

    def acknowledge(self, number: int, chunks: tuple[bytes, ...]) -> None:
        """Tell a connection that these chunks are durable."""
        self._acks.append((number, chunks))
        self._wake()

    def refuse(self, number: int) -> None:
        """End a connection whose sender waits for an ack that will not come: it sends again, to whoever takes it."""
        self._acks.append((number, ()))
        self._wake()

    def _wake(self) -> None:
        try:
            self._wake_writer.send(b".")
        except BlockingIOError:
            return  # it is awake already

    def _accept(self, listener: socket.socket) -> None:
        try:
            accepted, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._count("connections_refused", 1)
                time.sleep(0.01)  # no descriptor is left: those that are open must not starve
            return
        if len(self._connections) >= self._rules.connections:
            self._count("connections_refused", 1)
            accepted.close()
            return
        accepted.setblocking(False)
        sender = _sender(accepted, address)
        self._next_number = (self._next_number + 1) & 0xFFFFFFFF
        number = self._next_number
        handshake = None
        if self._rules.shared_key and accepted.family != socket.AF_UNIX:
            handshake = Handshake(self._rules.shared_key, socket.gethostname(), os.urandom(16))
        connection = Connection(number, sender, self._rules.limits, handshake)
        self._connections[number] = (connection, accepted)
        self._selector.register(accepted, selectors.EVENT_READ, number)
        self._count("connections", 1)
        self._count("connections_open", 1)
        self._after_reading(connection, accepted)

    def _serve(self, number: int, events: int) -> None:
        found = self._connections.get(number)
        if found is None:
            return
        connection, accepted = found
        try:
            if events & selectors.EVENT_READ and not self._read(connection, accepted):
                self._close(number)
                return
            self._after_reading(connection, accepted)
        except ProtocolError as error:
            self._count("protocol_errors", 1)
            log.warning("connection of %s closed: %s", connection.sender.name, error)
            self._send(connection, accepted)
            self._close(number)
        except OSError as error:
            log.info("connection of %s broke: %s", connection.sender.name, error)
            self._close(number)

    def _read(self, connection: Connection, accepted: socket.socket) -> bool:
        """False at the connection's end. Raises ProtocolError, OSError."""
        try:
            data = accepted.recv(READ)
        except BlockingIOError:
            return True
        if not data:
            return False
        self._served = True
        self._count("bytes_received", len(data))
        for messages in connection.receive(data):
            self._count("records_received", messages.records)
            self._take(connection, messages)
        return True

    def _after_reading(self, connection: Connection, accepted: socket.socket) -> None:
        if connection.unsent:
            self._send(connection, accepted)
            self._watch_writing(connection, accepted)
        if accepted.family != socket.AF_UNIX:
            if not connection.within_a_message:
                self._deadlines.pop(connection.number, None)
            else:
                self._deadlines.setdefault(connection.number, time.monotonic() + self._rules.partial_timeout)

    def _send(self, connection: Connection, accepted: socket.socket) -> None:
        try:
            sent = accepted.send(connection.unsent)
        except OSError:
            return  # BlockingIOError: later; else the next read says that it is broken
        del connection.unsent[:sent]

    def _watch_writing(self, connection: Connection, accepted: socket.socket) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.unsent else 0)
        if self._selector.get_key(accepted).events != wanted:
            self._selector.modify(accepted, wanted, connection.number)

    def _send_acks(self) -> None:
        try:
            self._wake_reader.recv(4096)
        except BlockingIOError:
            return
        while self._acks:
            number, chunks = self._acks.popleft()
            found = self._connections.get(number)
            if found is None:
                continue
            connection, accepted = found
            if not chunks:
                self._close(number)
                continue
            try:
                connection.acknowledge(chunks)
            except ProtocolError as error:
                self._count("senders_too_slow", 1)
                log.warning("connection of %s closed: %s", connection.sender.name, error)
                self._close(number)
                continue
            self._send(connection, accepted)
            self._watch_writing(connection, accepted)

    def _close_slow(self) -> None:
        if not self._deadlines:
            return
        now = time.monotonic()
        for number in [number for number, deadline in self._deadlines.items() if deadline < now]:
            self._count("senders_too_slow", 1)
            connection, _ = self._connections[number]
            log.warning("connection of %s closed: a message took too long", connection.sender.name)
            self._close(number)

    def _close(self, number: int) -> None:
        _, accepted = self._connections.pop(number)
        self._deadlines.pop(number, None)
        self._selector.unregister(accepted)
        accepted.close()
        self._count("connections_open", -1)


def _sender(accepted: socket.socket, address: object) -> Sender:
    if accepted.family != socket.AF_UNIX:
        return Sender(f"tcp {address}", trusted=False, ours=False)
    # unix(7): struct ucred
    pid, uid, _ = struct.unpack("3i", accepted.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    ours = uid == os.geteuid()
    return Sender(f"process {pid} of uid {uid}", trusted=ours or uid == 0, ours=ours)


def listen_unix(path: Path) -> socket.socket:
    """A socket that root and our own user may connect to; takes the place of one that a dead process left.

    Raises AddressUnusable.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        listener.bind(str(path))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressUnusable(
            f"cannot listen on {path}: {error.strerror or error}: give another path with --socket"
        ) from error
    finally:
        os.umask(before)
    return listener


def listen_tcp(host: str, port: int) -> socket.socket:
    """Raises AddressUnusable."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise AddressUnusable(
            f"cannot listen on {host}:{port}: {error.strerror or error}: give another with --forward-listen"
        ) from error
