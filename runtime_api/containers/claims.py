"""Who works on a container: one at a time, and who comes second does something else meanwhile."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Claims:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._lock = threading.Lock()

    def take(self, key: str) -> bool:
        """False where it is taken."""
        with self._lock:
            if key in self._taken:
                return False
            self._taken.add(key)
            return True

    def give(self, key: str) -> None:
        with self._lock:
            self._taken.discard(key)

    @contextmanager
    def of(self, key: str) -> Iterator[None]:
        """Of a key that nobody else knows yet."""
        self.take(key)
        try:
            yield
        finally:
            self.give(key)
