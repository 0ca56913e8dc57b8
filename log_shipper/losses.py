"""What was handed to the store and is not in it: gaps of a container's log that no audit of Docker's copy can see."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from log_shipper.seal_map import seal_from_map, seal_to_map
from log_store.document import DocumentBatch
from log_store.protocols import Rejection
from log_store.seal import Gap, Seal

STORE_LACKS = "the store has only "
MOST_GAPS = 100  # of one container that are told apart; further ones widen the last


@dataclass(frozen=True, slots=True)
class Claim:
    """A seal on its way into the store, which must have what it claims.

    `expected`: lines of all sealed runs of the container; `surplus`: so many of them may be counted twice, since they were
    received beyond what Docker's copy has; `own_surplus`: those of this run. `last_word`: nothing more can be done.
    """

    seal: Seal
    expected: int = 0
    surplus: int = 0
    own_surplus: int = 0
    last_word: bool = True


class Losses:
    """Dead letters by container, and the count of what the store holds. Safe to use from several threads.

    A claim that the store does not bear out is kept back, so that Docker's copy can be written again first.
    """

    def __init__(self, stored_lines: Callable[[str], int], count: Callable[[str, int], None]) -> None:
        self._stored_lines, self._count = stored_lines, count
        self._lock = threading.Lock()
        self._gaps: dict[str, list[Gap]] = {}
        self._short: dict[tuple[str, int], Claim] = {}

    def refused(self, batch: DocumentBatch, rejections: list[Rejection]) -> None:
        """The store refuses these rows for good."""
        with self._lock:
            for rejection in rejections:
                row = rejection.row
                why = f"the store refuses a document for good, it is kept in the dead letters: {rejection.reason}"
                gap = Gap(batch.log_time[row], batch.last_time[row], batch.lines[row], why)
                self._add(self._gaps.setdefault(batch.container[row].container_id, []), gap)

    def stated(self, claims: Iterable[Claim]) -> list[Seal]:
        """The seals that may be stated now, as they may be stated. Raises LogStoreError."""
        return [seal for claim in claims if (seal := self.checked(claim)) is not None]

    def short(self) -> list[Claim]:
        """Claims that were kept back."""
        with self._lock:
            return list(self._short.values())

    def checked(self, claim: Claim) -> Seal | None:
        """The seal as it may be stated, None where it is kept back. Raises LogStoreError."""
        seal, run = claim.seal, (claim.seal.container_id, claim.seal.started_at)
        if seal.state == "unverified" and not seal.started_at:
            return seal
        gaps = self._dead(seal)
        if seal.state != "open" and not gaps:
            missing = claim.expected - self._stored_lines(seal.container_id)
            if 0 < missing <= claim.surplus:
                seal = replace(seal, lines=seal.lines - min(missing, seal.lines))
            elif missing > 0:
                if not claim.last_word:
                    with self._lock:
                        self._short[run] = claim
                    return None
                self._count("lines_missing", missing)
                why = f"{STORE_LACKS}{claim.expected - missing} of {claim.expected} lines"
                gaps = [Gap(seal.started_at, seal.finished_at, missing, why)]
        with self._lock:
            self._short.pop(run, None)
        return seal.with_gaps((*seal.gaps, *gaps)) if gaps else seal

    def snapshot(self) -> dict[str, Any]:
        with self._lock:
            gaps = {name: [[g.start, g.end, g.lines, g.why] for g in gaps] for name, gaps in self._gaps.items()}
            short = [[seal_to_map(c.seal), c.expected, c.surplus, c.own_surplus] for c in self._short.values()]
        return {"gaps": gaps, "short": short}

    def restore(self, snapshot: dict[str, Any]) -> None:
        with self._lock:
            self._gaps = {name: [Gap(*gap) for gap in gaps] for name, gaps in snapshot.get("gaps", {}).items()}
            for told, expected, surplus, own_surplus in snapshot.get("short", ()):
                claim = Claim(seal_from_map(told), expected, surplus, own_surplus, last_word=False)
                self._short[claim.seal.container_id, claim.seal.started_at] = claim

    def _dead(self, seal: Seal) -> list[Gap]:
        with self._lock:
            known = list(self._gaps.get(seal.container_id, ()))
        end = seal.verified_until or seal.finished_at
        return [gap for gap in known if (gap.end or 0) >= seal.started_at and (end is None or (gap.start or 0) <= end)]

    def _add(self, gaps: list[Gap], gap: Gap) -> None:
        # After a crash the same rows are refused again.
        if any((known.start, known.end, known.why) == (gap.start, gap.end, gap.why) for known in gaps):
            return
        if len(gaps) < MOST_GAPS:
            gaps.append(gap)
            return
        last = gaps[-1]
        start, end = min(last.start or 0, gap.start or 0), max(last.end or 0, gap.end or 0)
        gaps[-1] = Gap(start, end, (last.lines or 0) + (gap.lines or 0), last.why)
