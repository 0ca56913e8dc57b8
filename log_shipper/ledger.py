"""What was received of each container, as counts and sums by window of time: what the audit compares with Docker's copy.

A window's digest is the sum of its records' hashes modulo 2**128: it does not depend on order or on who sends what
twice in which batch (XOR would cancel pairs). A window is a function of the record's own time, so a loss in one leaves
all others comparable. Windows start 17 ms wide and widen when a container fills too many of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from log_store.fields import STDERR

FINEST_BITS = 24  # 2**24 ns
MOST_WINDOWS = 4096
MODULUS = (1 << 128) - 1

Windows = dict[int, tuple[int, int]]
"""(time >> bits) << 1 | (1 for stderr)  ->  records, sum of their hashes modulo 2**128"""


@dataclass(slots=True)
class Account:
    """One container's windows."""

    bits: int = FINEST_BITS
    windows: Windows = field(default_factory=dict)
    lines_before: int = 0  # lines that the seals of earlier runs of the container have stated

    def add(self, stream: str, times: list[int], hashes: list[int]) -> None:
        bits, side = self.bits, int(stream == STDERR)
        if min(times) >> bits == max(times) >> bits:
            self._add((times[0] >> bits) << 1 | side, len(times), sum(hashes))
        else:
            start, key = 0, times[0] >> bits
            for row, time in enumerate(times):
                if time >> bits != key:
                    self._add(key << 1 | side, row - start, sum(hashes[start:row]))
                    start, key = row, time >> bits
            self._add(key << 1 | side, len(times) - start, sum(hashes[start:]))
        while len(self.windows) > MOST_WINDOWS:
            self.widen(self.bits + 2)

    def _add(self, key: int, count: int, total: int) -> None:
        had_count, had_total = self.windows.get(key, (0, 0))
        self.windows[key] = (had_count + count, had_total + total & MODULUS)

    def widen(self, bits: int) -> None:
        """Merge windows so that each is 2**bits ns wide."""
        shift = bits - self.bits
        merged: Windows = {}
        for key, (count, total) in self.windows.items():
            wide = (key >> 1 >> shift) << 1 | key & 1
            had_count, had_total = merged.get(wide, (0, 0))
            merged[wide] = (had_count + count, had_total + total & MODULUS)
        self.bits, self.windows = bits, merged

    def replace(self, bits: int, windows: Windows) -> None:
        """Put what the audit found in place of the windows that were not the same; a count of 0 takes one away."""
        if bits > self.bits:
            self.widen(bits)
        if bits < self.bits:
            raise ValueError(f"windows of 2**{bits} ns for an account of 2**{self.bits}")
        for key, (count, total) in windows.items():
            if count:
                self.windows[key] = (count, total)
            else:
                self.windows.pop(key, None)

    def records(self) -> int:
        return sum(count for count, _ in self.windows.values())

    def copy(self) -> "Account":
        return Account(self.bits, dict(self.windows), self.lines_before)


class Ledger:
    """The accounts of the containers whose copy Docker still has."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}

    def add(self, container_id: str, stream: str, times: list[int], hashes: list[int]) -> None:
        self.account(container_id).add(stream, times, hashes)

    def account(self, container_id: str) -> Account:
        """The container's account, opened at need."""
        account = self.accounts.get(container_id)
        if account is None:
            account = self.accounts[container_id] = Account()
        return account

    def close(self, container_id: str) -> None:
        self.accounts.pop(container_id, None)

    def snapshot(self) -> dict[str, Any]:
        return {container: [a.bits, pack_windows(a.windows), a.lines_before] for container, a in self.accounts.items()}

    def restore(self, snapshot: dict[str, Any]) -> None:
        for container, (bits, windows, lines_before) in snapshot.items():
            self.accounts[container] = Account(bits, unpack_windows(windows), lines_before)


def pack_windows(windows: Windows) -> list[tuple[int, int, bytes]]:
    """As msgpack can carry them."""
    return [(key, count, total.to_bytes(16, "big")) for key, (count, total) in windows.items()]


def unpack_windows(packed: Iterable[tuple[int, int, bytes]]) -> Windows:
    return {key: (count, int.from_bytes(total, "big")) for key, count, total in packed}
