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
from log_shipper.audit.frames import FrameParser, Frames, TornStart
from log_shipper.audit.gaps import overflowed, rotated
from log_shipper.audit.reconcile import END, CopyAccount, Difference, compare, union
from log_shipper.audit.selection import Segment, Selection
from log_shipper.errors import CopyDamaged, CopyGone, EngineUnavailable
from log_shipper.ledger import LATE, MARGIN, Account
from log_shipper.pipeline import RepairPass
from log_shipper.stages.multiline import Grouper
from log_store.document import ContainerContext
from log_store.seal import Gap, Seal

log = logging.getLogger(__name__)

MESSAGE_ROWS = 2000
MESSAGE_BYTES = 1 << 20


GrouperOf = Callable[[ContainerContext], Grouper]
"""container -> how its lines are joined"""


class Known(Protocol):
    """What the processor knows. Safe to use from several threads."""

    def account(self, container_id: str) -> Account:
        """A copy of what was received of it."""
        ...

    def open_run(self, container_id: str, started_at: int) -> Seal | None:
        """What has been stated of a run that has not been sealed."""
        ...

    def open_runs_before(self, container_id: str, started_at: int) -> list[Seal]:
        """The container's earlier runs that have no seal, oldest first."""
        ...

    def outages(self) -> list[tuple[int, int]]:
        """Times (from, to, in ns) in which the acceptor did not read."""
        ...


@dataclass(frozen=True, slots=True)
class _Found:
    """What an audit has found, from the time verified before on."""

    account: Account  # what is true of the windows compared
    uncompared: int  # lines received of before the copy's first
    put_back: int
    verified_until: int
    gaps: tuple[Gap, ...]

    def lines_between(self, start: int, end: int) -> int:
        """Of a run that began at `start`; the earliest run has all that is older."""
        return self.account.lines(start, end) + self.uncompared


