"""The files of Docker's `local` log driver, in which it keeps its copy of a container's log. Pure: bytes in, columns out.

A file is a row of entries: `size (big-endian u32), LogEntry, size again`. LogEntry is a protobuf message: source (1, string),
time_nano (2, varint), line (3, bytes, without its newline), partial (4, bool), partial_log_metadata (5: last, 1, bool; id, 2,
string; ordinal, 3, varint, from 1); what is empty is left out (moby: daemon/logger/local/local.go,
api/types/plugins/logdriver/entry.proto).
"""

import re
from itertools import groupby, islice
from struct import Struct, pack, unpack

from log_shipper.audit.frames import Frames
from log_shipper.errors import CopyDamaged
from log_shipper.stages.runs import Part
from log_store.fields import STDERR, STDOUT
from wholelog_base.streams import STDERR_MARK

SIZE = Struct(">I")
ENTRY_BYTES = 28  # beside a line of less than 128 bytes
LARGEST = 1 << 20  # bytes of an entry; dockerd cuts lines at 16 KiB
LOW = Struct("<I")
SOURCES = {b"\n\x06stdout\x10": STDOUT, b"\n\x06stderr\x10": STDERR}
STAMP_AT = 9  # bytes of an entry before its time, 9 bytes of varint
LINE = b"\x1a"  # tag of the line; it follows the time at once
BEGINNING = re.compile(rb"\n\x06std(out|err)\x10").split
STREAM_OF = {b"out": STDOUT, b"err": STDERR}
PARTIAL = b"\x20\x01"
ABOUT_PART = re.compile(rb"\x2a[\0-\x7f](\x08\x01)?\x12[\0-\x7f]([ -~]+)\x18([\x80-\xff]*[\1-\x7f])").fullmatch
"""Its groups: whether it is the last, its line's id, its number."""
SHORT = {19 + size: bytes((26, size)) for size in range(128)}
"""length of a piece (see `_cut`) -> what stands behind its time where it is a whole line of less than 128 bytes"""


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
        frames, end = Frames(), len(buffer)
        position = self._cut(buffer, frames)
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
            text, whole, part = _line(buffer, start + STAMP_AT + 9, stop)
            if part is not None:
                frames.part[len(texts)] = part
            if text.startswith(STDERR_MARK):
                stream, text = STDERR, text[len(STDERR_MARK) :]
            streams.append(stream)
            texts.append(text)
            wholes.append(whole)
            position = stop + 4
        self._buffer = buffer[position:]
        return frames

    def _cut(self, buffer: bytes, frames: Frames) -> int:
        """The entries before the buffer's last, cut where they begin alike: a third of what one by one costs.

        Gives the position behind them; 0, and no frame, where they can't be told from a line that has the same bytes:
        then the sizes do not fit, since an entry would end before the size that stands before it says.
        """
        first, *parts = BEGINNING(buffer)
        streams, pieces = parts[0:-2:2], parts[1:-2:2]  # a piece: time, line, size, and the size of the entry behind it
        if len(first) != 4 or not pieces:
            return 0
        lengths = list(map(len, pieces))
        if min(lengths) < STAMP_AT + 8 or max(lengths) > LARGEST:
            return 0  # of an entry without a time: the error is the other way's
        sizes = [length + STAMP_AT - 8 for length in lengths]
        # Behind each entry stand its own size and that of the one behind it, of which the last is not looked at here.
        tails = [0] * (2 * len(sizes))
        tails[::2], tails[1:-1:2] = sizes, sizes[1:]
        tails[-1] = int.from_bytes(pieces[-1][-4:], "big")
        if first != SIZE.pack(sizes[0]) or b"".join([piece[-8:] for piece in pieces]) != pack(
            f">{len(tails)}I", *tails
        ):
            return 0
        frames.time += self._times(pieces)
        frames.text += [piece[11:-8] for piece in pieces]
        frames.whole += [True] * len(pieces)
        heads, short = [piece[9:11] for piece in pieces], list(map(SHORT.get, lengths))
        if heads != short:
            for row, piece in enumerate(pieces):
                if heads[row] != short[row]:
                    frames.text[row], frames.whole[row], part = _line(piece, 9, len(piece) - 8)
                    if part is not None:
                        frames.part[row] = part
        frames.stream += map(STREAM_OF.__getitem__, streams)
        if STDERR_MARK in buffer:
            _move_marked(frames)
        return 4 + len(pieces) * STAMP_AT + sum(lengths) - 4

    def _times(self, pieces: list[bytes]) -> list[int]:
        """Of pieces that begin with their time. The lower four bytes of all are put together as one number."""
        count = len(pieces)
        low = int.from_bytes(b"".join([piece[:4] for piece in pieces]), "little")
        pairs = low & _repeated(0x7F007F, count) | low >> 1 & _repeated(0x3F803F80, count)
        lower = pairs & _repeated(0x3FFF, count) | pairs >> 2 & _repeated(0xFFFC000, count)
        rest = iter(unpack(f"<{count}I", lower.to_bytes(4 * count, "little")))
        times: list[int] = []
        for high, same in groupby([piece[4:9] for piece in pieces]):
            base = self._base if high == self._high else self._new_base(high)
            times += [base | low for low in islice(rest, len(list(same)))]
        return times

    def _time(self, buffer: bytes, at: int) -> int:
        # Nine bytes of seven bits each, the lowest first. The upper five are the same for a quarter of a second.
        high = buffer[at + 4 : at + 9]
        if high != self._high:
            self._new_base(high)
        low: int = LOW.unpack_from(buffer, at)[0]
        return self._base | (low & 0x7F) | (low >> 1 & 0x3F80) | (low >> 2 & 0x1FC000) | (low >> 3 & 0xFE00000)

    def _new_base(self, high: bytes) -> int:
        if high[4] >= 0x80 or min(high[:4]) < 0x80:
            raise CopyDamaged("an entry of Docker's copy without a time of this century")
        self._high = high
        self._base = sum((byte & 0x7F) << 28 + 7 * place for place, byte in enumerate(high))
        return self._base


