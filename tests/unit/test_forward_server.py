"""The receiver over real sockets on loopback: what is acknowledged, what is refused, and that others are untouched."""

import gzip
import hashlib
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgpack
import pytest
from fluent import sender as fluent_sender

from log_shipper.forward.connection import Connection
from log_shipper.forward.decoder import Limits, Messages
from log_shipper.forward.records import entries
from log_shipper.forward.server import Rules, Server, listen_tcp, listen_unix
from log_shipper.spool.queue import Received, SpoolQueue
from log_shipper.spool.reader import SpoolReader
from log_shipper.spool.segment import ENTRIES, TRUSTED, SpoolRecord
from log_shipper.spool.writer import SpoolWriter

LIMITS = Limits(message=1 << 20, inflated=1 << 20)
STAMP = msgpack.ExtType(0, bytes([0x6A, 0, 0, 0, 0, 0, 0, 7]))


class Receiver:
    """Server, queue and spool in this process."""

    def __init__(self, folder: Path, *, key: str = "", partial_timeout: float = 30.0, connections: int = 50) -> None:
        self.counts: Counter[str] = Counter()
        self.path = folder / "f.sock"
        tcp = listen_tcp("127.0.0.1", 0)
        self.port = tcp.getsockname()[1]
        rules = Rules(LIMITS, connections, partial_timeout, key)
        self.server = Server([listen_unix(self.path), tcp], rules, self._take, self._count)
        self.folder = folder / "spool"
        writer = SpoolWriter(self.folder, segment_bytes=1 << 20, limit_bytes=1 << 26)
        self.queue = SpoolQueue(writer, 1 << 24, self._count, self.server.acknowledge, self.server.refuse)
        self._threads = [
            threading.Thread(target=self.server.run, args=(lambda: None,)),
            threading.Thread(target=self.queue.run),
        ]
        for thread in self._threads:
            thread.start()

    def _count(self, name: str, by: int) -> None:
        self.counts[name] += by

    def _take(self, connection: Connection, messages: Messages) -> None:
        flags = TRUSTED if connection.sender.trusted else 0
        self.queue.offer(
            Received(ENTRIES, flags, connection.number, 1, messages.records, messages.raw, messages.chunks)
        )

    def close(self) -> None:
        self.server.stop()
        self._threads[0].join(5)
        self.queue.close()
        self._threads[1].join(5)

    def spooled(self, records: int) -> list[SpoolRecord]:
        """Wait, at most 5 s, until so many Forward records are in the spool."""
        end = time.monotonic() + 5
        while True:
            found = []
            reader = SpoolReader(self.folder, 0)
            while more := reader.read(1 << 20):
                found += more
            reader.close()
            if sum(record.count for record in found) >= records or time.monotonic() > end:
                return found
            time.sleep(0.01)

    def logs(self, records: int) -> list[bytes]:
        bodies = [record.body for record in self.spooled(records)]
        return [entry[2][b"log"] for body in bodies for entry in entries(body, 1 << 20)]

    def until(self, name: str, value: int) -> bool:
        """Whether a counter reaches a value within 5 s."""
        end = time.monotonic() + 5
        while self.counts[name] < value and time.monotonic() < end:
            time.sleep(0.01)
        return self.counts[name] >= value


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    one = Receiver(tmp_path)
    yield one
    one.close()


def unix(receiver: Receiver) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(5)
    connection.connect(str(receiver.path))
    return connection


def tcp(receiver: Receiver) -> socket.socket:
    return socket.create_connection(("127.0.0.1", receiver.port), 5)


def message(log: str, **option: object) -> bytes:
    packed: bytes = msgpack.packb(["tag", STAMP, {"log": log}, option])
    return packed


def closed(connection: socket.socket) -> bool:
    """Whether the other side ends the connection within the socket's timeout."""
    try:
        while connection.recv(4096):
            continue
    except ConnectionResetError:
        return True
    return True


def test_the_real_fluent_logger_over_unix_and_tcp(receiver: Receiver) -> None:
    """The client that people use, both addresses; only the unix socket is trusted."""
    for host, port in ((f"unix://{receiver.path}", 0), ("127.0.0.1", receiver.port)):
        logger = fluent_sender.FluentSender("app", host=host, port=port, nanosecond_precision=True)
        assert logger.emit("web", {"log": host})
        logger.close()
    found = {record.trusted: list(entries(record.body, 1 << 20))[0] for record in receiver.spooled(2)}
    assert found[True][2][b"log"] == f"unix://{receiver.path}".encode()
    assert found[False][2][b"log"] == b"127.0.0.1" and found[False][0] == b"app.web"


def test_a_chunk_is_acknowledged_when_it_can_be_read_from_the_spool(receiver: Receiver) -> None:
    """Every mode's chunk, each once, and not before it is in the spool."""
    packed = msgpack.packb([STAMP, {"log": "p"}])
    sent = [
        message("m", chunk="c1"),
        msgpack.packb(["tag", [[STAMP, {"log": "f"}]], {"chunk": "c2"}]),
        msgpack.packb(["tag", packed, {"chunk": "c3"}]),
        msgpack.packb(["tag", gzip.compress(packed), {"chunk": "c4", "compressed": "gzip"}]),
    ]
    with unix(receiver) as connection:
        acks = []
        unpacker = msgpack.Unpacker()
        for number, data in enumerate(sent, 1):
            connection.sendall(data)
            while len(acks) < number:
                unpacker.feed(connection.recv(4096))
                acks += [answer["ack"] for answer in unpacker]
            assert len(receiver.logs(number)) == number
    assert acks == ["c1", "c2", "c3", "c4"]


