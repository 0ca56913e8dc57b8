"""How far a follower has come: the `id` of each event, given back as `Last-Event-ID` or `cursor`.

Of each shipper that wrote for the container two positions in its spool, and one place in the log. Sent has been what came
up to `low`, and of what came after it and up to `high` all that stands up to the place. So lines may be sent in the order
of the log though they came in another, and who comes back, here or at another server, misses nothing and gets nothing
twice. The text has only characters that a URL leaves as they are.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from log_store.query import Arrived, Place

LONGEST: Final = 2000  # characters of a text
_GOES_ON: Final = "p1"  # what a text begins with
_ENDED: Final = "e1"
_WHOSE: Final = 12  # characters of the container's id
_MOST: Final = 1 << 63
_PLAIN: Final = re.compile(r"[A-Za-z0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mark:
    low: int = -1
    high: int = -1


@dataclass(frozen=True, slots=True)
class Position:
    """`place` None: before the first message. `ended`: behind the seal of so many runs; 0: not."""

    marks: Mapping[str, Mark] = field(default_factory=dict)
    place: Place | None = None
    ended: int = 0

    def high(self, shipper: str) -> int:
        mark = self.marks.get(shipper)
        return mark.high if mark else -1

    def rest(self) -> tuple[Arrived, ...]:
        """Where those messages are that came up to `high` and stand behind the place."""
        return tuple(Arrived(name, mark.low, mark.high) for name, mark in self.marks.items() if mark.low < mark.high)

    def settled(self) -> "Position":
        """With all sent that came up to `high`."""
        return Position({name: Mark(mark.high, mark.high) for name, mark in self.marks.items()}, self.place)


class PositionText:
    """Makes the texts of positions that differ in their places alone: the rest of it once."""

    def __init__(self, container_id: str, marks: Mapping[str, Mark]) -> None:
        shippers = [f"{_pack(name)}~{mark.low + 1:x}~{mark.high + 1:x}" for name, mark in marks.items()]
        self._marks = ".".join([_pack(container_id[:_WHOSE]), str(len(shippers)), *shippers])

    def at(self, place: Place | None, ended: int = 0) -> str:
        begin = f"{_ENDED}~{ended:x}" if ended else _GOES_ON
        if place is None:
            return f"{begin}.{self._marks}"
        order_time, stream, ordinal, name = place
        first, _, twin = name.partition(".")
        return f"{begin}.{self._marks}.{order_time:x}.{_pack(stream)}.{ordinal:x}.{_pack(first)}.{_pack(twin)}"


def position_text(container_id: str, position: Position) -> str:
    return PositionText(container_id, position.marks).at(position.place, position.ended)


def parse_position(text: str, container_id: str) -> Position:
    """Raises ValueError, also for the position in another container's log."""
    if len(text) > LONGEST or not text.isascii():
        raise ValueError("must be the `id` of an event, unchanged")
    try:
        kind, whose, count, *rest = text.split(".")
        ended = _ended(kind)
        shippers, place = rest[: int(count)], rest[int(count) :]
        if len(shippers) != int(count) or len(place) not in (0, 5):
            raise ValueError
        position = Position(dict(map(_mark, shippers)), _place(place) if place else None, ended)
        of = _unpack(whose)
    except ValueError as error:
        raise ValueError("must be the `id` of an event, unchanged") from error
    if of != container_id[:_WHOSE]:
        raise ValueError(f"comes from the log of another container than {container_id[:_WHOSE]}")
    return position


def _ended(kind: str) -> int:
    if kind == _GOES_ON:
        return 0
    begin, _, runs = kind.partition("~")
    if begin != _ENDED or _number(runs) < 1:
        raise ValueError
    return _number(runs)


def _mark(text: str) -> tuple[str, Mark]:
    name, low, high = text.split("~")
    return _unpack(name), Mark(_number(low) - 1, _number(high) - 1)


def _place(parts: list[str]) -> Place:
    order_time, stream, ordinal, name, twin = parts
    last = _unpack(twin)
    return _number(order_time), _unpack(stream), _number(ordinal), _unpack(name) + (f".{last}" if last else "")


def _number(text: str) -> int:
    number = int(text, 16)
    if not -_MOST <= number < _MOST:
        raise ValueError
    return number


def _pack(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    return "_" + urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def _unpack(text: str) -> str:
    if not text.startswith("_"):
        return text
    packed = text[1:]
    return urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-8", "surrogatepass")
