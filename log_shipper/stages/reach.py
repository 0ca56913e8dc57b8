"""How far back a trace's line reaches: to the line above it that an exception's message begins with.

A message may have any lines, and nothing in them tells that they belong to one. The frames under it do, or the line that
ties it to the next exception. So such a line takes the lines above it, up to the nearest that can begin an error, if no
logger's record, no other trace and no gap in time stands between. Decided by these few lines alone, so that live path,
replay and audit agree.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from log_shipper.stages.formats.plain import MOST
from log_shipper.stages.traces.phase import RECORD, Entry
from log_shipper.stages.traces.registry import Rules

LINES = 20  # that a trace's line looks at
LONGEST = 2048  # characters of a line that are looked at; one that has more is not reached over
_WORDS = 300  # characters in which an error is named, or a level declared
GAP = 2 * 10**9  # ns between two lines of one message
OWNERS = frozenset(("warning", "error", "critical"))
_ESCAPE = re.compile(r"\x1b\[[0-9;]*+[A-Za-z]")
# A cheap look at a line that may declare one of these: others cannot.
_LEVELS = (
    "err",
    "warn",
    "crit",
    "fatal",
    "panic",
    "severe",
    "alert",
    "emerg",
    "fail",
    "wrn",
    "ftl",
    "错误",
    "警告",
    "严重",
    "致命",
)
_BEGINNING = re.compile(r"[EWFC](?:\b|\d)|<\d|\[[EWFC]\b")
# An error that is named behind other words, and a panic that a server has caught.
_NAMED = re.compile(
    r"(?:^|[\s:(.])(?:[A-Z]\w*+(?<=rror|tion)|Error|Exception)(?: \[\w+\])?: |: Uncaught exception \S+:$|\bpanic(?: serving |king|ked| recovered)?[: ]"
)
_SET_IN = re.compile(r"\s{1,4}+[\w$.]++(?<=rror|tion)(?: \[\w+\])?: ")

Declares = Callable[[str], str | None]
"""line -> the log type that it declares of itself, None if it declares nothing"""


@dataclass(slots=True)
class Found:
    """Where an error may begin above a line."""

    begins: int
    """How many messages stand between, each a line: what belongs to a message of several lines is not reached over."""
    text: str
    """The first line of the error, as far as it is looked at."""


@dataclass(frozen=True, slots=True)
class Above:
    """The lines of one call, and what is known of those before it."""

    rules: Rules
    declares: Declares
    texts: Sequence[str]
    times: Sequence[int]
    starts: Sequence[int]  # filled as they are decided: above 0 where a line begins a message
    before: Found | None  # where an error may begin above the first line
    time: int  # ns, of the last line before this call
    entries: dict[int, Entry] = field(default_factory=dict)  # row -> what begins there, where it begins a message
    broken: dict[int, str] = field(default_factory=dict)
    """Row with which an error ends, if nothing else, since what comes is not known to be of it -> the error's first line."""
    known: dict[int, bool] = field(default_factory=dict)  # row -> whether an error may begin with it

    def find(self, row: int, hint: str = "") -> Found | None:
        """The nearest line above with which an error may begin. `row` may be that of the next call's first line.

        With a hint it may be none although there is one, if that does not stand in any of the lines.
        """
        times, count = self.times, len(self.times)
        if hint and not (self.before is not None and hint in self.before.text):
            if not any(hint in text for text in self.texts[max(row - LINES, 0) : row]):
                return None
        if 0 < row < count and not _together(times[row - 1], times[row]):
            return None
        for at in range(row - 1, max(row - LINES, 0) - 1, -1):
            if at + 1 < row and not _together(times[at], times[at + 1]):
                return None
            text = head_of(self.texts[at])
            if len(text) >= LONGEST:
                return None
            if at in self.broken:
                return Found(row - 1 - at, self.broken[at])
            if self._may_begin_error(at, text):
                return Found(row - 1 - at, text)
            if self.starts[at] <= 0 or RECORD.match(text):
                return None
        before = self.before
        if before is None or row + before.begins >= LINES or not _together(self.time, times[0]):
            return None
        return Found(row + before.begins, before.text)

    def is_border(self, row: int) -> bool:
        """Whether the line begins a message, whatever stands above it and comes after it."""
        if self.starts[row] <= 0:
            return False
        text = head_of(self.texts[row])
        entry = self.entries.get(row)
        if entry is not None and entry != self.rules.entry(text, "", self.texts[row]):
            return False  # how it goes on depends on the line before
        if RECORD.match(text) or len(text) >= LONGEST or self._may_begin_error(row, text):
            return True
        return self.find(row) is None

    def _may_begin_error(self, row: int, text: str) -> bool:
        known = self.known.get(row)
        if known is None:
            known = self.known[row] = self._looks_like_error(text)
        return known

    def _looks_like_error(self, text: str) -> bool:
        if text[:1] in (" ", "\t", ""):
            return _SET_IN.match(text, 0, _WORDS) is not None
        if len(text) > _WORDS and " " not in text[:_WORDS]:
            return False  # a word as long as this is none of an error
        if self.rules.announces(text):
            return True
        words = text[:_WORDS].lower()
        if ("error" in words or "exception" in words or "panic" in words) and _NAMED.search(text, 0, _WORDS):
            return True
        for level in _LEVELS:
            if level in words:
                return self.declares(text) in OWNERS
        return _BEGINNING.match(text) is not None and self.declares(text) in OWNERS


def _together(earlier: int, later: int) -> bool:
    return -GAP <= later - earlier <= GAP


def head_of(text: str) -> str:
    """What of a line is looked at: without colours, and without a carriage return at the end.

    As `without_escapes` does, up to the last colour that it takes out.
    """
    if len(text) > LONGEST:
        text = text[:LONGEST]
    if "\x1b" in text:
        text, count = _ESCAPE.subn("", text, MOST)
        if count == MOST:
            text = text.partition("\x1b")[0]
    return text[:-1] if text[-1:] == "\r" else text
