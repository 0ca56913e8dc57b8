"""A level word after a time that neither a bracket nor a colon sets off, and level words that few formats write.

`2026-03-01T10:20:30Z error no route`, Emby's `2026-03-01 10:20:30.123 Info Main: text`, swift-log's `… notice shop.app : text`,
FRR's `errors: BGP: text`. The same words begin sentences (`error handling is on`): what follows tells them apart.
"""

import re

from log_shipper.stages.formats.levels import CRITICAL, DEBUG, ERROR, INFO, WARNING, WORDS, Found

_MACHINE = re.compile(r"\dT\d\d:?\d\d")
_LEVELS = frozenset(("error", "warn", "warning", "info", "debug", "fatal", "critical"))
_COMPOUND = re.compile(  # error handling, warning signs, info desk
    r"(?:handl\w+|pages?|logs?|rates?|counts?|counters?|codes?|messages?|modes?|levels?|reports?|ids?|files?|budgets?|desks?|signs?"
    r"|symbols?|ports?|endpoints?|consoles?|thresholds?|flags?|bits?|corrections?|screens?|trackers?|states?|margins?|bars?|lights?|limits?|paths?|sections?"
    r"|free|prone|builds?|output|stream|bounds?|channels?|boundary|templates?|classes|types?|tolerance|is|was|are|of|and|or)\b(?![./]\w|=)"
)
_OPENS_NO_SENTENCE = frozenset(("info", "warn"))
_BEFORE_NAMES = frozenset(("trace", "verbose", "notice", "alert", "emergency", "panic"))
_NAME_AFTER = re.compile(
    r" (?:[\w.-]+ ?\[\d|[\w.-]+ \[[\w-]+[./:@=]|[\w-]+(?:[./:][\w-]+)+|[A-Z][\w.]*:|\[|[\w-]+ :)[ :\]]?"
)
_CAPITALIZED = {"Fine": DEBUG, "Config": INFO, "Status": INFO}  # MarkLogic, Domoticz
_CUT = {"WAR": WARNING}  # mediamtx cuts its levels to three letters; a word elsewhere
_PLURALS = {  # FRR
    "emergencies": CRITICAL, "alerts": CRITICAL, "errors": ERROR, "warnings": WARNING, "notifications": INFO,
    "informational": INFO, "debugging": DEBUG,
}  # fmt: skip
_DETAILED = {"DETAIL": DEBUG, "trivia": DEBUG}  # Aerospike, VMware; PostgreSQL's `DETAIL:` is none
PLACED = frozenset({*_CAPITALIZED, *_CUT, *_PLURALS, *_DETAILED})
"""Words that `of_place` knows."""
_BEFORE_PLACE = re.compile(r" (?:[\w-]+\[\d{1,9}\] )?[\[(]")
_DAEMON = re.compile(r": [A-Z][A-Z0-9]{1,11}: ")
_NAME = 80  # characters in which a name ends

_SENTENCE = re.compile(r"\]? {1,3}([A-Z]?[a-z]{2,20}+) ([a-z]{2,20}+) ")
NO_SENTENCE: frozenset[str] = frozenset(("main", "fail", *map(str.lower, PLACED), *WORDS))
"""Words that end no header as a sentence's first or second."""


def sentence(line: str, at: int) -> bool:
    """Whether two words behind a time or a name, neither of them a level, are a sentence's: the first to end a header."""
    words = _SENTENCE.match(line, at)
    return words is not None and words[1].lower() not in NO_SENTENCE and words[2] not in NO_SENTENCE


def declares(line: str, start: int, end: int, word: str) -> bool:
    """Whether the level `word` at `start`, with a blank behind it and the first behind a time, declares."""
    if word[0].isupper():
        return _NAME_AFTER.match(line, end, end + _NAME) is not None  # Emby's `Info Main: text`
    # a program's own stamp has a T; what people print after theirs may be any sentence
    if word in _BEFORE_NAMES:
        return _MACHINE.search(line, 0, start) is not None and _NAME_AFTER.match(line, end, end + _NAME) is not None
    if word not in _LEVELS or _COMPOUND.match(line, end + 1) is not None:
        return False
    return word in _OPENS_NO_SENTENCE or (line[0] in "0123456789[" and _MACHINE.search(line, 0, start) is not None)


def in_column(line: str, end: int, word: str) -> bool:
    """Whether `word`, behind a bar or a tab and before one blank, is a level: `| error no route`, not `| Error pages are off`."""
    if line[end + 1 : end + 2] in ("|", "]", ")", ">", ":", ";"):
        return True  # padded
    if word[0].isupper():
        return _NAME_AFTER.match(line, end, end + _NAME) is not None
    return word in _LEVELS and _COMPOUND.match(line, end + 1) is None


def of_place(line: str, end: int, word: str) -> Found | None:
    """What `word`, the first behind a time, declares only there."""
    if word in _DETAILED:
        return (_DETAILED[word], "column") if _BEFORE_PLACE.match(line, end) is not None else None
    if word in _CUT:
        return (_CUT[word], "column") if line[end : end + 1] == " " else None
    if word in _CAPITALIZED:
        return (_CAPITALIZED[word], "prefix") if line[end : end + 2] == ": " else None
    declared = _PLURALS.get(word)
    return (declared, "prefix") if declared is not None and _DAEMON.match(line, end) is not None else None
