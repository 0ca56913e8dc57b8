"""What cannot be known whole, each with its reason. Pure."""

from collections.abc import Iterable

from log_shipper.audit.reconcile import CopyAccount
from log_shipper.ledger import Account
from log_store.seal import Gap

NOT_ROTATED = 78 << 20
"""Bytes of frames below which Docker's copy cannot have rotated: it drops the oldest of five files of 20 MiB when the fifth
is full, and a frame has more bytes than its entry in the file (moby: daemon/logger/local)."""
FIRST_LINE = 500_000_000  # ns after the start within which the copy's first line is taken for the container's first
QUEUE_LINES = 500_000
"""Records within one outage above which the driver's queue (1,048,576) may have been full; half of it, since an outage can
be audited in two halves. What a full queue refuses is not in the copy either (moby: loggerWithCache.Log)."""
READERS_CUT = 2_000_000_000  # ns that dockerd waits for a stream's end before it cancels the reading

ROTATED = "Docker's copy had rotated away before it was compared: what the live path lost of it cannot be told"
OVERFLOWED = "the shipper was away while many lines came: the log driver's queue may have been full and refused some"
ENGINE_GONE = "the engine stopped while the container ran: up to 1 MB a stream may never have reached its copy"
CUT = "the engine stopped reading the container's output before its end: up to 1 MB a stream may be missing"


def rotated(received: Account, copy: CopyAccount, started_at: int) -> Gap | None:
    """The part of a run that a copy which may have rotated has lost before it was compared."""
    first = copy.first_time
    if received.verified >= first:
        return None
    if not received.verified and first - started_at < FIRST_LINE and not _received_before(received, first):
        return None
    bits = max(received.bits, copy.account.bits)
    # The window in which the copy begins cannot be compared either.
    end = ((first >> bits) + 1) << bits
    return Gap(max(received.verified, started_at), end - 1, None, ROTATED)


def _received_before(received: Account, time: int) -> bool:
    return any(0 <= key >> 1 < time >> received.bits for key in received.windows)


def overflowed(outages: Iterable[tuple[int, int]], copy: CopyAccount, started_at: int) -> list[Gap]:
    """Outages of the shipper (from, to, in ns) within which the driver's queue may have been full."""
    return [
        Gap(max(start, started_at), end, None, OVERFLOWED)
        for start, end in outages
        if end > started_at and copy.records_between(start, end) >= QUEUE_LINES
    ]
