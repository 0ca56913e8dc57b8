"""`wholelog alerts test`: what is stored of a time range, against the rules as they are now; nobody is told."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from heapq import merge
from typing import Final

from log_shipper.alerting.alerting import Alerting
from log_shipper.alerting.notice import Notice
from log_shipper.alerting.rules import AlertRules
from log_shipper.problems.book import Book
from log_shipper.problems.sighting import sightings
from log_shipper.problems.tables import book_in_memory
from log_store.document import ContainerContext, DocumentBatch
from log_store.protocols import LogReader
from log_store.query import LogLine, LogQuery
from log_store.rfc3339 import day_name, format_ns, parse_ns
from log_store.seal import Seal
from wholelog.errors import InputProblem

MOST_CONTAINERS: Final = 100  # that a store names at once
_SECOND: Final = 10**9
_MOST_ROWS: Final = 1000

Line = tuple[int, ContainerContext, LogLine]


class Replay:
    """Rules on a clock that what is stored moves."""

    def __init__(self, rules: AlertRules, start: int) -> None:
        self.now = start
        self._rules, self._book = rules, Book(book_in_memory())
        self._alerting = Alerting(self._book, rules, dict, lambda told: (told, ()), lambda: self.now)
        silence = [rule.quiet for rule in rules.of("silence")]
        self._step = max(_SECOND, min(silence) // 10) if silence else 0

    def lines(self, lines: list[Line]) -> None:
        batch = DocumentBatch("replay")
        for time, context, line in lines:
            _append(batch, time, context, line)
        with self._book.transaction():
            self._alerting.take(batch, self._book.take(sightings(batch, ())))

    def seal(self, seal: Seal) -> None:
        self._alerting.sealed([seal])

    def advance(self, to: int) -> Iterator[Notice]:
        """What is told until then."""
        while (due := self._next(to)) is not None:
            self.now = max(self.now, due)
            self._alerting.reached(self.now)
            self._alerting.tick()
            yield from self._told()
        self.now = max(self.now, to)

    def _next(self, to: int) -> int | None:
        due = self._alerting.next_due()
        steps = [one for one in (due, self.now + self._step if self._step else None) if one is not None]
        soonest = min(steps, default=to + 1)
        return soonest if soonest <= to else None

    def _told(self) -> Iterator[Notice]:
        seen: set[tuple[str, str]] = set()
        for receiver in self._rules.receivers:
            while entries := self._alerting.outbox.due(receiver.name, self.now):
                self._alerting.outbox.done(entries)
                for notice in (entry.notice for entry in entries):
                    if (notice.rule, notice.subject) not in seen:
                        seen.add((notice.rule, notice.subject))
                        yield notice


def chosen(rules: AlertRules, name: str) -> AlertRules:
    """Only the rule of this name; all for ''. Raises InputProblem."""
    found = tuple(rule for rule in rules.rules if name in ("", rule.name))
    if not found:
        known = ", ".join(rule.name for rule in rules.rules) or "none"
        raise InputProblem(f"--rule {name!r}: there is no such rule; there are {known}")
    return replace(rules, rules=found)


def would_tell(
    reader: LogReader, rules: AlertRules, times: tuple[int, int], container_id: str, say: Callable[[str], None]
) -> Iterator[Notice]:
    """Notices in the order in which they would have gone out. Raises LogStoreError."""
    start, end = times
    contexts = _contexts(reader, container_id)
    if len(contexts) >= MOST_CONTAINERS:
        say(f"only the {MOST_CONTAINERS} containers of last are looked at: name one with --container")
    if rules.of("failed"):
        say("rules on 'failed' are passed over: exit codes are not stored")
    replay = Replay(rules, start)
    seals = sorted(
        (
            seal
            for one in contexts
            for seal in reader.seals(one.container_id)
            if start <= (seal.finished_at or 0) <= end
        ),
        key=lambda seal: seal.finished_at or 0,
    )
    lines = merge(*(_lines(reader, one, start, end) for one in contexts), key=lambda line: line[0])
    batch: list[Line] = []
    for line in lines:
        if batch and (line[0] - batch[0][0] >= _SECOND or len(batch) >= _MOST_ROWS):
            yield from _step(replay, batch, seals)
            batch = []
        batch.append(line)
    if batch:
        yield from _step(replay, batch, seals)
    yield from _seals(replay, seals, end)
    yield from replay.advance(end)


def _step(replay: Replay, batch: list[Line], seals: list[Seal]) -> Iterator[Notice]:
    yield from _seals(replay, seals, batch[0][0])
    yield from replay.advance(batch[0][0])
    replay.lines(batch)


def _seals(replay: Replay, seals: list[Seal], until: int) -> Iterator[Notice]:
    while seals and (seals[0].finished_at or 0) <= until:
        seal = seals.pop(0)
        yield from replay.advance(seal.finished_at or 0)
        replay.seal(seal)


def told(notice: Notice) -> str:
    """One line."""
    about = notice.about
    where = about.container_name or about.container_id[:12]
    repeated = f", {notice.repeated}" if notice.repeated and notice.status == "firing" else ""
    when = notice.ends_at if notice.status == "resolved" else notice.last
    return f"{format_ns(when)[:23]}Z {notice.status}: {notice.rule}: {about.title} ({notice.count} so far{repeated}) in {where}"


def _contexts(reader: LogReader, container_id: str) -> list[ContainerContext]:
    found = reader.find_containers(container_id)
    contexts: list[ContainerContext] = []
    for one in found:
        seals = reader.seals(one.container_id)
        known = seals[-1].context if seals else ContainerContext("")
        contexts.append(
            replace(
                known,
                container_id=one.container_id,
                container_name=one.container_name,
                task_id=one.task_id,
                uid=one.uid,
            )
        )
    return contexts


def _lines(reader: LogReader, context: ContainerContext, start: int, end: int) -> Iterator[Line]:
    for page in reader.read(LogQuery(context.container_id, start, end)):
        for line in page:
            yield parse_ns(line["log_time"]), context, line


def _append(batch: DocumentBatch, time: int, context: ContainerContext, line: LogLine) -> None:
    for name, value in (
        ("container", context), ("stream", line["stream"]), ("id", line["id"]), ("version", 1), ("day", day_name(time)),
        ("log_time", time), ("order_time", time), ("ordinal", 0), ("seq", len(batch)), ("log_type", line["log_type"]),
        ("log_type_by", line["log_type_by"]), ("message", line["log_message"]), ("lines", line["lines"]),
        ("last_time", time),
    ):  # fmt: skip
        getattr(batch, name).append(value)
