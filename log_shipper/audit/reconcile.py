"""Where Docker's copy and what was received differ, told from two accounts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from xxhash import xxh3_128_intdigest

from log_shipper.audit.frames import Frames
from log_shipper.ledger import FINEST_BITS, NOTHING, Account, Windows
from log_shipper.stages.multiline import Grouper, Grouping, GroupState
from log_shipper.stages.reach import GAP
from log_store.fields import WRITTEN

MOST_BORDERS = 4096  # between two lines that are remembered one by one
END = 1 << 63  # ns; later than any record
_ALONE = Grouping([1])


@dataclass(slots=True)
class _CopyStream:
    passed: bool
    group: GroupState = field(default_factory=GroupState)
    time: int = -1  # ns, of the frame before
    part_time: int = -1  # of the line of several parts that is being read
    crossed: dict[int, bool] = field(default_factory=dict)
    """Border (a multiple of 2**border_bits ns) -> whether the first line behind it begins a message, whatever comes."""


class CopyAccount:
    """What Docker's copy has from `verified` (ns) on, in the order of the copy.

    Its records are counted as the live path counts them (an empty part is none), and their lines. At `verified` a message
    begins, as `border` sees to. Without a grouper, at less than half the cost, each line counts as a message of its own:
    enough for `is_same`, and there is no border. `ends`: times (ns); `before` has how many lines stand before each.
    """

    def __init__(
        self, grouper: Grouper | None, verified: int = 0, border_bits: int = FINEST_BITS, ends: Sequence[int] = ()
    ) -> None:
        self.account = Account(verified=verified)
        self.before = [0] * len(ends)
        self._ends = ends
        self.first_time = 0  # ns, of the first frame read, whatever its time
        self.last_time = 0  # ns; the engine may say that a container ended before the stamp of its last line
        self._grouper, self._verified, self._border_bits = grouper, verified, border_bits
        self._streams = {name: _CopyStream(verified == 0) for name in WRITTEN}

    def add(self, frames: Frames) -> None:
        if not frames.time:
            return
        self.first_time = self.first_time or frames.time[0]
        self.last_time = max(self.last_time, *frames.time)
        first = frames.stream[0]
        if frames.stream.count(first) == len(frames.stream):
            self._add(first, frames.time, frames.text, frames.whole)
            return
        for stream in WRITTEN:
            rows = [row for row, of_stream in enumerate(frames.stream) if of_stream == stream]
            if rows:
                columns = ([column[row] for row in rows] for column in (frames.time, frames.text, frames.whole))
                self._add(stream, *columns)  # type: ignore[arg-type]

    def border(self, until: int) -> int:
        """The last border up to `until` behind which a message begins in both streams; 0 where there is none."""
        first = max(self._verified, self.first_time)
        for border in range(until >> self._border_bits, first >> self._border_bits, -1):
            if all(self._begins_at(state, border) for state in self._streams.values()):
                return border << self._border_bits
        return 0

    def _begins_at(self, state: _CopyStream, border: int) -> bool:
        if border in state.crossed:
            return state.crossed[border]
        # No line behind it yet: what comes begins a message if it comes late enough.
        return state.time < 0 or (border << self._border_bits) - state.time > GAP

    def records_between(self, start: int, end: int) -> int:
        """At most so many records (whole windows are counted) lie between these times."""
        bits = self.account.bits
        return sum(
            count for key, (count, *_) in self.account.windows.items() if start >> bits <= key >> 1 <= end >> bits
        )

    def _add(self, stream: str, times: list[int], texts: list[bytes], whole: list[bool]) -> None:
        state = self._streams[stream]
        if not state.passed:
            skipped = next((row for row, time in enumerate(times) if time >= self._verified), len(times))
            if skipped == len(times):
                return
            state.passed = True
            times, texts, whole = times[skipped:], texts[skipped:], whole[skipped:]
        starts = fresh = None
        if not all(whole):
            starts, fresh = self._starts_with_parts(state, times, texts, whole)
        else:
            state.part_time = -1
            if self._grouper is not None:
                grouping = self._grouper.group([text.decode("utf-8", "replace") for text in texts], times, state.group)
                self._cross(state, times, grouping)
                starts = grouping.starts
        if starts is not None and fresh is not None:
            kept = [row for row, text in enumerate(texts) if text or whole[row]]
            times, texts, starts, fresh = ([column[row] for row in kept] for column in (times, texts, starts, fresh))  # type: ignore[assignment]
        if times:
            self.account.add(stream, times, list(map(xxh3_128_intdigest, texts, times)), starts, fresh)
            if self._ends:
                self._count_before(times, fresh or [True] * len(times))

    def _count_before(self, times: list[int], fresh: list[bool]) -> None:
        for place, end in enumerate(self._ends):
            own = [is_line for time, is_line in zip(times, fresh, strict=True) if self._verified <= time < end]
            self.before[place] += sum(own)

    def _starts_with_parts(
        self, state: _CopyStream, times: list[int], texts: list[bytes], whole: list[bool]
    ) -> tuple[list[int], list[bool]]:
        """Which frames begin a message, and which a line. Frames of one time without a newline are one line."""
        starts, fresh = list[int](), []
        for time, text, ends in zip(times, texts, whole, strict=True):
            grouping = _ALONE
            if not ends:
                fresh.append(state.part_time != time)
                state.part_time, state.group = time, GroupState()
            else:
                fresh.append(True)
                state.part_time = -1
                if self._grouper is not None:
                    grouping = self._grouper.group([text.decode("utf-8", "replace")], [time], state.group)
            starts += grouping.starts
            self._cross(state, [time], grouping)
        return starts, fresh

    def _cross(self, state: _CopyStream, times: list[int], grouping: Grouping) -> None:
        bits = self._border_bits
        if times[-1] >> bits != state.time >> bits or max(times) >> bits != min(times) >> bits:
            for row, time in enumerate(times):
                if time >> bits > state.time >> bits:
                    first = max((state.time >> bits) + 1, (time >> bits) - MOST_BORDERS)
                    begins = time - state.time > GAP or grouping.is_border(row)
                    state.crossed.update({border: begins for border in range(first, (time >> bits) + 1)})
                state.time = max(state.time, time)
        else:
            state.time = max(state.time, *times)


@dataclass(slots=True)
class Difference:
    """Windows, as keys of accounts of `bits`, that are not the same on both sides."""

    bits: int
    verified: int
    windows: set[int]
    missing_in: dict[int, int]  # window -> lines that the copy has in it beyond those received
    extra_in: dict[int, int]  # and the other way round: the copy can lack lines too
    copy_windows: Windows  # what the copy has in these windows; 0 records where it has none

    @property
    def missing(self) -> int:
        return sum(self.missing_in.values())

    @property
    def extra(self) -> int:
        return sum(self.extra_in.values())

    def touches(self, first: int, last: int) -> bool:
        """Whether a window lies within these times."""
        if first < self.verified <= last:
            return True
        least, most = (first >> self.bits) << 1, (last >> self.bits) << 1 | 1
        return any(least <= key <= most for key in self.windows)


def is_same(received: Account, copy: Account) -> bool:
    """Whether both have the same records. Then they have the same messages: the lines of a stream come in one order.

    The copy's account may have been made without a grouper. Both are brought to the wider of their windows.
    """
    _align(received, copy)
    ours, theirs = received.windows, copy.windows
    return ours.keys() == theirs.keys() and all(
        (ours[key][0], *ours[key][2:]) == (theirs[key][0], *theirs[key][2:]) for key in theirs
    )


def _align(received: Account, copy: Account) -> int:
    """Both with windows of the wider's width, which is given."""
    bits = max(received.bits, copy.bits)
    received.widen(bits)
    copy.widen(bits)
    return bits


