"""The count of problems, in SQLite: exact over replays, repairs and messages that grow."""

import sqlite3
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from log_shipper.problems.sighting import Sighting
from log_shipper.problems.tables import storable
from log_store.document import ContainerContext
from log_store.problem import MOST_PROBLEMS

NOTHING: Final = 0  # in place of a problem: the document is no error, or no more
MOST_OCCURRENCES: Final = 500_000  # documents of which it is known that they were counted
_FOR_EVER: Final = (1 << 62) - 1  # a version above all that come
_SPARE: Final = MOST_PROBLEMS // 20  # given up at a time
_ASKED_AT_A_TIME: Final = 500
_MOST_AFFECTED: Final = 200  # containers of a problem that are counted apart

_UNUSED: Final = """
DELETE FROM container WHERE number NOT IN (SELECT container FROM occurrence)
    AND number NOT IN (SELECT container FROM affected)
    AND number NOT IN (SELECT first_container FROM problem) AND number NOT IN (SELECT last_container FROM problem)
"""

_Row = tuple[int, int, int, int]  # version, problem, container, time


@dataclass(frozen=True, slots=True)
class Met:
    """A document that is counted for a problem for the first time, or anew since it has grown."""

    number: int  # of the problem
    sighting: Sighting
    is_new: bool  # the document was not known


