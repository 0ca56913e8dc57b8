"""How often each caller may ask: a bucket that fills at a steady rate, of which each request takes one."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_MOST: Final = 10_000  # callers, above which those are forgotten whose bucket is full again


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Rates:
    """Safe to use from several threads. `rate`: a second; 0: no bound. `burst`: at once after a silence."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, max(1.0, burst), clock
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, uid: str) -> float:
        """0.0, or the seconds after which there is one again."""
        if not self._rate:
            return 0.0
        now = self._clock()
        with self._lock:
            bucket = self._buckets.get(uid)
            if bucket is None:
                self._make_room(now)
                bucket = self._buckets[uid] = _Bucket(self._burst, now)
            bucket.left = min(self._burst, bucket.left + (now - bucket.at) * self._rate)
            bucket.at = now
            if bucket.left >= 1.0:
                bucket.left -= 1.0
                return 0.0
            return (1.0 - bucket.left) / self._rate

    def _make_room(self, now: float) -> None:
        if len(self._buckets) < _MOST:
            return
        full = [uid for uid, one in self._buckets.items() if one.left + (now - one.at) * self._rate >= self._burst]
        for uid in full:
            del self._buckets[uid]
