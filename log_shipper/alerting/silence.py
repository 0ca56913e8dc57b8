"""When each container that a rule on silence looks at wrote last."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from log_shipper.alerting.notice import about
from log_shipper.alerting.noting import WAITING, contexts
from log_shipper.alerting.rules import Rule
from log_shipper.problems.book import Book
from log_shipper.problems.tables import storable
from log_store.document import ContainerContext, DocumentBatch

MOST: Final = 10_000  # containers
_MEMBERS: Final = ("container_id", "container_name", "task_id", "type", "uid")


@dataclass(slots=True)
class Heard:
    at: int  # ns, our clock
    container: ContainerContext


class Silence:
    """Safe to use from several threads."""

    def __init__(self, book: Book, now: int) -> None:
        """What was heard before a restart counts as heard now: while we were away nobody listened."""
        self._book, self._lock = book, threading.Lock()
        self._began, self._is_restored = now, False
        with book.lock:
            rows = book.connection.execute("SELECT container_id, about FROM heard").fetchall()
        self._heard = {name: Heard(now, _container(told)) for name, told in rows}
        self._saved = set(self._heard)

    def hear(self, rules: Sequence[Rule], batch: DocumentBatch, now: int) -> None:
        for context in contexts(batch).values():
            known = self._heard.get(context.container_id)
            if known is not None:
                known.at = now
            elif len(self._heard) < MOST and any(rule.fits_container(context) for rule in rules):
                with self._lock:
                    self._heard[context.container_id] = Heard(now, context)

    def ended(self, container_id: str) -> None:
        with self._lock:
            self._heard.pop(container_id, None)

    def last(self, container_id: str) -> int | None:
        """None for one that has ended, or is not known."""
        heard = self._heard.get(container_id)
        return None if heard is None else heard.at

    def tick(self, rules: Sequence[Rule], now: int) -> None:
        """Rows of `alert` for those that are silent for too long."""
        if not self._is_restored:
            self._restore(rules)
        with self._lock:
            heard = dict(self._heard)
        for rule in rules:
            for name, one in heard.items():
                if now - one.at >= rule.quiet and rule.fits_container(one.container):
                    self._alert(rule, name, one, now)
        if heard.keys() != self._saved:
            self._saved = set(heard)
            rows = [(name, one.at, _dumped(one.container)) for name, one in heard.items()]
            with self._book.transaction():
                self._book.connection.execute("DELETE FROM heard")
                self._book.connection.executemany("INSERT INTO heard VALUES (?, ?, ?)", rows)

    def resumed(self, rules: Sequence[Rule], now: int) -> None:
        """Alerts whose container has written again, or ended, are looked at now."""
        names = {rule.name for rule in rules}
        with self._book.lock:
            ask = self._book.connection.execute
            for rule, name, last in ask(
                "SELECT rule, subject, last FROM alert WHERE state IN ('firing', 'muted')"
            ).fetchall():
                heard = self.last(name)
                if rule in names and (heard is None or heard > last):
                    ask("UPDATE alert SET due = ? WHERE rule = ? AND subject = ?", (now, rule, name))

    def _restore(self, rules: Sequence[Rule]) -> None:
        """Of a silence that was told before a restart it is known since when: it goes on until a line comes."""
        names, self._is_restored = {rule.name for rule in rules}, True
        with self._book.lock:
            query = "SELECT rule, subject, last FROM alert WHERE state IN ('firing', 'muted')"
            told = self._book.connection.execute(query).fetchall()
        with self._lock:
            for rule, subject, last in told:
                one = self._heard.get(subject)
                if rule in names and one is not None and one.at == self._began:
                    one.at = last

    def _alert(self, rule: Rule, name: str, one: Heard, now: int) -> None:
        title = f"{one.container.container_name or name[:12]} has written nothing for {rule.quiet // 10**9} s"
        told = about(one.container, title, "warning", "")
        with self._book.lock:
            self._book.connection.execute(
                "INSERT OR IGNORE INTO alert(rule, subject, state, since, last, due, count, about) "
                "VALUES (?, ?, ?, ?, ?, ?, 1, ?)",
                (rule.name, name, WAITING, one.at, one.at, now, told.dumped()),
            )


def _dumped(container: ContainerContext) -> str:
    told = {name: storable(getattr(container, name)) for name in _MEMBERS}
    return orjson.dumps({**told, "labels": container.labels}).decode()


def _container(dumped: str) -> ContainerContext:
    """Of a version before labels, too, which wrote what an alert is about: container, name and task."""
    told = orjson.loads(dumped)
    known = {name: told[name] for name in _MEMBERS if name in told}
    return ContainerContext(**known, labels=tuple(told.get("labels", ())))
