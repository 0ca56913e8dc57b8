"""What the live path lacks of a container's log, told from two accounts. Pure: columns in, rows out."""

from dataclasses import dataclass, field
from operator import lt

from xxhash import xxh3_128_intdigest

from log_shipper.audit.frames import Frames
from log_shipper.ledger import Account, Windows
from log_shipper.stages.partials import PART_BYTES
from log_store.fields import STDERR, STDOUT, STREAMS

END = 1 << 63  # ns; later than any record


class CopyAccount:
    """What Docker's copy has from `verified` on and before `until` (ns), in the order of the copy.

    Its records are counted as the live path counts them (an empty part is none), and its lines.
    """

    def __init__(self, verified: int = 0, until: int = END) -> None:
        self.account = Account(verified=verified)
        self.lines = 0
        self.first_time = 0  # ns, of the first frame read, whatever its time
        self.last_time = 0  # ns; the engine may say that a container ended before the stamp of its last line
        self._verified, self._until = verified, until
        self._passed = {STDOUT: verified == 0, STDERR: verified == 0}
        self._part_time = {STDOUT: -1, STDERR: -1}

    def add(self, frames: Frames) -> None:
        if not frames.time:
            return
        self.first_time = self.first_time or frames.time[0]
        self.last_time = max(self.last_time, *frames.time)
        first = frames.stream[0]
        if min(frames.time) >= self._verified and max(frames.time) < self._until and all(frames.whole):
            if frames.stream.count(first) == len(frames.stream):
                self._passed[first] = True
                self.lines += len(frames.time)
                self._add(first, frames.time, frames.text)
                return
        for stream in STREAMS:
            self._add_rows(stream, frames)

    def _add_rows(self, stream: str, frames: Frames) -> None:
        times, texts = [], []
        for row, (of_stream, time) in enumerate(zip(frames.stream, frames.time, strict=True)):
            if of_stream != stream or not self._is_wanted(stream, time):
                continue
            text, whole = frames.text[row], frames.whole[row]
            self._count_line(stream, time, whole)
            if text or whole:
                times.append(time)
                texts.append(text)
        if times:
            self._add(stream, times, texts)

    def _is_wanted(self, stream: str, time: int) -> bool:
        """What stands before the first record from `verified` on was compared long ago; behind it, it is late."""
        if time >= self._verified:
            self._passed[stream] = True
        return self._passed[stream] and time < self._until

    def _count_line(self, stream: str, time: int, whole: bool) -> None:
        """Frames of one stream and one time without a newline are one line."""
        if self.account.key(stream, time) is None:
            return
        if whole or self._part_time[stream] != time:
            self.lines += 1
        self._part_time[stream] = -1 if whole else time

    def _add(self, stream: str, times: list[int], texts: list[bytes]) -> None:
        self.account.add(stream, times, list(map(xxh3_128_intdigest, texts, times)))

    def records_between(self, start: int, end: int) -> int:
        """At most so many records (whole windows are counted) lie between these times."""
        bits = self.account.bits
        return sum(
            count for key, (count, _) in self.account.windows.items() if start >> bits <= key >> 1 <= end >> bits
        )


@dataclass(slots=True)
class Difference:
    """Windows, as keys of accounts of `bits`, that are not the same on both sides."""

    bits: int
    verified: int
    windows: set[int]
    missing: int  # records that the copy has in these windows beyond those received; a line above 16 KiB is several
    extra: int  # and the other way round: the copy can lack lines too
    copy_windows: Windows  # what the copy has in these windows; 0 records where it has none

    def touches(self, first: int, last: int) -> bool:
        """Whether a window lies within these times."""
        if first < self.verified:
            return True
        least, most = (first >> self.bits) << 1, (last >> self.bits) << 1 | 1
        return any(least <= key <= most for key in self.windows)


