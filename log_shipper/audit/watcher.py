"""Which containers to audit, and when: from the engine's events, and from a look around after every time without them."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from log_shipper.audit.ahead import Ahead
from log_shipper.audit.auditor import Auditor
from log_shipper.audit.baseline import Baseline
from log_shipper.audit.docker_copy import Engine, Facts
from log_shipper.audit.gaps import CUT, ENGINE_GONE, READERS_CUT
from log_shipper.audit.seen_runs import SeenRuns
from log_shipper.delivery.backoff import delays
from log_shipper.errors import ContainerBusy, EngineUnavailable, NotAccepted
from log_store.seal import Gap, Seal
from wholelog_base.turns import Turns

log = logging.getLogger(__name__)

BUSY = -1  # in place of a run's start: that the container is to be looked at again
REMOVED = "the container was removed before its log could be compared with Docker's copy"


class Received(Protocol):
    """What has been received so far, as the processor knows it. Safe to use from several threads."""

    def reached(self, seconds: float) -> bool:
        """Wait at most so many seconds until all that is in the spool now is processed; whether it is."""
        ...

    def is_sealed(self, container_id: str, started_at: int) -> bool: ...

    def runs_stated(self, container_id: str) -> set[int]:
        """The starts of a container's runs of which something was stated."""
        ...

    def open_runs(self) -> list[Seal]:
        """Seals of the runs whose end has not been audited."""
        ...

    def baseline(self, container_id: str) -> Baseline: ...

    disturbed: threading.Event
    """Set it where the rounds should look at all that runs."""

    def known_containers(self) -> set[str]: ...

    def has_unstated_lines(self, container_id: str) -> bool:
        """Whether lines of a container came of which nothing has been stated."""
        ...

    def forget(self, container_id: str) -> None:
        """The engine has no such container any more."""
        ...


class Copies(Protocol):
    """See `copies.Copies`."""

    def keep(self, container_id: str, facts: Facts | None = None) -> None: ...

    def facts(self, container_id: str) -> Facts | None: ...

    def has(self, container_id: str) -> bool: ...

    def let_go(self, container_id: str) -> None: ...