def _repeated(number: int, count: int) -> int:
    return int.from_bytes(number.to_bytes(4, "little") * count, "little")


def last_time(entry: bytes) -> int:
    """The time (ns) of one entry, with its sizes around it. Raises CopyDamaged."""
    times = LocalParser().receive(entry).time
    if not times:
        raise CopyDamaged("the last entry of a file of Docker's copy is not whole")
    return times[0]


def _move_marked(frames: Frames) -> None:
    """Lines that a wrapper has marked as standard error's get their stream."""
    for row, text in enumerate(frames.text):
        if text.startswith(STDERR_MARK):
            frames.stream[row], frames.text[row] = STDERR, text[len(STDERR_MARK) :]


def _line(buffer: bytes, at: int, stop: int) -> tuple[bytes, bool, Part | None]:
    """The text, whether it is a whole line, and what is known of it as a part."""
    if at == stop:
        return b"", True, None
    if buffer[at : at + 1] != LINE:
        return b"", False, _part(buffer, at, stop)
    size, start = _varint(buffer, at + 1)
    end = start + size
    if end > stop:
        raise CopyDamaged("a line of Docker's copy is longer than its entry")
    if end == stop:
        return buffer[start:end], True, None
    return buffer[start:end], False, _part(buffer, end, stop)


def _part(buffer: bytes, at: int, stop: int) -> Part | None:
    """What follows a line that is a part: `partial`, and which it is; None where that is not told."""
    if buffer[at : at + 2] != PARTIAL:
        raise CopyDamaged(f"field {buffer[at:stop][:8]!r} in an entry of Docker's copy")
    about = ABOUT_PART(buffer, at + 2, stop)
    if about is None:
        return None
    return Part(about[2], _varint(about[3], 0)[0], about[1] is not None)


def _varint(buffer: bytes, at: int) -> tuple[int, int]:
    """The number, and the position behind it."""
    value = shift = 0
    while True:
        byte = buffer[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
