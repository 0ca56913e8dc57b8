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
_CREDIT: Final = 4  # lines that may be looked at in vain for their beginning …
_EARNED: Final = 1 / 32  # … and more for each line
_PAID: Final = 1 / 8  # … and for each that need not be read
_MOST_CREDIT: Final = 64.0
_TRIED: Final = 4  # lengths, of several containers whose lines come in turns
_DIGITS: Final = bytes.maketrans(b"123456789", b"0" * 9)
FIRSTS: Final = frozenset("0123456789[")
"""What lines begin with that are remembered."""
# What has the rules look further (pairs, objects, one letter), at what a digit is (1.7e+09 is a time, Wa(164) a priority)
# or at what follows the level (`-> INFO 01a`, `main.c:12 at main(): ERROR: `, Nagios' events)
_ASKED: Final = re.compile(
    r"[={]|->|\(\): $|^\[\d{10}\] |\d[eE]\+?\d|(?<![\w.])[A-Za-z](?![\w.])|\b(?:Db|In|No|Wa|Er|Cr|Al|Em)\("
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_COLUMN: Final = re.compile(
    r"(?!TRACE|[A-Z]{3,9}+ (?:error|exception) ?: )([A-Z]{3,9}+)([ :|])(?= {0,8}+[\w\"'(<\[/]|(- ))"
)
_BRACKET: Final = re.compile(r" {0,8}([A-Za-z]{3,9}) {0,8}\]")


class Beginnings:
    """What is remembered of all lines. To learn from one takes as long as to read it: credit says how often that is done."""

    def __init__(self) -> None:
        self.known: dict[bytes, int] = {}
        self._lengths: list[tuple[int, str]] = []  # of those learnt last, and their last characters
        self._credit = float(_CREDIT)

    def earn(self, lines: int) -> None:
        """So many lines are about to come."""
        self._credit = max(self._credit, min(_CREDIT, self._credit + lines * _EARNED))

    def get(self, line: str) -> Found | None:
        """What a line declares that begins like one before; None where that is to be found out."""
        for length, last in self._lengths:
            shortest = self.known.get(_alike(line[:length])) if line[length - 1 : length] == last else None
            if shortest is not None and (found := self._read(line, length, shortest)) is not None:
                return found
        return None

    def _read(self, line: str, length: int, shortest: int) -> Found | None:
        bracket = shortest == 0
        # `…|ERROR host[12]: ` may be a program's tag
        if "\r" in line or (line[length - 1 : length] == "|" and "]: " in line):
            return None
        match = (_BRACKET if bracket else _COLUMN).match(line, length)
        if match is None:
            return None
        declared = UPPER.get(match[1]) or (WORDS.get(match[1].lower()) if bracket else None)
        if declared is None or len(match[1]) < shortest:
            return None
        if not bracket and match[3] and line[length - 2 : length] != "- ":
            return None  # only between two dashes nothing behind the second can be the level
        self._credit = min(_MOST_CREDIT, self._credit + _PAID)
        return declared, "bracket" if bracket else ("prefix" if match[2] == ":" else "column")

    def learn(self, line: str, found: Found) -> None:
        """Remembers what stands before the level of a line, whose answer was found out."""
        if self._credit < 1 or found[1] not in ("column", "bracket", "prefix"):
            return
        self._credit -= 1
        if "\r" in line[:_LONGEST]:
            return
        place = level_place(line)
        beginning = line[:place]
        if not 4 < place <= _LONGEST or not beginning.isprintable() or _ASKED.search(beginning):
            return
        if any(word in UPPER or word.lower() in WORDS for word in _WORD.findall(beginning)):
            return  # … - alert - DEBUG - text: which of both is the level, what follows says
        if len(self.known) >= _BEGINNINGS:
            self.known.clear()
        # `host name[12] ` is a program's only before a level of four letters: what is learnt of these says no more
        shortest = 0 if found[1] == "bracket" else (3 if line[place + 3 : place + 4] in " :|" else 4)
        self.known[_alike(beginning)] = shortest
        tried = place, beginning[-1]
        if tried not in self._lengths:
            self._lengths = [tried, *self._lengths[: _TRIED - 1]]


def _alike(beginning: str) -> bytes:
    """The same of beginnings that differ in their digits. Of bytes since that takes a tenth of the time."""
    return beginning.encode("utf-8", "surrogatepass").translate(_DIGITS)
