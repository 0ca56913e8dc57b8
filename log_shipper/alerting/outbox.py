"""Notices on their way, in the book: they outlive a restart, and a receiver that is away."""

from dataclasses import dataclass
from typing import Final

from log_shipper.alerting.notice import Notice, notice_of
from log_shipper.problems.book import Book

MOST_AT_ONCE: Final = 100  # notices in one message to a receiver
KEPT: Final = 24 * 3600 * 10**9  # ns; a notice that could not be delivered for so long is given up
MOST_KEPT: Final = 10_000  # of one receiver


@dataclass(frozen=True, slots=True)
class Entry:
    number: int
    notice: Notice
    tries: int
    dumped: str


class Outbox:
    """Each call takes the book's lock."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def add(self, receiver: str, notice: Notice, now: int) -> None:
        """An update of what has not gone out yet takes its place."""
        alert, ask = f"{notice.rule}|{notice.subject}", self._book.connection.execute
        with self._book.lock:
            if notice.status == "update":
                waiting = ask(
                    "SELECT number, status, notice FROM outbox WHERE notifier = ? AND alert = ? AND status != 'resolved' "
                    "ORDER BY number DESC LIMIT 1",
                    (receiver, alert),
                ).fetchone()
                if waiting:
                    newer = notice.dumped().replace('"status":"update"', f'"status":"{waiting[1]}"', 1)
                    ask("UPDATE outbox SET notice = ? WHERE number = ?", (newer, waiting[0]))
                    return
            ask(
                "INSERT INTO outbox(notifier, alert, status, notice, made, next_try) VALUES (?, ?, ?, ?, ?, ?)",
                (receiver, alert, notice.status, notice.dumped(), now, now),
            )

    def due(self, receiver: str, now: int) -> list[Entry]:
        """In the order in which they were made; none while the first of them waits for its next try."""
        with self._book.lock:
            rows = self._book.connection.execute(
                "SELECT number, notice, tries, next_try FROM outbox WHERE notifier = ? ORDER BY number LIMIT ?",
                (receiver, MOST_AT_ONCE),
            ).fetchall()
        if not rows or rows[0][3] > now:
            return []
        return [Entry(number, notice_of(told), tries, told) for number, told, tries, _ in rows]

    def done(self, entries: list[Entry]) -> None:
        """Delivered; one that has been updated meanwhile goes out again as what it is now."""
        rows = [(entry.number, entry.dumped) for entry in entries]
        with self._book.lock:
            many = self._book.connection.executemany
            many("DELETE FROM outbox WHERE number = ? AND notice = ?", rows)
            many(
                'UPDATE outbox SET status = \'update\', notice = replace(notice, \'"status":"firing"\', \'"status":"update"\') '
                "WHERE number = ?",
                [(number,) for number, _ in rows],
            )

    def failed(self, entries: list[Entry], next_try: int) -> None:
        with self._book.lock:
            self._book.connection.executemany(
                "UPDATE outbox SET tries = tries + 1, next_try = ? WHERE number = ?",
                [(next_try, entry.number) for entry in entries],
            )

    def give_up(self, receivers: list[str], now: int) -> int:
        """What is too old, too much, or for a receiver that is no more; how many."""
        marks = ",".join("?" * len(receivers))
        with self._book.lock:
            ask = self._book.connection.execute
            gone = ask(
                f"DELETE FROM outbox WHERE made < ? OR notifier NOT IN ({marks})", (now - KEPT, *receivers)
            ).rowcount
            for receiver in receivers:
                gone += ask(
                    "DELETE FROM outbox WHERE notifier = ?1 AND number <= "
                    "(SELECT number FROM outbox WHERE notifier = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)",
                    (receiver, MOST_KEPT),
                ).rowcount
        return gone

    def firing(self, rules: tuple[str, ...]) -> list[Notice]:
        """The last notice of each alert of these rules that goes on."""
        marks = ",".join("?" * len(rules))
        with self._book.lock:
            query = f"SELECT notice FROM alert WHERE state = 'firing' AND notice != '' AND rule IN ({marks})"
            return [notice_of(told) for (told,) in self._book.connection.execute(query, rules)]
