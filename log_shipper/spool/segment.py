"""The bytes of a segment: records one after the other, in a file named by the position of its first byte.

A record is a header of 32 bytes, little-endian, and its body:

===========  ====  =====================================================================
body length  u32
checksum     u32   low half of xxh3-64 over the rest of the header and the body
kind         u8    ENTRIES, REPAIR or OUTAGE (msgpack: from, to in ns; the acceptor did not read)
flags        u8    TRUSTED: the sender is root or our own user on the unix socket
reserved     u16
connection   u32
received     u64   ns since 1970 UTC
count        u32   Forward records in the body
reserved     u32
===========  ====  =====================================================================
"""

import re
from dataclasses import dataclass
from pathlib import Path
from struct import Struct

from xxhash import xxh3_64_intdigest

HEADER = Struct("<IIBBHIQII")
CHECKED = 8  # the checksum covers the header from here on
LARGEST = 1 << 28  # bytes of a body; more is damage, not a record
SUFFIX = ".spool"

ENTRIES, REPAIR, OUTAGE = 1, 2, 3
# kind, flags, reserved, connection and received, count, reserved; a look-ahead, since bytes that look so may overlap
_HEADERS = re.compile(rb"(?=[\x01-\x03][\x00\x01]\x00\x00.{16}\x00\x00\x00\x00)", re.DOTALL)
TRUSTED = 1


@dataclass(frozen=True, slots=True)
class SpoolRecord:
    position: int  # of its first byte, from the beginning of the spool's life
    kind: int
    flags: int
    connection: int
    received: int
    count: int
    body: bytes

    @property
    def trusted(self) -> bool:
        return bool(self.flags & TRUSTED)


def pack(kind: int, flags: int, connection: int, received: int, count: int, body: bytes) -> bytes:
    rest = HEADER.pack(len(body), 0, kind, flags, 0, connection, received, count, 0)[CHECKED:] + body
    return len(body).to_bytes(4, "little") + (xxh3_64_intdigest(rest) & 0xFFFFFFFF).to_bytes(4, "little") + rest


def unpack(data: bytes, offset: int, base: int) -> tuple[SpoolRecord, int] | None:
    """The record at `offset` and the offset after it; None where none stands whole and undamaged.

    `base` is the position of data[0].
    """
    if len(data) - offset < HEADER.size:
        return None
    length, checksum, kind, flags, _, connection, received, count, _ = HEADER.unpack_from(data, offset)
    end = offset + HEADER.size + length
    if length > LARGEST or end > len(data):
        return None
    if xxh3_64_intdigest(memoryview(data)[offset + CHECKED : end]) & 0xFFFFFFFF != checksum:
        return None
    body = data[offset + HEADER.size : end]
    return SpoolRecord(base + offset, kind, flags, connection, received, count, body), end


def find_record(data: bytes, start: int) -> int | None:
    """The offset of the first record that stands whole and undamaged at or behind `start`; None where there is none."""
    for match in _HEADERS.finditer(data, start + CHECKED):
        if unpack(data, match.start() - CHECKED, 0) is not None:
            return match.start() - CHECKED
    return None


def needed(data: bytes, offset: int) -> int:
    """How many bytes the record at `offset` takes, as far as its header says; 0 where the header is not there."""
    if len(data) - offset < HEADER.size:
        return 0
    return HEADER.size + int.from_bytes(data[offset : offset + 4], "little")


def segment_name(position: int) -> str:
    return f"{position:020d}{SUFFIX}"


def segments(folder: Path) -> list[tuple[int, Path]]:
    """(position of its first byte, file) of each segment, oldest first."""
    found = [(int(file.stem), file) for file in folder.glob("*" + SUFFIX) if file.stem.isdigit()]
    return sorted(found)
