"""Text behind a time in which no word can be a level: the commonest line that declares nothing, told without reading its words.

Go's log package (log.go: formatHeader, with `Lshortfile`), and whoever prints a time and a sentence.
"""

import re

from log_shipper.stages.formats.levels import LETTERS, UPPER

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


def is_plain(line: str) -> bool:
    """A time, and a sentence of plain words none of which could be a level."""
    match = _LINE.match(line)
    if match is None or _COLON.search(match[1]) is not None:
        return False
    return _WORDS.isdisjoint(match[1].translate(_BREAKS).lower().split())
