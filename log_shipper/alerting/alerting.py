"""Alerts, from what passes by to what is in the outbox."""

import threading
from collections.abc import Callable, Mapping, Sequence

from log_shipper.alerting.evaluating import Context, Evaluator
from log_shipper.alerting.forgetting import forget
from log_shipper.alerting.notice import about
from log_shipper.alerting.noting import Noting
from log_shipper.alerting.outbox import Outbox
from log_shipper.alerting.rules import AlertRules
from log_shipper.alerting.silence import Silence
from log_shipper.problems.book import Book, Met
from log_store.document import ContainerContext, DocumentBatch
from log_store.problem import Triage
from log_store.seal import Seal

STOPPED = (137, 143)  # exit codes of a container that was told to end: by SIGKILL and by SIGTERM


class Alerting:
    """`take` and `happened` are called as things pass by, `tick` in a thread of its own."""

    def __init__(
        self, book: Book, rules: AlertRules, said: Callable[[], Mapping[str, Triage]], context: Context,
        clock: Callable[[], int],
    ) -> None:  # fmt: skip
        self.rules, self.outbox, self.made = rules, Outbox(book), threading.Event()
        self._book, self._clock, self._said = book, clock, said
        self._reached = clock()
        self._noting, self._silence = Noting(book), Silence(book, self._reached)
        self._evaluator = Evaluator(book, self.outbox, said, context, self._silence.last)

    def use(self, rules: AlertRules) -> None:
        """From now on these; what fires by a rule that is still there goes on."""
        self.rules = rules
        with self._book.lock:
            query = "UPDATE alert SET due = ? WHERE state IN ('firing', 'muted')"
            self._book.connection.execute(query, (self._clock(),))

    def looks_at(self, batch: DocumentBatch) -> bool:
        """Whether any rule has to see the batch beside its errors."""
        return any(rule.on in ("lines", "silence") for rule in self.rules.rules) and len(batch) > 0

    def take(self, batch: DocumentBatch, met: Sequence[Met]) -> None:
        """Part of the transaction in which the batch's errors are counted."""
        rules, now = self.rules, self._clock()
        if met:
            self._noting.met(rules.of("problem"), met, batch, now)
        if lines := rules.of("lines"):
            self._noting.lines(lines, batch, now)
        if silence := rules.of("silence"):
            self._silence.hear(silence, batch, now)

    def sealed(self, seals: Sequence[Seal]) -> None:
        """Statements of containers' logs: gaps in them, and the ends of runs."""
        for seal in seals:
            context = seal.context
            if seal.state != "open":
                self._silence.ended(seal.container_id)
            if not seal.started_at or not (seal.gaps or seal.state == "unverified"):
                continue
            why = "; ".join(gap.why for gap in seal.gaps[:3]) or seal.reason
            name = seal.container_name or seal.container_id[:12]
            told = about(context, f"the log of {name} is not whole: {why}"[:300], "error", why)
            with self._book.transaction():
                for rule in self.rules.of("gap"):
                    if rule.fits_container(context):
                        key = f"gap:{seal.container_id}:{seal.started_at}:{len(seal.gaps)}:{seal.state}"
                        self._noting.happened(rule, key, told, self._clock())

    def ended(self, context: ContainerContext, started_at: int, code: int, out_of_memory: bool) -> None:
        """A run of a container has ended."""
        self._silence.ended(context.container_id)
        if not out_of_memory and (code == 0 or code in STOPPED):
            return
        name = context.container_name or context.container_id[:12]
        why = "it ran out of memory" if out_of_memory else f"exit code {code}"
        told = about(context, f"{name} failed: {why}", "error", why)
        with self._book.transaction():
            for rule in self.rules.of("failed"):
                if rule.fits_container(context):
                    key = f"failed:{context.container_id}:{started_at}"
                    self._noting.happened(rule, key, told, self._clock())

    def reached(self, time: int) -> None:
        """All that was received until then (ns) has passed by."""
        self._reached = time

    def tick(self) -> int:
        """Look at what is due; how many notices came of it."""
        rules, now = self.rules, self._clock()
        if silence := rules.of("silence"):
            # What has not passed by is no silence: a store that is away holds up the stream.
            self._silence.tick(silence, min(now, self._reached))
            self._silence.resumed(silence, now)
        made = self._evaluator.tick(rules, now)
        if made:
            self.made.set()
        return made

    def heed(self) -> None:
        """What people have said of problems since."""
        self._evaluator.heed(self._said(), self._clock())

    def forget(self, container_id: str) -> None:
        """Part of a transaction: its log was removed."""
        forget(self._book, container_id)

    def tidy(self) -> None:
        """Forget which lines matched more than two days, or the longest window, ago."""
        now = self._clock()
        longest = max([rule.within + rule.max_age for rule in self.rules.rules], default=0)
        with self._book.lock:
            before = now - max(2 * 86_400 * 10**9, longest)
            self._book.connection.execute("DELETE FROM matched WHERE time < ?", (before,))

    def next_due(self) -> int | None:
        return self._evaluator.next_due()
