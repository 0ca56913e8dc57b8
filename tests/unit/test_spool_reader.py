"""The reader of the spool beside a writer that is in the middle of things."""

import os
import threading
from pathlib import Path

from log_shipper.spool.reader import SpoolReader
from log_shipper.spool.segment import ENTRIES, pack, segment_name

RECORDS = 2000
BODY = bytes(range(256)) * 100
PIECE = 8000  # bytes that become visible at a time


def test_a_record_that_is_being_written_is_never_taken_for_damage(tmp_path: Path) -> None:
    """It, and others after it, may come to be whole between two looks of the reader."""
    file = os.open(tmp_path / segment_name(0), os.O_CREAT | os.O_WRONLY)

    def write() -> None:
        for number in range(RECORDS):
            record = pack(ENTRIES, 0, 1, number, 1, BODY if number % 2 else b"short")
            for start in range(0, len(record), PIECE):
                os.write(file, record[start : start + PIECE])

    writing = threading.Thread(target=write)
    writing.start()
    reader, seen = SpoolReader(tmp_path, 0), list[int]()
    while len(seen) < RECORDS:
        ended = not writing.is_alive()
        records = reader.read(1 << 20)
        seen += [record.received for record in records]
        if ended and not records:
            break
    writing.join()
    os.close(file)
    assert (seen, reader.damage) == (list(range(RECORDS)), [])
