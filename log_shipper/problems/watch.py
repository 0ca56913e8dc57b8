"""Where the stream of documents passes by the book."""

import logging
from collections.abc import Callable, Sequence

from log_shipper.problems.book import Book
from log_shipper.problems.sighting import sightings
from log_store.document import DocumentBatch
from log_store.seal import Seal

log = logging.getLogger(__name__)


class Watch:
    """The processor's `Observer`: counts each batch's errors in one transaction, before the batch goes to the store.

    An error here is logged and counted, and no line waits for it.
    """

    def __init__(self, book: Book, count: Callable[[str, int], None]) -> None:
        self._book, self._count = book, count

    def batch(self, batch: DocumentBatch) -> None:
        try:
            found = sightings(batch, self._book.known())
            if found:
                with self._book.transaction():
                    self._book.take(found)
        except Exception:
            self._count("problem_errors", 1)
            log.exception("the errors of a batch could not be counted")

    def seals(self, seals: Sequence[Seal]) -> None:
        """Nothing yet is made of them."""
