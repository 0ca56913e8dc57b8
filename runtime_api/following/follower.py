"""What one follower is sent: the log as it is there, then as it grows, then its seal."""

import logging
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from log_store.errors import LogStoreError
from log_store.query import LogQuery, Place
from log_store.rfc3339 import parse_ns
from runtime_api.errors import StreamBroken
from runtime_api.following.feed import Feed
from runtime_api.following.intake import Intake
from runtime_api.following.memory import Memory
from runtime_api.following.order import REORDER, Event, Held, Order
from runtime_api.following.position import (
    Mark,
    Position,
    PositionText,
    parse_position,
    position_text,
)
from runtime_api.following.source import Source

_LOOK_AROUND: Final = 1.0  # seconds until it is noticed that a client has hung up
_AT_ONCE: Final = 500  # events
_BEHIND: Final = 5.0  # seconds for which one waits for a feed that has not come as far
_LONGEST_PAUSE: Final = 2.0  # seconds between two tries to read from a store that is away

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Client:
    """`gone`: whether it has hung up; `keep_alive`: seconds for which it hears nothing at most."""

    gone: Callable[[], bool] = lambda: False
    keep_alive: float = 8.0


@dataclass(frozen=True, slots=True)
class Alive:
    """Nothing to be sent for a while; `position`: text of the one reached, '' where it is not known."""

    position: str


@dataclass(frozen=True, slots=True)
class End:
    seal: dict[str, Any]
    position: str
    seals: list[dict[str, Any]] | None = None  # of several logs that of each


Sent = list[Event] | Alive | End


