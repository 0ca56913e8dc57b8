"""The files of Docker's `local` log driver, in which it keeps its copy of a container's log. Pure: bytes in, columns out.

A file is a row of entries: `size (big-endian u32), LogEntry, size again`. LogEntry is a protobuf message: source (1, string),
time_nano (2, varint), line (3, bytes, without its newline), partial (4, bool), partial_log_metadata (5, message); what is
empty is left out (moby: daemon/logger/local/local.go, api/types/plugins/logdriver/entry.proto).
"""

from struct import Struct

from log_shipper.audit.frames import Frames
from log_shipper.errors import CopyDamaged
from log_store.fields import STDERR, STDOUT
from wholelog_base.streams import STDERR_MARK

SIZE = Struct(">I")
LARGEST = 1 << 20  # bytes of an entry; dockerd cuts lines at 16 KiB
LOW = Struct("<I")
SOURCES = {b"\n\x06stdout\x10": STDOUT, b"\n\x06stderr\x10": STDERR}
STAMP_AT = 9  # bytes of an entry before its time, 9 bytes of varint
LINE = b"\x1a"  # tag of the line; it follows the time at once


class LocalParser:
    """`pending` bytes wait for the rest of their entry."""

    def __init__(self) -> None:
        self._buffer = b""
        self._high, self._base = b"", 0

    @property
    def pending(self) -> int:
        return len(self._buffer)

    def receive(self, data: bytes) -> Frames:
        """Raises CopyDamaged."""
        buffer = self._buffer + data if self._buffer else data
        frames, position, end = Frames(), 0, len(buffer)
        unpack, sources = SIZE.unpack_from, SOURCES
        streams, times, texts, wholes = frames.stream, frames.time, frames.text, frames.whole
        while end - position >= 4:
            (size,) = unpack(buffer, position)
            start = position + 4
            stop = start + size
            if not STAMP_AT + 9 <= size <= LARGEST:
                raise CopyDamaged(f"an entry of {size} bytes in Docker's copy")
            if stop + 4 > end:
                break
            if unpack(buffer, stop)[0] != size:
                raise CopyDamaged("an entry of Docker's copy does not end where it says")
            stream = sources.get(buffer[start : start + STAMP_AT])
            if stream is None:
                raise CopyDamaged(f"an entry of {buffer[start : start + STAMP_AT]!r} in Docker's copy")
            times.append(self._time(buffer, start + STAMP_AT))
            text, whole = _line(buffer, start + STAMP_AT + 9, stop)
            if text.startswith(STDERR_MARK):
                stream, text = STDERR, text[len(STDERR_MARK) :]
            streams.append(stream)
            texts.append(text)
            wholes.append(whole)
            position = stop + 4
        self._buffer = buffer[position:]
        return frames

    def _time(self, buffer: bytes, at: int) -> int:
        # Nine bytes of seven bits each, the lowest first. The upper five are the same for a quarter of a second.
        high = buffer[at + 4 : at + 9]
        if high != self._high:
            if high[4] >= 0x80 or min(high[:4]) < 0x80:
                raise CopyDamaged("an entry of Docker's copy without a time of this century")
            self._high = high
            self._base = sum((byte & 0x7F) << 28 + 7 * place for place, byte in enumerate(high))
        low: int = LOW.unpack_from(buffer, at)[0]
        return self._base | (low & 0x7F) | (low >> 1 & 0x3F80) | (low >> 2 & 0x1FC000) | (low >> 3 & 0xFE00000)


def last_time(entry: bytes) -> int:
    """The time (ns) of one entry, with its sizes around it. Raises CopyDamaged."""
    times = LocalParser().receive(entry).time
    if not times:
        raise CopyDamaged("the last entry of a file of Docker's copy is not whole")
    return times[0]


def _line(buffer: bytes, at: int, stop: int) -> tuple[bytes, bool]:
    """The text, and whether it is a whole line."""
    if at == stop:
        return b"", True
    if buffer[at : at + 1] != LINE:
        _end_at(buffer, at, stop)
        return b"", False
    size, start = _varint(buffer, at + 1)
    end = start + size
    if end > stop:
        raise CopyDamaged("a line of Docker's copy is longer than its entry")
    if end == stop:
        return buffer[start:end], True
    _end_at(buffer, end, stop)
    return buffer[start:end], False


def _end_at(buffer: bytes, at: int, stop: int) -> None:
    """What follows a line says that it is a part: `partial`, and what is known of it."""
    if buffer[at : at + 2] != b"\x20\x01":
        raise CopyDamaged(f"field {buffer[at:stop][:8]!r} in an entry of Docker's copy")


def _varint(buffer: bytes, at: int) -> tuple[int, int]:
    """The number, and the position behind it."""
    value = shift = 0
    while True:
        byte = buffer[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
