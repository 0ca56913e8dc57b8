"""From the order in which messages came to the order in which they are sent, with the follower's position at each.

What came is held for a moment: it may not be in the order of the log among both streams, and a stream's last message may
still grow. It is sent by its place. What stands before a place that was sent already, because it has grown or was put back
by an audit, is sent at once, before anything behind it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from log_store.query import Arrival, LogLine, Place
from runtime_api.following.position import Mark, Position, PositionText

REORDER: Final = 50_000_000  # ns by which lines of stdout and stderr may come in the wrong order


@dataclass(slots=True)
class Held:
    shipper: str
    seq: int
    line: LogLine
    place: Place
    since: float  # when it came, or changed last; of a monotonic clock


@dataclass(frozen=True, slots=True)
class Event:
    """`position`: text of the one behind it; `late`: its place is before one that was sent. `grown`: characters of the
    same message that were sent before, None: it was not. `gone`: ids of messages whose lines it holds now."""

    shipper: str
    seq: int
    line: LogLine
    place: Place
    position: str
    late: bool = False
    grown: int | None = None
    gone: tuple[str, ...] = ()
    missed: bool = False  # it came, as its seq says, before what was sent already


class Order:
    """One log's state; not safe to use from several threads."""

    def __init__(self, container_id: str, position: Position) -> None:
        self._container_id = container_id
        self._marks = dict(position.marks)
        self.place = position.place
        self._pending: dict[str, Held] = {}

    @property
    def position(self) -> Position:
        return Position(dict(self._marks), self.place)

    @property
    def holds(self) -> bool:
        return bool(self._pending)

    def has(self, name: str) -> bool:
        return name in self._pending

    def held_of(self, shipper: str) -> int:
        return sum(held.shipper == shipper for held in self._pending.values())

    def high(self, shipper: str) -> int:
        mark = self._marks.get(shipper)
        return mark.high if mark else -1

    def know(self, shipper: str) -> None:
        self._marks.setdefault(shipper, Mark())

    @property
    def shippers(self) -> list[str]:
        return list(self._marks)

    def is_behind(self, place: Place) -> bool:
        """Whether what stands there can still be sent in order."""
        return self.place is None or place > self.place

    def hold(self, shipper: str, arrivals: Iterable[Arrival], now: float) -> None:
        """What came next of a shipper, all of it behind the place; all else that came up to the last has been sent."""
        for one in arrivals:
            name = one.line["id"]
            there = self._pending.get(name)
            changed = there is None or there.line["log_message"] != one.line["log_message"]
            since = now if there is None or changed else there.since
            self._pending[name] = Held(shipper, one.seq, one.line, one.place, since)

    def parts_of(self, line: LogLine, place: Place) -> dict[str, Place]:
        """Messages held that stand behind it in its stream and may be lines of it now."""
        lines = set(line["log_message"].split("\n"))
        return {
            name: held.place
            for name, held in self._pending.items()
            if held.place > place and held.place[1] == place[1] and held.line["log_message"] in lines
        }

    def drop(self, names: Iterable[str]) -> None:
        """They are messages no more."""
        for name in names:
            self._pending.pop(name, None)

    def came(self, shipper: str, seq: int) -> None:
        """All that came up to here is held or has been sent."""
        mark = self._marks.get(shipper, Mark())
        self._marks[shipper] = Mark(mark.low, max(mark.high, seq))
        if not self._pending:
            self._settle()

    def out_of_order(
        self, shipper: str, one: Arrival, grown: int | None, late: bool, gone: tuple[str, ...] = ()
    ) -> Event:
        """An event for what does not stand behind the place. By seq, before `came` of what came with it."""
        mark = self._marks.get(shipper, Mark())
        self._marks[shipper] = Mark(mark.low, max(mark.high, one.seq))
        self._pending.pop(one.line["id"], None)
        position = PositionText(self._container_id, self._marks).at(self.place)
        return Event(shipper, one.seq, one.line, one.place, position, late, grown, gone)

    def release(self, may: Callable[[Held, bool, int], bool]) -> list[Event]:
        """Events for what may be sent, up to the first that may not.

        `may`: of a message, whether another of its stream is there behind it, and the greatest order_time held.
        """
        if not self._pending:
            return []
        ordered = sorted(self._pending.values(), key=lambda held: held.place)
        last = {held.line["stream"]: number for number, held in enumerate(ordered)}
        newest = ordered[-1].place[0]
        text = PositionText(self._container_id, self._marks)
        events: list[Event] = []
        for number, held in enumerate(ordered):
            if not may(held, last[held.line["stream"]] > number, newest):
                break
            self.place = held.place
            del self._pending[held.line["id"]]
            events.append(Event(held.shipper, held.seq, held.line, held.place, text.at(held.place)))
        if events:
            self._settle()
        return events

    def _settle(self) -> None:
        """All that came before the first that is held has been sent."""
        least: dict[str, int] = {}
        for held in self._pending.values():
            least[held.shipper] = min(held.seq, least.get(held.shipper, held.seq))
        for shipper, mark in self._marks.items():
            low = least[shipper] - 1 if shipper in least else mark.high
            self._marks[shipper] = Mark(max(mark.low, low), mark.high)
