"""Looks at what the API depends on when its figures are asked for, without making who asks wait."""

import threading
import time
from collections.abc import Sequence

from runtime_api.counters import Counters
from runtime_api.readiness import Dependency


class Probes:
    """Safe to use from several threads; at most one of its own runs."""

    def __init__(self, dependencies: Sequence[Dependency], counters: Counters) -> None:
        self._dependencies, self._counters = dependencies, counters
        self._looking = threading.Lock()

    def nudge(self) -> None:
        """Look now, in the background, unless that is under way."""
        if self._looking.acquire(blocking=False):
            threading.Thread(target=self._look, name="probes", daemon=True).start()

    def _look(self) -> None:
        try:
            for dependency in self._dependencies:
                began = time.monotonic()
                found = dependency.look()
                self._counters.looked(dependency.name, found.ready, time.monotonic() - began)
        finally:
            self._looking.release()
