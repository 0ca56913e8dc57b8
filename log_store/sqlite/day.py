"""Reading one container's rows of one partition, a page at a time.

Each page is a read transaction on a connection of its own, over before the page is handed on: however slowly pages are
taken, the write-ahead log can be emptied, and an iterator that is dropped leaves nothing open. (Opening takes 0.3 ms.)
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Final

from log_store import rfc3339
from log_store.errors import StoreDamaged, StoreUnavailable
from log_store.fields import OTHER_DAY
from log_store.sqlite import arrivals
from log_store.sqlite.failures import translated
from log_store.sqlite.folder import SqliteFolder
from log_store.sqlite.order import (
    AFTER_ALL,
    BEFORE_ALL,
    COUNT_BY_TIME,
    FIELDS,
    FIND,
    FIND_AT,
    KEYS_BACK,
    LEAST,
    MESSAGE,
    MOST,
    RAW,
    ROWS_BACK,
    ROWS_ON,
    Bound,
    Key,
    Row,
    Wanted,
    arrived_only,
    parameters,
)

PAGE_ROWS: Final = 5_000
_STEPS: Final = 100_000  # of SQLite's machine between two looks at the clock: about a millisecond
_PAGE_BYTES: Final = 4 * 1024 * 1024  # of text and raw bytes, after which a page ends; a single row may be larger
_LEAST_BYTES: Final = 64 * 1024  # of a page of few rows


def page_bytes(rows: int) -> int:
    """Bytes after which a page of so many rows ends."""
    return max(_LEAST_BYTES, min(_PAGE_BYTES, _PAGE_BYTES * rows // PAGE_ROWS))


class Day:
    """One partition, as one read sees it. All methods raise StoreUnavailable, StoreDamaged and StoreMisconfigured."""

    def __init__(self, folder: SqliteFolder, name: str, wanted: Wanted, page_rows: int = PAGE_ROWS) -> None:
        # No row of a day comes before its first moment: order_time >= log_time. Of `other` nothing is known.
        self.low: Final = LEAST if name == OTHER_DAY else rfc3339.day_start(name)
        self.high: Final = MOST if name == OTHER_DAY else self.low + rfc3339.DAY - 1
        self.container_id: Final = wanted.container_id
        self._folder = folder
        self._name = name
        self._path = folder.file(name)
        self._wanted = wanted
        self._page_rows = page_rows
        self._revision: int | None = None

    def pages(self, after: Key, most: int) -> Iterator[list[Row]]:
        """Non-empty pages of at most so many of the rows that come after this key.

        All rows that are there when the first page is asked for; what comes later is not waited for.
        """
        until = next(self.keys_back(1), BEFORE_ALL)
        while after < until:
            page = self._page(ROWS_ON, after, until, min(most, self._page_rows), self._up_to_page_bytes)
            if not page and self._wanted.arrived is not None:
                return  # the last of them has been written again, and has come later now
            if not page:
                raise StoreDamaged(f"{self._path}: the row {until} is there for one query and not for the next")
            yield page
            after = page[-1][:4]

    def rows_back(self, before: Bound, most: int) -> Iterator[Row]:
        """The rows before this key, the last first; `most` are expected to be wanted."""
        rows = 1  # of most partitions only the last row is looked at
        while page := self._page(ROWS_BACK, BEFORE_ALL, before, rows, self._up_to_page_bytes):
            yield from page
            before = page[-1][:4]
            rows = min(most, self._page_rows)

    def keys_back(self, most: int) -> Iterator[Key]:
        """The keys of the rows, the last first; `most` are expected to be wanted."""
        before: Bound = AFTER_ALL
        rows = 1  # of most partitions only the last key is looked at
        while keys := self._page(KEYS_BACK, BEFORE_ALL, before, rows, sqlite3.Cursor.fetchall):
            yield from keys
            before = keys[-1]
            rows = min(most, self._page_rows)

    def count_lines(self) -> int:
        """The sum of `lines` over all the container's rows of this partition."""
        with self._snapshot() as (connection, container):
            sql = "SELECT coalesce(sum(lines), 0) FROM documents WHERE container = ?"
            return int(connection.execute(sql, (container,)).fetchone()[0])

    def find(self, log_time: int | None, stream: str, name: str) -> list[Row]:
        """The row with this id, and its seq; without a time all rows are looked at."""
        with self._snapshot() as (connection, container):
            sql = FIND if log_time is None else FIND_AT
            return connection.execute(
                sql, {"container": container, "time": log_time, "stream": stream, "id": name}
            ).fetchall()

    def count_by_time(self, width: int, deadline: float) -> list[tuple[int, str, int]]:
        """Begin of a span, log_type, rows; stops with an error once `deadline` (of time.monotonic) has passed."""
        with self._snapshot() as (connection, container):
            connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
            asked = parameters(container or 0, self._wanted, BEFORE_ALL, AFTER_ALL, 0)
            return connection.execute(COUNT_BY_TIME, {**asked, "end": self._wanted.end, "width": width}).fetchall()

    def heads(self) -> dict[str, int]:
        """The greatest seq of each shipper of the container."""
        with self._snapshot() as (connection, container):
            return {} if container is None else arrivals.heads(connection, container)

    def since(self, shipper: str, after: int, until: int, most: int) -> tuple[list[Row], int]:
        """See `arrivals.since`."""
        with self._snapshot() as (connection, container):
            key = arrivals.shipper_key(connection, shipper)
            if container is None or key is None:
                return [], until + 1
            return arrivals.since(connection, container, key, after, until, most)

    def count_since(self, shipper: str, after: int, until: int) -> int:
        with self._snapshot() as (connection, container):
            key = arrivals.shipper_key(connection, shipper)
            if container is None or key is None:
                return 0
            return arrivals.count(connection, container, key, after, until)

    def _page(
        self, sql: str, after: Key, until: Bound, rows: int, take: Callable[[sqlite3.Cursor], list[Row]]
    ) -> list[Row]:
        with self._snapshot() as (connection, container):
            if container is None:
                return []
            if self._wanted.arrived is not None:
                sql = arrived_only(sql, self._wanted.arrived, arrivals.shipper_keys(connection))
            return take(connection.execute(sql, parameters(container, self._wanted, after, until, rows)))

    @contextmanager
    def _snapshot(self) -> Iterator[tuple[sqlite3.Connection, int | None]]:
        """A read transaction, and the container's key in this partition; None if it has no rows here."""
        with translated(self._path), closing(self._folder.open_to_read(self._name)) as connection:
            connection.execute("BEGIN")
            container, revision = connection.execute(
                "SELECT key, revision FROM containers WHERE container_id = ?", (self._wanted.container_id,)
            ).fetchone() or (None, None)
            if self._revision not in (None, revision):
                raise StoreUnavailable(
                    f"{self._path}: lines of container {self._wanted.container_id} were given another place while they "
                    "were being read: read again"
                )
            self._revision = revision
            yield connection, container

    def _up_to_page_bytes(self, cursor: sqlite3.Cursor) -> list[Row]:
        page: list[Row] = []
        size, most = 0, page_bytes(self._page_rows)
        for row in cursor:
            page.append(row)
            size += len(row[MESSAGE]) + len(row[RAW] or b"") + len(row[FIELDS] or "")
            if size > most:
                break
        return page
