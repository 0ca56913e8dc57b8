"""The lines of several followed logs as they come."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence

from wholelog.client.blocking import Lines
from wholelog.client.models import Line

_MOST = 1000  # lines that wait to be shown; then their readers wait


class Together(Iterator[tuple[Line, int]]):
    """Each line with the number of its log. Ends when all have ended; raises the first error of any."""

    def __init__(self, reads: Sequence[Lines] = ()) -> None:
        self._found: queue.Queue[tuple[Line, int] | BaseException | None] = queue.Queue(_MOST)
        self._open = 0
        self._lock = threading.Lock()
        for number, read in enumerate(reads):
            self.add(read, number)

    def add(self, read: Lines, number: int) -> None:
        """One more log; from any thread."""

        def take() -> None:
            for line in read:
                self._found.put((line, number))

        self.beside(take)

    def beside(self, work: Callable[[], None]) -> None:
        """Do this as well; the end waits for it."""
        with self._lock:
            self._open += 1
        # A daemon: an interrupted command does not wait for what may never come.
        threading.Thread(target=self._run, args=(work,), daemon=True).start()

    def __next__(self) -> tuple[Line, int]:
        while self._open:
            found = self._found.get()
            if found is None:
                with self._lock:
                    self._open -= 1
            elif isinstance(found, BaseException):
                raise found
            else:
                return found
        raise StopIteration

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
            self._found.put(None)
        except BaseException as error:
            self._found.put(error)
