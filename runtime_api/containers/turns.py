"""One at a time for each key; others with the same key wait, or take what the one got."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


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


class Twins(Generic[T]):
    """Calls with the same key while the first is under way get its result, or its error."""

    def __init__(self) -> None:
        self._flights: dict[str, tuple[str, Future[T]]] = {}
        self._guard = threading.Lock()

    def run(self, key: str, fingerprint: str, work: Callable[[], T]) -> tuple[T | None, str]:
        """What `work` returned, and the fingerprint of the call that did it: None and that, where it is another one."""
        with self._guard:
            flight = self._flights.get(key)
            if flight is None:
                future: Future[T] = Future()
                self._flights[key] = (fingerprint, future)
        if flight is not None:
            first, running = flight
            return (running.result() if first == fingerprint else None), first
        try:
            result = work()
        except BaseException as error:
            self._land(key)
            future.set_exception(error)
            raise
        self._land(key)
        future.set_result(result)
        return result, fingerprint

    def _land(self, key: str) -> None:
        with self._guard:
            del self._flights[key]
