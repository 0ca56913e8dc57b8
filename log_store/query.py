"""What a reader is asked for, and what it gives."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict, overload

from log_store.text_query import TextQuery

Place = tuple[int, str, int, str]
"""order_time, stream, ordinal, id: where a message stands among all of its container, for ever unless it is moved."""

SharedPlace = tuple[int, str, str, int, str]
"""order_time, container_id, stream, ordinal, id: where a message stands among those of several containers."""

Counts = dict[int, dict[str, int]]
"""Begin of a span (ns since 1970 UTC) -> log_type -> messages."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Messages that a shipper wrote with after < seq <= until."""

    shipper: str
    after: int
    until: int


@dataclass(frozen=True, slots=True)
class LogQuery:
    """One container's messages in a range. Times are nanoseconds since 1970 UTC, both ends inclusive, of `log_time`."""

    container_id: str  # the full id
    start: int | None = None
    end: int | None = None
    size: int | None = None  # at most so many; None: all
    newest: bool = False  # with `size`: the last of the range instead of the first; always given oldest first
    log_types: tuple[str, ...] = ()  # only these of `fields.LOG_TYPES`; (): all
    streams: tuple[str, ...] = ()  # only these of `fields.STREAMS`; (): all
    text: TextQuery | None = None  # only messages with these words; with `newest`, `size` messages are held in memory
    descending: bool = False  # the last first; `newest` says nothing then
    after: Place | None = None  # only what comes behind this place, in the direction of reading
    arrived: tuple[Arrived, ...] | None = None  # only messages within one of these; None: all
    page: int | None = None  # about so many messages a page at most, and as much less weight; None: as the store likes


@dataclass(frozen=True, slots=True)
class Whose:
    """Containers chosen by what their messages say of them: of each member one of the values; (): any.

    But for `labels`, which the statements of its runs say, and of which a container must have all.
    """

    container_ids: tuple[str, ...] = ()  # full ids
    task_ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    uids: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()  # NAME=VALUE, or NAME with any value

    @property
    def named(self) -> dict[str, tuple[str, ...]]:
        """By the document's member: the values of which it must have one."""
        all_of_them = {
            "container_id": self.container_ids, "task_id": self.task_ids, "type": self.types, "uid": self.uids,
        }  # fmt: skip
        return {member: values for member, values in all_of_them.items() if values}

    @property
    def texts(self) -> tuple[str, ...]:
        return (*self.container_ids, *self.task_ids, *self.types, *self.uids, *self.labels)


@dataclass(frozen=True, slots=True)
class LogOwner:
    """A container that has written, as its messages name it; '': not known."""

    container_id: str
    container_name: str = ""
    task_id: str = ""
    type: str = ""
    uid: str = ""


class LogLine(TypedDict):
    """A message as a reader gives it: the members of `/logs`' answer, ready for JSON."""

    log_time: str  # RFC 3339, UTC, nine digits and Z
    log_type: str
    log_message: str
    log_type_by: str
    stream: str
    id: str
    lines: int
    raw: NotRequired[str]  # base64 of the bytes, where they are not UTF-8
    fields: NotRequired[dict[str, Any]]  # what a structured message says, by the names of ECS
    container_id: NotRequired[str]  # these two where messages of several containers are read together
    container_name: NotRequired[str]


class Page(Sequence[LogLine]):
    """Messages in the order of reading, and where each of them stands."""

    __slots__ = ("_lines", "place")

    def __init__(self, lines: Sequence[LogLine], place: Callable[[int], Place]) -> None:
        """`place`: of the message with this index."""
        self._lines, self.place = lines, place

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, index: int) -> LogLine: ...

    @overload
    def __getitem__(self, index: slice) -> list[LogLine]: ...

    def __getitem__(self, index: int | slice) -> LogLine | list[LogLine]:
        if isinstance(index, slice):
            return [self.line(row) for row in range(*index.indices(len(self)))]
        return self.line(range(len(self))[index])

    def __iter__(self) -> Iterator[LogLine]:
        return map(self.line, range(len(self)))

    def line(self, index: int) -> LogLine:
        return self._lines[index]

    def first(self, count: int) -> "Page":
        """A page of the first so many."""
        return self if count >= len(self) else self.piece(0, count)

    def piece(self, start: int, stop: int) -> "Page":
        place = self.place
        return Page(self._lines[start:stop], lambda row: place(start + row))

    def select(self, rows: list[int]) -> "Page":
        """A page of those with these indices."""
        place = self.place
        return Page([self._lines[row] for row in rows], lambda row: place(rows[row]))

    def json(self) -> list[bytes] | None:
        """Each message as JSON, where the store has it at hand; else None."""
        return None

    def count_lines(self) -> int:
        """The sum of `lines`."""
        return sum([line["lines"] for line in self._lines])


@dataclass(frozen=True, slots=True)
class ContainerRef:
    """A container that has left a seal in the store."""

    container_id: str
    container_name: str
    task_id: str
    uid: str
    started_at: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as it came into the store: its newest version's position in the spool of its shipper."""

    seq: int
    line: LogLine
    place: Place
