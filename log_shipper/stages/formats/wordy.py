"""Text in which no word can be a level: the commonest lines that declare nothing, told without asking rule after rule.

A sentence by itself, or one behind a time: Go's log package (log.go: formatHeader, with `Lshortfile`), and whoever prints a time and a sentence.
"""

import re

from log_shipper.stages.formats import bare, named, shells, tools, traces
from log_shipper.stages.formats.levels import LETTERS, UPPER, WORDS
from log_shipper.stages.formats.stamps import DATE_WORDS

_LINE = re.compile(
    r"\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{3,9}+)?Z? (?:[\w-]{1,60}+\.go:\d{1,6}+: )?"
    r"([A-Za-z][a-z'-]++ [A-Za-z0-9 .,'/_%:-]++)$"
)
_COLON = re.compile(r":(?!\d)")  # not of a time or a port
_BREAKS = str.maketrans(".,'/_%-:", "        ")
# What runtimes, shells and tools print for an error without a level's word.
_OTHERS = (
    "aborted abort aborting killed segmentation fault core dumped exception traceback failed failure fail denied unable cannot "
    "found terminated bus trap floating illegal hangup alarm uncaught unhandled oops bug log level severity priority audit "
    "system config success ok note fatals errors warnings panicked died line terminate corruption npm pnpm yarn bun lerna gyp"
)
_WORDS = frozenset((*map(str.lower, (*UPPER, *LETTERS)), *_OTHERS.split()))
# Words, and none of the marks by which rules work: `: `, `|`, a bracket, a tab, npm's `ERR!`.
_NO_NAME = "".join(f"(?<!{re.escape(end)})" for end in traces.NAME_ENDS)
_SENTENCE = re.compile(
    r"([A-Z][a-z][A-Za-z]{0,21}+|[a-z][A-Za-z]{1,22}+(?= [a-z])) [A-Za-z0-9 .,:;=?'\"/%_#+*@&$(){}<>~^`\\-]{1,370}+"
    + _NO_NAME
)
# Behind a time two words end a header. Of what may stand behind them no capitals, which may be a level between separators, no
# quotation mark, which may stand around one, no `<Info> (thread=` and no `%LINK-3-UP`.
_BEHIND_TIME = re.compile(
    r"\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{3,9}+)?Z? (?![AaPp][Mm] )"
    r"(([A-Z]?[a-z]{2,20}+) ([a-z]{2,20}+) [a-z0-9 .,:;=?'/_#+*@&$(){}>~^`\\-]{1,300}+)" + _NO_NAME
)
_BEGINNINGS = DATE_WORDS | traces.BEGINNINGS | tools.BEGINNINGS | shells.BEGINNINGS
_LEVELS = frozenset((*map(str.lower, UPPER), *WORDS, "fat", "not", named.MAIN_THREAD.lower()))
_NO_FIRST = _LEVELS | bare.NO_SENTENCE
_MARK = re.compile(r":(?:(?<!\d:)|(?!\d))")  # a colon of no time and no port
_TWO = re.compile(r"[A-Za-z]++ [a-z][^ ]*+ (?!19|20)")  # behind two words may stand a time, and a level behind that


def is_sentence(line: str) -> bool:
    """Text without any mark, of which `line.declared` would find that no rule knows it; some such are not told."""
    match = _SENTENCE.fullmatch(line)
    return match is not None and match[1].lower() not in _LEVELS and _is_unmarked(line)


def _is_unmarked(text: str) -> bool:
    if text[:3] in _BEGINNINGS:
        return False
    if ":" not in text and "=" not in text and " - " not in text:
        return True
    return _MARK.search(text) is None and _TWO.match(text) is not None


def is_plain(line: str) -> bool:
    """A time, and a sentence: without any mark behind two words that end a header, or of plain words none of which could be a level."""
    told = _BEHIND_TIME.fullmatch(line) if ".go:" not in line else None
    if told is not None and told[2].lower() not in _NO_FIRST and told[3] not in bare.NO_SENTENCE and " -1 " not in line:
        if _is_unmarked(told[1]):
            return True
    match = _LINE.match(line)
    if match is None or _COLON.search(match[1]) is not None:
        return False
    return _WORDS.isdisjoint(match[1].translate(_BREAKS).lower().split())
