"""What has been removed on purpose, for as long as it could come back: the audit would put it back, a replay, too."""

import os
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any, Final

import orjson

from log_shipper.errors import RemovalsDamaged
from log_shipper.retention.plan import REASONS
from log_store.document import DocumentBatch
from log_store.seal import Gap, Seal

AROUND: Final = 10**9  # ns by which a run's first line may be stamped before its start
REMEMBERED: Final = 86_400 * 10**9  # ns for which a container that is gone is remembered: the spool may be read again
MOST: Final = 8  # reasons that are told apart for one container
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Removal:
    """Of one container, for one reason. `until`: what is stamped up to here goes; `start`, `end`: what had come did."""

    start: int
    end: int
    until: int
    lines: int
    why: str
    at: int = 0  # when; all in ns since 1970 UTC

    def with_more(self, more: "Removal") -> "Removal":
        start, end = min(self.start, more.start), max(self.end, more.end)
        return replace(more, start=start, end=end, until=max(self.until, more.until), lines=self.lines + more.lines)


@dataclass(frozen=True, slots=True)
class Order:
    """A removal that is under way. `container_id` '': the whole partition."""

    partition: str
    container_id: str = ""
    until: int | None = None


class Removed:
    """Safe to use from several threads; durable when a method returns. Raises RemovalsDamaged, OSError."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._known: dict[str, list[Removal]] = {}
        self.order: Order | None = None
        self._load()
        self._latest = self._greatest()

    def begin(self, order: Order, removals: Mapping[str, Removal], told: Mapping[str, Sequence[Seal]]) -> None:
        """Note what goes by this order, before it does. `told`: the containers' seals, which may know of earlier ones."""
        with self._lock:
            for container_id, removal in removals.items():
                if container_id not in self._known:
                    self._known[container_id] = _from_gaps(told.get(container_id, ()))
                self._known[container_id] = _merged([*self._known[container_id], removal])
            self.order = order
            self._latest = self._greatest()
            self._save()

    def end(self, known: Collection[str], now: int) -> None:
        """The order has been done. Containers that are not `known` any more need not be remembered for long."""
        with self._lock:
            self.order = None
            for name in [name for name in self._known if name not in known]:
                if all(one.at < now - REMEMBERED for one in self._known[name]):
                    del self._known[name]
            self._latest = self._greatest()
            self._save()

    def lines(self, container_id: str) -> int:
        """How many lines of the container were removed."""
        with self._lock:
            return sum(one.lines for one in self._known.get(container_id, ()))

    def stated(self, seal: Seal) -> Seal:
        """The seal with a gap for each removal that its run had lines in."""
        with self._lock:
            removals = list(self._known.get(seal.container_id, ()))
        new = [gap for one in removals if (gap := _gap(seal, one)) is not None]
        if not new:
            return seal
        told = {gap.why for gap in new}
        return seal.with_gaps((*(gap for gap in seal.gaps if gap.why not in told), *new))

    def kept(self, batch: DocumentBatch) -> list[int] | None:
        """Rows that may be stored; None: all, as nearly always."""
        if not len(batch) or min(batch.log_time) > self._latest:
            return None
        with self._lock:
            cuts = {name: max(one.until for one in removals) for name, removals in self._known.items()}
        rows = [
            row
            for row, (context, time) in enumerate(zip(batch.container, batch.log_time, strict=True))
            if time > cuts.get(context.container_id, -1)
        ]
        return None if len(rows) == len(batch) else rows

    def _greatest(self) -> int:
        return max((one.until for removals in self._known.values() for one in removals), default=-1)

    def _save(self) -> None:
        known = {name: [astuple(one) for one in removals] for name, removals in self._known.items()}
        new = self._file.with_suffix(".new")
        with open(new, "wb") as out:
            order = None if self.order is None else astuple(self.order)
            out.write(orjson.dumps({"format": FORMAT, "order": order, "known": known}))
            out.flush()
            os.fsync(out.fileno())
        os.replace(new, self._file)

    def _load(self) -> None:
        try:
            told: dict[str, Any] = orjson.loads(self._file.read_bytes())
            if told["format"] != FORMAT:
                raise ValueError(f"format {told['format']}")
            self.order = Order(*told["order"]) if told["order"] else None
            self._known = {name: [Removal(*one) for one in removals] for name, removals in told["known"].items()}
        except FileNotFoundError:
            return
        except (ValueError, TypeError, KeyError) as error:
            raise RemovalsDamaged(
                f"{self._file} makes no sense ({error}): move it away; what retention removed lately may come back once"
            ) from error


def _gap(seal: Seal, removal: Removal) -> Gap | None:
    """The part of a removal that lies within a run."""
    end = None if seal.state == "open" else max(seal.finished_at or 0, seal.verified_until or 0) or None
    if removal.end < seal.started_at - AROUND or (end is not None and removal.start > end):
        return None
    within = removal.start >= seal.started_at - AROUND and (end is None or removal.end <= end)
    last = removal.end if end is None else min(removal.end, end)
    return Gap(max(removal.start, seal.started_at - AROUND), last, removal.lines if within else None, removal.why)


def _from_gaps(seals: Iterable[Seal]) -> list[Removal]:
    """What the seals tell of removals that are not remembered any more."""
    found: list[Removal] = []
    for seal in seals:
        for gap in seal.gaps:
            if gap.why.startswith(REASONS) and gap.start is not None and gap.end is not None:
                found.append(Removal(gap.start, gap.end, gap.end, gap.lines or 0, gap.why))
    return _merged(found)


def _merged(removals: Sequence[Removal]) -> list[Removal]:
    """One for each reason; beyond MOST the oldest two become one."""
    by_reason: dict[str, Removal] = {}
    for one in removals:
        known = by_reason.get(one.why)
        by_reason[one.why] = one if known is None else known.with_more(one)
    merged = list(by_reason.values())
    while len(merged) > MOST:
        merged[:2] = [merged[0].with_more(merged[1])]
    return merged
