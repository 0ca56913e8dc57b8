"""What was received of each container, as counts and sums by window of time: what the audit compares with Docker's copy.

A window's digest is the sum of its records' hashes modulo 2**128: it does not depend on order or on who sends what
twice in which batch (XOR would cancel pairs). A window is a function of the record's own time, so a loss in one leaves
all others comparable. Windows start 17 ms wide and widen when a container fills too many of them. What an audit has
verified is dropped; records of before that which come later (a clock that stepped back) have a window of their own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from log_store.fields import STDERR

FINEST_BITS = 24  # 2**24 ns
MOST_WINDOWS = 4096
ALIGN_BITS = 4  # a verified time is a multiple of so many windows, so that it stays a border when they widen
MARGIN = 10**9  # ns: two streams' stamps may stand so far out of order without a clock having stepped
LATE = -1  # the window of what came behind the verified time
MODULUS = (1 << 128) - 1
FRAME_BYTES = 40  # of a line in Docker's copy, as the engine's API gives it, beside its text

Window = tuple[int, int, int, int]
"""records, sum of their `marked` hashes modulo 2**128, lines (one above 16 KiB is several records), sum of their hashes"""
NOTHING: Window = (0, 0, 0, 0)
Windows = dict[int, Window]
"""(time >> bits) << 1 | (1 for stderr)  ->  what lies there; LATE << 1 | … for late ones"""


def marked(hashes: list[int], starts: list[int]) -> list[int]:
    """The hashes of records as they are summed: those that continue a message are told from those that begin one.

    A lost line may change which of the later ones belong together; so these windows differ, too, and are put right.
    `starts` as `multiline.Grouping` has them: how many messages a line has taken back is in its sum.
    """
    if min(starts) > 0:
        return hashes
    return [digest if start > 0 else MODULUS - digest + start for digest, start in zip(hashes, starts, strict=True)]


@dataclass(slots=True)
class Account:
    """One container's windows."""

    bits: int = FINEST_BITS
    windows: Windows = field(default_factory=dict)
    verified: int = 0  # ns: every record stamped before it has been compared
    latest: int = 0  # ns: the greatest time received
    unverified_bytes: int = 0  # received since the last audit, as Docker's copy counts them
    mended: bool = False  # what came meanwhile may have been joined to what was put back

    def add(
        self, stream: str, times: list[int], hashes: list[int], starts: list[int] | None = None,
        fresh: list[bool] | None = None,
    ) -> None:  # fmt: skip
        """`starts`: which records begin a message; `fresh`: which are lines or begin one. None where all do."""
        side = int(stream == STDERR)
        columns = _Columns(hashes, hashes if starts is None else marked(hashes, starts), fresh)
        least, most = min(times), max(times)
        if least < self.verified:
            before = self.verified - MARGIN
            late = [row for row, time in enumerate(times) if time < before]
            if late:
                self._add(LATE << 1 | side, *columns.select(late).window(0, len(late)))
            kept = [row for row, time in enumerate(times) if time >= self.verified]
            if not kept:
                return
            times, columns = [times[row] for row in kept], columns.select(kept)
        self.latest = max(self.latest, most)
        bits = self.bits
        start, key = 0, times[0] >> bits
        if not key == least >> bits == most >> bits:
            for row, time in enumerate(times):
                if time >> bits != key:
                    self._add(key << 1 | side, *columns.window(start, row))
                    start, key = row, time >> bits
        self._add(key << 1 | side, *columns.window(start, len(times)))
        while len(self.windows) > MOST_WINDOWS:
            self.widen(self.bits + 2)

    def key(self, stream: str, time: int) -> int | None:
        """The window of a record; None for one that was verified before."""
        side = int(stream == STDERR)
        if time >= self.verified:
            return (time >> self.bits) << 1 | side
        return LATE << 1 | side if time < self.verified - MARGIN else None

    def _add(self, key: int, count: int, total: int, lines: int, plain: int) -> None:
        had_count, had_total, had_lines, had_plain = self.windows.get(key, NOTHING)
        self.windows[key] = (
            had_count + count, had_total + total & MODULUS, had_lines + lines, had_plain + plain & MODULUS
        )  # fmt: skip

    def widen(self, bits: int) -> None:
        """Merge windows so that each is 2**bits ns wide."""
        shift = bits - self.bits
        narrow, self.windows = self.windows, {}
        for key, window in narrow.items():
            self._add(key if key < 0 else (key >> 1 >> shift) << 1 | key & 1, *window)
        self.bits = bits

    def replace(self, bits: int, windows: Windows) -> None:
        """Put what the audit found in place of the windows that were not the same; a count of 0 takes one away."""
        self.mended = True
        if bits > self.bits:
            self.widen(bits)
        shift = self.bits - bits
        if shift and windows:
            return  # these have widened meanwhile: the next audit finds them different once more, and repairs again
        for key, window in windows.items():
            if window[0]:
                self.windows[key] = window
            else:
                self.windows.pop(key, None)

    def verify(self, until: int) -> None:
        """All before `until` (a multiple of a window) has been compared and is right."""
        if until <= self.verified or until % (1 << self.bits):
            return
        first = until >> self.bits
        self.windows = {key: value for key, value in self.windows.items() if key < 0 or key >> 1 >= first}
        self.verified, self.unverified_bytes = until, 0

    def verify_all(self, until: int) -> None:
        """The run has ended, and all of it up to `until` has been compared. What the next run has written stays."""
        self.windows = {key: value for key, value in self.windows.items() if key >= 0 and key >> 1 > until >> self.bits}
        self.verified, self.unverified_bytes = max(self.verified, until + 1), 0
        if not self.windows:
            self.bits = FINEST_BITS

    @property
    def border_bits(self) -> int:
        """Multiples of 2**border_bits ns may be given to `verify`, also after the windows have widened twice."""
        return self.bits + ALIGN_BITS

    def lines(self, start: int = 0, end: int = 1 << 63) -> int:
        """Since the verified time, in the windows from that of `start` to before that of `end` (ns)."""
        first, last = start >> self.bits, end >> self.bits
        return sum(lines for key, (_, _, lines, _) in self.windows.items() if key >= 0 and first <= key >> 1 < last)

    @property
    def records(self) -> int:
        """Received since the verified time."""
        return sum(count for count, *_ in self.windows.values())

    @property
    def late_lines(self) -> int:
        """Received behind a verified time."""
        return sum(lines for key, (_, _, lines, _) in self.windows.items() if key < 0)

    def copy(self) -> "Account":
        return replace(self, windows=dict(self.windows))


