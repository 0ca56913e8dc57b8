"""What a container said last is tried first: what stands before the level in lines whose header declares one.

Lines of one program differ in their digits and in their text. So what stands before the level is remembered, with each
digit as 0: in a line that begins alike the level is read at once. That never changes an answer: only beginnings are
remembered behind which a level declares whatever follows (`columns.level_place`), and only of lines in which nothing else
is asked first.
"""

import re
from typing import Final

from log_shipper.stages.formats.columns import level_place
from log_shipper.stages.formats.levels import UPPER, WORDS, Found

_BEGINNINGS: Final = 4096  # that are remembered
_LONGEST: Final = 160  # characters of one
_CREDIT: Final = 4  # lines of a batch that may be looked at in vain for their beginning
_DIGITS: Final = str.maketrans("123456789", "0" * 9)
_FIRSTS: Final = frozenset("0123456789[")
# What has the rules look further (pairs, objects, one letter), or at what a digit is (1.7e+09 is a time, Wa(164) a priority)
_ASKED: Final = re.compile(r"[={]|\d[eE]\+?\d|(?<![\w.])[A-Za-z](?![\w.])|\b(?:Db|In|No|Wa|Er|Cr|Al|Em)\(")
_COLUMN: Final = re.compile(r"(?!TRACE)([A-Z]{3,9})([ :|])(?= {0,8}[\w\"'(<\[/])")
_BRACKET: Final = re.compile(r" {0,8}([A-Za-z]{3,9}) {0,8}\]")


class Beginnings:
    """What is remembered of one batch of one stream. `known`: that of all, which grows."""

    def __init__(self, known: dict[str, int]) -> None:
        self._known = known
        self._length = 0
        self._credit = _CREDIT

    def get(self, line: str) -> Found | None:
        """What a line declares that begins like one before; None where that is to be found out."""
        length = self._length
        shortest = self._known.get(line[:length].translate(_DIGITS)) if length else None
        if shortest is None or "\r" in line:
            return None
        bracket = shortest == 0
        match = (_BRACKET if bracket else _COLUMN).match(line, length)
        if match is None:
            return None
        declared = UPPER.get(match[1]) or (WORDS.get(match[1].lower()) if bracket else None)
        if declared is None or len(match[1]) < shortest:
            return None
        self._credit += 1
        return declared, "bracket" if bracket else ("prefix" if match[2] == ":" else "column")

    def learn(self, line: str, found: Found) -> None:
        """Remembers what stands before the level of a line, whose answer was found out."""
        if self._credit <= 0 or line[:1] not in _FIRSTS or found[1] not in ("column", "bracket", "prefix"):
            return
        self._credit -= 1
        if "\r" in line[:_LONGEST]:
            return
        place = level_place(line)
        beginning = line[:place]
        if not 4 < place <= _LONGEST or not beginning.isprintable() or _ASKED.search(beginning):
            return
        if len(self._known) >= _BEGINNINGS:
            self._known.clear()
        # `host name[12] ` is a program's only before a level of four letters: what is learnt of these says no more
        shortest = 0 if found[1] == "bracket" else (3 if line[place + 3 : place + 4] in " :|" else 4)
        self._known[beginning.translate(_DIGITS)] = shortest
        self._length = place
