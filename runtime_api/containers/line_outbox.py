"""What the service has to say of tasks, until the shipper has it: rows beside the tasks'.

Each is written in the transaction of what it speaks of, so that neither is there without the other after a crash.
"""

import sqlite3
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from runtime_api.containers.task_file import TaskFile
from wholelog_base.own_lines import OwnLine, worded

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Said:
    """`log_type`: info, warning or error."""

    text: str
    log_type: str = "info"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Lines of one container, in the order in which they were said. `chunk`: the same each time they are sent."""

    chunk: str
    container_id: str
    lines: tuple[OwnLine, ...]


def put(file: TaskFile, db: sqlite3.Connection, container_id: str, said: Said) -> None:
    """As part of a transaction. Never the same time twice: one that is said again is another line."""
    file.tells()
    db.execute(
        "INSERT INTO own_lines (container_id, time, text)"
        " VALUES (?, max(?, coalesce((SELECT time FROM own_lines ORDER BY number DESC LIMIT 1) + 1, 0)), ?)",
        (container_id, file.now(), worded(said.text, said.log_type)),
    )


class LineOutbox:
    """For the one thread that sends. Every call raises RuntimeApiError where the file fails."""

    def __init__(self, file: TaskFile, most: int) -> None:
        """`most`: lines that wait; beyond, the oldest go."""
        self._file, self._most = file, most

    def trim(self) -> int:
        """How many had to go."""
        with self._file.transaction() as db:
            query = "DELETE FROM own_lines WHERE number <= (SELECT max(number) FROM own_lines) - ?"
            lost: int = db.execute(query, (self._most,)).rowcount
            return lost

    def next(self, new_chunk: str) -> Outgoing | None:
        """The first that wait, with the chunk of an earlier try, else `new_chunk`; None where none do."""
        with self._file.transaction() as db:
            rows = db.execute(
                "SELECT number, container_id, time, text, chunk FROM own_lines ORDER BY number LIMIT ?", (_AT_ONCE,)
            ).fetchall()
            if not rows:
                return None
            first = rows[0]
            same = list(takewhile(lambda row: (row[1], row[4]) == (first[1], first[4]), rows))
            chunk = first[4] or new_chunk
            db.execute("UPDATE own_lines SET chunk = ? WHERE number BETWEEN ? AND ?", (chunk, first[0], same[-1][0]))
            return Outgoing(chunk, first[1], tuple(OwnLine(row[2], row[3]) for row in same))

    def done(self, outgoing: Outgoing) -> None:
        """The shipper has them, or nobody wants them."""
        with self._file.transaction() as db:
            db.execute("DELETE FROM own_lines WHERE chunk = ?", (outgoing.chunk,))

    def count(self) -> int:
        with self._file.transaction() as db:
            found: int = db.execute("SELECT count(*) FROM own_lines").fetchone()[0]
            return found