def compare(received: Account, copy: Account, *, start: int = 0, until: int = END, late: bool = True) -> Difference:
    """Both accounts are brought to the wider of their windows; windows from that of `start` to `until` count.

    `late`: the window of late records too.
    """
    bits = max(received.bits, copy.bits)
    received.widen(bits)
    copy.widen(bits)
    first, end = start >> bits, until >> bits
    ours, theirs = received.windows, copy.windows
    counted = [key for key in ours.keys() | theirs.keys() if (late if key < 0 else first <= key >> 1 < end)]
    differing = {key for key in counted if ours.get(key) != theirs.get(key)}
    balance = [theirs.get(key, (0, 0))[0] - ours.get(key, (0, 0))[0] for key in differing]
    return Difference(
        bits, received.verified, differing, sum(b for b in balance if b > 0), -sum(b for b in balance if b < 0),
        {key: theirs.get(key, (0, 0)) for key in differing},
    )  # fmt: skip


@dataclass(slots=True)
class _Stream:
    """Where one stream of the copy stands: the places that the documents of its lines have."""

    passed: bool
    order_time: int = -1
    ordinal: int = 0
    writing: bool = False
    part_time: int = -1  # of the line of several parts that is being read; -1: none
    part_ordinal: int = 0

    def pass_line(self, time: int) -> None:
        if time > self.order_time:
            self.order_time, self.ordinal = time, 0
        else:
            self.ordinal += 1

    def pass_part(self, time: int, size: int, ends: bool, continues: bool) -> int | None:
        """The part's ordinal; None for a whole line. A part that is not full is the last of its line."""
        if ends:
            self.part_time = -1
            return None
        self.part_ordinal = self.part_ordinal + 1 if continues else 1
        self.part_time = time if size >= PART_BYTES else -1
        return self.part_ordinal


@dataclass(slots=True)
class Segment:
    """Rows of a `Frames` to be written again, with the part that each is (None: a whole line).

    `start` holds the places (order_time, ordinal) before the first of them, for each stream that begins here.
    """

    start: dict[str, tuple[int, int]] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    parts: list[int | None] = field(default_factory=list)


class Selection:
    """Walks the copy and selects what must be written again.

    From the first line of a differing window on, and then until a line is later than all before it: there a document's
    place depends on nothing before, so what follows stands right as it is.
    """

    def __init__(self, difference: Difference) -> None:
        self._difference = difference
        self._account = Account(difference.bits, verified=difference.verified)
        at_start = difference.verified == 0
        self._streams = {STDOUT: _Stream(at_start), STDERR: _Stream(at_start)}

    def select(self, frames: Frames) -> list[Segment]:
        """The segments of these frames; the first goes on with the last of the frames before."""
        if self._passes_over(frames):
            return []
        segments = [Segment()]
        for row, (stream, time) in enumerate(zip(frames.stream, frames.time, strict=True)):
            state = self._streams[stream]
            text, ends = frames.text[row], frames.whole[row]
            continues = not ends and state.part_time == time
            if not continues and self._begins(state, stream, time):
                segments.append(Segment({stream: (state.order_time, state.ordinal)}))
            if not continues:
                state.pass_line(time)
            ordinal = state.pass_part(time, len(text), ends, continues)
            if state.writing and (text or ends):
                segments[-1].rows.append(row)
                segments[-1].parts.append(ordinal)
        return [segment for segment in segments if segment.rows]

    def _passes_over(self, frames: Frames) -> bool:
        """Whether none of these frames is to be written again; nearly all of a copy that lacks only its tail on our side."""
        stream, times = (frames.stream[0], frames.time) if frames.stream else (STDOUT, [])
        state = self._streams[stream]
        if not times or frames.stream.count(stream) < len(times) or not all(frames.whole) or state.writing:
            return False
        if times[0] <= state.order_time or not all(map(lt, times, times[1:])):
            return False
        if self._difference.touches(times[0], times[-1]):
            return False
        state.order_time, state.ordinal, state.part_time, state.passed = times[-1], 0, -1, True
        return True

    def _begins(self, state: "_Stream", stream: str, time: int) -> bool:
        """Whether writing begins with this line; ends it where it may."""
        state.passed = state.passed or time >= self._difference.verified
        differs = state.passed and self._account.key(stream, time) in self._difference.windows
        begins = differs and not state.writing
        state.writing = differs or (state.writing and time <= state.order_time)
        return begins
