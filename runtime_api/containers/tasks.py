"""The durable table of tasks and requests: what must still be known after a restart, a crash and a container's removal."""

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from runtime_api.containers.line_outbox import Said, put
from runtime_api.containers.task_file import TaskFile

_COLUMNS: Final = (
    "container_id, container_name, task_id, type, uid, image, digest, created_at, deletion_asked_at, deleted_at,"
    " phase, plan, nano_cpus, memory"
)
_ALIVE: Final = "phase <> 'done' AND deletion_asked_at IS NULL"


@dataclass(frozen=True, slots=True)
class Task:
    """A container that was made here."""

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
    phase: str = "running"  # queued, inputs, created (about to be started), running, outputs, done
    plan: str = "{}"
    nano_cpus: int = 0  # 0: no limit
    memory: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """A request to start a task; without a task it was begun and not answered (or is being worked on)."""

    fingerprint: str
    task: Task | None


def request_key(uid: str, request_id: str) -> str:
    """By which a request is known here: each owner has all ids to choose from. Neither part can hold a line break."""
    return f"{uid}\n{request_id}" if uid and request_id else request_id


class Tasks:
    """Safe to use from several threads, of one process. Raises RuntimeApiError where the file fails.

    `request_id` is a `request_key` here.
    """

    def __init__(self, path: Path) -> None:
        self.file = TaskFile(path)

    def request(self, request_id: str) -> Request | None:
        with self.file.transaction() as db:
            row = db.execute(
                "SELECT fingerprint, container_id FROM requests WHERE request_id = ?", (request_id,)
            ).fetchone()
            return None if row is None else Request(row[0], _task(db, row[1]) if row[1] else None)

    def begin(self, request_id: str, fingerprint: str) -> None:
        """Before the container is created, so that a crash leaves a trace of the request.

        One that fails stays as begun: the next try looks for its container, finds none, and begins again.
        """
        with self.file.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO requests VALUES (?, ?, NULL, ?)", (request_id, fingerprint, time.time_ns())
            )

    def created(
        self, task: Task, request_id: str, phase: Callable[[Sequence[Task]], str] | None = None,
        said: Callable[[str], Sequence[Said]] = lambda phase: (),
    ) -> str:  # fmt: skip
        """Before the container is started. From here on the task is known, and goes on after a crash.

        `phase`, called with all tasks that have not ended, says in which one it begins, else its own; that is returned.
        `said`: what is to be said of it in that phase. `request_id` may be ''.
        """
        with self.file.transaction() as db:
            chosen = task.phase if phase is None else phase(_alive(db))
            _insert(db, task)
            db.execute("UPDATE tasks SET phase = ? WHERE container_id = ?", (chosen, task.container_id))
            db.execute("UPDATE requests SET container_id = ? WHERE request_id = ?", (task.container_id, request_id))
            for one in said(chosen):
                put(self.file, db, task.container_id, one)
        return chosen

    def unbind(self, request_id: str) -> None:
        """The request failed: its next try begins again."""
        with self.file.transaction() as db:
            db.execute("UPDATE requests SET container_id = NULL WHERE request_id = ?", (request_id,))

    def by_id(self, container_id: str) -> Task | None:
        with self.file.transaction() as db:
            return _task(db, container_id)

    def of(self, container_ids: Sequence[str]) -> dict[str, Task]:
        """Those of them that it knows, by id."""
        with self.file.transaction() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM tasks WHERE container_id IN (SELECT value FROM json_each(?))",
                (json.dumps(container_ids),),
            ).fetchall()
            return {row[0]: Task(*row) for row in rows}

    def find(self, name: str) -> list[Task]:
        """Tasks whose container's id begins with `name`, or whose name or task id it is; newest first."""
        with self.file.transaction() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM tasks WHERE (container_id >= ? AND container_id < ?)"
                " OR container_name = ? OR task_id = ? ORDER BY created_at DESC, container_id",
                (name, name + "\U0010ffff", name, name),
            ).fetchall()
            return [Task(*row) for row in rows]

    def alive(self) -> list[Task]:
        """Those that have not ended and are not to be deleted, oldest first."""
        with self.file.transaction() as db:
            return _alive(db)

    def newest(self, before: tuple[int, str] | None, limit: int) -> list[Task]:
        """By their creation, removed ones too; those before (created_at, container id), which need not be there."""
        place, values = ("", ()) if before is None else ("WHERE (created_at, container_id) < (?, ?)", before)
        with self.file.transaction() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM tasks {place} ORDER BY created_at DESC, container_id DESC LIMIT ?",
                (*values, limit),
            ).fetchall()
            return [Task(*row) for row in rows]

    def ask_deletion(self, task: Task, request_id: str, now: int, said: Said | None = None) -> None:
        """From here on the container is stopped and goes once its log is verified, after a crash too.

        `request_id` may be ''. `said`: of the first who asks.
        """
        with self.file.transaction() as db:
            _insert(db, task)
            first = db.execute(
                "UPDATE tasks SET deletion_asked_at = ? WHERE container_id = ? AND deletion_asked_at IS NULL",
                (now, task.container_id),
            ).rowcount
            if first and said is not None:
                put(self.file, db, task.container_id, said)
            if request_id:
                db.execute("INSERT OR IGNORE INTO deletions VALUES (?, ?, NULL)", (request_id, task.container_id))

    def to_delete(self) -> list[str]:
        """Ids of containers that wait for their removal, the longest waiting first."""
        with self.file.transaction() as db:
            rows = db.execute(
                "SELECT container_id FROM tasks WHERE deletion_asked_at IS NOT NULL AND deleted_at IS NULL"
                " ORDER BY deletion_asked_at"
            ).fetchall()
            return [row[0] for row in rows]

    def keep_record(self, container_id: str, record: dict[str, Any]) -> None:
        """What is shown of a container that is about to be removed: JSON's types."""
        with self.file.transaction() as db:
            db.execute("UPDATE tasks SET record = ? WHERE container_id = ?", (json.dumps(record), container_id))

    def record(self, container_id: str) -> dict[str, Any] | None:
        """None where none was kept."""
        with self.file.transaction() as db:
            row = db.execute("SELECT record FROM tasks WHERE container_id = ?", (container_id,)).fetchone()
            return json.loads(row[0]) if row and row[0] else None

    def deleted(self, container_id: str, now: int) -> None:
        with self.file.transaction() as db:
            db.execute(
                "UPDATE tasks SET deleted_at = coalesce(deleted_at, ?) WHERE container_id = ?", (now, container_id)
            )

    def keep_answer(self, request_id: str, answer: dict[str, Any]) -> None:
        """The answer to a deletion that was asked."""
        with self.file.transaction() as db:
            db.execute("UPDATE deletions SET answer = ? WHERE request_id = ?", (json.dumps(answer), request_id))

    def deletion(self, request_id: str) -> tuple[str, dict[str, Any] | None] | None:
        """Container id and answer of the deletion with this request id; no answer where a crash came before it."""
        with self.file.transaction() as db:
            row = db.execute(
                "SELECT container_id, answer FROM deletions WHERE request_id = ?", (request_id,)
            ).fetchone()
            return None if row is None else (row[0], json.loads(row[1]) if row[1] else None)

    def close(self) -> None:
        self.file.close()


def _alive(db: sqlite3.Connection) -> list[Task]:
    rows = db.execute(f"SELECT {_COLUMNS} FROM tasks WHERE {_ALIVE} ORDER BY created_at, container_id").fetchall()
    return [Task(*row) for row in rows]


def _task(db: sqlite3.Connection, container_id: str) -> Task | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM tasks WHERE container_id = ?", (container_id,)).fetchone()
    return None if row is None else Task(*row)


def _insert(db: sqlite3.Connection, task: Task) -> None:
    marks = ", ".join(f":{name.strip()}" for name in _COLUMNS.split(","))
    db.execute(f"INSERT OR IGNORE INTO tasks ({_COLUMNS}) VALUES ({marks})", asdict(task))
