"""Problems, put together, with their thread."""

import threading
from collections.abc import Callable

from log_shipper.config import ShipperSettings
from log_shipper.places import book_file
from log_shipper.problems.book import Book
from log_shipper.problems.publishing import Publisher
from log_shipper.problems.tables import open_book
from log_shipper.problems.watch import Watch
from log_shipper.shipper_name import shipper_name
from log_store.problem import ProblemStore


class Watching:
    """Errors are counted by `watch` from the beginning, and published from `start` to `close`. Raises BookUnusable."""

    def __init__(self, settings: ShipperSettings, store: ProblemStore, count: Callable[[str, int], None]) -> None:
        self._connection = open_book(book_file(settings.data))
        book = Book(self._connection)
        self.watch = Watch(book, count)
        self._publisher = Publisher(book, store, shipper_name(settings.data), count)
        self._thread = threading.Thread(target=self._publisher.run, name="problems", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """What is not published yet is at the next start."""
        self._publisher.close()
        self._thread.join(5)