@pytest.mark.parametrize(
    "data",
    [
        b"\xc1",
        b"GET / HTTP/1.1\r\n\r\n",
        msgpack.packb({"a": 1}),
        msgpack.packb(["tag", "no time", {}]),
        msgpack.packb(["tag", 1, "no record"]),
        b"\x91" * 2000,
        msgpack.packb(["t", gzip.compress(bytes(2 << 20)), {"compressed": "gzip"}]),
        msgpack.packb(["t", [], {"repair": b"forged"}]),
    ],
    ids=["never used byte", "http", "map", "no time", "no record", "nested", "bomb", "repair"],
)
def test_what_makes_no_sense_ends_its_own_connection_only(receiver: Receiver, data: bytes) -> None:
    """Garbage is counted and closed; another connection goes on."""
    with unix(receiver) as good, tcp(receiver) as bad:
        good.sendall(message("before"))
        bad.sendall(data)
        assert closed(bad)
        good.sendall(message("after"))
        assert receiver.logs(2) == [b"before", b"after"]
    assert receiver.counts["protocol_errors"] == 1


def test_an_endless_message_is_bounded(receiver: Receiver) -> None:
    """A text that claims 2 GB is cut off at the limit of a message."""
    with tcp(receiver) as bad:
        try:
            bad.sendall(b"\x93\xa1t\xcf" + bytes(8) + b"\xdb\x7f\xff\xff\xff")
            for _ in range(64):
                bad.sendall(bytes(1 << 16))
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert closed(bad)
    assert receiver.until("protocol_errors", 1)


def test_a_sender_that_takes_too_long_over_a_message_is_closed(tmp_path: Path) -> None:
    """A byte now and then, over TCP: the time of the whole message counts. Silence between messages is no fault."""
    receiver = Receiver(tmp_path, partial_timeout=0.3)
    try:
        with tcp(receiver) as slow, tcp(receiver) as idle:
            idle.sendall(message("one"))
            slow.sendall(message("two")[:5])
            assert closed(slow)
            assert receiver.until("senders_too_slow", 1)
            idle.sendall(message("three"))
            assert receiver.logs(2) == [b"one", b"three"]
    finally:
        receiver.close()


def test_connections_above_the_limit_are_refused(tmp_path: Path) -> None:
    """The ones that are open stay."""
    receiver = Receiver(tmp_path, connections=2)
    try:
        with unix(receiver) as one, unix(receiver) as two, unix(receiver) as three:
            assert receiver.until("connections_refused", 1)
            assert closed(three)
            one.sendall(message("1"))
            two.sendall(message("2"))
            assert sorted(receiver.logs(2)) == [b"1", b"2"]
    finally:
        receiver.close()


def test_over_tcp_a_shared_key_must_be_proved(tmp_path: Path) -> None:
    """Without the PING nothing is taken; with it records and acks go on behind it."""
    receiver = Receiver(tmp_path, key="secret")
    try:
        with tcp(receiver) as stranger:
            stranger.sendall(message("forged"))
            assert closed(stranger)
        with tcp(receiver) as known:
            _, options = msgpack.unpackb(known.recv(4096))
            proof = hashlib.sha512(b"salt" + b"me" + options["nonce"] + b"secret").hexdigest()
            known.sendall(msgpack.packb(["PING", "me", b"salt", proof, "", ""]) + message("true", chunk="c"))
            received = b""
            while b"ack" not in received:
                received += known.recv(4096)
        assert receiver.logs(1) == [b"true"]
    finally:
        receiver.close()


def test_a_full_queue_drops_and_counts_and_the_loop_reads_on(tmp_path: Path) -> None:
    """A disk that stands still: what does not fit is counted, and never acknowledged."""
    counts: Counter[str] = Counter()
    writer = SpoolWriter(tmp_path, segment_bytes=1 << 20, limit_bytes=1 << 20)
    queue = SpoolQueue(writer, 100, lambda name, by: counts.update({name: by}), lambda *_: None, lambda _: None)
    assert queue.offer(Received(ENTRIES, 0, 1, 1, 3, bytes(90)))
    assert not queue.offer(Received(ENTRIES, 0, 1, 1, 4, bytes(90)))
    assert counts == {"records_dropped": 4}
    queue.close()
    queue.run()
    assert [record.count for record in SpoolReader(tmp_path, 0).read(1 << 20)] == [3]


def test_a_dead_process_socket_is_taken_over(tmp_path: Path) -> None:
    """The file of a socket that nobody listens on is no obstacle, and only we and root may connect."""
    listen_unix(tmp_path / "s").close()
    second = listen_unix(tmp_path / "s")
    assert os.stat(tmp_path / "s").st_mode & 0o777 == 0o600
    second.close()
