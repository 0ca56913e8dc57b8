"""The durable table of tasks and requests: what must still be known after a restart, a crash and a container's removal.

One SQLite file in WAL mode; every call is one transaction. Times are ns since 1970 UTC.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from runtime_api.errors import RuntimeApiError

_VERSION: Final = 2
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
_SINCE_1: Final = "ALTER TABLE tasks ADD COLUMN record TEXT;"
_COLUMNS: Final = (
    "container_id, container_name, task_id, type, uid, image, digest, created_at, deletion_asked_at, deleted_at"
)


@dataclass(frozen=True, slots=True)
class Task:
    """A container that was started here."""

    container_id: str
    container_name: str
    task_id: str
    type: str
    uid: str
    image: str
    digest: str
    created_at: int
    deletion_asked_at: int | None = None  # from then on it is removed once its log is verified
    deleted_at: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request to start a task; without a task it was begun and not answered (or is being worked on)."""

    fingerprint: str
    task: Task | None


class Tasks:
    """Safe to use from several threads, of one process. Raises RuntimeApiError where the file fails."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        with self._failing():
            file.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(file, check_same_thread=False, isolation_level=None, timeout=10)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._prepare()

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version={_VERSION}; COMMIT;")
        elif version == 1:
            self._db.executescript(f"BEGIN; {_SINCE_1} PRAGMA user_version={_VERSION}; COMMIT;")
        elif version != _VERSION:
            raise RuntimeApiError(f"{self._file} is of version {version}; this Wholelog reads versions 1 to {_VERSION}")

    def request(self, request_id: str) -> Request | None:
        with self._transaction() as db:
            row = db.execute(
                "SELECT fingerprint, container_id FROM requests WHERE request_id = ?", (request_id,)
            ).fetchone()
            return None if row is None else Request(row[0], self._task(row[1]) if row[1] else None)

    def begin(self, request_id: str, fingerprint: str) -> None:
        """Before the container is created, so that a crash leaves a trace of the request.

        One that fails stays as begun: the next try looks for its container, finds none, and begins again.
        """
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO requests VALUES (?, ?, NULL)", (request_id, fingerprint))

    def started(self, task: Task, request_id: str) -> None:
        """`request_id` may be ''."""
        with self._transaction() as db:
            self._insert(db, task)
            db.execute("UPDATE requests SET container_id = ? WHERE request_id = ?", (task.container_id, request_id))

    def by_id(self, container_id: str) -> Task | None:
        with self._transaction():
            return self._task(container_id)

    def find(self, name: str) -> list[Task]:
        """Tasks whose container's id begins with `name`, or whose name or task id it is; newest first."""
        with self._transaction() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM tasks WHERE (container_id >= ? AND container_id < ?)"
                " OR container_name = ? OR task_id = ? ORDER BY created_at DESC, container_id",
                (name, name + "\U0010ffff", name, name),
            ).fetchall()
            return [Task(*row) for row in rows]

    def ask_deletion(self, task: Task, request_id: str, now: int) -> None:
        """From here on the container is stopped and goes once its log is verified, after a crash too.

        `request_id` may be ''.
        """
        with self._transaction() as db:
            self._insert(db, task)
            db.execute(
                "UPDATE tasks SET deletion_asked_at = coalesce(deletion_asked_at, ?) WHERE container_id = ?",
                (now, task.container_id),
            )
            if request_id:
                db.execute("INSERT OR IGNORE INTO deletions VALUES (?, ?, NULL)", (request_id, task.container_id))

    def to_delete(self) -> list[str]:
        """Ids of containers that wait for their removal, the longest waiting first."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT container_id FROM tasks WHERE deletion_asked_at IS NOT NULL AND deleted_at IS NULL"
                " ORDER BY deletion_asked_at"
            ).fetchall()
            return [row[0] for row in rows]

    def keep_record(self, container_id: str, record: dict[str, Any]) -> None:
        """What is shown of a container that is about to be removed: JSON's types."""
        with self._transaction() as db:
            db.execute("UPDATE tasks SET record = ? WHERE container_id = ?", (json.dumps(record), container_id))

    def record(self, container_id: str) -> dict[str, Any] | None:
        """None where none was kept."""
        with self._transaction() as db:
            row = db.execute("SELECT record FROM tasks WHERE container_id = ?", (container_id,)).fetchone()
            return json.loads(row[0]) if row and row[0] else None

    def deleted(self, container_id: str, now: int) -> None:
        with self._transaction() as db:
            db.execute(
                "UPDATE tasks SET deleted_at = coalesce(deleted_at, ?) WHERE container_id = ?", (now, container_id)
            )

    def keep_answer(self, request_id: str, answer: dict[str, Any]) -> None:
        """The answer to a deletion that was asked."""
        with self._transaction() as db:
            db.execute("UPDATE deletions SET answer = ? WHERE request_id = ?", (json.dumps(answer), request_id))

    def deletion(self, request_id: str) -> tuple[str, dict[str, Any] | None] | None:
        """Container id and answer of the deletion with this request id; no answer where a crash came before it."""
        with self._transaction() as db:
            row = db.execute(
                "SELECT container_id, answer FROM deletions WHERE request_id = ?", (request_id,)
            ).fetchone()
            return None if row is None else (row[0], json.loads(row[1]) if row[1] else None)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _task(self, container_id: str) -> Task | None:
        row = self._db.execute(f"SELECT {_COLUMNS} FROM tasks WHERE container_id = ?", (container_id,)).fetchone()
        return None if row is None else Task(*row)

    def _insert(self, db: sqlite3.Connection, task: Task) -> None:
        marks = ", ".join(f":{name.strip()}" for name in _COLUMNS.split(","))
        db.execute(f"INSERT OR IGNORE INTO tasks ({_COLUMNS}) VALUES ({marks})", asdict(task))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._failing():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise RuntimeApiError(f"the table of tasks {self._file} fails: {error}") from error