class Follower:
    """Of one request. `chosen` says which messages: of them `size` with `newest` are the last so many to begin with."""

    def __init__(
        self, source: Source, feed: Feed, chosen: LogQuery, position: Position | None, client: "Client"
    ) -> None:
        """`position`: of a follower that comes back; None: from the beginning."""
        self._source, self._feed, self._chosen = source, feed, chosen
        self._gone, self._keep_alive = client.gone, client.keep_alive
        self._position = None if position is None else replace(position, ended=0)
        self._came_back_at = None if position is None else position.place
        self._tail = position is None and chosen.newest
        self._place = self._came_back_at
        self._memory = Memory({})
        self._said = time.monotonic()
        self._text = ""  # of the position reached

    def sent(self) -> Iterator[Sent]:
        """Until the seal, or until the client has gone. Raises StreamBroken where it cannot go on."""
        while not self._gone():
            target, number = self._join()
            yield from self._rest(target)
            yield from self._catch_up(target)
            self._position = target
            self._text = position_text(self._source.container_id, target)
            if (yield from self._live(number)):
                return

    def _join(self) -> tuple[Position, int]:
        """Where the feed is, and the number of the batch that follows there."""
        feed, mine = self._feed, self._position
        with feed.changed:
            if mine is None:
                position = feed.position
                self._position = Position({name: Mark(-1, mark.high) for name, mark in position.marks.items()})
            else:  # who comes back may have been further, at another server
                feed.changed.wait_for(lambda: self._is_over() or _covers(feed.position, mine), _BEHIND)
            return feed.position, feed.next

    def _rest(self, target: Position) -> Iterator[Sent]:
        """In the order of the log, what came up to `high` of each shipper."""
        pause = 0.1
        while self._position and (arrived := self._position.rest()) and not self._gone():
            if self._tail and not self._chosen.size:
                break
            query = replace(self._chosen, after=self._position.place, arrived=arrived)
            if not self._tail:
                query = replace(query, size=None, newest=False)
            try:
                yield from self._pages(query, self._position, target.place)
                break
            except LogStoreError as error:
                yield from self._wait_for_store(error, pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        self._tail = False
        if self._position:
            self._position = self._position.settled()

    def _pages(self, query: LogQuery, position: Position, until: Place | None) -> Iterator[Sent]:
        text = PositionText(self._source.container_id, position.marks)
        for page in self._source.reader.read(query):
            for start in range(0, len(page), _AT_ONCE):
                rows = [(page[row], page.place(row)) for row in range(start, min(start + _AT_ONCE, len(page)))]
                events = [
                    Event("", -1, line, place, text.at(place))
                    for line, place in rows
                    if until is None or place <= until
                ]
                if events:
                    self._position, self._tail = replace(position, place=events[-1].place), False
                    yield self._note(events)
                if len(events) < len(rows) or self._gone():
                    return

    def _catch_up(self, target: Position) -> Iterator[Sent]:
        """What came since and has been sent by the feed, where the feed may not have it any more."""
        order = Order(self._source.container_id, self._position or Position())
        intake = Intake(self._source, order, self._memory, patient=False)
        for shipper, mark in target.marks.items():
            while order.high(shipper) < mark.high and not self._gone():
                try:
                    found = self._source.since(shipper, order.high(shipper), mark.high)
                except LogStoreError as error:
                    yield from self._wait_for_store(error, _LONGEST_PAUSE / 4)
                    continue
                if not found:
                    break
                last = found[-1].seq
                found = [one for one in found if one.seq <= mark.low or (target.place and one.place <= target.place)]
                if found:
                    intake.take(shipper, found, 0.0)
                yield from self._chosen_of([*intake.out_of_order(0.0), *intake.in_order(_but_the_newest)])
                order.came(shipper, last)
        yield from self._chosen_of(intake.in_order(_all))

    def _wait_for_store(self, error: LogStoreError, pause: float) -> Iterator[Sent]:
        _log.info("the log of %s cannot be read now: %s", self._source.container_id[:12], error)
        yield from self._alive()
        time.sleep(pause)

    def _live(self, number: int) -> Generator[Sent, None, bool]:
        """True once the seal has been sent; else the feed has gone on without us."""
        feed = self._feed
        while not self._gone():
            with feed.changed:
                left = max(0.0, min(_LOOK_AROUND, self._said + self._keep_alive - time.monotonic()))
                feed.changed.wait_for(lambda n=number: n < feed.next or self._is_over(), left)  # type: ignore[misc]
                if number < feed.first:
                    break
                batches = [feed.batches[n - feed.first] for n in range(number, feed.next)]
                end, stopped, position = feed.end, feed.stopped, feed.position
            for batch in batches:
                yield from self._chosen_of([one for one in batch if not self._has_sent(one)])
                self._text = batch[-1].position
                number += 1
            if end is not None:
                yield End(end, position_text(self._source.container_id, replace(position, ended=end["runs"])))
                return True
            if stopped:
                raise StreamBroken("its feed has failed")
            if not batches:
                yield from self._alive()
        self._position = parse_position(self._text, self._source.container_id)
        return False

    def _is_over(self) -> bool:
        return self._feed.end is not None or self._feed.stopped

    def _has_sent(self, event: Event) -> bool:
        return event.missed and self._memory.knows(event.line["id"])

    def _chosen_of(self, events: list[Event]) -> Iterator[Sent]:
        chosen = [self._as_we_know_it(event) for event in events if fits(self._chosen, event)]
        for start in range(0, len(chosen), _AT_ONCE):
            yield self._note(chosen[start : start + _AT_ONCE])
        if events:
            self._text = events[-1].position

    def _as_we_know_it(self, event: Event) -> Event:
        """A message that had grown before we read its beginning is whole for us."""
        came_back = self._came_back_at
        if event.grown is None or self._memory.knows(event.line["id"]) or (came_back and event.place <= came_back):
            return event
        return replace(event, grown=None, late=self._place is not None and event.place < self._place)

    def _note(self, events: list[Event]) -> list[Event]:
        for event in events:
            self._memory.note(event.shipper, event.seq, event.line, event.place)
        places = [event.place for event in events] + ([self._place] if self._place else [])
        self._place = max(places)
        self._text = events[-1].position
        self._said = time.monotonic()
        return events

    def _alive(self) -> Iterator[Sent]:
        if time.monotonic() - self._said >= self._keep_alive:
            self._said = time.monotonic()
            yield Alive(self._text)


def fits(chosen: LogQuery, event: Event) -> bool:
    """Whether the message is one of those that the query chooses."""
    line = event.line
    return (
        (chosen.start is None or chosen.start <= parse_ns(line["log_time"]))
        and (not chosen.log_types or line["log_type"] in chosen.log_types)
        and (not chosen.streams or line["stream"] in chosen.streams)
        and (chosen.text is None or chosen.text.matches(line["log_message"]))
    )


def _covers(position: Position, other: Position) -> bool:
    """Whether all that had been sent at the other has been sent at this one."""
    marks = position.marks
    return all(name in marks and mark.high <= marks[name].low for name, mark in other.marks.items())


def _all(held: Held, followed: bool, newest: int) -> bool:
    return True


def _but_the_newest(held: Held, followed: bool, newest: int) -> bool:
    return held.place[0] <= newest - REORDER
