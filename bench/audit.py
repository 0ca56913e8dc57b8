"""What reading Docker's copy costs: both comparisons against a bare reader that only cuts the same bytes into entries.

    python -m bench.audit [--lines 1000000]

No Docker is needed: a copy of --lines lines of 96 bytes, as the files of Docker's copy hold it and as the engine's API
gives it. `same` is the comparison of a log of which all was received, `joined` the one that finds what is missing.
"""

import argparse
import struct
import time
from collections.abc import Callable
from functools import partial

from log_shipper.audit.frames import FrameParser
from log_shipper.audit.local_file import LocalParser
from log_shipper.audit.reconcile import CopyAccount
from log_shipper.config import ShipperSettings
from log_shipper.rules import rules_of
from log_shipper.stages.multiline import Grouper
from tests.docker_copy import entry, frame

BLOCK = 1 << 20
START = 1_795_478_400_000_000_000
STEP = 7_000  # ns between two lines


def entries(texts: list[bytes], start: int, step: int) -> bytes:
    """As the files of the `local` driver hold them."""
    return b"".join(entry(start + number * step, text) for number, text in enumerate(texts))


def frames(texts: list[bytes], start: int, step: int) -> bytes:
    """As `GET /containers/{id}/logs` gives them."""
    return b"".join(frame(start + number * step, text) for number, text in enumerate(texts))


def cut_entries(copy: bytes) -> None:
    unpack, position, end = struct.Struct(">I").unpack_from, 0, len(copy)
    while position < end:
        (size,) = unpack(copy, position)
        start = position + 4
        copy[start + 9 : start + 18], copy[start + 20 : start + size]
        position = start + size + 4


def cut_frames(copy: bytes) -> None:
    unpack, position, end = struct.Struct(">BxxxI").unpack_from, 0, len(copy)
    while position < end:
        _, size = unpack(copy, position)
        start = position + 8
        copy[start : start + 30], copy[start + 31 : start + size - 1]
        position = start + size


def compared(copy: bytes, parser: LocalParser | FrameParser, grouper: Grouper | None) -> None:
    account = CopyAccount(grouper)
    for start in range(0, len(copy), BLOCK):
        account.add(parser.receive(copy[start : start + BLOCK]))


def seconds(call: Callable[[], object]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    lines = parser.parse_args().lines
    grouper = rules_of(ShipperSettings()).grouper
    texts = [b"x" * 96] * lines
    for name, copy, bare, parser_of in (
        ("files", entries(texts, START, STEP), cut_entries, LocalParser),
        ("API", frames(texts, START, STEP), cut_frames, FrameParser),
    ):
        rounds = [
            [
                seconds(partial(bare, copy)),
                seconds(partial(compared, copy, parser_of(), None)),
                seconds(partial(compared, copy, parser_of(), grouper)),
            ]
            for _ in range(5)
        ]
        best = [min(column) for column in zip(*rounds, strict=True)]
        shown = ", ".join(f"{took / lines * 1e6:.2f}" for took in best)
        print(
            f"{name}: us a line bare, same, joined: {shown}; ratios {best[1] / best[0]:.1f} and {best[2] / best[0]:.1f}"
        )


if __name__ == "__main__":
    main()
