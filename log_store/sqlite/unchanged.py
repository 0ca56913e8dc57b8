"""Partitions that need not be opened again: who follows a container asks several times a second, and there may be a
file for each day of a year."""

import threading
import time
from typing import Final

from log_store.sqlite.day import Day
from log_store.sqlite.folder import SqliteFolder
from log_store.sqlite.order import Row

_SURE_AFTER: Final = 100_000_000  # ns; files written twice within less may look as if they were written once
_MOST: Final = 10_000  # answers that are remembered


class Unchanged:
    """Remembers where nothing was found. Safe to use from several threads."""

    def __init__(self, folder: SqliteFolder) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str, str], tuple[tuple[int, ...], int, int]] = {}

    def since(self, day: Day, name: str, shipper: str, after: int, until: int, most: int) -> tuple[list[Row], int]:
        """See `arrivals.since`."""
        key = (name, day.container_id, shipper)
        asked_at = time.time_ns()
        state = self._folder.state(name)
        known = self._known.get(key)
        if known is not None and known[0] == state and known[1] <= after <= until <= known[2]:
            return [], until + 1
        rows, end = day.since(shipper, after, until, most)
        if not rows and end > until and max(state[2::3], default=0) < asked_at - _SURE_AFTER:
            with self._lock:
                if len(self._known) >= _MOST:
                    self._known.clear()
                self._known[key] = (state, after, until)
        return rows, end
