"""The audit of a container's log: compare what was received with Docker's copy, put back, state the result."""

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from log_shipper.audit.accepted import AcceptorClient
from log_shipper.audit.baseline import Baseline, Known, OpenRun
from log_shipper.audit.docker_copy import Facts
from log_shipper.audit.entries import end_message, gap_message, lines_message, probe_message, seal_message
from log_shipper.audit.gaps import ROTATED, overflowed, rotated
from log_shipper.audit.held import Held, HeldFiles
from log_shipper.audit.reading import Engine, Reading
from log_shipper.audit.reconcile import END, CopyAccount, Difference, compare, is_same, union
from log_shipper.audit.runs import Span, lines_of, shares, spans
from log_shipper.audit.selection import Segment, Selection
from log_shipper.errors import CopyDamaged, CopyGone, EngineUnavailable
from log_shipper.ledger import MARGIN, Account
from log_shipper.pipeline import RepairPass
from log_shipper.stages.multiline import Grouper
from log_shipper.stages.partials import most_parts
from log_store.document import ContainerContext
from log_store.seal import Gap, Seal

log = logging.getLogger(__name__)

MESSAGE_ROWS = 2000
MESSAGE_BYTES = 1 << 20


GrouperOf = Callable[[ContainerContext], Grouper]
"""container -> how its lines are joined"""


@dataclass(frozen=True, slots=True)
class _Found:
    """What an audit has found, from the time verified before on; lists have a number for each run that it covers."""

    lines: list[int]
    put_back: list[int]
    surplus: list[int]  # of the lines; they were received beyond those that the copy has, perhaps twice
    verified_until: int
    gaps: tuple[Gap, ...]


