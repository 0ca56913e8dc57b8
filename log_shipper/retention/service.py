"""Does what the plan says, now and then, and what was asked for, at once.

First it is noted what goes (see `removed`), then the seals state it, then it goes: who reads meanwhile, or after a crash
between any two of these, is never told that something is there which is not.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Final

from log_shipper.errors import ShipperError
from log_shipper.retention.plan import Planner, Step
from log_shipper.retention.removed import Order, Removal, Removed
from log_store.errors import LogStoreError
from log_store.protocols import LogWriter
from log_store.removal import Holding
from log_store.rfc3339 import format_ns
from log_store.seal import Seal
from wholelog_base.removal_requests import RemovalRequest, RemovalRequests

log = logging.getLogger(__name__)

ASKED_EVERY: Final = 0.5  # seconds between two looks for requests
SEALS: Final = 500  # of one write
LOOKS: Final = 3  # at a day before it goes
BY_REQUEST: Final = "removed by {by} at {at}"


class Retention:
    """`run` until `close`, in one thread. `compare` audits a running container now, `known` are those that may write on;
    `forget` is told whose log was removed by request, and may raise LogStoreError."""

    def __init__(
        self, planner: Planner, removed: Removed, writer: LogWriter, requests: RemovalRequests, every: float,
        compare: Callable[[str], None], known: Callable[[], Collection[str]], forget: Callable[[str], None],
        count: Callable[[str, int], None], clock: Callable[[], int] = time.time_ns,
    ) -> None:  # fmt: skip
        self._planner, self._removed, self._writer, self._requests = planner, removed, writer, requests
        self._every, self._compare, self._known, self._count, self._clock = every, compare, known, count, clock
        self._forget = forget
        self._stop = threading.Event()

    def run(self) -> None:
        """Blocks; for a thread of its own."""
        due = 0.0
        while not self._stop.wait(ASKED_EVERY):
            try:
                self.answer_requests()
                if time.monotonic() >= due:
                    due = time.monotonic() + self._every
                    self.look()
            except (LogStoreError, ShipperError, OSError) as error:
                log.warning("retention waits: %s", error)
            except Exception:  # one container's trouble must not end retention for all
                log.exception("retention failed")

    def close(self) -> None:
        self._stop.set()

    def look(self) -> None:
        """One round. Raises LogStoreError, OSError."""
        self._finish()
        pinned: set[str] = set()
        for step in self._planner.steps(self._clock()):
            if self._stop.is_set():
                return
            self._do(step)
            pinned.update(one.container_id for one in step.pinned)
        for container_id in sorted(pinned):
            self._verify(container_id)

    def answer_requests(self) -> None:
        """Raises LogStoreError, OSError."""
        for request in self._requests.pending():
            self._finish()
            self._answer(request)
            self._requests.done(request)

    def _answer(self, request: RemovalRequest) -> None:
        self._planner.forget()
        why = BY_REQUEST.format(by=request.by, at=format_ns(request.at))
        remover, total = self._planner.remover, 0
        for partition in remover.partitions():
            holdings = remover.holdings(partition.name, None, request.container_id)
            total += sum(one.lines for one in holdings)
            self._remove(Order(partition.name, request.container_id), holdings, why, request.at)
        self._planner.forget()
        self._forget(request.container_id)
        log.warning(
            "the log of %s was removed: %d lines, asked for by %s", request.container_id[:12], total, request.by
        )

    def _do(self, step: Step) -> None:
        name = step.partition.name
        if step.whole:
            self._drop(step)
        for holding in () if step.whole else step.gone:
            until = step.until if step.until is not None else step.partition.end or holding.last
            self._remove(Order(name, holding.container_id, step.until), [holding], step.why, until)
        lines = sum(one.lines for one in step.gone)
        if lines or step.whole:
            log.info("%s: %d lines of %d containers %s", name, lines, len(step.gone), step.why)
        if step.pinned:
            log.warning("%s: %d containers stay, which are not verified yet", name, len(step.pinned))

    def _drop(self, step: Step) -> None:
        """What comes while the others are noted is noted, too."""
        order, until = Order(step.partition.name), step.partition.end or self._clock()
        noted: dict[str, Holding] = {}
        there = step.gone
        for _ in range(LOOKS):
            fresh = [_more(one, noted.get(one.container_id)) for one in there if one != noted.get(one.container_id)]
            if noted and not fresh:
                break
            self._note(order, fresh, step.why, until)
            noted = {one.container_id: one for one in there}
            there = self._planner.remover.holdings(order.partition)
        self._carry_out(order)
        self._count("days_dropped", 1)

    def _remove(self, order: Order, holdings: Sequence[Holding], why: str, until: int) -> None:
        self._note(order, holdings, why, until)
        self._carry_out(order)

    def _note(self, order: Order, holdings: Sequence[Holding], why: str, until: int) -> None:
        removals = {
            one.container_id: Removal(one.first, one.last, max(until, one.last), one.lines, why, self._clock())
            for one in holdings
        }
        told = {name: self._planner.seals(name) for name in removals}
        self._removed.begin(order, removals, told)
        self._count("lines_removed", sum(one.lines for one in holdings))
        self._state([seal for seals in told.values() for seal in seals])

    def _state(self, seals: Sequence[Seal]) -> None:
        """Written at the version they have: a later one, which another thread writes meanwhile, knows of it as well."""
        for start in range(0, len(seals), SEALS):
            self._writer.write_seals(seals[start : start + SEALS])
        if seals:
            self._writer.refresh()

    def _carry_out(self, order: Order) -> None:
        remover = self._planner.remover
        if order.container_id:
            remover.remove(order.partition, order.container_id, order.until)
        else:
            remover.drop(order.partition)
        self._removed.end(self._known(), self._clock())

    def _finish(self) -> None:
        """What a crash or the store kept from being done."""
        order = self._removed.order
        if order is not None:
            remover = self._planner.remover
            left = remover.holdings(order.partition, order.until, order.container_id)
            self._planner.forget()
            self._state([seal for one in left for seal in self._planner.seals(one.container_id)])
            self._carry_out(order)

    def _verify(self, container_id: str) -> None:
        """A container that runs on for months is compared up to now, so that its old days can go the next time."""
        try:
            self._compare(container_id)
        except ShipperError as error:
            log.info("%s cannot be compared now: %s", container_id[:12], error)


def _more(now: Holding, before: Holding | None) -> Holding:
    """What has come since."""
    if before is None:
        return now
    return replace(now, messages=now.messages - before.messages, lines=max(0, now.lines - before.lines))
