"""Problems and alerts, put together, with their threads."""

import threading
import time
from collections.abc import Callable, Mapping

from log_shipper.alerting.alerting import Alerting
from log_shipper.alerting.context import StoredContext
from log_shipper.alerting.rounds import AlertRounds
from log_shipper.alerting.rules import NO_ALERTS, AlertRules
from log_shipper.alerting.rules_file import read_alerts
from log_shipper.alerting.sending import Senders
from log_shipper.config import ShipperSettings
from log_shipper.places import book_file
from log_shipper.problems.book import Book
from log_shipper.problems.publishing import Publisher
from log_shipper.problems.tables import open_book
from log_shipper.problems.watch import Watch
from log_shipper.shipper_name import shipper_name
from log_store.problem import ProblemStore, Triage
from log_store.protocols import LogReader
from wholelog_base.settings import SettingsError


class Watching:
    """Errors are counted by `watch` from the beginning; published, and told of, from `start` to `close`.

    Raises BookUnusable.
    """

    def __init__(
        self, settings: ShipperSettings, store: ProblemStore, reader: LogReader, refresh: Callable[[], None],
        count: Callable[[str, int], None],
    ) -> None:  # fmt: skip
        self._settings, self._store = settings, store
        book = Book(open_book(book_file(settings.data)))
        self._said: Mapping[str, Triage] = {}
        self._context = StoredContext(reader, refresh)
        alerting = Alerting(book, self._rules_now(), lambda: self._said, self._context, time.time_ns)
        self.watch = Watch(book, alerting, count)
        self._publisher = Publisher(book, store, shipper_name(settings.data), count, self._look_what_is_said)
        senders = Senders(alerting.outbox, count, time.time_ns)
        self._rounds = AlertRounds(alerting, senders, self._read, count, time.time_ns)
        self._threads = [
            threading.Thread(target=run, name=name, daemon=True)
            for name, run in (("problems", self._publisher.run), ("alerts", self._rounds.run))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def forget(self, container_id: str) -> None:
        """The container's log was removed: nothing that stood in it is left here, nor in the store's problems. Raises LogStoreError."""
        self.watch.forget(container_id)
        self._publisher.publish()

    def reload(self) -> None:
        """The alerts file has changed. Safe in a signal handler."""
        self._rounds.reload()

    def close(self) -> None:
        """What is not published or told yet is at the next start."""
        self._publisher.close()
        self._rounds.close()
        for thread in self._threads:
            thread.join(5)
        self._context.close()

    def _read(self) -> AlertRules:
        return read_alerts(self._settings.alerts) if self._settings.alerts is not None else NO_ALERTS

    def _rules_now(self) -> AlertRules:
        try:
            return self._read()
        except SettingsError:
            return NO_ALERTS  # the rounds say what is wrong with it, and look at it again

    def _look_what_is_said(self) -> None:
        """In the publisher's thread: nobody else waits for a store that is away."""
        if self._settings.alerts is not None:
            self._said = self._store.triages()