class Watcher:
    """`run` until `close`. `ended` is told of each run's end, maybe more than once. `identity_file`: which dockerd was seen last, so that its end is noticed after ours, too."""

    def __init__(
        self, engine: Engine, auditor: Auditor, received: Received, copies: Copies, *, addresses: tuple[str, ...],
        identity_file: Path, count: Callable[[str, int], None], threads: int = 3,
        ended: Callable[[Facts], None] = lambda facts: None,
    ) -> None:  # fmt: skip
        self._engine, self._auditor, self._addresses, self._copies = engine, auditor, addresses, copies
        self._received, self._identity_file, self._count, self._ended = received, identity_file, count, ended
        self._pool = ThreadPoolExecutor(threads, "audit")
        self._stop, self._turns = threading.Event(), Turns()
        self._busy: set[tuple[str, int]] = set()
        self._lock = threading.Lock()
        self._seen = SeenRuns()
        self._events: Any = None
        self.connected = False

    def run(self) -> None:
        """Blocks; for a thread of its own."""
        pauses = delays(0.2, 5.0)
        while not self._stop.is_set():
            try:
                self._events = self._engine.events()
                events = Ahead(self._events, self._copies.keep)
                self._notice_another_engine()
                self.look_around()
                self.connected, pauses = True, delays(0.2, 5.0)
                for event in events:
                    self._take(event)
                log.warning("the engine's events ended")
            except (EngineUnavailable, NotAccepted) as error:
                log.warning("the audit waits: %s", error)
            self.connected = False
            self._count("engine_reconnects", 1)
            self._stop.wait(next(pauses))

    def close(self) -> None:
        self._stop.set()
        if self._events is not None:
            self._events.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def look_around(self) -> None:
        """Consider every container. Raises EngineUnavailable, NotAccepted."""
        # First what is known: lines of one that starts meanwhile must not make it one that has gone.
        known = self._received.known_containers()
        there = self._engine.container_ids()
        for container_id in there:
            self._consider_soon(container_id)
        for container_id in known.difference(there):
            self._gone(container_id)

    def ours(self, container_id: str) -> Facts | None:
        """What the engine says of a container whose log comes to us; None for any other. Raises EngineUnavailable."""
        facts = self._engine.facts(container_id)
        if facts is None or facts.address not in self._addresses or not facts.started_at:
            return None
        return facts

    def _notice_another_engine(self) -> None:
        """Runs that were open when dockerd ended may have lost what it held in its hands."""
        identity = self._engine.identity()
        before = self._identity_file.read_text() if self._identity_file.exists() else identity
        if identity != before or not identity:
            with self._lock:
                ending = set(self._busy)
            for run in self._received.open_runs():
                if (run.container_id, run.started_at) not in ending and identity:
                    gap = Gap(run.verified_until or run.started_at, time.time_ns(), None, ENGINE_GONE)
                    self._auditor.add_gap(run, gap)
            log.warning("another dockerd answers than before")
        new = self._identity_file.with_suffix(".new")
        new.write_text(identity)
        new.replace(self._identity_file)

    def _take(self, event: dict[str, Any]) -> None:
        container_id, event_time = event["Actor"]["ID"], event.get("timeNano", 0)
        self._seen.take(event)
        if event.get("Action") in ("start", "die"):
            self._consider_soon(container_id, event_time)
        elif event.get("Action") == "destroy":
            self._gone(container_id, event_time)

    def _gone(self, container_id: str, event_time: int = 0) -> None:
        """Removed, and the engine knows nothing of its copy any more."""
        with self._lock:
            if any(container == container_id and run != BUSY for container, run in self._busy):
                return  # its audit is under way, and finds out by itself
        self._begin((container_id, 0), partial(self._end_of_removed, container_id, event_time or time.time_ns()))

    def _end_of_removed(self, container_id: str, removed_at: int) -> Seal | None:
        """State the end of its runs, from the files of the copy where they are still open; else it stays unverified."""
        open_runs, stated = self._received.baseline(container_id).open_runs, self._received.runs_stated(container_id)
        newest = self._seen.newest(container_id, stated)
        unstated = self._received.has_unstated_lines(container_id)
        unseen = bool(stated or unstated) and newest not in {0, *stated}
        if open_runs or unseen or unstated:
            seal = open_runs[-1].seal if open_runs else Seal(container_id, 0)
            facts = self._copies.facts(container_id) or _facts_of(seal)
            if open_runs or unseen:
                facts = replace(facts, started_at=newest if unseen else seal.started_at)
            if (ended := self._seen.completed(facts)) is not None:
                self._ended(ended)
            facts = replace(facts, running=False, finished_at=removed_at)
            self._state_runs_before(facts)
            self.wait_for_all_received()
            return self._audit_removed(facts)
        self._copies.let_go(container_id)
        self._received.forget(container_id)
        return None

    def _audit_removed(self, facts: Facts) -> Seal:
        container_id = facts.context.container_id
        if self._copies.has(container_id):
            return self._auditor.audit_end(facts)
        return self._auditor.unverified(facts, REMOVED)

    def _consider_soon(self, container_id: str, event_time: int = 0) -> None:
        """One that is busy is considered later, and keeps no other waiting."""
        try:
            self._consider(container_id, event_time)
        except ContainerBusy as error:
            log.info("%s: it is looked at again", error)
            self._begin((container_id, BUSY), partial(self._consider, container_id, event_time))

    def _consider(self, container_id: str, event_time: int = 0) -> Seal | None:
        facts = self.ours(container_id)
        if facts is None or self._received.is_sealed(container_id, facts.started_at):
            return None
        self._copies.keep(container_id, facts)
        self._state_runs_before(facts)
        if facts.running:
            self._auditor.open(facts)
            if self._received.baseline(container_id).runs_before(facts.started_at):
                self._received.disturbed.set()  # it was started again before its end was seen
            return None
        self._begin((container_id, facts.started_at), lambda: self._end(facts, event_time))
        return None

    def _state_runs_before(self, facts: Facts) -> None:
        """Open those that were over before the engine could be asked, and state the ends of all."""
        container_id, stated = facts.context.container_id, self._received.runs_stated(facts.context.container_id)
        if facts.started_at in stated:
            return
        if not self._seen.has(facts):
            for event in self._engine.past_events(container_id):
                self._seen.take(event)
        baseline = self._received.baseline(container_id)
        for started_at, run in self._seen.before(container_id, facts.started_at, stated):
            if not self._received.is_sealed(container_id, started_at):
                ended = run.of(facts, started_at)
                self._auditor.open_ended(ended, baseline)
                self._ended(ended)
        self._seen.forget_before(container_id, facts.started_at)

    def _end(self, seen: Facts, event_time: int) -> Seal | None:
        """State the end of the run that the engine shows now; None where the container runs again."""
        container_id = seen.context.container_id
        facts = self.ours(container_id)
        if facts is None:
            self._ended(seen)
            return self._audit_removed(seen)
        if facts.running:
            self._received.disturbed.set()
            return None
        if self._received.is_sealed(container_id, facts.started_at):
            return None
        if facts.started_at != seen.started_at:
            self._state_runs_before(facts)
            self.wait_for_all_received()
        self._ended(facts)
        gaps = []
        if event_time - facts.finished_at >= READERS_CUT > 0 < facts.finished_at and event_time > facts.started_at:
            gaps.append(Gap(facts.started_at, facts.finished_at, None, CUT))
        return self._auditor.audit_end(facts, gaps)

    def _begin(self, run: tuple[str, int], attempt: Callable[[], Seal | None]) -> None:
        """Have a run's end stated, in a thread of the pool, unless that is under way."""
        with self._lock:
            if run in self._busy:
                return
            self._busy.add(run)
        try:
            self._pool.submit(self._state, run, attempt)
        except RuntimeError:  # events that were read before we were closed: the next start looks at all
            if not self._stop.is_set():
                raise

    def _state(self, run: tuple[str, int], attempt: Callable[[], Seal | None]) -> None:
        try:
            self._until_done(run[0], attempt)
        except Exception:  # nobody looks at a future of the pool: what is wrong with us must be seen
            self._count("audits_failed", 1)
            log.exception("the audit of %s failed", run[0][:12])
        finally:
            with self._lock:
                self._busy.discard(run)

    @contextmanager
    def turn(self, container_id: str) -> Iterator[None]:
        """For one audit of a container at a time, each begun when all that the one before it sent has been processed.

        What lies in the acceptor's sockets is, too. Raises NotAccepted, also where we end.
        """
        with self._turns.of(container_id):
            self.wait_for_all_received()
            yield

    def wait_for_all_received(self) -> None:
        """Raises NotAccepted, also where we end."""
        self._auditor.probe()
        while not self._received.reached(1.0):
            if self._stop.is_set():
                raise NotAccepted("the shipper ends")

    def _until_done(self, container_id: str, attempt: Callable[[], Seal | None]) -> None:
        for pause in delays(0.2, 10.0):
            try:
                began = time.monotonic()
                with self.turn(container_id):
                    seal = attempt()
                if seal is not None:
                    log.info("%s %s: %d lines, %d put back, in %.2f s", seal.state, container_id[:12],
                             seal.lines, seal.put_back, time.monotonic() - began)  # fmt: skip
                return
            except (EngineUnavailable, NotAccepted) as error:
                log.warning("the audit of %s waits: %s", container_id[:12], error)
            if self._stop.wait(pause):
                return


def _facts_of(seal: Seal) -> Facts:
    """Of a container that the engine has forgotten, as it was stated."""
    return Facts(seal.context, seal.started_at, 0, running=False, address="")
