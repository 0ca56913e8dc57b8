"""What is due becomes notices: alerts that begin, go on, and end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

from log_shipper.alerting.notice import About, Notice, Status, about_of
from log_shipper.alerting.noting import FIRING, IDLE, MUTED, WAITING
from log_shipper.alerting.outbox import Outbox
from log_shipper.alerting.rules import AlertRules, Rule
from log_shipper.problems.book import Book
from log_store.problem import Triage

AT_A_TIME: Final = 50  # alerts of one look
_ROWS: Final = """
SELECT rule, subject, state, since, last, told, count, told_count, about, notice FROM alert WHERE due <= ?
ORDER BY due LIMIT ?
"""

Context = Callable[[About], tuple[About, tuple[str, ...]]]
"""What an alert is about -> the same with the message as it is stored, and the messages before it"""
Said = Callable[[], Mapping[str, Triage]]


@dataclass(frozen=True, slots=True)
class Alert:
    """A row of `alert`."""

    rule: str
    subject: str
    state: str
    since: int
    last: int
    told: int
    count: int
    told_count: int
    about: About
    notice: str

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> "Alert":
        return cls(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], about_of(row[8]), row[9])


class Evaluator:
    """Called in one thread. `heard`: when a container wrote last (ns), None where it has ended or is not known."""

    def __init__(
        self, book: Book, outbox: Outbox, said: Said, context: Context, heard: Callable[[str], int | None]
    ) -> None:
        self._book, self._outbox, self._said, self._context, self._heard = book, outbox, said, context, heard

    def tick(self, rules: AlertRules, now: int) -> int:
        """Look at what is due; how many notices came of it."""
        with self._book.lock:
            rows = self._book.connection.execute(_ROWS, (now, AT_A_TIME)).fetchall()
        if not rows:
            return 0
        by_name, said = {rule.name: rule for rule in rules.rules}, self._said()
        made = 0
        for row in rows:
            alert = Alert.of(row)
            rule = by_name.get(alert.rule)
            if rule is None or alert.state == IDLE:
                self._forget(alert)
            else:
                made += self._look(rules, rule, alert, said, now)
        return made

    def heed(self, said: Mapping[str, Triage], now: int) -> None:
        """Alerts of problems of which it was said that they are over are looked at now."""
        with self._book.lock:
            ask = self._book.connection.execute
            for subject, last in ask("SELECT subject, last FROM alert WHERE state = 'firing'").fetchall():
                triage = said.get(subject)
                if triage is not None and triage.state != "open" and triage.at >= last:
                    ask("UPDATE alert SET due = ? WHERE state = 'firing' AND subject = ?", (now, subject))

    def next_due(self) -> int | None:
        with self._book.lock:
            found: int | None = self._book.connection.execute("SELECT min(due) FROM alert").fetchone()[0]
        return found

    def _look(self, rules: AlertRules, rule: Rule, alert: Alert, said: Mapping[str, Triage], now: int) -> int:
        if self._is_over(rule, alert, said.get(alert.subject), now):
            made = 0
            if alert.state == FIRING:
                made = self._tell(rules, rule, alert, "resolved", said, now)
            self._forget(alert)
            return made
        if alert.state == WAITING and not self._is_enough(rule, alert, now):
            self._sleep(alert, now + rule.within)
            return 0
        too_soon = alert.state != WAITING and now < alert.told + rule.every
        if alert.count <= alert.told_count or too_soon:
            self._keep(rule, alert, alert.state, now)
            return 0
        if self._is_muted(rules, rule, alert, said.get(alert.subject), now):
            self._keep(rule, replace(alert, told=now, told_count=alert.count), MUTED, now)
            return 0
        return self._tell(rules, rule, alert, "update" if alert.state == FIRING else "firing", said, now)

    def _is_over(self, rule: Rule, alert: Alert, triage: Triage | None, now: int) -> bool:
        if rule.on == "silence":
            heard = self._heard(alert.subject)
            return heard is None or now - heard < rule.quiet
        if rule.on == "problem":
            query = "SELECT 1 FROM problem WHERE key = ?"
            with self._book.lock:
                there = self._book.connection.execute(query, (alert.subject,)).fetchone()
            if there is None:  # its messages turned out to be of another
                return True
            if triage is not None and alert.state == FIRING and triage.state != "open" and triage.at >= alert.last:
                return True
        return alert.state in (FIRING, MUTED) and now - alert.last >= rule.resolve

    def _is_enough(self, rule: Rule, alert: Alert, now: int) -> bool:
        if rule.count <= 1:
            return True
        if rule.on == "problem":
            query = "SELECT count(*) FROM occurrence JOIN problem ON problem = number WHERE key = ? AND time > ?"
            values: tuple[Any, ...] = (alert.subject, now - rule.within)
        else:
            query = "SELECT count(*) FROM matched WHERE rule = ? AND subject = ? AND time > ?"
            values = (rule.name, alert.subject, now - rule.within)
        with self._book.lock:
            (count,) = self._book.connection.execute(query, values).fetchone()
        return bool(count >= rule.count)

    def _is_muted(self, rules: AlertRules, rule: Rule, alert: Alert, triage: Triage | None, now: int) -> bool:
        if rule.on == "problem" and triage is not None and triage.state == "ignored":
            return True
        return any(mute.fits(rule.name, alert.subject, alert.about.container_name, now) for mute in rules.mutes)

    def _tell(
        self, rules: AlertRules, rule: Rule, alert: Alert, status: Status, said: Mapping[str, Triage], now: int
    ) -> int:
        told, before = (alert.about, ()) if status == "resolved" else self._context(alert.about)
        notice = Notice(
            status, rule.name, alert.subject, told, alert.count, alert.since, alert.last,
            now if status == "resolved" else self._end(rule, alert, now), before, _link(rules.link, rule, told),
            dict(rule.labels), self._repeated(rule, alert, said.get(alert.subject)),
        )  # fmt: skip
        with self._book.transaction():
            for receiver in rule.notify:
                self._outbox.add(receiver, notice, now)
            told_now = replace(alert, told=now, told_count=alert.count, notice=notice.dumped())
            self._keep(rule, told_now, FIRING, now)
        return len(rule.notify)

    def _repeated(self, rule: Rule, alert: Alert, triage: Triage | None) -> str:
        if rule.on != "problem":
            return ""
        with self._book.lock:
            query = "SELECT count FROM problem WHERE key = ?"
            (count,) = self._book.connection.execute(query, (alert.subject,)).fetchone() or (0,)
        if triage is not None and triage.state == "resolved":
            return "regressed"
        return "new" if count <= alert.count else "returned"

    def _end(self, rule: Rule, alert: Alert, now: int) -> int:
        return now + min(rule.resolve, 3600 * 10**9) if rule.on == "silence" else alert.last + rule.resolve

    def _keep(self, rule: Rule, alert: Alert, state: str, now: int) -> None:
        """What came since it was looked at is for the next update."""
        end = self._end(rule, alert, now)
        with self._book.lock:
            self._book.connection.execute(
                "UPDATE alert SET state = ?1, told = ?2, told_count = ?3, notice = ?4, "
                "due = CASE WHEN count > ?3 THEN min(?5, ?6) ELSE ?5 END WHERE rule = ?7 AND subject = ?8",
                (
                    state,
                    alert.told,
                    alert.told_count,
                    alert.notice,
                    end,
                    alert.told + rule.every,
                    alert.rule,
                    alert.subject,
                ),
            )

    def _sleep(self, alert: Alert, until: int) -> None:
        """There are too few yet; if more came since it was looked at, it is looked at again."""
        with self._book.lock:
            self._book.connection.execute(
                "UPDATE alert SET state = ?, due = ? WHERE rule = ? AND subject = ? AND count = ?",
                (IDLE, until, alert.rule, alert.subject, alert.count),
            )

    def _forget(self, alert: Alert) -> None:
        with self._book.lock:
            key = (alert.rule, alert.subject, alert.count)
            self._book.connection.execute("DELETE FROM alert WHERE rule = ? AND subject = ? AND count = ?", key)


def _link(base: str, rule: Rule, told: About) -> str:
    if not base:
        return ""
    if rule.on == "problem":
        return f"{base}/problems/{told.problem}"
    container = quote(told.container_id, safe="")
    if told.id:
        return f"{base}/logs/context?container_id={container}&id={quote(told.id, safe='')}"
    return f"{base}/logs?container_id={container}&tail=100"
