"""How far each task has come: the part of its row that changes while it lives, and the callback of its end.

What is `said` of a change becomes a line of the task's log, in the same transaction.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from runtime_api.containers.line_outbox import Said, put
from runtime_api.containers.plan import Plan, loaded
from runtime_api.containers.task_file import TaskFile

_COLUMNS: Final = "container_id, phase, plan, attempts, started_at, timed_out, ended_at, result"


@dataclass(frozen=True, slots=True)
class Life:
    container_id: str
    phase: str
    plan: Plan
    attempts: int = 0  # runs that have failed and were followed by another
    started_at: int = 0  # of the last run that was seen, as the engine says; ns since 1970 UTC, 0: none
    timed_out: bool = False  # the run was told to end since its time was over
    ended_at: int | None = None
    result: dict[str, Any] = field(default_factory=dict)  # JSON's types: how it ended, what became of its transfers


@dataclass(frozen=True, slots=True)
class Callback:
    container_id: str
    url: str
    tries: int
    state: str  # waiting, delivered, given up
    said: str  # what came of the last try


class Lives:
    """Safe to use from several threads. Raises RuntimeApiError where the file fails."""

    def __init__(self, file: TaskFile) -> None:
        self._file = file

    def of(self, container_id: str) -> Life | None:
        with self._file.transaction() as db:
            row = db.execute(f"SELECT {_COLUMNS} FROM tasks WHERE container_id = ?", (container_id,)).fetchone()
            return None if row is None else _life(row)

    def move(self, container_id: str, phase: str, said: Said | None = None) -> None:
        """To another phase, unless it has ended."""
        self._set(container_id, "phase = ?", phase, said=said)

    def runs(self, container_id: str, started_at: int) -> None:
        self._set(container_id, "phase = 'running', started_at = ?", started_at)

    def time_is_over(self, container_id: str, said: Said) -> None:
        self._set(container_id, "timed_out = 1", where="timed_out = 0", said=said)

    def again(self, container_id: str, started_at: int, said: Said) -> None:
        """The run that began at `started_at` failed, and another is to follow."""
        self._set(
            container_id,
            "phase = 'created', attempts = attempts + 1, timed_out = 0, started_at = ?",
            started_at,
            said=said,
        )

    def note(self, container_id: str, said: Said | None = None, **members: Any) -> None:
        """Add to the result. After the end too: what became of the outputs."""
        with self._file.transaction() as db:
            row = db.execute("SELECT result FROM tasks WHERE container_id = ?", (container_id,)).fetchone()
            if row is None:
                return
            merged = json.dumps({**json.loads(row[0]), **members})
            db.execute("UPDATE tasks SET result = ? WHERE container_id = ?", (merged, container_id))
            if said is not None:
                put(self._file, db, container_id, said)

    def done(self, container_id: str, now: int, result: dict[str, Any], said: Said | None = None) -> bool:
        """The end, with its callback if one was asked for; False where it had ended before."""
        with self._file.transaction() as db:
            row = db.execute(
                "SELECT plan, result FROM tasks WHERE container_id = ? AND phase <> 'done'", (container_id,)
            ).fetchone()
            if row is None:
                return False
            merged = json.dumps({**json.loads(row[1]), **result})
            db.execute(
                "UPDATE tasks SET phase = 'done', ended_at = ?, result = ? WHERE container_id = ?",
                (now, merged, container_id),
            )
            if url := loaded(row[0]).callback:
                db.execute(
                    "INSERT OR IGNORE INTO callbacks (container_id, url, due_at) VALUES (?, ?, ?)",
                    (container_id, url, now),
                )
            if said is not None:
                put(self._file, db, container_id, said)
        return True

    def kept_too_long(self, ended_before: int) -> list[str]:
        """Ids of tasks that ended before that time and whose containers nobody has asked to delete."""
        with self._file.transaction() as db:
            rows = db.execute(
                "SELECT container_id FROM tasks WHERE phase = 'done' AND ended_at < ? AND deletion_asked_at IS NULL"
                " AND deleted_at IS NULL",
                (ended_before,),
            ).fetchall()
            return [row[0] for row in rows]

    def forget(self, before: int) -> int:
        """Remove what is known of containers that were gone before that time, and of their requests; how many."""
        gone = "SELECT container_id FROM tasks WHERE phase = 'done' AND deleted_at < ?"
        with self._file.transaction() as db:
            for table in ("deletions", "callbacks"):
                db.execute(f"DELETE FROM {table} WHERE container_id IN ({gone})", (before,))
            db.execute(f"DELETE FROM requests WHERE container_id IN ({gone})", (before,))
            db.execute("DELETE FROM requests WHERE container_id IS NULL AND begun_at < ?", (before,))
            found: int = db.execute(f"DELETE FROM tasks WHERE container_id IN ({gone})", (before,)).rowcount
            return found

    def callback(self, container_id: str) -> Callback | None:
        with self._file.transaction() as db:
            row = db.execute(
                "SELECT container_id, url, tries, state, said FROM callbacks WHERE container_id = ?", (container_id,)
            ).fetchone()
            return None if row is None else Callback(*row)

    def due(self, now: int) -> list[Callback]:
        """Callbacks to be made now, the longest waiting first."""
        with self._file.transaction() as db:
            rows = db.execute(
                "SELECT container_id, url, tries, state, said FROM callbacks WHERE state = 'waiting' AND due_at <= ?"
                " ORDER BY due_at LIMIT 1000",
                (now,),
            ).fetchall()
            return [Callback(*row) for row in rows]

    def called(self, container_id: str, state: str, said: str, due_at: int, *, tried: bool = True) -> None:
        """What came of a try; `due_at`: the next one, where `state` is still waiting."""
        with self._file.transaction() as db:
            db.execute(
                "UPDATE callbacks SET state = ?, said = ?, due_at = ?, tries = tries + ? WHERE container_id = ?",
                (state, said, due_at, int(tried), container_id),
            )

    def _set(
        self, container_id: str, change: str, *values: object, where: str = "TRUE", said: Said | None = None
    ) -> None:
        """Unless it has ended; `said` where something was changed."""
        query = f"UPDATE tasks SET {change} WHERE container_id = ? AND phase <> 'done' AND {where}"
        with self._file.transaction() as db:
            if db.execute(query, (*values, container_id)).rowcount and said is not None:
                put(self._file, db, container_id, said)


def _life(row: tuple[Any, ...]) -> Life:
    container_id, phase, plan, attempts, started_at, timed_out, ended_at, result = row
    return Life(
        container_id, phase, loaded(plan), attempts, started_at, bool(timed_out), ended_at, json.loads(result)
    )  # fmt: skip
