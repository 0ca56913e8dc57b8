"""The commonest headers, each read by one expression: a level right behind a time, or behind a thread or a name; logcat's letter."""

import re

from log_shipper.stages.formats.levels import LETTERS, UPPER, WORDS, Found
from log_shipper.stages.formats.words import set_off

# What follows a time in most formats: `INFO`, `[main] INFO`, `[12] user@db LOG:`, ` - name - INFO`, `[info]`
_TAIL = (
    r"\]?+[ \t]*+(?:(?:- |\| |: |:|\|)?"
    r"(?:\[([\w.#-][\w.# -]{0,50}+)\][ \t]++(?:\w{1,40}+@\w{1,40}+ )?|([\w.]{1,60}+) - )?([A-Z]{3,8})(?=[ \t:|\]])"
    r"|\[ ?([A-Za-z]{3,9}) {0,8}\])"
)
QUICK = re.compile(_TAIL)
"""What may follow a time."""
_AT_ONCE = re.compile(  # nanoseconds may be a container runtime's, before another program's line
    r"\[?(?:\d{4}[-/]\d\d[-/]\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d{1,6}+(?!\d))?(?:Z| ?[+-]\d\d:?\d\d| UTC)?" + _TAIL
)
# As `letters.logcat` finds it; six digits before six more could be a time
_LOGCAT = re.compile(r"\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {1,8}\d{1,5} {1,8}\d{1,5} ([VDIWEFA]) ")
_NO_LEVEL = (" ->", " =>", " = ", " ==")  # what follows a name, or a state that changes
# Datadog's trace agent names itself before the level: `… UTC | TRACE | INFO | text`
NEXT_COLUMN = re.compile(r" \| (?:ERROR|WARN|INFO|DEBUG|CRITICAL|TRACE) \|")


def at_once(line: str) -> Found | None:
    """The commonest headers, read by one expression: None says that the header must be read token by token."""
    match = _AT_ONCE.match(line)
    if match is not None:
        return of_quick(line, match)
    logcat = _LOGCAT.match(line) if line[2:3] == "-" else None
    return (LETTERS["F" if logcat[1] == "A" else logcat[1]], "letter") if logcat is not None else None


def behind_name(line: str) -> bool:
    """Whether `at_once` finds the level behind a thread or a name: there are many of them, so they are not worth remembering."""
    match = _AT_ONCE.match(line)
    return match is not None and bool(match[1] or match[2]) and of_quick(line, match) is not None


def _says(before: str) -> bool:
    """Whether what stands before a level is one itself: `[error]`, `[E]`, Twisted's `[app.web#debug]`."""
    return (
        before in LETTERS
        or before.partition(" ")[0].upper() in UPPER
        or ("#" in before and before.rpartition("#")[2] in WORDS)
    )


def of_quick(line: str, match: re.Match[str]) -> Found | None:
    """What a match of QUICK declares."""
    thread, name, word, bracketed = match.groups()
    if bracketed is not None:
        declared = WORDS.get(bracketed.lower())
        return (declared, "bracket") if declared is not None else None
    declared = UPPER.get(word)
    before = thread or name
    if declared is None or (before is not None and _says(before)):
        return None
    end = match.end()
    if line[end : end + 1] == " " and word != "TRACE" and not line.startswith(_NO_LEVEL, end):
        return declared, "column"  # as `set_off` finds, which takes three times as long
    if not set_off(line, end, word, stamped=True) or (word == "TRACE" and NEXT_COLUMN.match(line, end) is not None):
        return None
    return declared, "prefix" if line[end] == ":" else "column"
