"""Messages of several containers in one order: (order_time, container_id, stream, ordinal, id), for every backend alike.

Each container is read by itself, in its own order, and the pages are merged. Memory: a page of each, which is the smaller
the more there are.
"""

import bisect
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Final

from log_store.protocols import LogReader
from log_store.query import LogLine, LogOwner, LogQuery, Page, Place, SharedPlace

MOST_CONTAINERS: Final = 50
"""Read together at most: the pages of so many are in memory at a time."""
_ROWS: Final = 5000  # of all pages together, about
_FEWEST: Final = 100  # of one
_OUT: Final = 1000  # messages a merged page
_CHARACTERS: Final = 4 << 20  # of messages, after which a merged page ends
_LAST: Final = (1 << 63) - 1


def read_several(
    reader: LogReader, owners: Sequence[LogOwner], query: LogQuery, after: SharedPlace | None = None
) -> Iterator[Page]:
    """As `LogReader.read`, of all `owners` together; each line says whose it is.

    `query`: its `container_id` and `after` say nothing here. With `newest` its `size` messages are held in memory.
    """
    if query.size is not None and query.size < 1:
        return
    if query.newest and not query.descending and query.size is not None:
        held = list(_merged(reader, owners, replace(query, newest=False, descending=True), after, newest=True))
        yield from (page.select(list(reversed(range(len(page))))) for page in reversed(held))
    else:
        yield from _merged(reader, owners, replace(query, newest=False), after)


def shared_place(page: Page, row: int) -> SharedPlace:
    """Where a message of a page of `read_several` stands."""
    order_time, *rest = page.place(row)
    return order_time, page[row]["container_id"], *rest  # type: ignore[return-value]


def place_in(container_id: str, after: SharedPlace) -> Place:
    """What a shared place is in one of the containers, for either direction: there stands behind it, or before it, what
    does so among all."""
    order_time, whose, *rest = after
    if container_id == whose:
        return (order_time, *rest)  # type: ignore[return-value]
    # Messages of that order_time in another container stand all before it or all behind it. No stream is called ''.
    return min(order_time + (container_id < whose), _LAST), "", 0, ""


@dataclass(slots=True)
class _Source:
    """A container's page, and how much of it is out."""

    owner: LogOwner
    pages: Iterator[Page]
    page: Page
    at: int = 0

    @property
    def head(self) -> SharedPlace:
        order_time, stream, ordinal, name = self.page.place(self.at)
        return order_time, self.owner.container_id, stream, ordinal, name

    def take(self) -> LogLine:
        line: Any = {
            **self.page[self.at],
            "container_id": self.owner.container_id,
            "container_name": self.owner.container_name,
        }
        self.at += 1
        return line  # type: ignore[no-any-return]

    def turn(self) -> bool:
        """Whether there is a row at `at`, on the next page if need be."""
        if self.at < len(self.page):
            return True
        page = next(self.pages, None)
        if page is None:
            return False
        self.page, self.at = page, 0
        return True


def _merged(
    reader: LogReader, owners: Sequence[LogOwner], query: LogQuery, after: SharedPlace | None, *, newest: bool = False
) -> Iterator[Page]:
    """At most `size` messages in one direction. `newest`: what stands before `after` is left out, not what is behind."""
    rows = max(_FEWEST, _ROWS // max(1, len(owners)))
    with ExitStack() as stack:
        sources: list[_Source] = []
        for owner in owners:
            place = None if after is None or newest else place_in(owner.container_id, after)
            pages = reader.read(replace(query, container_id=owner.container_id, after=place, page=rows))
            stack.callback(_close, pages)
            sources.append(_Source(owner, pages, Page([], _nowhere)))
        left = query.size
        for page in _in_pages(_rows(sources, query.descending)):
            kept = page if left is None else page.first(left)
            if newest and after is not None:
                kept = kept.select([row for row in range(len(kept)) if shared_place(kept, row) > after])
            if kept:
                yield kept
            left = None if left is None else left - len(kept)
            if left == 0 or len(kept) < len(page):
                return


def _rows(sources: list[_Source], descending: bool) -> Iterator[tuple[LogLine, Place]]:
    heads = sorted((source.head, number) for number, source in enumerate(sources) if source.turn())
    next_one = -1 if descending else 0
    while heads:
        _, number = heads.pop(next_one)
        source = sources[number]
        while True:
            place = source.page.place(source.at)
            yield source.take(), place
            if not source.turn():
                break
            head = source.head
            if heads and (head < heads[-1][0] if descending else head > heads[0][0]):
                bisect.insort(heads, (head, number))
                break


def _in_pages(rows: Iterator[tuple[LogLine, Place]]) -> Iterator[Page]:
    lines: list[LogLine] = []
    places: list[Place] = []
    size = 0
    for line, place in rows:
        lines.append(line)
        places.append(place)
        size += len(line["log_message"])
        if len(lines) >= _OUT or size > _CHARACTERS:
            yield Page(lines, places.__getitem__)
            lines, places, size = [], [], 0
    if lines:
        yield Page(lines, places.__getitem__)


def _nowhere(row: int) -> Place:
    raise IndexError(row)


def _close(pages: Iterator[Page]) -> None:
    close = getattr(pages, "close", None)
    if close is not None:
        close()
