"""Batches on their way to a `LogWriter`, a few at a time, until every row is stored or is a dead letter.

Each container has its lane, and a lane writes one batch after the other: who reads while it is written finds a container's
rows without holes, and can ask for what came after.
"""

import logging
import threading
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from zlib import crc32

from log_shipper.delivery.backoff import delays
from log_shipper.delivery.dead_letters import DeadLetters
from log_store.document import DocumentBatch
from log_store.errors import LogStoreError
from log_store.protocols import LogWriter, Rejection, WriteResult

log = logging.getLogger(__name__)

MOST_WAITING = 32 << 20
"""Of batches on their way, by `weight`: as many as a burst has, so that who looks at the stream need not wait for the store"""
_BESIDE = 500  # bytes of a row beside its message

Refused = Callable[[DocumentBatch, list[Rejection]], None]
"""Told of rows that the store refuses for good; called in a thread of the delivery"""


class Stopping(Exception):
    """The process ends before the store took a batch; the spool still has it."""


class Delivery:
    """`submit` batches, whose rows stand by their seq; `drain` before a checkpoint. Neither raises for a store that is away: they wait.

    `refused` is told of dead letters. `beat` is called at least every 0.2 s while they wait. `trouble` says what the store's last error was, '' after a
    success.
    """

    def __init__(
        self, writer: LogWriter, dead_letters: DeadLetters, *, connections: int, beat: Callable[[], None],
        count: Callable[[str, int], None], refused: Refused,
    ) -> None:  # fmt: skip
        self._writer, self._dead_letters, self._beat, self._count = writer, dead_letters, beat, count
        self._refused = refused
        self.trouble = ""
        self._lanes = [ThreadPoolExecutor(1, f"delivery-{number}") for number in range(connections)]
        self._pending: dict[Future[None], int] = {}  # with what each weighs
        self._stop = threading.Event()

    def submit(self, batch: DocumentBatch) -> None:
        """Hand over a batch; waits while too many are on their way. Raises Stopping."""
        if batch.absorbed:  # of any container
            self.drain()
            self.call(lambda: self._deliver(batch))
            self.drain()
            return
        for lane, part in self._by_lane(batch).items():
            self.call(partial(self._deliver, part), lane, weight(part))

    def call(self, attempt: Callable[[], None], lane: int = 0, weight: int = 0) -> None:
        """As `submit`, for another kind of write: called until it raises no LogStoreError."""
        self._take_out([future for future in self._pending if future.done()])
        self._wait_for(max(0, MOST_WAITING - weight))
        self._pending[self._lanes[lane].submit(self._until_taken, attempt)] = weight

    def call_after(self, attempt: Callable[[], None]) -> frozenset[Future[None]]:
        """As `call`, once all is stored that was handed over before; a mark of it alone.

        What is handed over later may be stored earlier.
        """
        before = self.mark()

        def when_stored() -> None:
            waiting: Collection[Future[None]] = before
            while waiting:
                _, waiting = wait(waiting, timeout=0.2)
                if self._stop.is_set() and waiting:
                    raise Stopping
            if self.passed(before):
                attempt()

        self.call(when_stored)
        return self.mark() - before

    def _by_lane(self, batch: DocumentBatch) -> dict[int, DocumentBatch]:
        contexts = {id(context): context for context in batch.container}
        lane_of = {key: self._lane(context.container_id) for key, context in contexts.items()}
        lanes = sorted(set(lane_of.values()))
        if len(lanes) == 1:
            return {lanes[0]: batch}
        rows: dict[int, list[int]] = {lane: [] for lane in lanes}
        for row, context in enumerate(batch.container):
            rows[lane_of[id(context)]].append(row)
        return {lane: batch.select(chosen) for lane, chosen in rows.items()}

    def _lane(self, container_id: str) -> int:
        return crc32(container_id.encode("utf-8", "surrogatepass")) % len(self._lanes)

    def drain(self) -> None:
        """Wait until every batch handed over is stored. Raises Stopping."""
        self._wait_for(-1)

    def mark(self) -> frozenset[Future[None]]:
        """What is on its way now, for `passed`."""
        return frozenset(self._pending)

    def passed(self, mark: frozenset[Future[None]]) -> bool:
        """Whether all that was on its way at `mark` is stored. Raises Stopping."""
        if not all(future.done() for future in mark):
            return False
        for future in mark:
            future.result()
        return True

    def stop(self) -> None:
        self._stop.set()
        for lane in self._lanes:
            lane.shutdown(wait=False, cancel_futures=True)
        for lane in self._lanes:
            lane.shutdown(wait=True)

    def _until_taken(self, attempt: Callable[[], None]) -> None:
        """Call `attempt` until it raises no LogStoreError, with growing pauses. Raises Stopping."""
        for delay in delays():
            try:
                attempt()
                self.trouble = ""
                return
            except LogStoreError as error:
                self.trouble = str(error)
                self._count("store_retries", 1)
                log.warning("the store did not take a batch, next try in %.1f s: %s", delay, error)
            if self._stop.wait(delay):
                raise Stopping

    def _wait_for(self, most: int) -> None:
        """Until what is on its way weighs no more; -1: until nothing is."""
        while self._pending and sum(self._pending.values()) > most:
            done, _ = wait(self._pending, timeout=0.2, return_when=FIRST_COMPLETED)
            self._beat()
            self._take_out(done)
            if self._stop.is_set() and self._pending:
                raise Stopping

    def _take_out(self, done: Iterable[Future[None]]) -> None:
        """Raises Stopping."""
        for future in done:
            del self._pending[future]
            future.result()

    def _deliver(self, batch: DocumentBatch) -> None:
        for delay in delays():
            result = self._writer.write(batch)
            self._count("documents_stored", result.stored)
            self._count("documents_present", result.present)
            self._bury(batch, result)
            again = [rejection.row for rejection in result.rejections if rejection.retry]
            if not again:
                return
            self._count("documents_retried", len(again))
            log.warning("the store was too busy for %d of %d documents, next try in %.1f s: %s",
                        len(again), len(batch), delay, next(r.reason for r in result.rejections if r.retry))  # fmt: skip
            batch = batch.select(again)
            if self._stop.wait(delay):
                raise Stopping

    def _bury(self, batch: DocumentBatch, result: WriteResult) -> None:
        dead = [rejection for rejection in result.rejections if not rejection.retry]
        if dead:
            self._dead_letters.write(batch, dead)
            self._count("dead_letters", len(dead))
            self._refused(batch, dead)
            log.error(
                "the store refuses %d documents for good (kept in the dead letters): %s", len(dead), dead[0].reason
            )


def weight(batch: DocumentBatch) -> int:
    """About the bytes that it holds in memory."""
    return sum(map(len, batch.message)) + _BESIDE * len(batch)
