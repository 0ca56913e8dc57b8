"""The acceptor's process: sockets → decoder → spool → ack. Small and dull, so that it always reads."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgpack

from log_shipper.config import ShipperSettings
from log_shipper.counters import Counters
from log_shipper.forward.connection import Connection
from log_shipper.forward.decoder import Limits, Messages
from log_shipper.forward.server import Rules, Server, listen_tcp, listen_unix
from log_shipper.places import acceptor_counters, spool_folder
from log_shipper.spool.queue import Received, SpoolQueue
from log_shipper.spool.segment import ENTRIES, OUTAGE, REPAIR, TRUSTED
from log_shipper.spool.writer import SpoolWriter

log = logging.getLogger(__name__)


STANDSTILL = 5.0  # seconds between two heartbeats that make an outage


class Acceptor:
    """`alive_until`: ns, when an acceptor of this data folder was last seen to read; None for the first of all.

    Raises SpoolLocked, AddressUnusable.
    """

    def __init__(
        self, settings: ShipperSettings, count: Callable[[str, int], None], alive_until: int | None = None
    ) -> None:
        # A segment goes when all of it is stored: there must be several within the limit.
        segment_bytes = max(1 << 16, min(settings.segment_size, settings.spool_limit // 8))
        writer = SpoolWriter(spool_folder(settings.data), segment_bytes=segment_bytes, limit_bytes=settings.spool_limit)
        listeners = [listen_unix(settings.socket_path)]
        if settings.forward_listen is not None:
            listeners.append(listen_tcp(*settings.forward_listen))
        rules = Rules(
            Limits(settings.message_limit, settings.inflated_limit), settings.connection_limit,
            settings.partial_timeout, settings.forward_shared_key,
        )  # fmt: skip
        self._server = Server(listeners, rules, self._take, count)
        self._queue = SpoolQueue(writer, settings.queue_limit, count, self._server.acknowledge, self._server.refuse)
        self._socket_path = settings.socket_path
        self._read_at = time.time_ns()
        if alive_until is not None:
            self._state_outage(alive_until, self._read_at)

    def run(self, beat: Callable[[], None]) -> None:
        """Until `stop`; then what was read is written."""
        writing = threading.Thread(target=self._queue.run, name="spool")
        writing.start()

        def both_alive() -> None:
            # A writer that has ended by an error must not leave a reader that throws everything away.
            if not writing.is_alive():
                raise RuntimeError("the spool's writer has ended")
            now = time.time_ns()
            if now - self._read_at > STANDSTILL * 1e9:
                self._state_outage(self._read_at, now)
            self._read_at = now
            beat()

        try:
            self._server.run(both_alive)
        finally:
            self._socket_path.unlink(missing_ok=True)
            self._queue.close()
            writing.join()

    def stop(self) -> None:
        self._server.stop()

    def _state_outage(self, start: int, end: int) -> None:
        """The processor must know of the time in which nobody read: the audit looks at it."""
        self._queue.offer(Received(OUTAGE, TRUSTED, 0, end, 0, msgpack.packb([min(start, end), end])))

    def _take(self, connection: Connection, messages: Messages) -> None:
        kind = REPAIR if messages.repair else ENTRIES
        flags = TRUSTED if connection.sender.trusted else 0
        self._queue.offer(
            Received(kind, flags, connection.number, time.time_ns(), messages.records, messages.raw, messages.chunks)
        )


def run_acceptor(settings: ShipperSettings, beat: Callable[[], None]) -> None:
    """The process's main: until SIGTERM or SIGINT. Raises ShipperError."""
    counters = Counters()
    left = acceptor_counters(settings.data)
    # The counters are left once a second: their age tells until when an acceptor read.
    alive_until = left.stat().st_mtime_ns if left.exists() else None
    acceptor = Acceptor(settings, counters.count, alive_until)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: acceptor.stop())
    ended = threading.Event()
    saving = threading.Thread(target=_save, args=(counters, left, ended), name="counters")
    saving.start()
    log.info("listening on %s", settings.socket_path)
    try:
        acceptor.run(beat)
    finally:
        ended.set()
        saving.join()


def _save(counters: Counters, file: Path, ended: threading.Event) -> None:
    """Leave the counters for the process that serves them, once a second; in a thread, since a disk may be slow.

    At once, too: an acceptor that dies in its first second leaves an outage behind like any other.
    """
    counters.save(file)
    while not ended.wait(1.0):
        counters.save(file)
    counters.save(file)
