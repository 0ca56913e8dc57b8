"""What the audit costs: a whole comparison against a bare reader of the same frames, and the time to a big one's seal.

    python bench/audit.py [--lines 1000000]

The first figure is CPU of parsing, hashing and comparing a copy of `--lines` lines of 96 bytes against CPU of only cutting
the same bytes into frames; no Docker is needed for it. Figures go to standard output.
"""

import argparse
import struct
import time

from log_shipper.audit.frames import FrameParser
from log_shipper.audit.reconcile import CopyAccount, compare
from log_shipper.config import ShipperSettings
from log_shipper.ledger import Account
from log_shipper.rules import rules_of

BLOCK = 1 << 20
LINE = b"x" * 96


def frames(lines: int) -> bytes:
    """A copy's stream as dockerd gives it; 7 us between lines."""
    out = []
    for number in range(lines):
        second, nanoseconds = divmod(number * 7_000, 10**9)
        body = b"2026-11-24T%02d:%02d:%02d.%09dZ %s\n" % (
            second // 3600, second // 60 % 60, second % 60, nanoseconds, LINE,
        )  # fmt: skip
        out.append(b"\x01\0\0\0" + len(body).to_bytes(4, "big") + body)
    return b"".join(out)


def bare(copy: bytes) -> int:
    """What every reader of frames must do: cut them."""
    unpack, position, count, end = struct.Struct(">BxxxI").unpack_from, 0, 0, len(copy)
    while position < end:
        _, size = unpack(copy, position)
        start = position + 8
        copy[start : start + 30], copy[start + 31 : start + size - 1]
        position = start + size
        count += 1
    return count


def audited(copy: bytes) -> Account:
    parser, account = FrameParser(), CopyAccount(rules_of(ShipperSettings()).grouper)
    for start in range(0, len(copy), BLOCK):
        account.add(parser.receive(copy[start : start + BLOCK]))
    return account.account


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    lines = parser.parse_args().lines
    copy = frames(lines)
    ratios = []
    for _ in range(5):
        began = time.process_time()
        bare(copy)
        middle = time.process_time()
        account = audited(copy)
        ended = time.process_time()
        ratios.append((ended - middle) / (middle - began))
        print(
            f"bare {(middle - began) / lines * 1e6:.2f} us a line, audit {(ended - middle) / lines * 1e6:.2f} us a line"
        )
    began = time.process_time()
    difference = compare(account.copy(), account.copy())
    print(f"comparison of {len(account.windows)} windows: {(time.process_time() - began) * 1000:.1f} ms, "
          f"{len(difference.windows)} differ")  # fmt: skip
    print(f"ratio of audit to bare frame reader, median of 5: {sorted(ratios)[2]:.2f}")


if __name__ == "__main__":
    main()
