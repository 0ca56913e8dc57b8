"""What "every line, once, and a statement of it" costs: CPU and disk of the spool and the audit beside the same run without.

    python -m bench.promise [--lines 200000] [--rounds 3]

In one process and on one core, with no engine: messages as dockerd sends them and Docker's copy as its files hold it, of
--lines lines of 110 bytes. `bare` is decode, stages and the SQLite store. To it come the spool (written, synced, read
again), the audit of a log of which all was received, and the audit of one of which the last 64 of 100 lines are put back.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgpack

from bench.audit import entries as copy_entries
from log_shipper.audit.entries import about_of, lines_message, repair_in, runs_in
from log_shipper.audit.frames import Frames
from log_shipper.audit.local_file import LocalParser
from log_shipper.audit.reconcile import CopyAccount, compare, is_same
from log_shipper.audit.selection import Selection
from log_shipper.config import ShipperSettings
from log_shipper.forward.decoder import Decoder, Limits
from log_shipper.forward.records import entries, messages, option_of
from log_shipper.pipeline import Pipeline, RepairPass
from log_shipper.rules import RuleBook
from log_shipper.spool.reader import SpoolReader
from log_shipper.spool.segment import ENTRIES, TRUSTED
from log_shipper.spool.writer import SpoolWriter
from log_store.document import ContainerContext
from log_store.sqlite.writer import SqliteWriter

START = 1_795_478_400_000_000_000
STEP = 7_000  # ns between two lines
CONTAINER = "ab" * 32
CONTEXT = ContainerContext(CONTAINER, "bench")
READ = 1 << 18  # bytes that one read of a socket gives
BLOCK = 1 << 20
RECEIVED = 0.36  # of the lines of a burst, measured: what the driver did not throw away at its end


def texts(lines: int) -> list[bytes]:
    return [
        b"line %09d " % number
        + b"of a log that is one hundred and ten bytes long, padded with words until it is full, ok"
        for number in range(lines)
    ]


def frames(lines: int) -> bytes:
    pack = msgpack.Packer().pack
    return b"".join(
        pack(["ab" * 6, msgpack.ExtType(0, _stamp(START + number * STEP)),
              {"container_id": CONTAINER, "container_name": "/bench", "source": "stdout", "log": text}, {}])
        for number, text in enumerate(texts(lines))
    )  # fmt: skip


def _stamp(time_ns: int) -> bytes:
    seconds, nanoseconds = divmod(time_ns, 10**9)
    return seconds.to_bytes(4, "big") + nanoseconds.to_bytes(4, "big")


class Shipper:
    """The parts of one, without its processes."""

    def __init__(self, folder: Path) -> None:
        book = RuleBook(ShipperSettings(retention=1e9))
        self.grouper = book.of(CONTEXT).grouper
        self.pipeline = Pipeline("bench", lambda *_: CONTEXT, book.of, max_message=8 << 20)
        self.store = SqliteWriter(folder / "logs")
        self.spool = SpoolWriter(folder / "spool", segment_bytes=64 << 20, limit_bytes=8 << 30)
        self.spool_folder = folder / "spool"
        self.spooled = 0

    def bare(self, data: bytes) -> None:
        position = 0
        for body, _ in _decoded(data):
            self._store(position, body)
            position += len(body)

    def with_spool(self, data: bytes) -> None:
        for body, records in _decoded(data):
            self.spool.append(ENTRIES, TRUSTED, 1, time.time_ns(), records, body)
        self.spool.sync()
        reader = SpoolReader(self.spool_folder, 0)
        while found := reader.read(BLOCK):
            for record in found:
                self._store(record.position, record.body)
        self.spooled = reader.position

    def audit(self, copy: bytes) -> None:
        received = self.pipeline.ledger.account(CONTAINER).copy()
        account = CopyAccount(None)
        for block in _parsed(copy):
            account.add(block)
        if is_same(received, account.account):
            return
        account = CopyAccount(self.grouper)
        for block in _parsed(copy):
            account.add(block)
        difference = compare(received, account.account)
        selection, number, whole = (
            Selection(difference, self.grouper, 512),
            0,
            RepairPass("r", CONTAINER, last=False, exact=True),
        )
        for block in _parsed(copy):
            for segment in selection.select(block):
                self._repair(lines_message(replace(whole, number=number), segment, "c"))
                number += 1
        self._repair(lines_message(replace(whole, number=number, last=True, bits=difference.bits), None, "c"))

    def _store(self, position: int, body: bytes) -> None:
        batch = self.pipeline.new_batch()
        self.pipeline.add(batch, [(position, entries(body, 1 << 30))], time.time_ns(), trusted=True)
        self.store.write(batch)

    def _repair(self, message: bytes) -> None:
        for one in messages(message):
            about = about_of(option_of(one))
            batch = self.pipeline.new_batch()
            self.pipeline.repair(batch, runs_in(about, 1 << 40), 1 << 40, time.time_ns(), repair_in(about))
            self.store.write(batch)


def _decoded(data: bytes) -> Iterator[tuple[bytes, int]]:
    decoder = Decoder(Limits())
    for start in range(0, len(data), READ):
        for found in decoder.receive(data[start : start + READ]):
            yield found.raw, found.records


def _parsed(copy: bytes) -> Iterator[Frames]:
    parser = LocalParser()
    for start in range(0, len(copy), BLOCK):
        yield parser.receive(copy[start : start + BLOCK])


def measured(call: Callable[[Shipper], object]) -> tuple[float, Shipper]:
    folder = Path(tempfile.mkdtemp(prefix="wl-bench-", dir="/var/tmp"))
    try:
        shipper = Shipper(folder)
        began = time.process_time()
        call(shipper)
        return time.process_time() - began, shipper
    finally:
        shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    lines = given.lines
    data, copy = frames(lines), copy_entries(texts(lines), START, STEP)
    part = frames(int(lines * RECEIVED))

    def put_back(shipper: Shipper) -> None:
        shipper.with_spool(part)
        shipper.audit(copy)

    def whole(shipper: Shipper) -> None:
        shipper.with_spool(data)
        shipper.audit(copy)

    ways: dict[str, Callable[[Shipper], object]] = {
        "bare": lambda shipper: shipper.bare(data),
        "with the spool": lambda shipper: shipper.with_spool(data),
        "with spool and audit, all received": whole,
        "with spool and audit, 64 of 100 put back": put_back,
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    spooled = 0
    for _ in range(given.rounds):
        for name, way in ways.items():
            seconds, shipper = measured(way)
            took[name].append(seconds)
            spooled = max(spooled, shipper.spooled)
    bare = min(took["bare"])
    for name, seconds in took.items():
        print(f"{name:42} {min(seconds) / lines * 1e6:5.1f} us a line, {min(seconds) / bare:.2f} x bare")
    print(
        f"the spool holds {spooled / lines:.0f} bytes a line of 110 until the line is stored; Docker's copy {len(copy) / lines:.0f}"
    )


if __name__ == "__main__":
    main()
