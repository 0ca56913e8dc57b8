"""One container's log as it grows, read from the store once for all who follow it."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final

from log_store.errors import LogStoreError
from log_store.seal import Seal
from runtime_api.following.intake import HOLD, Intake
from runtime_api.following.memory import Memory
from runtime_api.following.order import REORDER, Event, Held, Order
from runtime_api.following.position import Mark, Position
from runtime_api.following.source import Source

_SETTLE: Final = 0.05  # seconds for which the other stream's lines of about the same time may come
_PAUSES: Final = (0.06, 1.0)  # seconds between two looks, shortest and longest
_IDLE_PAUSE: Final = 0.2  # the shortest after
_IDLE_AFTER: Final = 5.0  # seconds without anything new
_SHARE: Final = 4  # a look takes at most every fifth moment
_SEALS_EVERY, _HEADS_EVERY, _COUNT_EVERY = 0.5, 5.0, 2.0  # seconds
_LAST: Final = 50  # messages that may grow when a feed begins
_EVENTS: Final = 50_000
_CHARACTERS: Final = 32 << 20  # of messages that are kept
_MOST_READS: Final = 10  # pages a look

_log = logging.getLogger(__name__)

Ended = Callable[[list[Seal]], dict[str, Any] | None]
"""seals of a log -> what is to be said of it at last; None while it goes on"""


class Feed:
    """`run` in a thread of its own; all else from any thread. `changed` is notified when there is something new.

    What was read is kept for a while, in batches with numbers from `first` on. `end` comes behind the last of them.
    """

    def __init__(self, source: Source, ended: Ended) -> None:
        self.changed = threading.Condition()
        self.batches: deque[list[Event]] = deque()
        self.first = 0
        self.end: dict[str, Any] | None = None
        self.ready = self.stopped = False
        self.problem: LogStoreError | None = None  # of the first look
        self.position = Position()  # behind all batches so far
        self._source, self._ended = source, ended
        self._intake = _intake(source, Position())
        self._sizes: deque[tuple[int, int]] = deque()  # of each batch: events, characters
        self._kept = (0, 0)
        self._due: dict[str, float] = {}
        self._new_at = time.monotonic()

    @property
    def next(self) -> int:
        """The number of the batch that comes next."""
        return self.first + len(self.batches)

    def run(self) -> None:
        try:
            self._begin()
        except LogStoreError as error:
            self.problem, self.stopped = error, True
        except Exception:
            _log.exception("a feed of %s cannot begin", self._source.container_id[:12])
            self.stopped = True
        with self.changed:
            self.ready = True
            self.changed.notify_all()
        while not self.stopped and self.end is None:
            pause = self._try_to_look()
            with self.changed:
                self.changed.wait_for(lambda: self.stopped, 0 if self.end is not None else pause)

    def stop(self) -> None:
        with self.changed:
            self.stopped = True
            self.changed.notify_all()

    def _try_to_look(self) -> float:
        """Seconds until the next time."""
        began = time.monotonic()
        try:
            self._look(began)
        except LogStoreError as error:
            _log.info("the store cannot be asked for what is new of %s: %s", self._source.container_id[:12], error)
            return _PAUSES[1]
        except Exception:
            _log.exception("a feed of %s has failed", self._source.container_id[:12])
            self.stop()
        now = time.monotonic()
        shortest = _PAUSES[0] if now < self._new_at + _IDLE_AFTER else _IDLE_PAUSE
        return min(max(_SHARE * (now - began), shortest), _PAUSES[1])

    def _begin(self) -> None:
        heads = self._source.heads()
        newest = self._source.newest(_LAST, heads)
        place = newest.place(len(newest) - 1) if newest else None
        self.position = Position({shipper: Mark(head, head) for shipper, head in heads.items()}, place)
        self._intake = _intake(self._source, self.position)
        for row, line in enumerate(newest):
            self._intake.memory.note("", -1, line, newest.place(row))

    def _look(self, now: float) -> None:
        order, end = self._intake.order, None
        if self._is_due("seals", now, _SEALS_EVERY):
            # First: all that it speaks of can be read by then.
            end = self._ended(self._source.reader.seals(self._source.container_id))
        if end is not None or not order.shippers or self._is_due("heads", now, _HEADS_EVERY):
            for shipper in self._source.heads():
                order.know(shipper)
        whole = self._read(now)
        if (end is not None and whole) or self._is_due("count", now, _COUNT_EVERY):
            self._add_each(self._intake.missed())
        self._add(self._intake.in_order(_all if end is not None and whole else _may_at(now)))
        with self.changed:
            self.position = order.position
            if end is not None and whole:
                self.end = end
                self.changed.notify_all()

    def _is_due(self, what: str, now: float, every: float) -> bool:
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + every
        return True

    def _read(self, now: float) -> bool:
        """Whether all that is there has been read."""
        order, reads = self._intake.order, 0
        for shipper in order.shippers:
            while True:
                self._add_each(self._intake.out_of_order(now))
                if not self._intake.is_clear or reads == _MOST_READS:
                    return False
                arrivals = self._source.since(shipper, order.high(shipper))
                if not arrivals:
                    break
                self._new_at = now
                self._intake.take(shipper, arrivals, now)
                reads += 1
        return True

    def _add_each(self, events: Iterator[Event]) -> None:
        """Each as it comes: the store may be away before the next."""
        for event in events:
            self._add([event])

    def _add(self, events: list[Event]) -> None:
        if not events:
            return
        size = (len(events), sum(len(event.line["log_message"]) for event in events))
        with self.changed:
            self.batches.append(events)
            self._sizes.append(size)
            count, characters = self._kept[0] + size[0], self._kept[1] + size[1]
            while len(self.batches) > 1 and (count > _EVENTS or characters > _CHARACTERS):
                self.batches.popleft()
                events_gone, characters_gone = self._sizes.popleft()
                count, characters, self.first = count - events_gone, characters - characters_gone, self.first + 1
            self._kept = (count, characters)
            self.position = self._intake.order.position
            self.changed.notify_all()


def _intake(source: Source, position: Position) -> Intake:
    memory = Memory({shipper: mark.high for shipper, mark in position.marks.items()})
    return Intake(source, Order(source.container_id, position), memory, patient=True)


def _all(held: Held, followed: bool, newest: int) -> bool:
    return True


def _may_at(now: float) -> Callable[[Held, bool, int], bool]:
    def may(held: Held, followed: bool, newest: int) -> bool:
        waited = now - held.since
        return (followed or waited >= HOLD) and (held.place[0] <= newest - REORDER or waited >= _SETTLE)

    return may