class Ledger:
    """The accounts of the containers whose copy Docker still has."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}

    def account(self, container_id: str) -> Account:
        """The container's account, opened at need."""
        account = self.accounts.get(container_id)
        if account is None:
            account = self.accounts[container_id] = Account()
        return account

    def close(self, container_id: str) -> None:
        self.accounts.pop(container_id, None)

    def snapshot(self) -> dict[str, Any]:
        return {
            container: [a.bits, pack_windows(a.windows), a.verified, a.latest, a.unverified_bytes, a.mended]
            for container, a in self.accounts.items()
        }

    def restore(self, snapshot: dict[str, Any]) -> None:
        for container, (bits, windows, *rest) in snapshot.items():
            self.accounts[container] = Account(bits, unpack_windows(windows), *rest)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Of the same length; `marks` are the marked hashes, the very list of hashes where each begins a message."""

    hashes: list[int]
    marks: list[int]
    fresh: list[bool] | None

    def select(self, rows: list[int]) -> "_Columns":
        hashes = [self.hashes[row] for row in rows]
        marks = hashes if self.marks is self.hashes else [self.marks[row] for row in rows]
        return _Columns(hashes, marks, self.fresh and [self.fresh[row] for row in rows])

    def window(self, start: int, end: int) -> Window:
        plain = sum(self.hashes[start:end])
        total = plain if self.marks is self.hashes else sum(self.marks[start:end])
        lines = end - start if self.fresh is None else sum(self.fresh[start:end])
        return end - start, total, lines, plain


Packed = tuple[int, int, bytes, int, bytes]


def pack_windows(windows: Windows) -> list[Packed]:
    """As msgpack can carry them."""
    return [
        (key, count, total.to_bytes(16, "big"), lines, plain.to_bytes(16, "big"))
        for key, (count, total, lines, plain) in windows.items()
    ]


def unpack_windows(packed: Iterable[Packed]) -> Windows:
    return {
        key: (count, int.from_bytes(total, "big"), lines, int.from_bytes(plain, "big"))
        for key, count, total, lines, plain in packed
    }
