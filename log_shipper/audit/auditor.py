"""The audit of a container's log: compare what was received with Docker's copy, put back, state the result."""

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from log_shipper.audit.accepted import AcceptorClient
from log_shipper.audit.docker_copy import Engine, Facts
from log_shipper.audit.entries import lines_message, probe_message, seal_message
from log_shipper.audit.frames import FrameParser, Frames
from log_shipper.audit.gaps import overflowed, rotated
from log_shipper.audit.reconcile import END, CopyAccount, Difference, compare
from log_shipper.audit.selection import Segment, Selection
from log_shipper.errors import CopyDamaged, CopyGone
from log_shipper.ledger import LATE, MARGIN, Account
from log_shipper.pipeline import RepairPass
from log_shipper.stages.multiline import Grouper
from log_store.seal import Gap, Seal

log = logging.getLogger(__name__)

MESSAGE_ROWS = 2000
MESSAGE_BYTES = 1 << 20
HELD = 8 << 20  # bytes of a copy that are held in memory rather than read a second time


class Known(Protocol):
    """What the processor knows. Safe to use from several threads."""

    def account(self, container_id: str) -> Account:
        """A copy of what was received of it."""
        ...

    def open_run(self, container_id: str, started_at: int) -> Seal | None:
        """What has been stated of a run that has not been sealed."""
        ...

    def outages(self) -> list[tuple[int, int]]:
        """Times (from, to, in ns) in which the acceptor did not read."""
        ...


@dataclass(frozen=True, slots=True)
class _Found:
    lines: int
    put_back: int
    last_time: int
    gaps: tuple[Gap, ...]


