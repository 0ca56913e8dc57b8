"""Between the loop that reads senders and the disk: bounded, and never waited for.

A disk that is slow for a while fills the queue; what comes above its limit is dropped and counted, since a receiver
that stops reading does worse: it freezes the ends of all containers (moby#40063). Docker's copy has what was dropped.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from log_shipper.errors import SpoolFull
from log_shipper.spool.writer import SpoolWriter

log = logging.getLogger(__name__)

COMPLAIN_EVERY = 10.0  # seconds between two log lines about the same trouble


@dataclass(frozen=True, slots=True)
class Received:
    """What one read of a connection gave; `chunks` are acknowledged once it is durable."""

    kind: int
    flags: int
    connection: int
    received: int  # ns since 1970 UTC
    count: int
    body: bytes
    chunks: tuple[bytes, ...] = ()


class SpoolQueue:
    """`offer` from one thread, `run` in another."""

    def __init__(
        self, writer: SpoolWriter, limit: int, count: Callable[[str, int], None],
        acknowledge: Callable[[int, tuple[bytes, ...]], None], refuse: Callable[[int], None],
    ) -> None:  # fmt: skip
        self._writer, self._limit, self._count, self._acknowledge = writer, limit, count, acknowledge
        self._refuse = refuse
        self._items: deque[Received] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._closed = False
        self._complained = -COMPLAIN_EVERY

    def offer(self, item: Received) -> bool:
        """False where there is no room: the records are dropped, and counted."""
        with self._changed:
            if self._bytes and self._bytes + len(item.body) > self._limit:
                self._count("records_dropped", item.count)
                if item.chunks:
                    self._refuse(item.connection)
                return False
            self._items.append(item)
            self._bytes += len(item.body)
            self._changed.notify()
        return True

    def run(self) -> None:
        """Until `close`, and then until all is written."""
        while items := self._take():
            waiting = []
            for item in items:
                if not self._write(item):
                    if item.chunks:
                        self._refuse(item.connection)
                elif item.chunks:
                    waiting.append(item)
            if waiting:
                self._writer.sync()
                for item in waiting:
                    self._acknowledge(item.connection, item.chunks)
        self._writer.close()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _take(self) -> list[Received]:
        with self._changed:
            while not self._items and not self._closed:
                self._changed.wait()
            items = list(self._items)
            self._items.clear()
            self._bytes = 0
        return items

    def _write(self, item: Received) -> bool:
        try:
            self._writer.append(item.kind, item.flags, item.connection, item.received, item.count, item.body)
        except SpoolFull as error:
            self._count("spool_errors", 1)
            self._count("records_dropped", item.count)
            if time.monotonic() - self._complained >= COMPLAIN_EVERY:
                self._complained = time.monotonic()
                log.error("records are dropped (Docker's copy still has them): %s", error)
            return False
        return True
