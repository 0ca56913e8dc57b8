"""Removal on SQLite: a day is three files less; of one container, rows in small transactions, between which writers write."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from log_store import rfc3339
from log_store.fields import OTHER_DAY
from log_store.removal import Holding, Partition
from log_store.selection import is_text
from log_store.sqlite.failures import translated
from log_store.sqlite.folder import SqliteFolder
from wholelog_base.durable import sync

BATCH: Final = 2_000  # rows of one transaction: some milliseconds
PAUSE: Final = 0.02  # seconds between two, in which who waits to write does
_LATEST: Final = 2**63 - 1
_HOLDINGS: Final = """
SELECT container_id, count(*), sum(lines), min(log_time), max(log_time)
FROM documents JOIN containers ON key = container WHERE log_time <= ? {of_one} GROUP BY container ORDER BY container_id
"""
_OF_ONE: Final = "AND container = (SELECT key FROM containers WHERE container_id = ?)"
_KEY: Final = "SELECT key FROM containers WHERE container_id = ?"
_BORDER: Final = """
SELECT log_time, stream, id FROM documents WHERE container = ? AND log_time <= ?
ORDER BY log_time, stream, id LIMIT 1 OFFSET ?
"""
_SOME: Final = "DELETE FROM documents WHERE container = ? AND (log_time, stream, id) < (?, ?, ?)"
_REST: Final = "DELETE FROM documents WHERE container = ? AND log_time <= ?"
_REVISE: Final = "UPDATE containers SET revision = revision + 1 WHERE key = ?"
_ANY: Final = "SELECT 1 FROM documents WHERE container = ? LIMIT 1"


class SqliteRemover:
    """A `LogRemover`."""

    def __init__(self, path: Path, sleep: Callable[[float], None] = time.sleep) -> None:
        self._folder = SqliteFolder(path)
        self._sleep = sleep

    def partitions(self) -> list[Partition]:
        """See `LogRemover`. A day's write-ahead log counts."""
        self._folder.check()
        found = []
        for name in self._folder.days():
            start = None if name == OTHER_DAY else rfc3339.day_start(name)
            end = None if start is None else start + rfc3339.DAY - 1
            found.append(Partition(name, start, end, sum(self._folder.state(name)[1::3])))
        return found

    def holdings(self, partition: str, until: int | None = None, container_id: str = "") -> list[Holding]:
        """See `LogRemover`. Of all containers it reads the whole day: some million rows a second."""
        self._folder.check()
        if self._folder.identity(partition) is None or not is_text(container_id):
            return []
        path = self._folder.file(partition)
        with translated(path), closing(self._folder.open_to_read(partition)) as connection:
            asked = (_LATEST if until is None else until, *([container_id] if container_id else []))
            sql = _HOLDINGS.format(of_one=_OF_ONE if container_id else "")
            return [Holding(*row) for row in connection.execute(sql, asked).fetchall()]

    def drop(self, partition: str) -> None:
        """See `LogRemover`. The log first: one that outlived its file would be played into the next of that name."""
        self._folder.check()
        path = self._folder.file(partition)
        with translated(path):
            for name in (f"{path.name}-wal", f"{path.name}-shm", path.name):
                path.with_name(name).unlink(missing_ok=True)
            sync(path.parent)

    def remove(self, partition: str, container_id: str, until: int | None = None) -> int:
        """See `LogRemover`. A file that is more than half empty then is made small."""
        self._folder.check()
        if self._folder.identity(partition) is None or not is_text(container_id):
            return 0
        with translated(self._folder.file(partition)), closing(self._folder.open_to_write(partition)) as connection:
            (key,) = connection.execute(_KEY, (container_id,)).fetchone() or (None,)
            if key is None:
                return 0
            removed = self._remove(connection, key, _LATEST if until is None else until)
            if removed:
                _shrink(connection)
        return removed

    def close(self) -> None:
        """Nothing is kept open."""

    def _remove(self, connection: sqlite3.Connection, key: int, until: int) -> int:
        removed = 0
        while True:
            connection.execute("BEGIN IMMEDIATE")
            border = connection.execute(_BORDER, (key, until, BATCH)).fetchone()
            if border is not None:
                removed += connection.execute(_SOME, (key, *border)).rowcount
            else:
                removed += connection.execute(_REST, (key, until)).rowcount
                if connection.execute(_ANY, (key,)).fetchone() is None:
                    connection.execute("DELETE FROM arrivals WHERE container = ?", (key,))
            # A read under way must not go on behind a row that has gone.
            connection.execute(_REVISE, (key,))
            connection.execute("COMMIT")
            if border is None:
                return removed
            self._sleep(PAUSE)


def _shrink(connection: sqlite3.Connection) -> None:
    """Writers wait while what is left, less than what went, is copied."""
    ((pages,), (free,)) = (connection.execute(f"PRAGMA {what}").fetchone() for what in ("page_count", "freelist_count"))
    if free * 2 > pages:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
