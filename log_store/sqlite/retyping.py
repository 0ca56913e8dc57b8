"""Retyping on SQLite: a page is read, judged, and changed in one transaction where its rows are still of their version."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from log_store import rfc3339
from log_store.document import ContainerContext
from log_store.errors import StoreUnavailable
from log_store.fields import OTHER_DAY
from log_store.retyping import Judge, Judgement, Retyped, StoredMessage
from log_store.sqlite.failures import translated
from log_store.sqlite.folder import SqliteFolder

PAGE_ROWS: Final = 2_000
PAGE_CHARACTERS: Final = 4 << 20
_CONTAINERS: Final = "SELECT key, container_id, container_name, task_id, type, uid FROM containers ORDER BY key"
_ROWS: Final = """
SELECT log_time, stream, id, version, log_type, log_type_by, fields, message FROM documents
WHERE container = ? AND (log_time, stream, id) > (?, ?, ?) AND log_time <= ? ORDER BY log_time, stream, id LIMIT ?
"""
_CHANGE: Final = """
UPDATE documents SET log_type = ?, log_type_by = ?, fields = ?
WHERE container = ? AND log_time = ? AND stream = ? AND id = ? AND version = ?
"""
Row = tuple[Any, ...]


class SqliteRetyper:
    """A `LogRetyper`; writers may go on meanwhile."""

    def __init__(self, path: Path) -> None:
        self._folder = SqliteFolder(path)

    def retype(self, start: int, end: int, container_id: str, judge: Judge, *, dry: bool) -> Iterator[Retyped]:
        """See `LogRetyper`."""
        self._folder.check()
        for day in self._folder.days():
            low = 0 if day == OTHER_DAY else rfc3339.day_start(day)
            high = (1 << 63) - 1 if day == OTHER_DAY else low + rfc3339.DAY - 1
            if low > end or high < start:
                continue
            for key, context in self._containers(day):
                if container_id in ("", context.container_id):
                    yield from self._of_container(day, key, context, (start, end), judge, dry)

    def close(self) -> None:
        """Nothing is kept open."""

    def _containers(self, day: str) -> list[tuple[int, ContainerContext]]:
        with translated(self._folder.file(day)), closing(self._folder.open_to_read(day)) as connection:
            return [(key, ContainerContext(*members)) for key, *members in connection.execute(_CONTAINERS)]

    def _of_container(
        self, day: str, key: int, context: ContainerContext, times: tuple[int, int], judge: Judge, dry: bool
    ) -> Iterator[Retyped]:
        after: tuple[int, str, str] = (times[0] - 1, "\U0010ffff", "")
        while rows := self._page(day, key, after, times[1]):
            after = rows[-1][:3]
            judged = judge([StoredMessage(context, row[1], row[7]) for row in rows])
            page, changes = Retyped(len(rows)), list[Row]()
            for row, judgement in zip(rows, judged, strict=True):
                change = _change(row, judgement)
                if change is not None:
                    page.note(row[4], judgement[0])
                    changes.append((*change, key, *row[:4]))
            if changes and not dry:
                self._write(day, changes)
            yield page

    def _page(self, day: str, key: int, after: tuple[int, str, str], end: int) -> list[Row]:
        rows: list[Row] = []
        size = 0
        with translated(self._folder.file(day)), closing(self._folder.open_to_read(day)) as connection:
            for row in connection.execute(_ROWS, (key, *after, end, PAGE_ROWS)):
                rows.append(row)
                size += len(row[7])
                if size > PAGE_CHARACTERS:
                    break
        return rows

    def _write(self, day: str, changes: list[Row]) -> None:
        if self._folder.identity(day) is None:
            raise StoreUnavailable(f"{self._folder.file(day)}: removed while it was being changed")
        with translated(self._folder.file(day)), closing(self._folder.open_to_write(day)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany(_CHANGE, changes)
                connection.execute("COMMIT")
            except sqlite3.Error:
                connection.execute("ROLLBACK")
                raise


def _change(row: Row, judgement: Judgement) -> tuple[str, str, str | None] | None:
    log_type, by, fields = judgement
    text = None if fields is None else fields.decode()
    return None if (row[4], row[5], row[6]) == (log_type, by, text) else (log_type, by, text)
