"""The SQLite file of tasks: its tables, how an older one becomes today's, and one transaction at a time.

WAL mode, every call of its users one transaction, durable once it returns. Only its owner may read it: a task's members
may hold secrets. Times are ns since 1970 UTC.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from runtime_api.errors import RuntimeApiError

_VERSION: Final = 4
_SCHEMA: Final = """
CREATE TABLE tasks (
    container_id TEXT PRIMARY KEY, container_name TEXT NOT NULL, task_id TEXT NOT NULL, type TEXT NOT NULL,
    uid TEXT NOT NULL, image TEXT NOT NULL, digest TEXT NOT NULL, created_at INTEGER NOT NULL,
    deletion_asked_at INTEGER, deleted_at INTEGER, record TEXT
) WITHOUT ROWID;
CREATE INDEX tasks_by_name ON tasks (container_name);
CREATE INDEX tasks_by_task_id ON tasks (task_id);
CREATE INDEX tasks_to_delete ON tasks (deletion_asked_at) WHERE deletion_asked_at IS NOT NULL AND deleted_at IS NULL;
CREATE TABLE requests (
    request_id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, container_id TEXT
) WITHOUT ROWID;
CREATE TABLE deletions (
    request_id TEXT PRIMARY KEY, container_id TEXT NOT NULL, answer TEXT
) WITHOUT ROWID;
"""
_FROM_1: Final = "ALTER TABLE tasks ADD COLUMN record TEXT;"
# An older row says nothing of its container's end, so that is looked for.
_FROM_2: Final = """
ALTER TABLE tasks ADD COLUMN phase TEXT NOT NULL DEFAULT 'running';
ALTER TABLE tasks ADD COLUMN plan TEXT NOT NULL DEFAULT '{}';
ALTER TABLE tasks ADD COLUMN nano_cpus INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN memory INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN started_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN timed_out INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN ended_at INTEGER;
ALTER TABLE tasks ADD COLUMN result TEXT NOT NULL DEFAULT '{}';
ALTER TABLE requests ADD COLUMN begun_at INTEGER NOT NULL DEFAULT 0;
UPDATE tasks SET phase = 'done', ended_at = deleted_at WHERE deleted_at IS NOT NULL;
CREATE INDEX tasks_alive ON tasks (created_at) WHERE phase <> 'done';
CREATE INDEX tasks_by_age ON tasks (created_at, container_id);
CREATE TABLE callbacks (
    container_id TEXT PRIMARY KEY, url TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting', said TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX callbacks_due ON callbacks (due_at) WHERE state = 'waiting';
"""
_FROM_3: Final = """
CREATE TABLE own_lines (
    number INTEGER PRIMARY KEY, container_id TEXT NOT NULL, time INTEGER NOT NULL, text TEXT NOT NULL,
    chunk TEXT NOT NULL DEFAULT ''
);
CREATE INDEX own_lines_by_chunk ON own_lines (chunk) WHERE chunk <> '';
"""


class TaskFile:
    """Safe to use from several threads, of one process. Raises RuntimeApiError where the file fails.

    `said` is set after each transaction that left lines for the shipper (`line_outbox`).
    """

    def __init__(self, path: Path, now: Callable[[], int] = time.time_ns) -> None:
        self.path, self.now, self.said = path, now, threading.Event()
        self._tells = False
        self._lock = threading.Lock()
        with self._failing():
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            path.chmod(0o600)  # one of an earlier version
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._prepare()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._failing():
            self._db.execute("BEGIN IMMEDIATE")
            self._tells = False
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            if self._tells:
                self.said.set()

    def tells(self) -> None:
        """Part of a transaction: it leaves lines."""
        self._tells = True

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        later = _FROM_2 + _FROM_3
        steps = {0: _SCHEMA + later, 1: _FROM_1 + later, 2: later, 3: _FROM_3, _VERSION: ""}
        if version not in steps:
            raise RuntimeApiError(f"{self.path} is of version {version}; this Wholelog reads versions 1 to {_VERSION}")
        if version != _VERSION:
            self._db.executescript(f"BEGIN; {steps[version]} PRAGMA user_version={_VERSION}; COMMIT;")

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise RuntimeApiError(f"the table of tasks {self.path} fails: {error}") from error
