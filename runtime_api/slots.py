"""A bound on how many long answers there are at a time."""

import threading


class Slots:
    """Safe to use from several threads."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._free = threading.BoundedSemaphore(limit)

    def take(self) -> "Slot | None":
        """At once; None where all are taken."""
        return Slot(self._free) if self._free.acquire(blocking=False) else None


class Slot:
    """Given back once, however often `release` is called."""

    def __init__(self, free: threading.BoundedSemaphore) -> None:
        self._free: threading.BoundedSemaphore | None = free

    def release(self) -> None:
        free, self._free = self._free, None
        if free is not None:
            free.release()
