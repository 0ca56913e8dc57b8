"""What of Docker's copy must be written again. Pure: frames in, columns out."""

from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from operator import lt

from log_shipper.audit.frames import Frames
from log_shipper.audit.reconcile import Difference
from log_shipper.ledger import Account
from log_shipper.stages.multiline import Grouper, Grouping, GroupState
from log_shipper.stages.partials import PART_BYTES
from log_shipper.stages.reach import LINES
from log_store.fields import STDERR, STDOUT, WRITTEN

Place = tuple[int, int]
"""order_time, ordinal"""


@dataclass(slots=True)
class Segment:
    """Lines of one stream to be written again, in order.

    `start` is the place before the first of them where they do not go on with the segment before; there a message begins.
    """

    stream: str
    start: Place | None
    time: list[int] = field(default_factory=list)
    text: list[bytes] = field(default_factory=list)
    part: dict[int, int] = field(default_factory=dict)  # row -> ordinal, of the parts of longer lines

    def extend(self, other: "Segment") -> None:
        """With the lines of another that goes on with this one."""
        offset = len(self.time)
        self.time += other.time
        self.text += other.text
        self.part.update({row + offset: ordinal for row, ordinal in other.part.items()})

    def add(self, time: int, text: bytes, part: int | None) -> None:
        if part is not None:
            self.part[len(self.time)] = part
        self.time.append(time)
        self.text.append(text)


@dataclass(slots=True)
class _Stream:
    """Where one stream of the copy stands: the place that the document of its next line has."""

    name: str
    passed: bool
    order_time: int = -1
    ordinal: int = 0
    time: int = -1  # of the line before
    group: GroupState = field(default_factory=GroupState)
    unwritten: deque[Segment] = field(default_factory=deque)  # the last messages read, as long as they are not written
    writing: bool = False
    part_time: int = -1  # of the line of several parts that is being read; -1: none
    part_ordinal: int = 0

    def begin(self, message: Segment) -> None:
        """Two messages are kept, and as many as have the lines that a later one may reach."""
        unwritten = self.unwritten
        while len(unwritten) > 1 and sum(len(one.time) for one in islice(unwritten, 1, None)) >= LINES:
            unwritten.popleft()
        unwritten.append(message)

    def take_unwritten(self) -> Segment:
        """The message being read with those before it; forgotten here."""
        segment = self.unwritten.popleft() if self.unwritten else Segment(self.name, None)
        while self.unwritten:
            segment.extend(self.unwritten.popleft())
        return segment

    def pass_line(self, time: int) -> None:
        self.time = time
        if time > self.order_time:
            self.order_time, self.ordinal = time, 0
        else:
            self.ordinal += 1


class Selection:
    """Walks the copy and selects what must be written again.

    From the beginning of the message before the one in which a differing window begins (without a line that was lost the
    live path may have gone on with it, or reached back over more), and then until a message begins with a line that is
    later than all before it: there a document's place and its lines depend on nothing before. What begins in the
    nanosecond of the line before counts to the message before: ids tell lines that are alike by their number within it.
    A message that a later line may yet make part of the one before (`Grouping.is_border`) counts to it as well.
    """

    def __init__(self, difference: Difference, grouper: Grouper, max_parts: int) -> None:
        """`max_parts`: of a line; what is longer stands in several documents, each with a place."""
        self._difference, self._grouper, self._max_parts = difference, grouper, max_parts
        self._account = Account(difference.bits, verified=difference.verified)
        at_start = difference.verified == 0
        self._streams = {name: _Stream(name, at_start) for name in WRITTEN}

    def select(self, frames: Frames) -> list[Segment]:
        """The segments of these frames; one without `start` goes on with the last of its stream."""
        segments: list[Segment] = []
        for name in (STDOUT, STDERR):
            rows = [row for row, stream in enumerate(frames.stream) if stream == name]
            if rows:
                self._select(self._streams[name], rows, frames, segments)
        return [segment for segment in segments if segment.time]

    def _select(self, state: _Stream, rows: list[int], frames: Frames, segments: list[Segment]) -> None:
        times = [frames.time[row] for row in rows]
        texts = [frames.text[row] for row in rows]
        whole = all(frames.whole) or all(frames.whole[row] for row in rows)
        if not state.passed and times[-1] >= self._difference.verified:
            # A message begins there. It may be within these frames, so each is looked at.
            whole = False
        if whole and self._passes_over(state, times, texts):
            return
        if state.writing:
            segments.append(Segment(state.name, None))
        for row, time, text in zip(rows, times, texts, strict=True):
            self._take(state, time, text, frames.whole[row], segments)

    def _passes_over(self, state: _Stream, times: list[int], texts: list[bytes]) -> bool:
        """Whether none of these is to be written again; nearly all of a copy that lacks only its tail on our side."""
        if state.writing or times[0] <= state.order_time or not all(map(lt, times, times[1:])):
            return False
        if self._difference.touches(times[0], times[-1]):
            return False
        grouping = self._grouper.group([text.decode("utf-8", "replace") for text in texts], times, state.group)
        begins = _last_borders(grouping)
        # Lines before these go on with the message before, or with one that is forgotten right away.
        for begin, end in zip([-1, *begins], [*begins, len(times)], strict=True):
            if begin >= 0:
                place = (times[begin - 1], 0) if begin else (state.order_time, state.ordinal)
                state.begin(Segment(state.name, place))
            if state.unwritten:
                state.unwritten[-1].time += times[max(begin, 0) : end]
                state.unwritten[-1].text += texts[max(begin, 0) : end]
        state.order_time = state.time = times[-1]
        state.ordinal, state.part_time = 0, -1
        return True

    def _take(self, state: _Stream, time: int, text: bytes, ends: bool, segments: list[Segment]) -> None:
        """One frame: a line, or a part of one."""
        if not state.passed and time >= self._difference.verified:
            state.passed, state.group = True, GroupState()
        place = (state.order_time, state.ordinal)
        continues = not ends and state.part_time == time
        ordinal = None
        if ends:
            state.part_time = -1
            begins = self._grouper.group([text.decode("utf-8", "replace")], [time], state.group).is_border(0)
        else:
            # A part that is not full is the last of its line. Such a line is a message of its own.
            state.part_ordinal = ordinal = state.part_ordinal + 1 if continues else 1
            state.part_time = time if len(text) >= PART_BYTES else -1
            begins, state.group = not continues, GroupState()
        differs = state.passed and self._account.key(state.name, time) in self._difference.windows
        if begins and state.writing and not differs and time > state.order_time:
            state.writing = False
        if begins and not state.writing and time != state.time:
            state.begin(Segment(state.name, place))
        if not continues or (ordinal is not None and text and (ordinal - 1) % self._max_parts == 0):
            state.pass_line(time)
        if not text and not ends:
            return
        if differs and not state.writing:
            state.writing = True
            segments.append(state.take_unwritten())
        if state.writing:
            segments[-1].add(time, text, ordinal)
        elif state.unwritten:
            state.unwritten[-1].add(time, text, ordinal)


def _last_borders(grouping: Grouping) -> list[int]:
    """Two rows, or as many as have the lines behind them that a later one may reach."""
    rows, count = list[int](), len(grouping.starts)
    for row in range(count - 1, -1, -1):
        if grouping.is_border(row):
            rows.append(row)
            if len(rows) > 1 and count - row > LINES:
                break
    return rows[::-1]
