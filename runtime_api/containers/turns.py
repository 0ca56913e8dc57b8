"""One at a time for each key; others with the same key take what the one got."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_SHORT: Final = 1.0  # seconds that a twin waits without asking whether it may


class Twins(Generic[T]):
    """Calls with the same key while the first is under way get its result, or its error.

    Around a long wait they are in the context that `long_wait` gives, which may raise instead.
    """

    def __init__(self, long_wait: Callable[[], AbstractContextManager[object]] = nullcontext) -> None:
        self._long_wait = long_wait
        self._under_way: dict[str, Future[T]] = {}
        self._guard = threading.Lock()

    def run(self, key: str, work: Callable[[], T]) -> T:
        with self._guard:
            first = self._under_way.get(key)
            if first is None:
                future: Future[T] = Future()
                self._under_way[key] = future
        if first is not None:
            return self._result(first)
        try:
            result = work()
        except BaseException as error:
            self._forget(key)
            future.set_exception(error)
            raise
        self._forget(key)
        future.set_result(result)
        return result

    def _result(self, first: Future[T]) -> T:
        if not wait((first,), _SHORT).done:
            with self._long_wait():
                wait((first,))
        return first.result()

    def _forget(self, key: str) -> None:
        with self._guard:
            del self._under_way[key]
