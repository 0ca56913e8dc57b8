"""The stream of `GET /containers/{id}/logs?timestamps=1`: frames of a container without a terminal, as columns.

A frame is `stream, 0, 0, 0, length (big-endian u32)` and `TIMESTAMP text\\n`, the timestamp of 30 characters in UTC
with nine digits. A line above 16 KiB is one frame a part, each without newline, so frames are parsed, never the joined
text (moby: daemon/logs.go, api/server/httputils/write_log_stream.go).
"""

import calendar
from dataclasses import dataclass, field
from struct import Struct

from log_shipper.errors import CopyDamaged
from log_shipper.stages.runs import Part
from log_store.fields import STDERR, STDOUT
from wholelog_base.streams import STDERR_MARK

HEADER = Struct(">BxxxI")
STREAM_OF = {1: STDOUT, 2: STDERR}
STAMP = 31  # bytes of the timestamp and the space after it
LARGEST = 1 << 20  # bytes; the engine's frames end at 16 KiB and the stamp


@dataclass(slots=True)
class Frames:
    """Columns, in the order of the copy. `whole`: the frame ended with a newline, so it is no part of a longer line.

    `part`: row -> which part of a line it is, as far as the copy says it.
    """

    stream: list[str] = field(default_factory=list)
    time: list[int] = field(default_factory=list)  # ns since 1970 UTC
    text: list[bytes] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    part: dict[int, Part] = field(default_factory=dict)

    def add(self, other: "Frames", row: int) -> None:
        if row in other.part:
            self.part[len(self.time)] = other.part[row]
        self.stream.append(other.stream[row])
        self.time.append(other.time[row])
        self.text.append(other.text[row])
        self.whole.append(other.whole[row])

    def extend(self, other: "Frames") -> None:
        offset = len(self.time)
        self.part.update({row + offset: part for row, part in other.part.items()})
        self.stream += other.stream
        self.time += other.time
        self.text += other.text
        self.whole += other.whole


class FrameParser:
    """Bytes in, columns out; `pending` bytes wait for the rest of their frame."""

    def __init__(self) -> None:
        self._buffer = b""
        self._second, self._base = b"", 0

    @property
    def pending(self) -> int:
        return len(self._buffer)

    def receive(self, data: bytes) -> Frames:
        """Raises CopyDamaged."""
        buffer = self._buffer + data if self._buffer else data
        frames, position, end = Frames(), 0, len(buffer)
        unpack, streams, times, texts, wholes = (
            HEADER.unpack_from,
            frames.stream,
            frames.time,
            frames.text,
            frames.whole,
        )
        while end - position >= 8:
            kind, size = unpack(buffer, position)
            if kind not in STREAM_OF or not STAMP <= size <= LARGEST:
                raise CopyDamaged(f"a frame of stream {kind} and {size} bytes in Docker's copy")
            start = position + 8
            stop = start + size
            if stop > end:
                break
            if buffer[start : start + 19] != self._second:
                self._new_second(buffer[start : start + 19])
            times.append(self._base + int(buffer[start + 20 : start + 29]))
            ends = buffer[stop - 1] == 10
            wholes.append(ends)
            text = buffer[start + STAMP : stop - 1 if ends else stop]
            if text.startswith(STDERR_MARK):
                kind, text = 2, text[len(STDERR_MARK) :]
            streams.append(STREAM_OF[kind])
            texts.append(text)
            position = stop
        self._buffer = buffer[position:]
        return frames

    def _new_second(self, second: bytes) -> None:
        try:
            parts = [int(second[a:b]) for a, b in ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))]
        except ValueError as error:
            raise CopyDamaged(f"a time of {second!r} in Docker's copy") from error
        self._second, self._base = second, calendar.timegm((*parts, 0, 0, 0)) * 10**9
