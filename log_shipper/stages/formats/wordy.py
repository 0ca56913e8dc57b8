"""Text in which no word can be a level: the commonest lines that declare nothing, told without asking rule after rule.

A sentence by itself, or one behind a time: Go's log package (log.go: formatHeader, with `Lshortfile`), and whoever prints a time and a sentence.
"""

import re

from log_shipper.stages.formats import shells, tools, traces
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
    "system config success ok note fatals errors warnings panicked died line terminate corruption npm pnpm gyp"
)
_WORDS = frozenset((*map(str.lower, (*UPPER, *LETTERS)), *_OTHERS.split()))
# Words, and none of the marks by which rules work: `: `, `|`, a bracket, a tab, npm's `ERR!`.
_SENTENCE = re.compile(
    r"([A-Z][A-Za-z]{1,22}+|[a-z][A-Za-z]{1,22}+(?= [a-z])) [A-Za-z0-9 .,:;=?'\"/%_#+*@&$(){}<>~^`\\-]{1,370}+"
    + "".join(f"(?<!{re.escape(end)})" for end in traces.NAME_ENDS)
)
_BEGINNINGS = DATE_WORDS | traces.BEGINNINGS | tools.BEGINNINGS | shells.BEGINNINGS
_LEVELS = frozenset((*map(str.lower, UPPER), *WORDS, "fat", "not"))
_MARK = re.compile(r":(?:(?<!\d:)|(?!\d))")  # a colon of no time and no port
_TWO = re.compile(r"[A-Za-z]++ [a-z][^ ]*+ (?!19|20)")  # behind two words may stand a time, and a level behind that


def is_sentence(line: str) -> bool:
    """Text without any mark, of which `line.declared` would find that no rule knows it; some such are not told."""
    match = _SENTENCE.fullmatch(line)
    if match is None or line[:3] in _BEGINNINGS or match[1].lower() in _LEVELS:
        return False
    if ":" not in line and "=" not in line and " - " not in line:
        return True
    return _MARK.search(line) is None and _TWO.match(line) is not None


def is_plain(line: str) -> bool:
    """A time, and a sentence of plain words none of which could be a level."""
    match = _LINE.match(line)
    if match is None or _COLON.search(match[1]) is not None:
        return False
    return _WORDS.isdisjoint(match[1].translate(_BREAKS).lower().split())
