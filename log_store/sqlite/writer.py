"""The SQLite backend's writer.

Durable on return: each day of a batch is one transaction, synced to the disk. `bench/store_sqlite.py` measures it.
"""

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from log_store.document import Absorbed, DocumentBatch
from log_store.errors import StoreUnavailable
from log_store.protocols import Rejection, WriteResult
from log_store.seal import Seal
from log_store.sqlite import arrivals, document_rows, stored_seals
from log_store.sqlite.failures import translated
from log_store.sqlite.folder import SEALS, SqliteFolder, known_day

_OPEN_FILES: Final = 8  # days of which a connection is kept
_UNFIT: Final = (OverflowError, UnicodeEncodeError, sqlite3.DataError)
"""What binding raises for a value that no column can hold: beyond 64 bits, a lone surrogate, more than 1 GB."""


class SqliteWriter:
    """A `LogWriter` on a folder; several processes may have one each."""

    def __init__(self, path: Path) -> None:
        """Makes the folder and an empty store in it. Raises StoreMisconfigured where that is not allowed, StoreUnavailable."""
        self._folder = SqliteFolder(path)
        self._folder.make()
        self._lock = threading.Lock()
        self._open: OrderedDict[str, tuple[sqlite3.Connection, tuple[int, int] | None]] = OrderedDict()
        self._closed = False

    def write(self, batch: DocumentBatch) -> WriteResult:
        """See `LogWriter`. A day that was stored stays so when a later day of the same batch fails: send it again."""
        stored = 0
        rejections: list[Rejection] = []
        for day, rows in document_rows.by_day(batch).items():
            numbers = range(len(batch)) if rows is None else rows
            if not known_day(day):
                rejections += [Rejection(row, False, f"day {day!r:.40} is no partition") for row in numbers]
                continue
            part = batch if rows is None else batch.select(rows)
            with self._transaction(day) as connection:
                changed, refused = _store(connection, part)
            stored += changed
            rejections += [Rejection(numbers[row], False, reason) for row, reason in refused]
        self._remove(batch.absorbed)
        rejections.sort(key=lambda rejection: rejection.row)
        return WriteResult(stored, len(batch) - stored - len(rejections), rejections)

    def _remove(self, absorbed: Sequence[Absorbed]) -> None:
        for day in {one.day for one in absorbed}:
            if known_day(day):
                with self._transaction(day) as connection:
                    document_rows.remove(connection, [one for one in absorbed if one.day == day])

    def write_seals(self, seals: Sequence[Seal]) -> None:
        """See `LogWriter`: all of them or, on an error, none."""
        if seals:
            with self._transaction(SEALS) as connection:
                stored_seals.store(connection, seals)

    def refresh(self) -> None:
        """Nothing to do: what is committed can be read."""

    def close(self) -> None:
        """Again: nothing. Afterwards every write raises StoreUnavailable."""
        with self._lock:
            self._closed = True
            while self._open:
                self._close_one()

    @contextmanager
    def _transaction(self, name: str) -> Iterator[sqlite3.Connection]:
        with self._lock, translated(self._folder.file(name)):
            connection = self._connection(name)
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                self._roll_back(name, connection)
                raise
            self._folder.touch(name)

    def _roll_back(self, name: str, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            # The error that led here is on its way to the caller; this connection cannot be trusted any more.
            del self._open[name]
            connection.close()

    def _connection(self, name: str) -> sqlite3.Connection:
        if self._closed:
            raise StoreUnavailable(f"{self._folder.path}: this writer has been closed")
        self._folder.check()
        kept = self._open.pop(name, None)
        if kept is not None and kept[1] != self._folder.identity(name):
            kept[0].close()  # the file was removed: what is written to it would be gone
            kept = None
        if kept is None:
            connection = self._folder.open_to_write(name)
            kept = (connection, self._folder.identity(name))
        self._open[name] = kept
        if len(self._open) > _OPEN_FILES:
            self._close_one()
        return kept[0]

    def _close_one(self) -> None:
        name, (connection, _) = self._open.popitem(last=False)
        with translated(self._folder.file(name)):
            connection.close()


def _store(connection: sqlite3.Connection, batch: DocumentBatch) -> tuple[int, list[tuple[int, str]]]:
    """How many rows were inserted or replaced, and which were refused for good and why."""
    connection.execute("SAVEPOINT rows")
    try:
        return _store_together(connection, batch), []
    except _UNFIT:
        connection.execute("ROLLBACK TO rows")
        return _store_one_by_one(connection, batch)


def _store_one_by_one(connection: sqlite3.Connection, batch: DocumentBatch) -> tuple[int, list[tuple[int, str]]]:
    stored = 0
    refused: list[tuple[int, str]] = []
    for row in range(len(batch)):
        try:
            stored += _store_together(connection, batch.select([row]))
        except _UNFIT as error:
            refused.append((row, str(error)))
    return stored, refused


def _store_together(connection: sqlite3.Connection, batch: DocumentBatch) -> int:
    shipper = _shipper_key(connection, batch.shipper)
    keys = _container_keys(connection, batch)
    moved = document_rows.note_moves(connection)
    stored = connection.executemany(document_rows.upsert(batch), document_rows.rows(batch, keys, shipper)).rowcount
    document_rows.count_up(connection, moved)
    arrivals.note(connection, batch, keys, shipper)
    return stored


def _shipper_key(connection: sqlite3.Connection, name: str) -> int:
    connection.execute("INSERT INTO shippers(name) VALUES (?) ON CONFLICT(name) DO NOTHING", (name,))
    (key,) = connection.execute("SELECT key FROM shippers WHERE name = ?", (name,)).fetchone()
    return int(key)


def _container_keys(connection: sqlite3.Connection, batch: DocumentBatch) -> dict[str, int]:
    keys: dict[str, int] = {}
    for name, context in document_rows.contexts(batch).items():
        connection.execute(
            document_rows.CONTEXT, (name, context.container_name, context.task_id, context.type, context.uid)
        )
        (keys[name],) = connection.execute("SELECT key FROM containers WHERE container_id = ?", (name,)).fetchone()
    return keys
