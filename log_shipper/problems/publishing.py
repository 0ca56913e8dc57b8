"""From the book to the log store, where the API reads: what has changed, once a second."""

import logging
import threading
from collections.abc import Callable
from typing import Any, Final

from log_shipper.delivery.backoff import delays
from log_shipper.problems.book import Book
from log_store.errors import LogStoreError
from log_store.problem import MOST_AFFECTED, Affected, Occurrence, Problem, ProblemStore

log = logging.getLogger(__name__)

PAUSE: Final = 1.0  # seconds
_AT_A_TIME: Final = 200
_CHANGED: Final = """
SELECT problem.number, key, title, kind, problem.uid, log_type, count, first_time, first_id, f.container_id, last_time, last_id,
    l.container_id, revision
FROM problem JOIN container f ON f.number = first_container JOIN container l ON l.number = last_container
WHERE revision > ? ORDER BY revision LIMIT ?
"""
_AFFECTED: Final = """
SELECT container_id, container_name, task_id, count, last FROM affected JOIN container ON number = container
WHERE problem = ? AND count > 0 ORDER BY last DESC, number DESC LIMIT ?
"""


class Publisher:
    """`run` until `close`, in a thread of its own; `also` is called every time, and may raise LogStoreError."""

    def __init__(
        self, book: Book, store: ProblemStore, shipper: str, count: Callable[[str, int], None],
        also: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._book, self._store, self._shipper, self._count = book, store, shipper, count
        self._also = also
        self._stop, self._turn = threading.Event(), threading.Lock()

    def run(self) -> None:
        pauses = delays(PAUSE, 30.0)
        while not self._stop.is_set():
            try:
                self.publish()
                self._book.prune()
                self._also()
                pause, pauses = PAUSE, delays(PAUSE, 30.0)
            except LogStoreError as error:
                pause = next(pauses)
                self._count("store_retries", 1)
                log.warning("the store did not take problems, next try in %.1f s: %s", pause, error)
            self._stop.wait(pause)

    def close(self) -> None:
        self._stop.set()

    def publish(self) -> None:
        """All that has changed; in any thread. Raises LogStoreError."""
        with self._turn:  # else what one has read could be written after another has removed it
            self._publish()

    def _publish(self) -> None:
        with self._book.lock:
            gone = [key for (key,) in self._book.connection.execute("SELECT key FROM given_up")]
        if gone:
            self._store.remove_problems(self._shipper, gone)
            with self._book.lock:
                self._book.connection.executemany("DELETE FROM given_up WHERE key = ?", [(key,) for key in gone])
        while problems := self._changed():
            self._store.write_problems(problems)
            with self._book.lock:
                self._book.keep("published", problems[-1].version)

    def _changed(self) -> list[Problem]:
        with self._book.lock:
            ask = self._book.connection.execute
            row = ask("SELECT value FROM kept WHERE name = 'published'").fetchone()
            rows = ask(_CHANGED, (row[0] if row else 0, _AT_A_TIME)).fetchall()
            return [self._problem(row, ask(_AFFECTED, (row[0], MOST_AFFECTED)).fetchall()) for row in rows]

    def _problem(self, row: tuple[Any, ...], affected: list[tuple[Any, ...]]) -> Problem:
        _, key, title, kind, uid, log_type, count, first, first_id, first_container, *rest = row
        last, last_id, last_container, version = rest
        return Problem(
            key, self._shipper, title, kind, uid, log_type, count, Occurrence(first_container, first_id, first),
            Occurrence(last_container, last_id, last), tuple(Affected(*one) for one in affected), version,
        )  # fmt: skip
