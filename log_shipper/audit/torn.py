"""Long lines of which Docker's copy has only some parts, since others were rotated away. Pure: frames in, frames out.

What it has of such a line is left out: written to the store it would be a piece in place of a line that the live path may
have whole. The files of the copy say which part each is, so that a line whose parts on both sides of a hole fit together is
known to be whole. Through the engine the copy does not say it: there all parts of one time at the start of one that has
rotated are left out, the line whose first part is its first frame with them.
"""

from dataclasses import dataclass, field

from log_shipper.audit.frames import Frames
from log_shipper.audit.reconcile import END
from log_shipper.stages.partials import PART_BYTES
from log_shipper.stages.runs import Part
from log_store.fields import WRITTEN


@dataclass(slots=True)
class _Stream:
    is_behind: bool = True  # its first frame of all, or behind a hole, is still to come
    cut: int = -1  # time of the line whose parts are left out; -1: none
    open: Frames = field(default_factory=Frames)  # the parts of a line that may go on behind a hole

    @property
    def is_looked_at(self) -> bool:
        return self.is_behind or self.cut >= 0 or bool(self.open.time)


class TornLines:
    """Of one reading."""

    def __init__(self, before: int) -> None:
        """`before`: first parts that are not told apart are taken for the rest of a line if stamped before that (ns)."""
        self._streams = {name: _Stream() for name in WRITTEN}
        self._before = before
        self._holes: list[tuple[int, int]] = []
        self._hole: int | None = None  # where one begins of which the end is not known yet

    def begin_hole(self, time: int) -> None:
        """What comes now stands behind a hole; `time`: of the last frame before it."""
        self._hole, self._before = time if self._hole is None else self._hole, END
        for state in self._streams.values():
            state.is_behind = True

    def cut(self, frames: Frames, *, before_hole: bool = False) -> Frames:
        """The frames without parts of torn lines. Before a hole a line without an end waits for what is behind it."""
        if self._hole is not None:
            self._end_hole(self._hole, frames)
        if (not before_hole or all(frames.whole)) and not any(
            state.is_looked_at and name in frames.stream for name, state in self._streams.items()
        ):
            return frames
        kept = Frames()
        for row in range(len(frames.time)):
            self._take(self._streams[frames.stream[row]], frames, row, kept, before_hole)
        return kept

    def rest(self) -> Frames:
        """Of lines that wait, those behind which there was no hole."""
        kept = Frames()
        for state in self._streams.values():
            if not state.is_behind:
                _release(state, kept)
        return kept

    def holes_until(self, time: int) -> list[tuple[int, int]]:
        """(from, to) in ns, with the lines that they tore; what is behind the last may come later than `time`."""
        if self._hole is not None:
            self._holes.append((self._hole, max(self._hole, time)))
            self._hole = None
        for state in self._streams.values():
            self._drop(state)
        return self._holes

    def _end_hole(self, start: int, frames: Frames) -> None:
        """At the first line that begins: the parts of one that began before are stamped as its first."""
        for row, (time, is_whole) in enumerate(zip(frames.time, frames.whole, strict=True)):
            part = frames.part.get(row)
            if is_whole or (time > start if part is None else part.ordinal == 1):
                self._holes.append((start, max(start, time)))
                self._hole = None
                return

    def _take(self, state: _Stream, frames: Frames, row: int, kept: Frames, before_hole: bool) -> None:
        time, is_whole, part = frames.time[row], frames.whole[row], frames.part.get(row)
        if state.is_behind:
            state.is_behind = False
            if not _goes_on(state.open, part):
                self._drop(state)
                state.cut = time if not is_whole and (part is not None or time < self._before) else -1
        if state.cut >= 0:
            if not is_whole and time == state.cut and (part is None or part.ordinal > 1):
                self._widen_hole(time)
                return
            state.cut = -1
        # A shorter part is the last of its line, or of its stream.
        may_go_on = not is_whole and len(frames.text[row]) >= PART_BYTES and (part is None or not part.last)
        if not (before_hole and may_go_on and time in state.open.time[:1]):
            _release(state, kept)
        (state.open if before_hole and may_go_on else kept).add(frames, row)

    def _drop(self, state: _Stream) -> None:
        if state.open.time:
            self._widen_hole(state.open.time[0])
            state.open = Frames()

    def _widen_hole(self, time: int) -> None:
        if self._hole is not None:
            self._hole = min(self._hole, time)
        elif self._holes:
            start, end = self._holes[-1]
            self._holes[-1] = min(start, time), max(end, time)


def _release(state: _Stream, kept: Frames) -> None:
    kept.extend(state.open)
    state.open = Frames()


def _goes_on(open_line: Frames, part: Part | None) -> bool:
    """Whether it is the next part of the line."""
    last = open_line.part.get(len(open_line.time) - 1)
    return (
        last is not None and part is not None and (part.partial_id, part.ordinal) == (last.partial_id, last.ordinal + 1)
    )
