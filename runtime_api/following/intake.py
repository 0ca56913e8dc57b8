"""What comes from the store, told apart: what can be sent in order, what has grown, what comes late, what came before."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from log_store.query import Arrival, Place
from log_store.rfc3339 import parse_ns
from runtime_api.following.memory import Memory
from runtime_api.following.order import Event, Held, Order
from runtime_api.following.source import Source

HOLD: Final = 0.4  # seconds for which a stream's last message may grow before it is sent
_JOINED_AFTER: Final = 1.5  # seconds after which what a message has taken in is gone from the store


@dataclass(frozen=True, slots=True)
class _Late:
    shipper: str
    arrival: Arrival
    due: float  # of a monotonic clock


class Intake:
    """`order` and `memory` of one reader of a log; not safe to use from several threads."""

    def __init__(self, source: Source, order: Order, memory: Memory, *, patient: bool) -> None:
        """`patient`: what cannot be sent in order waits until it has come to rest."""
        self.order, self.memory = order, memory
        self._source, self._patient = source, patient
        self._late: list[_Late] = []
        self._came: tuple[str, int] | None = None  # of what `_late` came with
        self._joining: list[_Late] = []  # held, with lines that are held as messages of their own

    @property
    def is_clear(self) -> bool:
        """Whether nothing waits that must be sent before all that is held."""
        return self._came is None and not self._joining

    def take(self, shipper: str, arrivals: list[Arrival], now: float) -> None:
        """What came next of a shipper, after `order.high`. Only while it `is_clear`."""
        order, memory = self.order, self.memory
        ahead = [one for one in arrivals if order.is_behind(one.place) and not memory.knows(one.line["id"])]
        if len(ahead) < len(arrivals):
            names = {one.line["id"] for one in ahead}
            rest = [one for one in arrivals if one.line["id"] not in names]
            self._late = [_Late(shipper, one, now + self._delay(one)) for one in rest]
            self._came = (shipper, arrivals[-1].seq)
        order.hold(shipper, ahead, now)
        wait = _JOINED_AFTER if self._patient else 0.0
        joining = (one for one in ahead if one.line["lines"] > 1 and order.parts_of(one.line, one.place))
        self._joining += [_Late(shipper, one, now + wait) for one in joining]
        if self._came is None:
            order.came(shipper, arrivals[-1].seq)

    def out_of_order(self, now: float) -> Iterator[Event]:
        """Events for what has to come first and need not wait any more. Raises LogStoreError: go on later."""
        while self._late and self._late[0].due <= now:
            event = self._event(self._late[0].shipper, self._late[0].arrival)
            del self._late[0]
            if event is not None:
                yield event
        while self._joining and self._joining[0].due <= now:
            self._gone(self._joining[0].arrival)
            del self._joining[0]
        if self._came is not None and not self._late:
            self.order.came(*self._came)
            self._came = None

    def in_order(self, may: Callable[[Held, bool, int], bool]) -> list[Event]:
        """See `Order.release`."""
        events = self.order.release(may) if self.is_clear else []
        for event in events:
            self.memory.note(event.shipper, event.seq, event.line, event.place)
        return events

    def missed(self) -> Iterator[Event]:
        """What could be read only after later ones: a store may show a day's lines before those of another day.

        Raises LogStoreError: go on later.
        """
        for shipper in self.order.shippers if self.is_clear else ():
            low, high = self.memory.low.get(shipper, -1), self.order.high(shipper)
            known = self.memory.count(shipper, high) + self.order.held_of(shipper)
            if high <= low or self._source.count(shipper, low, high) <= known:
                continue
            while arrivals := self._source.since(shipper, low, high):
                for one in arrivals:
                    name = one.line["id"]
                    if self.memory.seq_of(name) != one.seq and not self.order.has(name):
                        event = self._event(shipper, one)
                        if event is not None:
                            yield replace(event, missed=True)
                low = arrivals[-1].seq

    def _delay(self, one: Arrival) -> float:
        if not self._patient:
            return 0.0
        if one.line["lines"] > 1 and (self._parts_of(one) or not self._known(one)):
            return _JOINED_AFTER
        return HOLD if self._known(one) else 0.0

    def _known(self, one: Arrival) -> bool:
        return self.memory.knows(one.line["id"])

    def _event(self, shipper: str, one: Arrival) -> Event | None:
        known = self._known(one)
        grown = self.memory.grown(one.line) if known else None
        gone = self._gone(one)
        self.memory.forget(gone)
        event = self.order.out_of_order(shipper, one, grown, not known, gone)
        self.memory.note(shipper, one.seq, one.line, one.place)
        return None if known and grown is None and not gone else event

    def _parts_of(self, one: Arrival) -> dict[str, Place]:
        return self.memory.parts_of(one.line, one.place) | self.order.parts_of(one.line, one.place)

    def _gone(self, one: Arrival) -> tuple[str, ...]:
        """Of those that were sent; what is held is not sent any more."""
        parts = self._parts_of(one) if one.line["lines"] > 1 else {}
        if not parts:
            return ()
        start, end = parse_ns(one.line["log_time"]), max(place[0] for place in parts.values())
        gone = parts.keys() - self._source.still_there(set(parts), start, max(start, end))
        self.order.drop(gone)
        return tuple(sorted(filter(self.memory.knows, gone)))
