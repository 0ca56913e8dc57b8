"""Audits of containers that run on: before Docker's copy rotates away, and after every time without a connection."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from log_shipper.audit.auditor import Auditor
from log_shipper.audit.baseline import Baseline
from log_shipper.audit.docker_copy import Facts
from log_shipper.audit.watcher import Watcher
from log_shipper.errors import CopyDamaged, CopyGone, EngineUnavailable, NotAccepted
from log_shipper.losses import Claim
from log_store.seal import Seal

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds between two rounds
HEAVY = 24 << 20  # bytes of a container after which its log is compared; its copy keeps at least 80 MiB
STILL_ON_ITS_WAY = (
    10**9
)  # ns: the driver sends in order, so what is older than this before the newest has come, or never will
QUIET = 30 * 10**9  # ns after which that holds of a container that has written nothing since
AFTER_OUTAGE = (
    3.0,
    35.0,
)  # seconds until a container that writes, and one that is silent, can be compared up to its end


class Progress(Protocol):
    """What the rounds ask of the processor. Safe to use from several threads."""

    disturbed: threading.Event
    """Set where lines may have been lost; cleared by the rounds."""

    def heavy(self, size: int) -> list[str]: ...

    def baseline(self, container_id: str) -> Baseline: ...

    def open_runs(self) -> list[Seal]: ...

    def claims_to_mend(self) -> list[Claim]:
        """Of seals that the store does not bear out."""
        ...


class Rounds:
    """`run` until `close`; a round's audits are done one after the other."""

    def __init__(
        self, watcher: Watcher, auditor: Auditor, progress: Progress, count: Callable[[str, int], None]
    ) -> None:
        self._watcher, self._auditor, self._progress, self._count = watcher, auditor, progress, count
        self._stop = threading.Event()
        self._check_all_at: list[float] = []

    def run(self) -> None:
        """Blocks; for a thread of its own."""
        while not self._stop.wait(EVERY):
            try:
                self._round()
            except (EngineUnavailable, NotAccepted) as error:
                log.info("audits of running containers wait: %s", error)
            except Exception:  # one container's trouble must not end the rounds of all
                self._count("audits_failed", 1)
                log.exception("an audit of a running container failed")

    def close(self) -> None:
        self._stop.set()

    def _round(self) -> None:
        if self._progress.disturbed.is_set():
            self._progress.disturbed.clear()
            self._check_all_at = sorted([*self._check_all_at, *(time.monotonic() + pause for pause in AFTER_OUTAGE)])
            self._watcher.look_around()
        for claim in self._progress.claims_to_mend():
            self._mend(claim)
        due = set(self._progress.heavy(HEAVY))
        if self._check_all_at and self._check_all_at[0] <= time.monotonic():
            self._check_all_at.pop(0)
            due.update(run.container_id for run in self._progress.open_runs())
        for container_id in due:
            if self._stop.is_set():
                return
            facts = self._watcher.ours(container_id)
            if facts is not None and facts.running:
                self.compare(facts)

    def _mend(self, claim: Claim) -> None:
        """The store has lost lines: write Docker's copy again, then state what there is."""
        container_id = claim.seal.container_id
        with self._watcher.turn(container_id):
            facts = self._watcher.ours(container_id)
            if facts is not None and not facts.running:
                log.warning("the store lacks lines of %s: Docker's copy is written again", container_id[:12])
                try:
                    self._auditor.rewrite(facts)
                except (CopyGone, CopyDamaged) as error:
                    log.warning("the copy of %s cannot be written again: %s", container_id[:12], error)
            self._auditor.state(claim.seal, claim.own_surplus)
            self._watcher.wait_for_all_received()

    def compare(self, facts: Facts) -> Seal | None:
        """Audit a running container now. Raises EngineUnavailable, NotAccepted."""
        container_id, began = facts.context.container_id, time.monotonic()
        with self._watcher.turn(container_id):
            now = self._watcher.ours(container_id)  # it may have been started again while we waited
            baseline = self._progress.baseline(container_id)
            # Its end is stated elsewhere, and a run that is not opened yet is compared in a later round.
            if now is None or not now.running or baseline.run(now.started_at) is None:
                return None
            facts, latest = now, baseline.account.latest
            until = max(latest - STILL_ON_ITS_WAY, time.time_ns() - QUIET)
            seal = self._auditor.audit_so_far(facts, until)
        if seal is not None:
            log.info("%s so far: %d lines, %d put back, in %.2f s", container_id[:12], seal.lines,
                     seal.put_back, time.monotonic() - began)  # fmt: skip
        return seal
