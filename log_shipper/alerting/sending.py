"""From the outbox to the receivers: a thread for each, so that none waits for another that is away."""

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Final

from log_shipper.alerting.outbox import Outbox
from log_shipper.alerting.receivers import Tell, teller_of
from log_shipper.alerting.rules import AlertRules, Receiver
from log_shipper.delivery.backoff import delays
from log_shipper.errors import NotTold

log = logging.getLogger(__name__)

LOOK: Final = 0.2  # seconds between looks at the outbox
REPEAT: Final = 60.0  # seconds; Alertmanager forgets alerts that are not told again, and all when it restarts
SLOWEST: Final = 16.0  # seconds that one delivery may take
_FIRST, _LONGEST = 0.5, 60.0  # seconds before another try


class Sender:
    """`run` until `close`. `rules`: names of those whose alerts go to this receiver."""

    def __init__(
        self, receiver: Receiver, rules: tuple[str, ...], outbox: Outbox, count: Callable[[str, int], None],
        clock: Callable[[], int], tell: Tell | None = None,
    ) -> None:  # fmt: skip
        self.receiver, self.rules = receiver, rules
        self._outbox, self._count, self._clock = outbox, count, clock
        self._tell = tell or teller_of(receiver)
        self._pauses: Iterator[float] = delays(_FIRST, _LONGEST)
        self._told_at = clock()
        self._stop = threading.Event()

    def run(self) -> None:
        while not self._stop.wait(LOOK):
            try:
                self.send()
            except Exception:  # a thread that dies would be an alert that nobody hears
                self._count("alerts_failed", 1)
                log.exception("alerts could not be sent to %s", self.receiver.name)
                self._stop.wait(_LONGEST)

    def close(self) -> None:
        self._stop.set()

    def send(self) -> None:
        """What is due, once."""
        now = self._clock()
        entries = self._outbox.due(self.receiver.name, now)
        if not entries:
            if self.receiver.kind == "alertmanager" and now - self._told_at >= REPEAT * 1e9:
                self._repeat(now)
            return
        try:
            self._tell([entry.notice for entry in entries])
        except NotTold as error:
            pause = next(self._pauses)
            self._count("alerts_retried", len(entries))
            if error.final and entries[0].tries >= 3:
                self._outbox.done(entries)
                self._count("alerts_lost", len(entries))
                log.error("%d alerts for %s are given up: %s", len(entries), self.receiver.name, error)
                return
            self._outbox.failed(entries, now + int(pause * 1e9))
            log.warning("%s was not told of %d alerts, next try in %.1f s: %s",
                        self.receiver.name, len(entries), pause, error)  # fmt: skip
            return
        self._outbox.done(entries)
        self._pauses, self._told_at = delays(_FIRST, _LONGEST), now
        self._count("alerts_sent", len(entries))

    def _repeat(self, now: int) -> None:
        firing = self._outbox.firing(self.rules)
        self._told_at = now
        if firing:
            try:
                self._tell(firing)
            except NotTold as error:
                log.warning("%s was not told that %d alerts go on: %s", self.receiver.name, len(firing), error)


class Senders:
    """A thread for each receiver that the rules name."""

    def __init__(self, outbox: Outbox, count: Callable[[str, int], None], clock: Callable[[], int]) -> None:
        self._outbox, self._count, self._clock = outbox, count, clock
        self._running: dict[str, tuple[Sender, threading.Thread]] = {}

    def use(self, rules: AlertRules) -> None:
        """From now on these receivers."""
        self.close()
        for receiver in rules.receivers:
            named = tuple(rule.name for rule in rules.rules if receiver.name in rule.notify)
            sender = Sender(receiver, named, self._outbox, self._count, self._clock)
            thread = threading.Thread(target=sender.run, name=f"alerts to {receiver.name}", daemon=True)
            self._running[receiver.name] = (sender, thread)
            thread.start()

    def close(self) -> None:
        """What is on its way may go out once more at the next start, if its answer has not come."""
        for sender, _ in self._running.values():
            sender.close()
        for _, thread in self._running.values():
            thread.join(SLOWEST)
        self._running.clear()
