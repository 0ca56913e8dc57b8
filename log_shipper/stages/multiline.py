"""Which lines of one container's stream belong together into one message.

Decided line by line, by text and record time alone, with no look ahead: live path, replay and audit agree however the
lines were cut into calls. What belongs together is what a runtime prints for one error (trace, panic, report, with all
causes, notes and hints), what a logger prints for one record, and a JSON value over several lines. All else stays
apart, indented or not. A line that declares warning, error or critical is the first line of a trace that follows at
once; a frame is part of what stands before it.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from log_shipper.stages.formats.plain import MOST
from log_shipper.stages.traces.phase import ALWAYS, DECLARED, At
from log_shipper.stages.traces.registry import Rules, rules_of

GAP = 2 * 10**9  # ns between two lines of one message
MOST_LINES = 20_000  # of one message
MOST_CHARACTERS = 8 * 1024 * 1024
_LOOKED_AT = 2048  # characters of a line; a JSON line is read to its end
_OWNERS = frozenset(("warning", "error", "critical"))
_ESCAPE = re.compile(r"\x1b\[[0-9;]*+[A-Za-z]")

Declares = Callable[[str], str | None]
"""line -> the log type that it declares of itself, None if it declares nothing"""


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

    def dump(self) -> list[Any]:
        return [self.phase, self.mark, self.count, self.last, self.time, self.lines, self.characters]

    @classmethod
    def load(cls, dumped: Sequence[Any]) -> "GroupState":
        """Raises TypeError for a list of another length."""
        return cls(*dumped)


class Grouper:
    """The rules; stateless. `declares` is asked only about a line that a trace follows at once."""

    def __init__(
        self, declares: Declares, rules: Rules | None = None, *, begins: Callable[[str], bool] | None = None
    ) -> None:
        """`begins`: the operator's own; lines that follow one that it takes, and that it does not take, continue it."""
        self._declares, self._begins = declares, begins
        self._rules = rules or rules_of()

    def starts(self, texts: Sequence[str], times: Sequence[int], state: GroupState) -> list[bool]:
        """For each line: does it begin a message? False: it continues that of the line before, maybe of another call."""
        count = len(texts)
        starts = [True] * count
        if not count:
            return starts
        if self._begins is not None:
            return [self._own(self._begins, text, time, state) for text, time in zip(texts, times, strict=True)]
        looked_at = self._rules.looked_at(texts)
        row = 0
        while row < count:
            if not state.phase:
                place = bisect_left(looked_at, row)
                upto = looked_at[place] if place < len(looked_at) else count
                if upto > row:
                    state.last, state.time = _head(texts[upto - 1]), times[upto - 1]
                    row = upto
                    continue
            starts[row] = self._line(texts[row], times[row], state)
            row += 1
        return starts

    def _line(self, text: str, time: int, state: GroupState) -> bool:
        head = _head(text)
        if not -GAP <= time - state.time <= GAP:
            state.phase = state.last = ""
        state.time = time
        if state.phase:
            step = self._rules.steps.get(state.phase)
            at = step and step(text if state.phase == "json" else head, At(state.phase, state.mark, state.count))
            if at:
                return _continue(state, at, len(text))
            state.phase = state.last = ""
        return self._outside(head, text, state)

    def _own(self, begins: Callable[[str], bool], text: str, time: int, state: GroupState) -> bool:
        if begins(_head(text)):
            state.phase, state.mark, state.count, state.last = "own", "", 0, ""
            state.time, state.lines, state.characters = time, 1, len(text)
            return True
        if state.phase == "own" and -GAP <= time - state.time <= GAP:
            state.time = time
            return _continue(state, At("own"), len(text))
        return self._line(text, time, state)

    def _outside(self, head: str, text: str, state: GroupState) -> bool:
        """A line that is not part of an open group."""
        prev = state.last
        entry = self._rules.entry(head, prev, text)
        if entry is None:
            state.last = head
            return True
        joined = bool(prev) and (entry.join == ALWAYS or (entry.join == DECLARED and self._declares(prev) in _OWNERS))
        state.phase, state.mark, state.count = entry.at
        state.last = ""
        state.lines, state.characters = (2, len(prev) + len(text)) if joined else (1, len(text))
        return not joined


def _continue(state: GroupState, at: At, size: int) -> bool:
    """A line of the open group; True where the message has grown so long that another has to begin."""
    state.phase, state.mark, state.count = at
    state.lines += 1
    state.characters += size
    if state.lines <= MOST_LINES and state.characters <= MOST_CHARACTERS:
        return False
    state.lines, state.characters = 1, size
    return True


def _head(text: str) -> str:
    """What of a line is looked at: without colours, and without a carriage return at the end.

    As `without_escapes` does, up to the hundredth colour only.
    """
    if len(text) > _LOOKED_AT:
        text = text[:_LOOKED_AT]
    if "\x1b" in text:
        text, count = _ESCAPE.subn("", text, MOST)
        if count == MOST:
            text = text.partition("\x1b")[0]
    return text[:-1] if text[-1:] == "\r" else text
