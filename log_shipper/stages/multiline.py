"""Which lines of one container's stream belong together into one message.

Decided line by line, by text and record time alone, with no look ahead: live path, replay and audit agree however the
lines were cut into calls. What belongs together is what a runtime prints for one error (trace, panic, report, with all
causes, notes and hints), what a logger prints for one record, and a JSON value over several lines. All else stays
apart, indented or not. A line that declares warning, error or critical is the first line of a trace that follows at
once; a frame is part of what stands before it, and takes back what an error's message has above it (`reach`).
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from log_shipper.stages.reach import GAP, OWNERS, Above, Declares, Found, head_of
from log_shipper.stages.traces.phase import ALWAYS, DECLARED, NOT_ALONE, At, Entry
from log_shipper.stages.traces.registry import Rules, rules_of

MOST_LINES = 20_000  # of one message
MOST_CHARACTERS = 8 * 1024 * 1024


@dataclass(slots=True)
class GroupState:
    """What one stream carries from line to line."""

    phase: str = ""  # where the open group stands, "" outside of one
    mark: str = ""
    count: int = 0
    last: str = ""  # the line before, as far as it is looked at; "" where nothing may be joined to it
    time: int = 0  # ns, of the line before
    lines: int = 0  # of the open group
    characters: int = 0
    first: str = ""  # the first line of the open group, as far as it is looked at
    reach: int = -1  # messages of one line behind the one that a later line may take them back to; -1: there is none
    error: str = ""  # the first line of that

    def dump(self) -> list[Any]:
        """As `load` takes it."""
        return [getattr(self, name) for name in self.__slots__]

    @classmethod
    def load(cls, dumped: Sequence[Any]) -> "GroupState":
        """Raises TypeError for a list that is longer or of too few members."""
        return cls(*dumped)


class Grouping:
    """What `Grouper.group` found of a call's lines."""

    def __init__(self, starts: list[int], above: Above | None = None) -> None:
        self.starts = starts
        """1: the line begins a message; 0: it continues that of the line before, maybe of another call; -n: and the n messages
        before it, which lines above have begun, continue the one before them."""
        self._above = above

    def is_border(self, row: int) -> bool:
        """Whether the line begins a message, whatever stands above it and comes after it."""
        return self.starts[row] > 0 if self._above is None else self._above.is_border(row)


class Grouper:
    """The rules; stateless. `declares` is asked about a line that a trace follows at once, and one that names a level of an
    error where a later line may reach it."""

    def __init__(
        self, declares: Declares, rules: Rules | None = None, *, begins: Callable[[str], bool] | None = None
    ) -> None:
        """`begins`: the operator's own; lines that follow one that it takes, and that it does not take, continue it."""
        self._declares, self._begins = declares, begins
        self._rules = rules or rules_of()

    def starts(self, texts: Sequence[str], times: Sequence[int], state: GroupState) -> list[int]:
        """For each line whether it begins a message, as `Grouping.starts` says."""
        return self.group(texts, times, state).starts

    def group(self, texts: Sequence[str], times: Sequence[int], state: GroupState) -> Grouping:
        """The lines of one call; `state` is brought to their end."""
        count = len(texts)
        starts = [1] * count
        if not count:
            return Grouping(starts)
        if self._begins is not None:
            for row, (text, time) in enumerate(zip(texts, times, strict=True)):
                starts[row] = self._own(self._begins, text, time, state)
            return Grouping(starts)
        before = Found(state.reach, state.error) if state.reach >= 0 else None
        above = Above(self._rules, self._declares, texts, times, starts, before, state.time)
        looked_at = self._rules.looked_at(texts)
        row = 0
        while row < count:
            if not state.phase:
                place = bisect_left(looked_at, row)
                upto = looked_at[place] if place < len(looked_at) else count
                if upto > row:
                    state.last, state.time = head_of(texts[upto - 1]), times[upto - 1]
                    row = upto
                    continue
            starts[row] = self._line(texts[row], times[row], state, above, row)
            row += 1
        found = Found(0, state.first) if state.phase in self._rules.waiting else above.find(count)
        state.reach, state.error = (found.begins, found.text) if found else (-1, "")
        return Grouping(starts, above)

    def _line(self, text: str, time: int, state: GroupState, above: Above | None = None, row: int = 0) -> int:
        head = head_of(text)
        if not -GAP <= time - state.time <= GAP:
            state.phase = state.last = ""
        state.time = time
        if state.phase:
            step = self._rules.steps.get(state.phase)
            at = step and step(text if state.phase == "json" else head, At(state.phase, state.mark, state.count))
            if at:
                return _continue(state, at, len(text))
            if above is not None and state.phase in self._rules.waiting and row:
                above.broken[row - 1] = state.first
            state.phase = state.last = ""
        return self._outside(head, text, state, above, row)

    def _own(self, begins: Callable[[str], bool], text: str, time: int, state: GroupState) -> int:
        if begins(head_of(text)):
            state.phase, state.mark, state.count, state.last = "own", "", 0, ""
            state.time, state.lines, state.characters = time, 1, len(text)
            return 1
        if state.phase == "own" and -GAP <= time - state.time <= GAP:
            state.time = time
            return _continue(state, At("own"), len(text))
        return self._line(text, time, state)

    def _outside(self, head: str, text: str, state: GroupState, above: Above | None, row: int) -> int:
        """A line that is not part of an open group."""
        prev = state.last
        entry = self._rules.entry(head, prev, text)
        if entry is None:
            state.last = head
            return 1
        found, at = self._above(entry, head, prev, above, row)
        if found is None and entry.join == NOT_ALONE:
            state.last = head
            return 1
        state.phase, state.mark, state.count = at
        state.first, state.last = found.text if found else head, ""
        if found is None:
            state.lines, state.characters = 1, len(text)
            if above is not None:
                above.entries[row] = entry
            return 1
        state.lines, state.characters = found.begins + 2, len(prev) + len(text)
        return -found.begins

    def _above(self, entry: Entry, head: str, prev: str, above: Above | None, row: int) -> tuple[Found | None, At]:
        """What the line belongs to, None where it begins a message; and where the group stands."""
        if above is not None and (entry.reaches is not None or entry.logged is not None):
            found = above.find(row, entry.hint)
            if found is not None:
                at = entry.logged(found.text, head) if entry.logged is not None else None
                if at is not None:
                    # A later line that ties itself to a trace is not of another record.
                    return Found(found.begins, head), at
                if entry.reaches is not None and entry.reaches(found.text):
                    return found, entry.at
        if not prev:
            return None, entry.at
        joined = entry.join == ALWAYS or (entry.join == DECLARED and self._declares(prev) in OWNERS)
        return Found(0, head) if joined else None, entry.at


def _continue(state: GroupState, at: At, size: int) -> int:
    """A line of the open group; 1 where the message has grown so long that another has to begin."""
    state.phase, state.mark, state.count = at
    state.lines += 1
    state.characters += size
    if state.lines <= MOST_LINES and state.characters <= MOST_CHARACTERS:
        return 0
    state.lines, state.characters = 1, size
    return 1