class Auditor:
    """Blocking; safe to use from several threads for different containers.

    Every call raises EngineUnavailable and NotAccepted: try again later.
    """

    def __init__(
        self, engine: Engine, acceptor: AcceptorClient, known: Known, grouper: Grouper,
        count: Callable[[str, int], None],
    ) -> None:  # fmt: skip
        self._engine, self._acceptor, self._known, self._count = engine, acceptor, known, count
        self._grouper = grouper

    def open(self, facts: Facts) -> None:
        """State that the container's log is being received."""
        if self._known.open_run(facts.context.container_id, facts.started_at) is None:
            self._send_seal(replace(_seal(facts), version=1))

    def add_gap(self, run: Seal, gap: Gap) -> None:
        """State a gap of a run that goes on."""
        self._send_seal(replace(run, gaps=(*run.gaps, gap), version=time.time_ns()))

    def probe(self) -> None:
        """Return once the acceptor has handed all that lies in its sockets now to the spool.

        Its loop reads every socket that has something once a round, more than a unix socket can hold, and the answer to
        this comes in a later round.
        """
        chunk = uuid.uuid4().hex
        self._acceptor.send(probe_message(chunk), chunk)

    def state(self, seal: Seal) -> None:
        """Hand a seal to the spool."""
        self._send_seal(seal)

    def rewrite(self, facts: Facts) -> None:
        """Write all of an ended container's copy again, whatever was received. Raises CopyGone, CopyDamaged."""
        container_id, copy = facts.context.container_id, CopyAccount(self._grouper)
        for frames, _ in self._frames(container_id, 0, END):
            copy.add(frames)
        difference = compare(Account(), copy.account)
        again = (frames for frames, _ in self._frames(container_id, 0, END))
        # No windows with it: what was received stays accounted for as it is.
        self._send_lines(container_id, again, difference, account=False)

    def audit_end(self, facts: Facts, gaps: Sequence[Gap] = ()) -> Seal:
        """Bring what the live path lacks of an ended container, then its seal, through the spool; gives the seal.

        A copy that is damaged or gone makes a seal that says so.
        """
        prior = self._prior(facts)
        try:
            found = self._audit(facts, END)
            assert found is not None
        except (CopyGone, CopyDamaged) as error:
            return self.unverified(prior, str(error))
        all_gaps = (*prior.gaps, *found.gaps, *gaps)
        seal = replace(
            prior, state="gaps" if all_gaps else "sealed", verified_until=max(facts.finished_at, found.last_time),
            lines=prior.lines + found.lines, put_back=prior.put_back + found.put_back, gaps=all_gaps,
            version=time.time_ns(),
        )  # fmt: skip
        self._send_seal(seal)
        self._count("audits", 1)
        return seal

    def audit_so_far(self, facts: Facts, until: int) -> Seal | None:
        """The same for a running container's log before a time (ns) that nothing can come behind any more.

        None where there was nothing to compare, or the copy could not be read this time.
        """
        account = self._known.account(facts.context.container_id)
        if until - account.verified < 1 << account.border_bits:
            return None
        prior = self._prior(facts)
        try:
            found = self._audit(facts, until)
        except (CopyGone, CopyDamaged) as error:
            log.info("no audit of the running %s: %s", facts.context.container_id[:12], error)
            return None
        if found is None:
            return None
        seal = replace(
            prior, verified_until=found.last_time, lines=prior.lines + found.lines, put_back=prior.put_back + found.put_back,
            gaps=(*prior.gaps, *found.gaps), version=time.time_ns(),
        )  # fmt: skip
        self._send_seal(seal)
        self._count("audits_so_far", 1)
        return seal

    def unverified(self, run: Seal, reason: str) -> Seal:
        """State that a run's log could not be compared."""
        self._count("audits_failed", 1)
        log.warning("the log of %s cannot be verified: %s", run.container_id[:12], reason)
        account = self._known.account(run.container_id)
        gap = Gap(max(account.verified, run.started_at) or None, run.finished_at, None, reason)
        seal = replace(
            run, state="unverified", reason=reason, gaps=(*run.gaps, gap), lines=run.lines + account.records(),
            version=time.time_ns(),
        )  # fmt: skip
        self._send_seal(seal)
        return seal

    def _prior(self, facts: Facts) -> Seal:
        """What was stated so far, with what the engine says now."""
        known = self._known.open_run(facts.context.container_id, facts.started_at)
        return _seal(facts) if known is None else replace(known, finished_at=facts.finished_at or None)

    def _audit(self, facts: Facts, until: int) -> _Found | None:
        container_id = facts.context.container_id
        received = self._known.account(container_id)
        # Lines behind the verified time are found only where all is read, in the order in which it was written.
        whole = until == END or any(key >> 1 == LATE for key in received.windows)
        since = 0 if whole else max(0, received.verified - MARGIN)
        copy = CopyAccount(self._grouper, received.verified, received.border_bits)
        held, size = list[Frames](), 0
        for frames, read in self._frames(container_id, since, until):
            copy.add(frames)
            size += read
            if size <= HELD:
                held.append(frames)
        if until != END:
            until = copy.border(until)
            if not until:
                return None
        lost = rotated(received, copy, size, facts.started_at)
        start = 0 if lost is None else copy.first_time
        difference = compare(received, copy.account, start=start, until=until, late=whole)
        if difference.windows:
            again = iter(held) if size <= HELD else (frames for frames, _ in self._frames(container_id, since, until))
            self._send_lines(container_id, again, difference)
        self._count("lines_put_back", difference.missing)
        gaps = overflowed(self._known.outages(), copy, facts.started_at)
        uncompared = sum(
            count for key, (count, _) in received.windows.items() if 0 <= key >> 1 < start >> received.bits
        )
        lines = copy.lines_before(until) + difference.extra + uncompared
        return _Found(
            lines, difference.missing, until if until != END else copy.last_time, (*([lost] if lost else ()), *gaps)
        )

    def _frames(self, container_id: str, since: int, until: int) -> Iterator[tuple[Frames, int]]:
        """The copy's frames with the bytes of each block; ended where all that come are behind `until`."""
        parser, last = FrameParser(), None
        for block in self._engine.copy(container_id, since):
            frames = parser.receive(block)
            yield frames, len(block)
            if frames.time:
                last = _last(frames)
                if frames.time[-1] > until + MARGIN:
                    return
        tail = FrameParser().receive(self._engine.tail(container_id))
        # With `since` a copy that has nothing new may end before it.
        if parser.pending or (tail.time and _last(tail) != last and not (last is None and tail.time[-1] < since)):
            raise CopyDamaged(f"Docker's copy of {container_id[:12]} broke off")

    def _send_lines(
        self, container_id: str, copy: Iterator[Frames], difference: Difference, *, account: bool = True
    ) -> None:
        selection = Selection(difference, self._grouper)
        whole = RepairPass(uuid.uuid4().hex, container_id, last=False, exact=not difference.extra)
        sent = 0
        for frames in copy:
            for segment in selection.select(frames):
                for piece in _pieces(segment):
                    chunk = f"{whole.id}.{sent}"
                    self._acceptor.send(lines_message(whole, piece, chunk), chunk)
                    sent += 1
        windows = difference.copy_windows if account else {}
        end = replace(whole, last=True, bits=difference.bits, windows=windows)
        self._acceptor.send(lines_message(end, None, f"{whole.id}.end"), f"{whole.id}.end")

    def _send_seal(self, seal: Seal) -> None:
        chunk = uuid.uuid4().hex
        self._acceptor.send(seal_message(seal, chunk), chunk)


def _last(frames: Frames) -> tuple[str, int, bytes]:
    return frames.stream[-1], frames.time[-1], frames.text[-1]


def _pieces(segment: Segment) -> Iterator[Segment]:
    """The segment in pieces of bounded rows and bytes; only the first has its start."""
    piece, size = Segment(segment.stream, segment.start), 0
    for row, (stamp, text) in enumerate(zip(segment.time, segment.text, strict=True)):
        piece.add(stamp, text, segment.part.get(row))
        size += len(text)
        if len(piece.time) >= MESSAGE_ROWS or size >= MESSAGE_BYTES:
            yield piece
            piece, size = Segment(segment.stream, None), 0
    if piece.time:
        yield piece


def _seal(facts: Facts) -> Seal:
    context = facts.context
    return Seal(
        context.container_id, facts.started_at, context.container_name, context.task_id, context.type, context.uid,
        finished_at=facts.finished_at or None,
    )  # fmt: skip
