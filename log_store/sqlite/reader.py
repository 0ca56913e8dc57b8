"""The SQLite backend's reader."""

import re
import sqlite3
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from heapq import merge as merge_keys
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

from orjson import loads

from log_store import labelled
from log_store.counting import add, counted, took_too_long, whole
from log_store.errors import StoreUnavailable
from log_store.fields import STDERR, STDOUT, WHOLELOG
from log_store.query import Arrival, ContainerRef, Counts, LogLine, LogOwner, LogQuery, Page, Whose
from log_store.rfc3339 import format_all
from log_store.seal import Seal
from log_store.selection import is_text, sized
from log_store.sqlite import owners, stored_seals
from log_store.sqlite.arrivals import SEQ
from log_store.sqlite.day import PAGE_ROWS, Day, page_bytes
from log_store.sqlite.failures import translated
from log_store.sqlite.folder import SEALS, SqliteFolder
from log_store.sqlite.merge import Source, in_pages, merge
from log_store.sqlite.order import AFTER_ALL, BEFORE_ALL, LEAST, LOG_TIME, MOST, Key, Row, Wanted
from log_store.sqlite.unchanged import Unchanged

T = TypeVar("T")
_ID: Final = re.compile(r"[0-9a-z]{12}([oew])([0-7][0-9a-f]{15})[0-9a-f]{16}(?:\.\d+)?", re.ASCII)
_STREAMS: Final = {"o": STDOUT, "e": STDERR, "w": WHOLELOG}


