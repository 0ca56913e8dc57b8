"""What passes by becomes rows of `alert`: in the very transaction in which it is counted, so that nothing counts twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from log_shipper.alerting.notice import About, about, about_of, about_sighting, before
from log_shipper.alerting.rules import Rule
from log_shipper.problems.book import Book, Met
from log_shipper.problems.tables import storable
from log_store.document import ContainerContext, DocumentBatch

SETTLE: Final = 10**9  # ns; a message of several lines may still grow
MOST_ALERTS: Final = 5000  # rows; beyond, those that sleep longest go
WAITING, IDLE, FIRING, MUTED = "waiting", "idle", "firing", "muted"


@dataclass(slots=True)
class Hit:
    """Matches of one rule and one subject in one batch: how many, and the first."""

    rule: Rule
    subject: str
    count: int
    about: About


class Noting:
    """Each call is part of a transaction of the book."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def met(self, rules: Iterable[Rule], met: Sequence[Met], batch: DocumentBatch, now: int) -> None:
        """Of rules on problems."""
        hits: dict[tuple[str, str], Hit] = {}
        for rule in rules:
            for one in met:
                seen = one.sighting
                if seen.problem is None or seen.time < now - rule.max_age:
                    continue
                if rule.fits(seen.container, seen.log_type, seen.message):
                    key = (rule.name, seen.problem.key)
                    if key in hits:
                        hits[key].count += 1
                    else:
                        told = about_sighting(seen, seen.problem.title, seen.problem.key, batch)
                        hits[key] = Hit(rule, seen.problem.key, 1, told)
        self._write(hits.values(), now)

    def lines(self, rules: Iterable[Rule], batch: DocumentBatch, now: int) -> None:
        """Of rules on lines. A line counts once for a rule, whatever its versions."""
        hits: dict[tuple[str, str], Hit] = {}
        for rule in rules:
            for row in _candidates(rule, batch):
                context, message, time = batch.container[row], batch.message[row], batch.log_time[row]
                if time < now - rule.max_age or not rule.fits(context, batch.log_type[row], message):
                    continue
                subject = storable(context.container_id)
                if self._is_new(batch.id[row], rule.name, subject, time):
                    key = (rule.name, subject)
                    if key in hits:
                        hits[key].count += 1
                    else:
                        title = f"{rule.name}: {message.strip().partition(chr(10))[0][:160]}"
                        told = about(context, title, batch.log_type[row], message, batch.id[row], time)
                        told = replace(told, before=before(batch, row))
                        hits[key] = Hit(rule, subject, 1, told)
        self._write(hits.values(), now)

    def happened(self, rule: Rule, name: str, told: About, now: int) -> None:
        """Of a container as a whole. `name`: what it is that happened, for ever the same: once."""
        if self._is_new(name, rule.name, told.container_id, now):
            self._write([Hit(rule, told.container_id, 1, told)], now)

    def _is_new(self, name: str, rule: str, subject: str, time: int) -> bool:
        query = "INSERT OR IGNORE INTO matched VALUES (?, ?, ?, ?)"
        return self._book.connection.execute(query, (name, rule, subject, time)).rowcount > 0

    def _write(self, hits: Iterable[Hit], now: int) -> None:
        ask = self._book.connection.execute
        for hit in hits:
            key = (hit.rule.name, hit.subject)
            row = ask("SELECT state, about, told FROM alert WHERE rule = ? AND subject = ?", key).fetchone()
            if row is None:
                ask(
                    "INSERT INTO alert(rule, subject, state, since, last, due, count, about) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (*key, WAITING, now, now, now + SETTLE, hit.count, hit.about.dumped()),
                )
                continue
            state, due, told = _next(row[0], row[1], row[2], hit, now)
            ask(
                "UPDATE alert SET since = CASE WHEN state = 'idle' THEN ?4 ELSE since END, state = ?1, "
                "due = coalesce(?2, due), about = ?3, last = ?4, count = count + ?5 WHERE rule = ?6 AND subject = ?7",
                (state, due, told, now, hit.count, *key),
            )


def _next(state: str, known: str, told: int, hit: Hit, now: int) -> tuple[str, int | None, str]:
    """State, due (None: as it was) and about of an alert that has been there."""
    if state == IDLE:
        return WAITING, now + SETTLE, hit.about.dumped()
    if state == WAITING:  # the message that caused it stays, as it has grown
        grown = bool(hit.about.id) and about_of(known).id == hit.about.id
        return (WAITING, now + SETTLE, hit.about.dumped()) if grown else (WAITING, None, known)
    return state, min(told + hit.rule.every, now + hit.rule.resolve), hit.about.dumped()


def _candidates(rule: Rule, batch: DocumentBatch) -> Sequence[int]:
    if rule.types.isdisjoint(batch.log_type):
        return ()
    return [row for row, log_type in enumerate(batch.log_type) if log_type in rule.types]


def contexts(batch: DocumentBatch) -> dict[int, ContainerContext]:
    """The containers of a batch, each once."""
    return {id(context): context for context in batch.container}
