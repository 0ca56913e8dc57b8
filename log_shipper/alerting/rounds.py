"""The thread in which alerts are evaluated."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from log_shipper.alerting.alerting import Alerting
from log_shipper.alerting.rules import AlertRules
from log_shipper.alerting.sending import Senders
from wholelog_base.settings import SettingsError

log = logging.getLogger(__name__)

LOOK: Final = 0.2  # seconds
HEED_EVERY: Final = 25  # looks
TIDY_EVERY: Final = 3000  # looks


class AlertRounds:
    """`run` until `close`. `read`: the rules as they are now; raises SettingsError."""

    def __init__(
        self, alerting: Alerting, senders: Senders, read: Callable[[], AlertRules], count: Callable[[str, int], None],
        clock: Callable[[], int],
    ) -> None:  # fmt: skip
        self._alerting, self._senders, self._read, self._count, self._clock = alerting, senders, read, count, clock
        self._stop, self._reload = threading.Event(), threading.Event()
        self._ready = False  # the file has not been read yet

    def run(self) -> None:
        """A file that does not fit at the start is looked at again until it does: lines are shipped all the same."""
        looks = 0
        while not self._stop.wait(LOOK):
            try:
                self._look(looks)
            except Exception:  # an error in one alert must not end all others
                self._count("alerts_failed", 1)
                log.exception("alerts could not be evaluated")
            looks += 1
        self._senders.close()

    def reload(self) -> None:
        """Safe in a signal handler."""
        self._reload.set()

    def close(self) -> None:
        self._stop.set()

    def _look(self, looks: int) -> None:
        if self._reload.is_set() or (not self._ready and looks % HEED_EVERY == 0):
            self._reload.clear()
            self._use()
        if not self._ready:
            return
        self._alerting.tick()
        if looks % HEED_EVERY == 0:
            self._alerting.heed()
        if looks % TIDY_EVERY == 0:
            self._alerting.tidy()
            names = [receiver.name for receiver in self._alerting.rules.receivers]
            lost = self._alerting.outbox.give_up(names, self._clock())
            if lost:
                self._count("alerts_lost", lost)
                log.error(
                    "%d notices of alerts are given up: too old, too many, or for a receiver that is no more", lost
                )

    def _use(self) -> None:
        try:
            rules = self._read()
        except SettingsError as error:
            log.error("the alerts file is not taken, and the rules stay as they were: %s", "; ".join(error.problems))
            return
        self._alerting.use(rules)
        self._senders.use(rules)
        if self._ready:
            log.info("the alerts file was read again: %d rules, %d receivers", len(rules.rules), len(rules.receivers))
        self._ready = True