class Book:
    """Safe to use from several threads: `lock` is held over each call, and over a `with lock` around several."""

    def __init__(self, connection: sqlite3.Connection, *, most_occurrences: int = MOST_OCCURRENCES) -> None:
        self.lock = threading.RLock()
        self.connection = connection
        self._most = most_occurrences
        self._containers: dict[str, int] = {}
        self._rows = self._horizon = self._last_revision = 0
        self.reload()

    def reload(self) -> None:
        """What is kept in memory, as the tables have it: after a transaction that was rolled back."""
        ask = self.connection.execute
        self._containers = {name: number for number, name in ask("SELECT number, container_id FROM container")}
        (self._rows,) = ask("SELECT count(*) FROM occurrence").fetchone()
        (revision,) = ask("SELECT coalesce(max(revision), 0) FROM problem").fetchone()
        self._last_revision = max(revision, self._kept("published"))
        self._horizon = self._kept("horizon")

    def known(self) -> Collection[str]:
        """Ids of containers in which there was an error."""
        return self._containers.keys()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what is done inside, or nothing. Raises sqlite3.Error."""
        with self.lock:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                self.reload()
                raise

    def take(self, found: Sequence[Sighting]) -> list[Met]:
        """Count them; part of a transaction that the caller has begun. Raises sqlite3.Error."""
        known = self._occurrences([one.id for one in found])
        met, moved, touched = list[Met](), dict[str, tuple[_Row | None, _Row]](), dict[int, int]()
        numbers: dict[str, int] = {}
        for one in found:
            before = known.get(one.id)
            if before is None and (one.problem is None or one.time < self._horizon):
                continue
            if before is not None and one.version < before[0] + (not one.absorbed):
                continue
            number = NOTHING if one.problem is None else numbers.get(one.problem.key) or self._number(one)
            if one.problem is not None:
                numbers[one.problem.key] = number
            now = (one.version, number, self._container(one.container), one.time)
            first = moved.get(one.id, (before, now))[0]
            moved[one.id], known[one.id] = (first, now), now
            if number and (before is None or before[1] != number):
                met.append(Met(number, one, before is None))
        self._move(moved, touched)
        gone = self._refresh(touched)
        self._give_up()
        return [one for one in met if one.number not in gone and known[one.sighting.id][1] == one.number]

    def prune(self) -> None:
        """Forget which documents were counted, the oldest first, where there are too many: those are not counted again."""
        if self._rows <= self._most:
            return
        with self.transaction():
            ask = self.connection.execute
            oldest = "SELECT time FROM occurrence ORDER BY time DESC LIMIT 1 OFFSET ?"
            (time_of_oldest,) = ask(oldest, (self._most * 9 // 10,)).fetchone()
            self._horizon = max(self._horizon, time_of_oldest + 1)
            ask("DELETE FROM occurrence WHERE time < ?", (self._horizon,))
            ask(_UNUSED)
            self.keep("horizon", self._horizon)
        with self.lock:
            self.reload()

    def forget(self, container_id: str) -> None:
        """A container's log was removed on purpose: its messages do not count any more, nor again where they come back.

        Part of a transaction. A problem of which it had the only messages that are known is dropped.
        """
        number = self._containers.get(storable(container_id))
        if number is None:
            return
        ask = self.connection.execute
        counted = dict(ask("SELECT problem, count FROM affected WHERE container = ?", (number,)).fetchall())
        query = "SELECT problem, count(*) FROM occurrence WHERE container = ? AND problem != ? GROUP BY problem"
        for problem, count in ask(query, (number, NOTHING)).fetchall():
            counted[problem] = max(count, counted.get(problem, 0))
        for (problem,) in ask("SELECT number FROM problem WHERE ? IN (first_container, last_container)", (number,)):
            counted.setdefault(problem, 0)
        values = (_FOR_EVER, NOTHING, number)
        ask("UPDATE occurrence SET version = ?, problem = ? WHERE container = ?", values)
        ask("DELETE FROM affected WHERE container = ?", (number,))
        left = {problem for problem in counted if self._has_messages(problem)}
        self._drop(counted.keys() - left)
        self._refresh({problem: -counted[problem] for problem in left})

    def _has_messages(self, problem: int) -> bool:
        return self.connection.execute("SELECT 1 FROM occurrence WHERE problem = ?", (problem,)).fetchone() is not None

    def keep(self, name: str, value: int) -> None:
        self.connection.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, value))

    def _kept(self, name: str) -> int:
        row = self.connection.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def _occurrences(self, ids: Sequence[str]) -> dict[str, _Row]:
        known: dict[str, _Row] = {}
        for start in range(0, len(ids), _ASKED_AT_A_TIME):
            part = ids[start : start + _ASKED_AT_A_TIME]
            marks = ",".join("?" * len(part))
            query = f"SELECT id, version, problem, container, time FROM occurrence WHERE id IN ({marks})"
            known.update((name, row) for name, *row in self.connection.execute(query, part))
        return known

    def _number(self, one: Sighting) -> int:
        assert one.problem is not None
        key = one.problem.key
        row = self.connection.execute("SELECT number FROM problem WHERE key = ?", (key,)).fetchone()
        if row is None:
            self.connection.execute("DELETE FROM given_up WHERE key = ?", (key,))
            title, kind = one.problem.title, one.problem.kind
            row = self.connection.execute(
                "INSERT INTO problem(key, title, kind, uid, log_type) VALUES (?, ?, ?, ?, ?) RETURNING number",
                (key, storable(title), storable(kind), storable(one.container.uid), one.log_type),
            ).fetchone()
        return int(row[0])

    def _container(self, context: ContainerContext) -> int:
        name = storable(context.container_id)
        number = self._containers.get(name)
        if number is None:
            values = (context.container_id, context.container_name, context.task_id, context.type, context.uid)
            cursor = self.connection.execute(
                "INSERT INTO container(container_id, container_name, task_id, type, uid) VALUES (?, ?, ?, ?, ?)",
                tuple(map(storable, values)),
            )
            number = self._containers[name] = int(cursor.lastrowid or 0)
        return number

    def _move(self, moved: dict[str, tuple[_Row | None, _Row]], touched: dict[int, int]) -> None:
        """`touched`: problem -> by how many documents its count changes."""
        affected: dict[tuple[int, int], list[int]] = {}
        for before, now in moved.values():
            for row, change in ((before, -1), (now, 1)):
                if row is not None and row[1] != NOTHING:
                    touched[row[1]] = touched.get(row[1], 0) + change
                    entry = affected.setdefault((row[1], row[2]), [0, 0])
                    entry[0] += change
                    entry[1] = max(entry[1], row[3] if change > 0 else 0)
            self._rows += before is None
        self.connection.executemany(
            "INSERT OR REPLACE INTO occurrence VALUES (?, ?, ?, ?, ?)",
            [(name, *now) for name, (_, now) in moved.items()],
        )
        self.connection.executemany(
            "INSERT INTO affected VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET count = count + ?3, last = max(last, ?4)",
            [(*key, *values) for key, values in affected.items()],
        )

    def _refresh(self, touched: dict[int, int]) -> set[int]:
        """Bring the changed problems up to date; gives those of which nothing is left."""
        gone: set[int] = set()
        for number, change in touched.items():
            (count,) = self.connection.execute(
                "UPDATE problem SET count = count + ? WHERE number = ? RETURNING count", (change, number)
            ).fetchone() or (0,)
            if count <= 0:
                gone.add(number)
                self._drop([number])
                continue
            self._place(number)
            self.connection.execute(
                "DELETE FROM affected WHERE problem = ?1 AND (count <= 0 OR container NOT IN "
                "(SELECT container FROM affected WHERE problem = ?1 ORDER BY last DESC LIMIT ?2))",
                (number, _MOST_AFFECTED),
            )
        return gone

    def _place(self, number: int) -> None:
        """First and last, as the documents are that are known; a first one that was forgotten stays."""
        ask = "SELECT time, id, container FROM occurrence WHERE problem = ? ORDER BY time {0}, id {0} LIMIT 1"
        first = self.connection.execute(ask.format("ASC"), (number,)).fetchone()
        last = self.connection.execute(ask.format("DESC"), (number,)).fetchone()
        (old,) = self.connection.execute("SELECT first_time FROM problem WHERE number = ?", (number,)).fetchone()
        self.connection.execute(
            "UPDATE problem SET last_time = ?, last_id = ?, last_container = ?, revision = ? WHERE number = ?",
            (*last, self._revision(), number),
        )
        if not 0 < old < self._horizon:
            self.connection.execute(
                "UPDATE problem SET first_time = ?, first_id = ?, first_container = ? WHERE number = ?",
                (*first, number),
            )

    def _revision(self) -> int:
        """Greater than any before, in this book and in one that was lost."""
        self._last_revision = max(self._last_revision + 1, time.time_ns())
        return self._last_revision

    def _give_up(self) -> None:
        (count,) = self.connection.execute("SELECT count(*) FROM problem").fetchone()
        if count > MOST_PROBLEMS + _SPARE:
            rows = self.connection.execute(
                "SELECT number FROM problem ORDER BY last_time LIMIT ?", (count - MOST_PROBLEMS,)
            )
            self._drop([number for (number,) in rows.fetchall()])

    def _drop(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.connection.execute(
                "INSERT OR IGNORE INTO given_up SELECT key FROM problem WHERE number = ?", (number,)
            )
            self.connection.execute("DELETE FROM problem WHERE number = ?", (number,))
            self.connection.execute("DELETE FROM affected WHERE problem = ?", (number,))
            self.connection.execute("UPDATE occurrence SET problem = ? WHERE problem = ?", (NOTHING, number))