class Auditor:
    """Blocking; safe to use from several threads for different containers, one audit of a container at a time.

    Every call raises EngineUnavailable and NotAccepted: try again later.
    """

    def __init__(
        self, engine: Engine, held: HeldFiles, acceptor: AcceptorClient, known: Known, grouper_of: GrouperOf,
        count: Callable[[str, int], None], *, max_message: int,
    ) -> None:  # fmt: skip
        self._engine, self._held, self._acceptor, self._known = engine, held, acceptor, known
        self._grouper_of, self._count, self._max_parts = grouper_of, count, most_parts(max_message)

    def open(self, facts: Facts) -> None:
        """State that the container's log is being received."""
        if self._known.baseline(facts.context.container_id).run(facts.started_at) is None:
            self._send_seal(replace(_seal(facts), version=1))

    def open_ended(self, facts: Facts, baseline: Baseline) -> None:
        """State a run that is over although its log cannot be compared yet, and when it was over."""
        known = baseline.run(facts.started_at)
        if known is None:
            self.open(facts)
        elif not known.seal.finished_at:
            chunk = uuid.uuid4().hex
            container_id = facts.context.container_id
            self._acceptor.send(end_message(container_id, facts.started_at, facts.finished_at, chunk), chunk)

    def add_gap(self, run: Seal, gap: Gap) -> None:
        """State a gap of a run that goes on, whatever else is being stated of it."""
        chunk = uuid.uuid4().hex
        self._acceptor.send(gap_message(run.container_id, run.started_at, gap, chunk), chunk)

    def probe(self) -> None:
        """Return once the acceptor has handed all that lies in its sockets now to the spool.

        Its loop reads every socket that has something once a round, more than a unix socket can hold, and the answer to
        this comes in a later round.
        """
        chunk = uuid.uuid4().hex
        self._acceptor.send(probe_message(chunk), chunk)

    def state(self, seal: Seal, surplus: int = 0) -> None:
        """Hand a seal to the spool that is stated in any case."""
        self._send_seal(replace(seal, version=time.time_ns()), surplus, last_word=True)

    def rewrite(self, facts: Facts) -> None:
        """Write all of an ended container's copy again, whatever was received. Raises CopyGone, CopyDamaged."""
        reading = Reading(facts, self._files(facts.context.container_id), 0, END)
        copy = self._read(reading, Account())
        # No windows with it: what was received stays accounted for as it is.
        self._send_lines(reading, compare(Account(), copy.account), account=False)

    def audit_end(self, facts: Facts, gaps: Sequence[Gap] = ()) -> Seal:
        """Bring what the live path lacks of an ended container, then its seal, through the spool; gives the seal.

        A copy that is damaged or gone makes a seal that says so.
        """
        baseline = self._known.baseline(facts.context.container_id)
        runs = spans(baseline, _prior(baseline, facts))
        try:
            found = self._audit(facts, END, baseline, runs)
        except (CopyGone, CopyDamaged) as error:
            return self.unverified(facts, str(error))
        assert found is not None  # of an ended container there is always something to state
        if max(found.verified_until, baseline.account.latest) > facts.finished_at:
            self._check_is_over(facts)
        last = len(runs) - 1
        self._seal_ended(runs[:last], found)
        seal = _ended(runs[last], found, last, max(facts.finished_at, found.verified_until), gaps)
        self._send_seal(seal, runs[last].run.surplus + found.surplus[last])
        self._count("audits", 1)
        return seal

    def audit_so_far(self, facts: Facts, until: int) -> Seal | None:
        """The same for a running container's log before a time (ns) that nothing can come behind any more.

        None where there was nothing to compare, or the copy could not be read this time.
        """
        container_id = facts.context.container_id
        baseline = self._known.baseline(container_id)
        account, runs = baseline.account, spans(baseline, _prior(baseline, facts))
        if until - account.verified < 1 << account.border_bits:
            return None
        try:
            found = self._audit(facts, until, baseline, runs)
        except (CopyGone, CopyDamaged) as error:
            log.info("no audit of the running %s: %s", container_id[:12], error)
            return None
        if found is None:
            return None
        over = sum(span.end <= found.verified_until for span in runs)
        self._seal_ended(runs[:over], found)
        prior = runs[over].run
        seal = replace(
            prior.seal, verified_until=found.verified_until, put_back=prior.seal.put_back + found.put_back[over],
            lines=prior.seal.lines + found.lines[over], gaps=_gaps(runs[over], found), version=time.time_ns(),
        )  # fmt: skip
        self._send_seal(seal, prior.surplus + found.surplus[over])
        self._held.drop_before(container_id, found.verified_until)
        self._count("audits_so_far", 1)
        return seal

    def _check_is_over(self, facts: Facts) -> None:
        """Its last lines may be stamped after its end, and may be those of another run, which needs a seal of its own."""
        now = self._engine.facts(facts.context.container_id)
        if now is not None and (now.running or now.started_at != facts.started_at):
            raise EngineUnavailable(f"{facts.context.container_id[:12]} was started again while its copy was read")

    def _seal_ended(self, runs: Sequence[Span], found: _Found) -> None:
        """Runs behind which the container was started again before they could be stated: all of them is compared."""
        for number, span in enumerate(runs):
            seal = _ended(span, found, number, span.end - 1, ())
            self._send_seal(seal, span.run.surplus + found.surplus[number])
            self._count("audits", 1)

    def unverified(self, facts: Facts, reason: str) -> Seal:
        """State that the log of a run, and of those before it whose end is not stated, could not be compared."""
        baseline = self._known.baseline(facts.context.container_id)
        account, runs = baseline.account, spans(baseline, _prior(baseline, facts))
        received = shares(runs, {key: lines for key, (_, _, lines, _) in account.windows.items()}, account.bits)
        self._count("audits_failed", 1)
        log.warning("the log of %s cannot be verified: %s", facts.context.container_id[:12], reason)
        for span, lines in zip(runs, received, strict=True):
            run = span.run.seal
            finished = run.finished_at if span.end == END else span.end - 1
            gap = Gap(max(account.verified, run.started_at) or None, finished, None, reason)
            seal = replace(
                run, state="unverified", reason=reason, gaps=(*run.gaps, gap), lines=run.lines + lines,
                finished_at=finished, version=time.time_ns(),
            )  # fmt: skip
            self._send_seal(seal, span.run.surplus)
        return seal

    def _audit(self, facts: Facts, until: int, baseline: Baseline, runs: list[Span]) -> _Found | None:
        received, ends = baseline.account, [span.end for span in runs[:-1]]
        # Lines behind the verified time are found only where all is read, in the order in which it was written.
        since = 0 if until == END else max(0, received.verified - MARGIN)
        reading = Reading(facts, self._files(facts.context.container_id), since, until)
        if until == END and (same := self._same(reading, received, ends)) is not None:
            gaps, none = overflowed(baseline.outages, same, facts.started_at), [0] * len(runs)
            return _Found(lines_of(runs, received, same, END), none, none, same.last_time, tuple(gaps))
        copy = self._read(reading, received, ends)
        lost = None
        if reading.may_have_rotated:
            lost = rotated(received, copy, facts.started_at)
            reading.torn_before = received.verified if lost is None else END
        if lost is not None:
            copy = self._read(reading, received, ends)
            lost = rotated(received, copy, facts.started_at) or lost  # torn lines are stamped before what is lost ends
        if until != END:
            until = copy.border(until)
            if not until:
                return None
        holes = [*([(0, copy.first_time)] if lost else []), *reading.holes]
        difference = compare(received, copy.account, holes=holes, until=until)
        if difference.windows:
            self._send_lines(reading, difference)
        self._count("lines_put_back", difference.missing)
        gaps = [*([lost] if lost else []), *(Gap(start, end, None, ROTATED) for start, end in reading.holes)]
        gaps += overflowed(baseline.outages, copy, facts.started_at)
        truth = union(received, copy.account, holes=holes, until=until)
        missing, extra = (shares(runs, amounts, truth.bits) for amounts in (difference.missing_in, difference.extra_in))
        verified_until = until if until != END else copy.last_time
        return _Found(lines_of(runs, truth, copy, until), missing, extra, verified_until, tuple(gaps))

    def _files(self, container_id: str) -> Held | None:
        """The files of the copy up to the newest, where they are held."""
        if self._held.get(container_id) is None:
            return None
        try:
            self._held.hold(container_id)
        except (OSError, CopyDamaged) as error:
            log.warning("the files of %s cannot be used: %s", container_id[:12], error)
            return None
        return self._held.get(container_id)

    def _same(self, reading: Reading, received: Account, ends: list[int]) -> CopyAccount | None:
        """The copy's account, by the cheap comparison, where all of it is there and it has what was received, no more."""
        if not reading.is_likely_same(received):
            return None
        copy = self._read(reading, received, ends, grouped=False)
        return copy if not reading.may_have_rotated and not reading.holes and is_same(received, copy.account) else None

    def _read(
        self, reading: Reading, received: Account, ends: Sequence[int] = (), *, grouped: bool = True
    ) -> CopyAccount:
        try:
            return self._account_of(reading, received, ends, grouped)
        except CopyDamaged as error:
            if reading.held is None:
                raise
            log.warning("the engine is asked for its copy instead: %s", error)
            reading.held = None
            return self._account_of(reading, received, ends, grouped)

    def _account_of(self, reading: Reading, received: Account, ends: Sequence[int], grouped: bool) -> CopyAccount:
        grouper = self._grouper_of(reading.facts.context) if grouped else None
        copy = CopyAccount(grouper, received.verified, received.border_bits, ends)
        for frames in reading.frames(self._engine):
            copy.add(frames)
        return copy

    def _send_lines(self, reading: Reading, difference: Difference, *, account: bool = True) -> None:
        selection = Selection(difference, self._grouper_of(reading.facts.context), self._max_parts)
        name, container_id = uuid.uuid4().hex, reading.facts.context.container_id
        whole = RepairPass(name, container_id, last=False, exact=not difference.extra)
        number = 0
        for frames in reading.frames(self._engine):
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

    def _send_seal(self, seal: Seal, surplus: int = 0, *, last_word: bool = False) -> None:
        chunk = uuid.uuid4().hex
        self._acceptor.send(seal_message(seal, surplus, chunk, last_word=last_word), chunk)


