"""Which containers to audit, and when: from the engine's events, and from a look around after every time without them."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from log_shipper.audit.auditor import Auditor
from log_shipper.audit.docker_copy import Engine, Facts
from log_shipper.delivery.backoff import delays
from log_shipper.errors import EngineUnavailable, NotAccepted

log = logging.getLogger(__name__)

SETTLE = 0.05  # seconds for what sat in dockerd's socket to reach the spool after the container's end

Reached = Callable[[float], bool]
"""Waits at most so many seconds until all that is in the spool now has been processed; says whether it has"""


class Watcher:
    """Runs until `close`. `is_sealed` tells runs (container id, started_at) whose seal was written already."""

    def __init__(
        self, engine: Engine, auditor: Auditor, *, addresses: tuple[str, ...], reached: Reached,
        is_sealed: Callable[[str, int], bool], count: Callable[[str, int], None], threads: int = 3,
    ) -> None:  # fmt: skip
        self._engine, self._auditor, self._addresses = engine, auditor, addresses
        self._reached, self._is_sealed, self._count = reached, is_sealed, count
        self._pool = ThreadPoolExecutor(threads, "audit")
        self._stop = threading.Event()
        self._busy: set[tuple[str, int]] = set()
        self._lock = threading.Lock()
        self._events: Any = None
        self.connected = False

    def run(self) -> None:
        """Blocks; for a thread of its own."""
        pauses = delays(0.2, 5.0)
        while not self._stop.is_set():
            try:
                self._events = self._engine.events()
                self._look_around()
                self.connected, pauses = True, delays(0.2, 5.0)
                for event in self._events:
                    self._take(event)
            except (EngineUnavailable, NotAccepted) as error:
                log.warning("the audit waits: %s", error)
            except Exception as error:  # docker-py and urllib3 raise many kinds when a stream of events breaks off
                if not self._stop.is_set():
                    log.warning("the engine's events broke off: %s: %s", type(error).__name__, error)
            self.connected = False
            self._count("engine_reconnects", 1)
            self._stop.wait(next(pauses))

    def close(self) -> None:
        self._stop.set()
        if self._events is not None:
            self._events.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _look_around(self) -> None:
        for container_id in self._engine.container_ids():
            self._consider(container_id)

    def _take(self, event: dict[str, Any]) -> None:
        if event.get("Action") in ("start", "die"):
            self._consider(event["Actor"]["ID"])

    def _consider(self, container_id: str) -> None:
        facts = self._engine.facts(container_id)
        if facts is None or facts.address not in self._addresses or not facts.started_at:
            return
        run = (container_id, facts.started_at)
        if self._is_sealed(*run):
            return
        if facts.running:
            self._auditor.open(facts)
            return
        with self._lock:
            if run in self._busy:
                return
            self._busy.add(run)
        self._pool.submit(self._audit, facts)

    def _audit(self, facts: Facts) -> None:
        run = (facts.context.container_id, facts.started_at)
        try:
            self._stop.wait(SETTLE)
            while not self._reached(1.0):
                if self._stop.is_set():
                    return
            self._until_done(facts)
        except Exception:
            self._count("audits_failed", 1)
            log.exception("the audit of %s failed", facts.context.container_id[:12])
        finally:
            with self._lock:
                self._busy.discard(run)

    def _until_done(self, facts: Facts) -> None:
        for pause in delays(0.2, 10.0):
            try:
                began = time.monotonic()
                verdict = self._auditor.audit(facts)
                log.info("%s %s: %d lines, %d put back, in %.2f s", verdict.seal.state, facts.context.container_id[:12],
                         verdict.seal.lines, verdict.seal.put_back, time.monotonic() - began)  # fmt: skip
                return
            except (EngineUnavailable, NotAccepted) as error:
                log.warning("the audit of %s waits: %s", facts.context.container_id[:12], error)
            if self._stop.wait(pause):
                return