def compare(received: Account, copy: Account, *, holes: Sequence[tuple[int, int]] = (), until: int = END) -> Difference:
    """Both accounts are brought to the wider of their windows; windows before that of `until` count.

    Windows within a hole do not, but for those of which the copy has something: a part of a line is stamped as its first.
    That of late records counts at the end alone.
    """
    bits = _align(received, copy)
    ours, theirs = received.windows, copy.windows
    seen = theirs.keys() | {key for key in ours if not _within(key, holes, bits)}
    counted = [key for key in seen if _counts(key, until, bits)]
    differing = {key for key in counted if ours.get(key) != theirs.get(key)}
    balance = {key: theirs.get(key, NOTHING)[2] - ours.get(key, NOTHING)[2] for key in differing}
    missing, extra = {k: b for k, b in balance.items() if b > 0}, {k: -b for k, b in balance.items() if b < 0}
    return Difference(
        bits, received.verified, differing, missing, extra, {k: theirs.get(k, NOTHING) for k in differing}
    )


def union(received: Account, copy: Account, *, holes: Sequence[tuple[int, int]], until: int) -> Account:
    """What is there of the windows before that of `until`, once what the copy has was put back.

    Both are of the same width, as `compare` leaves them.
    """
    truth = Account(received.bits)
    for key in received.windows.keys() | copy.windows.keys():
        if _counts(key, until, truth.bits):
            ours, theirs = received.windows.get(key, NOTHING), copy.windows.get(key, NOTHING)
            is_lost = key not in copy.windows and _within(key, holes, truth.bits)
            truth.windows[key] = ours if ours[2] > theirs[2] or is_lost else theirs
    return truth


def _counts(key: int, until: int, bits: int) -> bool:
    return until == END if key < 0 else key >> 1 < until >> bits


def _within(key: int, holes: Sequence[tuple[int, int]], bits: int) -> bool:
    """Windows at a hole's borders are not wholly within it: what the copy has of them is looked at."""
    return key >= 0 and any(
        (start >> bits) <= key >> 1 < end >> bits and start <= (key >> 1) << bits for start, end in holes
    )
