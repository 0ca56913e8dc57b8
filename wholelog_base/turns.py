"""One at a time for each key."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """A lock for each key, which is forgotten when nobody holds or wants it."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[threading.Lock, int]] = {}
        self._guard = threading.Lock()

    @contextmanager
    def of(self, key: str) -> Iterator[None]:
        with self._guard:
            lock, wanted = self._locks.get(key, (threading.Lock(), 0))
            self._locks[key] = (lock, wanted + 1)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, wanted = self._locks.pop(key)
                if wanted > 1:
                    self._locks[key] = (lock, wanted - 1)