class SqliteReader:
    """A `LogReader` of a folder that other processes write.

    Where no writer has made a store yet, or its disk is not mounted, every call raises StoreUnavailable: nothing read
    must not look like nothing written. Each call opens what it needs, so that threads share nothing.
    """

    def __init__(self, path: Path, page_rows: int = PAGE_ROWS) -> None:
        self._folder = SqliteFolder(path)
        self._page_rows = page_rows
        self._closed = False
        self._unseen = Unchanged(self._folder)

    def read(self, query: LogQuery) -> Iterator[Page]:
        """See `LogReader`. StoreUnavailable also where a row got another place, or a day was removed, while it was read."""
        self._check()
        if not _can_be_stored(query):
            return
        yield from sized(query, self._forwards, self._backwards)

    def _forwards(self, query: LogQuery, most: int | None) -> Iterator[Page]:
        left = MOST if most is None else min(most, MOST)
        after = query.after or BEFORE_ALL
        if query.newest and most is not None:
            after = max(after, self._before_newest(query, left))
        for page in merge([Source(day.low, partial(day.pages, after, left)) for day in self._days(query)]):
            self._check()
            yield _page(page)

    def _backwards(self, query: LogQuery, most: int | None) -> Iterator[Page]:
        left = MOST if most is None else min(most, MOST)
        days = [day.rows_back(query.after or AFTER_ALL, left) for day in self._days(query)]
        rows = self._rows_of(query)
        for found in in_pages(merge_keys(*days, reverse=True), min(left, rows), page_bytes(rows)):
            self._check()
            yield _page(found)

    def count_lines(self, container_id: str) -> int:
        """See `LogReader`. Reads all that the container has: some million documents a second."""
        self._check()
        if not is_text(container_id):
            return 0
        return sum(day.count_lines() for day in self._days(LogQuery(container_id)))

    def heads(self, container_id: str) -> dict[str, int]:
        """See `LogReader`."""
        self._check()
        heads: dict[str, int] = {}
        for day in self._days(LogQuery(container_id)) if is_text(container_id) else ():
            for shipper, seq in day.heads().items():
                heads[shipper] = max(seq, heads.get(shipper, seq))
        return heads

    def read_since(self, container_id: str, shipper: str, after: int, until: int, most: int) -> list[Arrival]:
        """See `LogReader`. A partition in which nothing was found, and nothing written since, is not opened again."""
        self._check()
        if not is_text(container_id + shipper):
            return []
        until = min(until, MOST - 1)
        while after < until:
            found: list[Row] = []
            end = until + 1
            for name in self._folder.days():
                rows, below = self._unseen.since(self._day(name, container_id), name, shipper, after, until, most)
                found += rows
                end = min(end, below)
            rows = sorted((row for row in found if row[SEQ] < end), key=lambda row: (row[SEQ], row[3]))
            if rows:
                lines = lines_of([row[:SEQ] for row in rows])
                return [Arrival(row[SEQ], line, row[:4]) for row, line in zip(rows, lines, strict=True)]
            after = end - 1
        return []

    def count_since(self, container_id: str, shipper: str, after: int, until: int) -> int:
        """See `LogReader`."""
        self._check()
        if not is_text(container_id + shipper):
            return 0
        return sum(day.count_since(shipper, after, until) for day in self._days(LogQuery(container_id)))

    def find(self, container_id: str, name: str) -> Arrival | None:
        """See `LogReader`. An id as the shipper makes it says where it stands; for any other all rows are looked at."""
        self._check()
        if not is_text(container_id + name):
            return None
        made = _ID.fullmatch(name)
        moment, stream = (int(made[2], 16), _STREAMS[made[1]]) if made else (None, "")
        for day in self._days(LogQuery(container_id, moment, moment)):
            for row in day.find(moment, stream, name):
                return Arrival(row[SEQ], lines_of([row[:SEQ]])[0], row[:4])
        return None

    def count_by_time(self, query: LogQuery, width: int, seconds: float) -> Counts:
        """See `LogReader`."""
        self._check()
        query = whole(query)
        if query.text is not None or query.arrived is not None:
            return counted(self.read(query), width, seconds)
        counts: Counts = {}
        deadline = time.monotonic() + seconds
        for day in self._days(query) if _can_be_stored(query) else ():
            try:
                for span, log_type, count in day.count_by_time(width, deadline):
                    add(counts, span, log_type, count)
            except StoreUnavailable as error:
                raise took_too_long(seconds) if time.monotonic() > deadline else error from error
        return counts

    def owners(self, whose: Whose, start: int | None, end: int | None, most: int) -> list[LogOwner]:
        """See `LogReader`. What the newest partition says of a container counts."""
        self._check()
        if not all(map(is_text, whose.texts)):
            return []
        if whose.labels:
            return labelled.owners(
                lambda *asked: self._of_seals(lambda connection, _: stored_seals.labelled(connection, *asked), ""),
                lambda fitting, count: self.owners(fitting, start, end, count),
                whose, start, end, most,
            )  # fmt: skip
        low, high = _bounds(start, end)
        found: dict[str, LogOwner] = {}
        for name in self._folder.days():
            day = self._day(name, "")
            if day.low <= high and low <= day.high:
                rows = owners.of_day(self._folder, name, whose, low, high, most)
                found |= {owner.container_id: owner for owner in rows}
        return [found[key] for key in sorted(found)[:most]]

    def seals(self, container_id: str) -> list[Seal]:
        """See `LogReader`."""
        return self._of_seals(stored_seals.of_container, container_id)

    def find_containers(self, name: str, uid: str | None = None) -> list[ContainerRef]:
        """See `LogReader`."""
        return self._of_seals(lambda connection, what: stored_seals.find(connection, what, uid), name)

    def check(self) -> str:
        """`SQLite 3.40.1, 12 partitions in /var/lib/wholelog/logs`; opens each of them."""
        self._check()
        days = self._folder.days()
        for name in (*days, SEALS):
            self._folder.open_to_read(name).close()
        return f"SQLite {sqlite3.sqlite_version}, {len(days)} partitions in {self._folder.path}"

    def close(self) -> None:
        """Iterators that are under way raise StoreUnavailable at their next page."""
        self._closed = True

    def _days(self, query: LogQuery) -> list[Day]:
        """The partitions that may hold rows of the range."""
        start, end = _bounds(query.start, query.end)
        wanted = Wanted(query.container_id, start, end, query.log_types, query.streams, query.arrived)
        rows = self._rows_of(query)
        days = [Day(self._folder, name, wanted, rows) for name in self._folder.days()]
        return [day for day in days if day.low <= end and start <= day.high]

    def _rows_of(self, query: LogQuery) -> int:
        return self._page_rows if query.page is None else max(1, min(query.page, self._page_rows))

    def _day(self, name: str, container_id: str) -> Day:
        return Day(self._folder, name, Wanted(container_id), self._page_rows)

    def _before_newest(self, query: LogQuery, size: int) -> Key:
        """The key after which come the last `size` rows of the range; found by keys, without messages."""
        keys = merge_keys(*(day.keys_back(size) for day in self._days(query)), reverse=True)
        return next(islice(keys, size, None), BEFORE_ALL)

    def _of_seals(self, ask: Callable[[sqlite3.Connection, str], list[T]], what: str) -> list[T]:
        self._check()
        if not is_text(what):
            return []
        with translated(self._folder.file(SEALS)), closing(self._folder.open_to_read(SEALS)) as connection:
            return ask(connection, what)

    def _check(self) -> None:
        if self._closed:
            raise StoreUnavailable(f"{self._folder.path}: this reader has been closed")
        self._folder.check()


def _bounds(start: int | None, end: int | None) -> tuple[int, int]:
    low = LEAST if start is None else min(max(start, LEAST), MOST)
    return low, MOST if end is None else min(max(end, LEAST), MOST)


def _can_be_stored(query: LogQuery) -> bool:
    """Whether anything can be found: SQLite's text is UTF-8, without half a surrogate pair."""
    place = query.after or ("", "")
    texts = (query.container_id, *query.log_types, *query.streams, *(one for one in place if isinstance(one, str)))
    texts = (*texts, *(one.shipper for one in query.arrived or ()))
    return all(map(is_text, texts))


def _page(rows: list[Row]) -> Page:
    return Page(lines_of(rows), lambda index: rows[index][:4])


def lines_of(rows: list[Row]) -> list[LogLine]:
    times = format_all([row[LOG_TIME] for row in rows])
    lines: list[LogLine] = []
    append = lines.append
    for moment, (_, stream, _, name, _, log_type, log_type_by, message, count, raw, fields) in zip(
        times, rows, strict=True
    ):
        line: LogLine = {
            "log_time": moment,
            "log_type": log_type,
            "log_message": message,
            "log_type_by": log_type_by,
            "stream": stream,
            "id": name,
            "lines": count,
        }
        if raw is not None:
            line["raw"] = b64encode(raw).decode("ascii")
        if fields is not None:
            line["fields"] = loads(fields)
        append(line)
    return lines
