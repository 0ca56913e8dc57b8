"""A container's documents in one order, page by page.

How much a page weighs must be known before it is asked for, since a message may have 8 MiB. Documents that are not light
say how many `bytes` they have (see `document_rows`). A container without such, as nearly all, is read in pages of PAGE;
in another the keys and sizes of a page come first, and tell how many documents may be asked for at once.

For a page in order the server looks at all documents that fit, 2 million of them in 80 ms; to give 5,000 of them takes it
15 ms. So a page is asked for within a window of `order_time` that should hold it: the first by how many there are between
the first and the last, which the server says in a millisecond; the others by the one before. A window that holds none or
too few costs another request, and nothing else.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from log_store.elastic.client import ElasticClient
from log_store.elastic.failures import Answer
from log_store.elastic.raw import Row, key_of, rows_of, time_of
from log_store.elastic.search import MEMBERS, ORDER, Filter, Hit, PointInTime, checked_hits, counts, searches

SHORT: Final = 1000  # documents that are asked for at once, among all
_FIRST: Final = 1000  # documents of the first page
_SPARE: Final = 1.25  # windows are so much longer than a page seems to need
_SPARE_OF_ONE: Final = 4  # the same of an answer that shall need no other
_LONGEST: Final = 4.0  # times as long as the one before
_MOST_KEYS: Final = 10_000  # index.max_result_window
_END: Final = 1 << 63
_EXTENT: Final = {
    "size": 0, "track_total_hits": True,
    "aggs": {"first": {"min": {"field": "order_time"}}, "last": {"max": {"field": "order_time"}}},
}  # fmt: skip
_HEAVY: Final[Filter] = {"exists": {"field": "bytes"}}

Pages = Iterator[tuple[list[Hit], bool]]


@dataclass(frozen=True, slots=True)
class Extent:
    """How many documents there are, and the first and the last order_time."""

    count: int = 0
    first: int = 0
    last: int = 0

    @classmethod
    def of(cls, answer: dict[str, Any]) -> "Extent | None":
        """Of an answer to `_EXTENT`; None where it does not say."""
        try:
            told = answer["aggregations"]
            first, last = told["first"]["value"], told["last"]["value"]
            count = answer["hits"]["total"]["value"]
            # Doubles, exact to some 200 ns: bounds of a guess.
            return cls(int(count), int(first) - 1000, int(last) + 1000) if count else cls()
        except (KeyError, TypeError, ValueError):
            return None

    def length(self, size: int) -> int:
        """ns that so many should fill."""
        return (self.last - self.first) * size // max(1, self.count) + 1


def short(
    client: ElasticClient, indices: str, filters: list[Filter], after: list[Any] | None, count: int, direction: str
) -> list[Hit] | None:
    """The first `count` hits, without a point in time; None where some may be heavy, or others stand before them."""
    told, heavy = searches(client, indices, [{**_matching(filters), **_EXTENT}, _one([*filters, _HEAVY])])
    extent = Extent.of(told)
    if heavy["hits"]["hits"] or extent is None:
        return None
    window = []
    if extent.count > SHORT:
        start = extent.first if direction == "asc" else extent.last
        edge = start if after is None else after[0]
        length = _SPARE_OF_ONE * extent.length(count)
        window = [_until(edge + length if direction == "asc" else edge - length, direction)]
    order = _sorted(ORDER[:-1], direction, _beside(after, direction))
    asked = {**_matching([*filters, *window]), **order, "_source": MEMBERS, "size": count}
    hits = checked_hits(client.place, Answer(200, searches(client, indices, [asked])[0]))
    return hits if len(hits) == count or not window else None


def has_heavy(pit: PointInTime, filters: list[Filter]) -> bool:
    return bool(pit.search(_one([*filters, _HEAVY])))


def key_before_last(pit: PointInTime, filters: list[Filter], count: int) -> list[Any] | None:
    """The key of the hit after which exactly `count` hits come; None where there are not more. Reads no documents."""
    before: list[Any] | None = None
    left = count + 1
    while left:
        size = min(left, _MOST_KEYS)
        hits = pit.search(_keys(filters, "desc", before, size, False))
        if len(hits) < size:
            return None
        before = hits[-1]["sort"]
        left -= size
    return before


def heavy_pages(
    pit: PointInTime, filters: list[Filter], after: list[Any] | None, limit: int | None, direction: str, most: int
) -> Pages:
    """Pages, of at most `most`, of all hits after that key, at most `limit`, in ORDER or, with "desc", against it.

    With each comes whether it is known to be the last.
    """
    left = limit
    while left is None or left > 0:
        size = most if left is None else min(most, left)
        found = 0
        parts = counts(pit.search(_keys(filters, direction, after, size, True)), most)
        size = size if sum(parts) == size else sum(parts) + 1  # no more than those: the last page is known
        for number, count in enumerate(parts):
            hits = pit.search({**_query(filters, direction, after), "_source": MEMBERS, "size": count})
            found += len(hits)
            if hits:
                after = hits[-1]["sort"]
                yield hits, number == len(parts) - 1 and (found < size or found == left)
        if found < size:
            return
        left = None if left is None else left - found


@dataclass(slots=True)
class _Window:
    """Where the next page is looked for: `length` ns of order_time behind `edge`; None: in all that is left."""

    direction: str
    edge: int | None = None
    length: int | None = None

    @property
    def filters(self) -> list[Filter]:
        return [] if self.edge is None else [_beyond(self.edge, self.length, self.direction)]

    def turn(self, ends: list[int], count: int, size: int, most: int) -> bool:
        """Go on behind `count` rows, of `size` that were asked for; `ends`: the first's and the last's order_time.

        False where there is nothing any more.
        """
        if count < size and self.length is None:
            return False
        if not count:
            self._move()
            self.length = None  # a pause in the log, of any length
            return True
        wanted = int(abs(ends[-1] - ends[0]) / count * most * _SPARE) + 1
        if count == size:
            self.edge = ends[-1]
        else:
            wanted = min(wanted, int((self.length or wanted) * _LONGEST)) + 1
            self._move()
        self.length = wanted
        return True

    def _move(self) -> None:
        if self.edge is not None and self.length is not None:
            self.edge += self.length if self.direction == "asc" else -self.length


def extent_of(pit: PointInTime, filters: list[Filter]) -> Extent | None:
    return Extent.of(pit.told({**_matching(filters), **_EXTENT}))


def light_pages(
    pit: PointInTime, filters: list[Filter], after: list[Any] | None, limit: int | None, direction: str, most: int
) -> Iterator[tuple[list[Row], bool]]:
    """As `heavy_pages`. While a page is worked on, the server works on the next."""
    client, extent, first = (
        pit.client,
        extent_of(pit, filters),
        min(_FIRST, most if limit is None else min(most, limit)),
    )
    window = _Window(direction, None if after is None else after[0])
    if extent is not None and extent.count > _FIRST:
        if window.edge is None:
            window.edge = extent.first if direction == "asc" else extent.last
        window.length = _SPARE_OF_ONE * extent.length(first)

    def next_page(after: list[Any] | None, size: int) -> tuple[list[Row], bool]:
        """The rows, which are none at the end alone, and whether there may be more."""
        while True:
            asked = _query([*filters, *window.filters], direction, after)
            rows, name = rows_of(client, pit.search_bytes({**asked, "size": size}))
            pit.renew(name)
            more = window.turn([int(time_of(row)) for row in (*rows[:1], *rows[-1:])], len(rows), size, most)
            if rows or not more:
                return rows, more

    left = limit
    rows, more = next_page(after, first)
    with ExitStack() as stack:  # at its end nothing is under way
        pool: ThreadPoolExecutor | None = None
        while rows:
            left = None if left is None else left - len(rows)
            if not more or left == 0:
                yield rows, True
                return
            pool = pool or stack.enter_context(ThreadPoolExecutor(1, "next page"))
            coming = pool.submit(next_page, key_of(rows[-1]), min(most, left or most))
            yield rows, False
            rows, more = coming.result()


def _beyond(edge: int, length: int | None, direction: str) -> Filter:
    """What stands at `edge` or behind it, and before the end of so many ns."""
    bounds = {"gte" if direction == "asc" else "lte": edge}
    if length is not None:
        bounds |= _bound(edge + length if direction == "asc" else edge - length, direction)
    return {"range": {"order_time": bounds}}


def _until(end: int, direction: str) -> Filter:
    return {"range": {"order_time": _bound(end, direction)}}


def _bound(end: int, direction: str) -> dict[str, int]:
    return {"lt" if direction == "asc" else "gt": max(-_END, min(end, _END - 1))}


def _query(filters: list[Filter], direction: str, after: list[Any] | None) -> dict[str, Any]:
    return {**_matching(filters), **_sorted(ORDER, direction, after)}


def _sorted(order: tuple[str, ...], direction: str, after: list[Any] | None) -> dict[str, Any]:
    found: dict[str, Any] = {"sort": [{name: direction} for name in order]}
    return found if after is None else {**found, "search_after": after}


def _beside(after: list[Any] | None, direction: str) -> list[Any] | None:
    """A key without the tie-break, which a point in time alone has, before all that stand at the same place."""
    if after is None:
        return None
    order_time, stream, ordinal, *_ = after
    return [order_time, stream, max(-_END, min(ordinal + (-1 if direction == "asc" else 1), _END - 1))]


def _keys(filters: list[Filter], direction: str, after: list[Any] | None, size: int, weigh: bool) -> dict[str, Any]:
    sizes = {"docvalue_fields": ["bytes"]} if weigh else {}
    return {**_query(filters, direction, after), "stored_fields": "_none_", **sizes, "size": size}


def _matching(filters: list[Filter]) -> dict[str, Any]:
    return {"query": {"bool": {"filter": filters}}}


def _one(filters: list[Filter]) -> dict[str, Any]:
    """Whether there is any."""
    return {**_matching(filters), "stored_fields": "_none_", "size": 1, "terminate_after": 1}
