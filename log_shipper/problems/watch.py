"""Where the stream of documents passes by the book, and the alerts."""

import logging
from collections.abc import Callable, Sequence

from log_shipper.alerting.alerting import Alerting
from log_shipper.audit.docker_copy import Facts
from log_shipper.problems.book import Book
from log_shipper.problems.sighting import sightings
from log_store.document import DocumentBatch
from log_store.seal import Seal

log = logging.getLogger(__name__)


class Watch:
    """The processor's `Observer`: counts each batch's errors in one transaction, before the batch goes to the store.

    An error here is logged and counted, and no line waits for it.
    """

    def __init__(self, book: Book, alerting: Alerting, count: Callable[[str, int], None]) -> None:
        self._book, self._alerting, self._count = book, alerting, count

    def batch(self, batch: DocumentBatch) -> None:
        try:
            found = sightings(batch, self._book.known())
            if found or self._alerting.looks_at(batch):
                with self._book.transaction():
                    self._alerting.take(batch, self._book.take(found))
        except Exception:
            self._failed("the errors of a batch could not be counted")

    def seals(self, seals: Sequence[Seal]) -> None:
        try:
            self._alerting.sealed(seals)
        except Exception:
            self._failed("seals could not be looked at")

    def reached(self, time: int) -> None:
        self._alerting.reached(time)

    def ended(self, facts: Facts) -> None:
        """A run has ended, as the engine says."""
        try:
            self._alerting.ended(facts.context, facts.started_at, facts.exit_code, facts.out_of_memory)
        except Exception:
            self._failed("the end of a container could not be looked at")

    def forget(self, container_id: str) -> None:
        """Its log was removed. Raises sqlite3.Error."""
        with self._book.transaction():
            self._book.forget(container_id)
            self._alerting.forget(container_id)

    def _failed(self, what: str) -> None:
        self._count("problem_errors", 1)
        log.exception(what)
