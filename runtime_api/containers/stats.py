"""Figures of running containers that are ready when they are asked for."""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from runtime_api.containers.usage import NO_MEMORY, UNKNOWN_MEMORY, Usage, cpu_percent, memory_text
from runtime_api.errors import RuntimeApiError

log = logging.getLogger(__name__)

Running = Callable[[], Iterable[str]]
"""Full ids of the containers that run. May raise RuntimeApiError."""
Source = Callable[[str], Usage | None]
"""Full id -> what the container uses now; None where that cannot be told. May raise RuntimeApiError."""


@dataclass(frozen=True, slots=True)
class _Looks:
    before: Usage | None
    now: Usage


class Stats:
    """One thread looks at every watched container each `interval` seconds, as `docker stats` does.

    `quick` answers at once and is asked first, also by `figures` for a container that was not looked at yet; `slow`
    (the engine's own statistics) is asked, by the thread only, for those of which `quick` knows nothing.
    """

    def __init__(self, running: Running, quick: Source, slow: Source, interval: float = 1.0) -> None:
        self._running, self._quick, self._slow, self._interval = running, quick, slow, interval
        self._looks: dict[str, _Looks] = {}
        self._watched: set[str] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="stats", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)

    def watch(self, container_id: str) -> None:
        with self._lock:
            self._watched.add(container_id)

    def keep(self, running: Iterable[str]) -> None:
        """Watch these and forget all others."""
        with self._lock:
            self._watched = set(running)
            self._looks = {key: looks for key, looks in self._looks.items() if key in self._watched}

    def forget(self, container_id: str) -> None:
        with self._lock:
            self._watched.discard(container_id)
            self._looks.pop(container_id, None)

    def figures(self, container_id: str, *, running: bool) -> tuple[float, str]:
        """Percent of one CPU over the last interval, and memory, both as `docker stats` shows them.

        Raises RuntimeApiError where `quick` does.
        """
        if not running:
            return 0.0, NO_MEMORY
        looks = self._looks.get(container_id) or self._look(container_id, self._quick)
        if looks is None:
            return 0.0, UNKNOWN_MEMORY
        return cpu_percent(looks.before, looks.now) if looks.before else 0.0, memory_text(looks.now)

    def _run(self) -> None:
        primed = failing = False
        while not self._stop.is_set():
            try:
                if not primed:  # those that an earlier process started
                    for container_id in self._running():
                        self.watch(container_id)
                    primed = True
                self._round()
                failing = False
            except RuntimeApiError as error:
                if not failing:
                    log.warning("no figures of containers for now: %s", error)
                failing = True
            except Exception:
                if not failing:
                    log.exception("the figures of containers cannot be read")
                failing = True
            self._stop.wait(self._interval)

    def _round(self) -> None:
        for container_id in list(self._watched):
            if self._stop.is_set():
                return
            if not (self._look(container_id, self._quick) or self._look(container_id, self._slow)):
                self.forget(container_id)  # it has ended

    def _look(self, container_id: str, source: Source) -> _Looks | None:
        usage = source(container_id)
        if usage is None:
            return None
        with self._lock:
            there = self._looks.get(container_id)
            looks = _Looks(there.now if there else None, usage)
            if container_id in self._watched:
                self._looks[container_id] = looks
        return looks