class Auditor:
    """Blocking; safe to use from several threads for different containers.

    Every call raises EngineUnavailable and NotAccepted: try again later.
    """

    def __init__(
        self, engine: Engine, acceptor: AcceptorClient, known: Known, grouper_of: GrouperOf,
        count: Callable[[str, int], None],
    ) -> None:  # fmt: skip
        self._engine, self._acceptor, self._known, self._count = engine, acceptor, known, count
        self._grouper_of = grouper_of

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
        reading = _Reading(facts, 0, END)
        copy, _ = self._read(reading, Account())
        # No windows with it: what was received stays accounted for as it is.
        self._send_lines(reading, compare(Account(), copy.account), account=False)

    def audit_end(self, facts: Facts, gaps: Sequence[Gap] = ()) -> Seal:
        """Bring what the live path lacks of an ended container, then its seal, through the spool; gives the seal.

        A copy that is damaged or gone makes a seal that says so.
        """
        prior = self._prior(facts)
        try:
            found = self._audit(facts, END)
        except (CopyGone, CopyDamaged) as error:
            for run in self._known.open_runs_before(facts.context.container_id, facts.started_at):
                self.unverified(run, str(error))
            return self.unverified(prior, str(error))
        assert found is not None  # of an ended container there is always something to state
        start = self._seal_earlier(facts, found)
        verified_until = max(facts.finished_at, found.verified_until)
        seal = _ended(prior, found, start, END, verified_until, gaps)
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
        try:
            found = self._audit(facts, until)
        except (CopyGone, CopyDamaged) as error:
            log.info("no audit of the running %s: %s", facts.context.container_id[:12], error)
            return None
        if found is None:
            return None
        start = self._seal_earlier(facts, found) if found.verified_until > facts.started_at else 0
        prior = self._prior(facts)
        seal = replace(
            prior, verified_until=found.verified_until, put_back=prior.put_back + found.put_back,
            lines=prior.lines + found.lines_between(start, END), gaps=(*prior.gaps, *found.gaps),
            version=time.time_ns(),
        )  # fmt: skip
        self._send_seal(seal)
        self._count("audits_so_far", 1)
        return seal

    def _seal_earlier(self, facts: Facts, found: _Found) -> int:
        """Runs that ended unseen, since the container was started again at once: up to the next start all is compared.

        Gives the time (ns) from which on lines are those of the run that the engine shows: 0 where it is the only one,
        since a run's first lines may be stamped before its start.
        """
        earlier = self._known.open_runs_before(facts.context.container_id, facts.started_at)
        starts = [0, *(run.started_at for run in earlier[1:]), facts.started_at] if earlier else [0]
        for run, start, end in zip(earlier, starts, starts[1:], strict=False):
            self._send_seal(_ended(run, found, start, end, end - 1, ()))
            self._count("audits", 1)
        return starts[-1]

    def removed(self, facts: Facts, reason: str) -> Seal:
        """State that a run's container went before it could be compared."""
        return self.unverified(self._prior(facts), reason)

    def unverified(self, run: Seal, reason: str) -> Seal:
        """State that a run's log could not be compared."""
        self._count("audits_failed", 1)
        log.warning("the log of %s cannot be verified: %s", run.container_id[:12], reason)
        account = self._known.account(run.container_id)
        gap = Gap(max(account.verified, run.started_at) or None, run.finished_at, None, reason)
        seal = replace(
            run, state="unverified", reason=reason, gaps=(*run.gaps, gap), lines=run.lines + account.lines(),
            version=time.time_ns(),
        )  # fmt: skip
        self._send_seal(seal)
        return seal

    def _prior(self, facts: Facts) -> Seal:
        """What was stated so far, with what the engine says now."""
        known = self._known.open_run(facts.context.container_id, facts.started_at)
        return _seal(facts) if known is None else replace(known, finished_at=facts.finished_at or None)

    def _audit(self, facts: Facts, until: int) -> _Found | None:
        received = self._known.account(facts.context.container_id)
        # Lines behind the verified time are found only where all is read, in the order in which it was written.
        whole = until == END or any(key >> 1 == LATE for key in received.windows)
        reading = _Reading(facts, 0 if whole else max(0, received.verified - MARGIN), until)
        copy, size = self._read(reading, received)
        lost = rotated(received, copy, size, facts.started_at)
        if lost is not None:
            reading = replace(reading, torn=True)
            copy, size = self._read(reading, received)
        if until != END:
            until = copy.border(until)
            if not until:
                return None
        start = 0 if lost is None else copy.first_time
        difference = compare(received, copy.account, start=start, until=until, late=whole)
        if difference.windows:
            self._send_lines(reading, difference)
        self._count("lines_put_back", difference.missing)
        gaps = overflowed(self._known.outages(), copy, facts.started_at)
        uncompared = received.lines(0, start) if start else 0
        truth = union(received, copy.account, start=start, until=until)
        verified_until = until if until != END else copy.last_time
        return _Found(truth, uncompared, difference.missing, verified_until, (*([lost] if lost else ()), *gaps))

    def _read(self, reading: "_Reading", received: Account) -> tuple[CopyAccount, int]:
        """The copy's account, and how many bytes were read."""
        copy, size = CopyAccount(self._grouper_of(reading.facts.context), received.verified, received.border_bits), 0
        for frames, read in self._frames(reading):
            copy.add(frames)
            size += read
        return copy, size

    def _frames(self, reading: "_Reading") -> Iterator[tuple[Frames, int]]:
        """The copy's frames with the bytes of each block; ended where all that come are behind `until`."""
        container_id, parser, start, last = reading.facts.context.container_id, FrameParser(), TornStart(), None
        for block in self._engine.copy(container_id, reading.since):
            frames = parser.receive(block)
            if frames.time:
                last = _last(frames)
            yield start.cut(frames) if reading.torn else frames, len(block)
            if frames.time and frames.time[-1] > reading.until + MARGIN:
                return
        tail = FrameParser().receive(self._engine.tail(container_id))
        # With `since` a copy that has nothing new may end before it.
        if parser.pending or (
            tail.time and _last(tail) != last and not (last is None and tail.time[-1] < reading.since)
        ):
            now = self._engine.facts(container_id)
            if now is not None and (now.running or now.started_at != reading.facts.started_at):
                raise EngineUnavailable(f"{container_id[:12]} wrote on while its copy was read")
            raise CopyDamaged(f"Docker's copy of {container_id[:12]} broke off")

    def _send_lines(self, reading: "_Reading", difference: Difference, *, account: bool = True) -> None:
        selection = Selection(difference, self._grouper_of(reading.facts.context))
        name, container_id = uuid.uuid4().hex, reading.facts.context.container_id
        whole = RepairPass(name, container_id, last=False, exact=not difference.extra)
        number = 0
        for frames, _ in self._frames(reading):
            for segment in selection.select(frames):
                for piece in _pieces(segment):
                    self._send_piece(replace(whole, number=number), piece)
                    number += 1
        windows = difference.copy_windows if account else {}
        end = replace(whole, number=number, last=True, bits=difference.bits, windows=windows)
        self._send_piece(end, None)

    def _send_piece(self, repair: RepairPass, piece: Segment | None) -> None:
        chunk = f"{repair.id}.{repair.number}"
        self._acceptor.send(lines_message(repair, piece, chunk), chunk)

    def _send_seal(self, seal: Seal) -> None:
        chunk = uuid.uuid4().hex
        self._acceptor.send(seal_message(seal, chunk), chunk)


@dataclass(frozen=True, slots=True)
class _Reading:
    """Which part of a copy is read, each time the same. `torn`: it may begin within a line."""

    facts: Facts
    since: int
    until: int
    torn: bool = False


def _ended(run: Seal, found: _Found, start: int, end: int, verified_until: int, gaps: Sequence[Gap]) -> Seal:
    """The seal of a run that lasted from `start` to before `end`, of which all that came since `run` was stated is found."""
    own = [gap for gap in found.gaps if (gap.end or 0) >= start and (gap.start or 0) < end]
    all_gaps = (*run.gaps, *own, *gaps)
    return replace(
        run, state="gaps" if all_gaps else "sealed", verified_until=verified_until, gaps=all_gaps,
        lines=run.lines + found.lines_between(start, end), put_back=run.put_back + found.put_back,
        version=time.time_ns(),
    )  # fmt: skip


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
