"""The pairs of logfmt lines, each line read once for its level and its fields.

Lines of one program have the same keys in the same order. What reads them by one expression is made once that pays; it
takes a line only where there is nothing else in it, so that its level is the one that `logfmt.find` finds, and its pairs
are those of `read`.
"""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final, NamedTuple

import orjson

from log_shipper.stages.formats import logfmt
from log_shipper.stages.formats.levels import LEVEL_VALUES, Found
from log_shipper.stages.members import VALUE, Members, members_of

MOST: Final = 64  # pairs of a line
_LOOKED_AT: Final = 4096  # characters of one
# What may stand before a key comes first: an expression that begins with a set of characters finds the next by itself.
_PAIR: Final = re.compile(r'[\s,;|]([A-Za-z_@][\w.@/-]{0,99}+)=(?:"([^"\\]*+(?:\\.[^"\\]*+)*)"|([^\s",;]*+))')
_LAST: Final = re.compile(r'="[^"\\]*+(?:\\.[^"\\]*+)*"|=[^\s",;]*+')  # from an equals sign on, its value
_CUT: Final = 512  # characters from which on it pays to see where the last pair ends
# What no rule reads in another way; one group, in quotes or not
_VALUE: Final = r'="?((?<!")[^\x00- "\'\\,;|=\[\]\x7f]++(?!")|(?<=")[^\x00-\x1f"\\\x7f]++(?="))"?'
_FIRST: Final = re.compile(r"[A-Za-z]{2,24}")  # no rule is asked before logfmt's
_LONGEST: Final = 2048
_MOST_KEYS: Final = 24
WORTH: Final = 200
"""Lines of the same keys for which an expression is made, which takes a millisecond."""
_SEEN: Final = 512  # rows of keys that are counted
_SHAPES: Final = 256  # that are remembered
_TRIED: Final = 4  # for a line
_ANY: Final = 0  # equals signs, of a line in whose values there are some


class Shape(NamedTuple):
    keys: tuple[str, ...]
    level: int  # place of the one that tells it
    expression: re.Pattern[str]


class Pairs:
    """What is remembered of all lines. For one thread."""

    def __init__(self, worth: int = WORTH) -> None:
        self._worth = worth
        self._seen: dict[tuple[str, ...], int] = {}
        self._shapes: dict[tuple[str, ...], Shape] = {}
        self._last: dict[int, list[Shape]] = {_ANY: []}  # equals signs in a line -> those that came last
        self.beginnings: tuple[str, ...] = ()  # of the lines that `get` may know

    def get(self, line: str) -> tuple[Found, Members] | None:
        """What a line declares whose keys came before, and its pairs; None where that is to be found out."""
        if len(line) > _LONGEST:
            return None
        for keys, level, expression in self._last.get(line.count("="), self._last[_ANY]):
            match = expression.fullmatch(line)
            if match is not None:
                values = match.groups()
                found = LEVEL_VALUES.get(values[level])
                if found is None or not (line.isascii() or line.isprintable()):
                    return None
                return found, (keys, values, len(line) <= VALUE)
        return None

    def learn(self, line: str) -> Members:
        """The pairs of a line, of which what it declares was found out."""
        pairs = members(line)
        keys = pairs[0]
        shape = self._shapes.get(keys)
        if shape is None and 1 < len(keys) <= _MOST_KEYS and line.count("=") == len(keys) and len(line) <= _LONGEST:
            shape = self._count(keys)
        if shape is not None:
            for signs in (len(keys), _ANY):
                last = self._last.get(signs, [])
                if shape not in last:
                    self._last[signs] = [shape, *last[: _TRIED - 1]]
            self.beginnings = tuple({f"{shape.keys[0]}=" for shapes in self._last.values() for shape in shapes})
        return pairs

    def _count(self, keys: tuple[str, ...]) -> Shape | None:
        seen = self._seen.get(keys, 0) + 1
        if len(self._seen) >= _SEEN:
            self._seen.clear()
        self._seen[keys] = seen
        if seen != self._worth or _FIRST.fullmatch(keys[0]) is None:
            return None
        level = next((place for place, key in enumerate(keys) if logfmt.tells(key)), None)
        if level is None:
            return None
        if len(self._shapes) >= _SHAPES:
            self._shapes.clear()
        expression = re.compile(" ".join(re.escape(key) + _VALUE for key in keys))
        shape = self._shapes[keys] = Shape(keys, level, expression)
        return shape


def members(message: str) -> Members:
    return members_of(message, read(message), printable=message.isprintable())


def read(message: str) -> dict[str, Any]:
    """Keys, and values as texts; of a key that comes twice the last value."""
    pairs: Iterable[tuple[str, ...]]
    text = f" {message}" if len(message) < _CUT else f" {_up_to_last(message[:_LOOKED_AT])}"
    if message.count("=") <= MOST:
        pairs = _PAIR.findall(text)
    else:
        pairs = (match.groups("") for match in islice(_PAIR.finditer(text), MOST))
    if "\\" in message:
        found: dict[str, Any] = {key: _unescaped(quoted) or bare for key, quoted, bare in pairs}
    else:
        found = {key: quoted or bare for key, quoted, bare in pairs}
    return {key: value for key, value in found.items() if value} if "" in found.values() else found


def _up_to_last(text: str) -> str:
    """Without what stands behind the last pair: behind its value and all quotation marks, which may be an earlier one's."""
    last = _LAST.match(text, max(text.rfind("="), 0))
    return text[: max(last.end(), text.rfind('"') + 1)] if last is not None else ""


def _unescaped(quoted: str) -> str:
    if "\\" not in quoted:
        return quoted
    try:
        return str(orjson.loads(f'"{quoted}"'))
    except ValueError:
        return quoted