def _ended(span: Span, found: _Found, number: int, verified_until: int, gaps: Sequence[Gap]) -> Seal:
    """The seal of a run, the `number`th of those that were looked at; found is all that came since it was last stated."""
    run = span.run.seal
    all_gaps = (*_gaps(span, found), *gaps)
    return replace(
        run, state="gaps" if all_gaps else "sealed", verified_until=verified_until, gaps=all_gaps,
        lines=run.lines + found.lines[number], put_back=run.put_back + found.put_back[number],
        finished_at=run.finished_at if span.end == END else span.end - 1, version=time.time_ns(),
    )  # fmt: skip


def _gaps(span: Span, found: _Found) -> tuple[Gap, ...]:
    """All that is known of the run."""
    own = [gap for gap in found.gaps if (gap.end or 0) >= span.start and (gap.start or 0) < span.end]
    return (*span.run.seal.gaps, *own)


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


def _prior(baseline: Baseline, facts: Facts) -> OpenRun:
    """What was stated so far, with what the engine says now."""
    known = baseline.run(facts.started_at)
    if known is None:
        return OpenRun(_seal(facts))
    labels = facts.context.labels or known.seal.labels
    return replace(known, seal=replace(known.seal, finished_at=facts.finished_at or None, labels=labels))


def _seal(facts: Facts) -> Seal:
    context = facts.context
    return Seal(
        context.container_id, facts.started_at, context.container_name, context.task_id, context.type, context.uid,
        finished_at=facts.finished_at or None, labels=context.labels,
    )  # fmt: skip
