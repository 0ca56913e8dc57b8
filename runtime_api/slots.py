"""A bound on how many of a kind there are at a time."""

import threading


class Slots:
    """Safe to use from several threads."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        return self._taken

    def take(self) -> "Slot | None":
        """At once; None where all are taken."""
        with self._lock:
            if self._taken >= self.limit:
                return None
            self._taken += 1
        return Slot(self)

    def give_back(self) -> None:
        with self._lock:
            self._taken -= 1


class Slot:
    """Given back once, however often `release` is called; also by the end of a `with`."""

    def __init__(self, of: Slots) -> None:
        self._of: Slots | None = of

    def release(self) -> None:
        of, self._of = self._of, None
        if of is not None:
            of.give_back()

    def __enter__(self) -> "Slot":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
