"""A bound on how many of a kind there are at a time, and on how many of them one holder has."""

import threading
from collections import Counter


class Slots:
    """Safe to use from several threads.

    No holder has more than half of them, so that none keeps all others out; the holder '' is everybody, and may have all.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._share = max(1, limit // 2)
        self._taken = 0
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        return self._taken

    def take(self, holder: str = "") -> "Slot | None":
        """At once; None where all are taken, or the holder's share is."""
        with self._lock:
            if self._taken >= self.limit or (holder and self._held[holder] >= self._share):
                return None
            self._taken += 1
            self._held[holder] += 1
        return Slot(self, holder)

    def give_back(self, holder: str) -> None:
        with self._lock:
            self._taken -= 1
            self._held[holder] -= 1
            if not self._held[holder]:
                del self._held[holder]


class Slot:
    """Given back once, however often `release` is called; also by the end of a `with`."""

    def __init__(self, of: Slots, holder: str) -> None:
        self._of: Slots | None = of
        self._holder = holder

    def release(self) -> None:
        of, self._of = self._of, None
        if of is not None:
            of.give_back(self._holder)

    def __enter__(self) -> "Slot":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
