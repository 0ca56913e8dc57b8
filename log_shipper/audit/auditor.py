"""The audit of a container that has ended: compare, put back, state the result."""

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace

from log_shipper.audit.accepted import AcceptorClient
from log_shipper.audit.docker_copy import Engine, Facts
from log_shipper.audit.entries import lines_message, seal_message
from log_shipper.audit.frames import FrameParser, Frames
from log_shipper.audit.reconcile import CopyAccount, Difference, Segment, Selection, compare
from log_shipper.errors import CopyDamaged, CopyGone
from log_shipper.ledger import Account
from log_shipper.pipeline import RepairPass
from log_store.seal import Gap, Seal

log = logging.getLogger(__name__)

MESSAGE_ROWS = 2000
MESSAGE_BYTES = 1 << 20
HELD = 8 << 20  # bytes of a copy that are held in memory rather than read a second time

AccountOf = Callable[[str], Account]
"""Container id -> a copy of what was received of it"""


class Auditor:
    """Blocking; safe to use from several threads for different containers."""

    def __init__(
        self, engine: Engine, acceptor: AcceptorClient, account_of: AccountOf, count: Callable[[str, int], None]
    ) -> None:
        self._engine, self._acceptor, self._account_of, self._count = engine, acceptor, account_of, count

    def open(self, facts: Facts) -> None:
        """State that the container's log is being received. Raises NotAccepted."""
        self._send_seal(replace(_seal(facts), version=1))

    def audit(self, facts: Facts) -> Seal:
        """Bring what the live path lacks of an ended container, then its seal, through the spool.

        Gives the seal that was handed to the spool. Raises EngineUnavailable and NotAccepted: try again later. A copy
        that is damaged or gone makes a seal that says so.
        """
        container_id = facts.context.container_id
        try:
            difference, lines, last_time = self._put_back(container_id)
        except (CopyGone, CopyDamaged) as error:
            return self.unverified(_seal(facts), str(error))
        seal = replace(
            _seal(facts), state="sealed", verified_until=max(facts.finished_at, last_time), lines=lines,
            put_back=difference.missing, version=time.time_ns(),
        )  # fmt: skip
        self._send_seal(seal)
        self._count("audits", 1)
        self._count("lines_put_back", difference.missing)
        return seal

    def unverified(self, run: Seal, reason: str) -> Seal:
        """State that a run's log could not be compared. Raises NotAccepted."""
        self._count("audits_failed", 1)
        log.warning("the log of %s cannot be verified: %s", run.container_id[:12], reason)
        gap = Gap(run.started_at or None, run.finished_at, None, reason)
        account = self._account_of(run.container_id)
        seal = replace(
            run, state="unverified", reason=reason, gaps=(gap,), lines=max(0, account.records() - account.lines_before),
            version=time.time_ns(),
        )  # fmt: skip
        self._send_seal(seal)
        return seal

    def _put_back(self, container_id: str) -> tuple[Difference, int, int]:
        """What was not the same, how many lines the run wrote, and the time of the last."""
        copy, held = CopyAccount(), list[Frames]()
        size = 0
        for frames, read in self._frames(container_id):
            copy.add(frames)
            size += read
            if size <= HELD:
                held.append(frames)
        received = self._account_of(container_id)
        difference = compare(received, copy.account)
        if difference.windows:
            again = iter(held) if size <= HELD else (frames for frames, _ in self._frames(container_id))
            self._send_lines(container_id, again, difference)
        return difference, max(0, copy.lines + difference.extra - received.lines_before), copy.last_time

    def _frames(self, container_id: str) -> Iterator[tuple[Frames, int]]:
        parser = FrameParser()
        for block in self._engine.copy(container_id):
            yield parser.receive(block), len(block)
        if parser.pending:
            raise CopyDamaged(f"Docker's copy of {container_id[:12]} ends within a frame")

    def _send_lines(self, container_id: str, copy: Iterator[Frames], difference: Difference) -> None:
        selection = Selection(difference)
        whole = RepairPass(uuid.uuid4().hex, container_id, last=False)
        sent = 0
        for frames in copy:
            for segment in selection.select(frames):
                for piece in _pieces(frames, segment):
                    chunk = f"{whole.id}.{sent}"
                    self._acceptor.send(lines_message(whole, frames, piece, chunk), chunk)
                    sent += 1
        end = replace(whole, last=True, bits=difference.bits, windows=difference.copy_windows)
        self._acceptor.send(lines_message(end, Frames(), Segment(), f"{whole.id}.end"), f"{whole.id}.end")

    def _send_seal(self, seal: Seal) -> None:
        chunk = uuid.uuid4().hex
        self._acceptor.send(seal_message(seal, chunk), chunk)


def _pieces(frames: Frames, segment: Segment) -> Iterator[Segment]:
    """The segment in pieces of bounded rows and bytes; only the first has its start."""
    begin, size, start = 0, 0, segment.start
    for index, row in enumerate(segment.rows):
        size += len(frames.text[row])
        if index + 1 - begin >= MESSAGE_ROWS or size >= MESSAGE_BYTES or index + 1 == len(segment.rows):
            yield Segment(start, segment.rows[begin : index + 1], segment.parts[begin : index + 1])
            begin, size, start = index + 1, 0, {}


def _seal(facts: Facts) -> Seal:
    context = facts.context
    return Seal(
        context.container_id, facts.started_at, context.container_name, context.task_id, context.type, context.uid,
        finished_at=facts.finished_at or None,
    )  # fmt: skip
