"""What the rules of all languages share: where a group stands, how a line comes into one, what a log record looks like.

A rule sees a line's first 2,048 characters, without colours and a closing carriage return, and the line before it.
Expressions that run over a whole line have no nested repetition: their time grows with the line and no faster.
"""

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

UPPER, LETTERS = string.ascii_uppercase, string.ascii_letters + "_"
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
NOT_A_PATH = frozenset("0123456789[{(\"=<>|+-*#'`,;:!?&\\]})")
PATHS = "".join(character for character in PRINTABLE if character not in NOT_A_PATH)
# Beginnings that more than one family looks for: `file:line`, a qualified name, the name of an error, a class in a module, a class and its
# message in brackets, a class in a class, a browser's frame.
PLACE = (
    PATHS,
    r"[^\s:=]++:\d++(?:[\r\x1b]|$|: runtime e|:(?: |in ['`]|\d++(?:[\r\x1b]|$|: (?:runtime e|0x))))",
)
QUALIFIED = (
    LETTERS,
    r"[A-Za-z_][\w$/%~-]*+\.[\w$/%~.`+\[\](){}*…-]*+(?::(?:[ \t\r\x1b]|$)| --->| \(0x|@\S|[\r\x1b]|$)",
)
ERROR_NAME = (UPPER, r"[A-Z][\w$]*+(?<=Error|ption|tizer)(?:[: \[]|[\r\x1b]|$)")
MODULE = (UPPER, r"[A-Z]\w*+::[\w:]*+ \(")
CALLED = (UPPER, r"[A-Z][\w:]*+ \(.*\):?\r?$")
NESTED = (UPPER, r"[A-Z]\w*+\$[A-Z]")
WEB_FRAME = (
    LETTERS + "@",
    r"[\w$.*/<>\[\]]*+@(?:https?|file|app|capacitor|webpack|resource|moz-extension):",
)
# Does a line that begins a trace belong to the line before it? NOT_ALONE: alone it is no part of a trace.
NOT_ALONE, NEVER, DECLARED, ALWAYS = -1, 0, 1, 2


class At(NamedTuple):
    """Where a group stands: what may come next. An empty phase: the group is complete."""

    phase: str
    mark: str = ""
    seen: int = 0


def from_any(text: str) -> bool:
    """Reaches whatever an error begins with."""
    return True


class Entry(NamedTuple):
    """A line begins a group; DECLARED: with the line before it, if that declares warning, error or critical.

    One that `reaches` belongs to the lines above it from the nearest on that an error begins with (`stages.reach`), if it
    says yes of that; else `join` decides. `hint`: what stands in that line, since few lines have to look for one then.
    """

    join: int
    at: At
    reaches: Callable[[str], bool] | None = None
    hint: str = ""
    logged: Callable[[str, str], At | None] | None = None
    """Such a line, this one -> where the group stands if the first is a logger's record that this one ends; None if it is not."""


COMPLETE = At("")


def announces_more(text: str) -> bool:
    """A logger's record, with a time, whose first line says that more of it comes."""
    return text[-1:] == ":" and any(map(str.isdigit, text[:5])) and RECORD.match(text) is not None


Enter = Callable[[str, str], Entry | None]
"""line, the line before it ("" if nothing may be joined) -> the group that it begins"""
Step = Callable[[str, At], At | None]
"""line, where the group stands -> where it stands with this line, None if the line is not part of it"""


@dataclass(frozen=True, slots=True)
class Family:
    """The rules of one language.

    suspects  beginnings of lines, not indented, that `enter` has to see: an expression that begins with the character
              itself, or (possible first characters, expression)
    enter     for lines that are not indented
    indented  (first characters after the indentation, rule): for lines that are
    steps     phase -> rule
    waiting   phases in which lines may come that are known by a later one alone
    """

    suspects: Sequence[str | tuple[str, str]]
    enter: Enter
    steps: Mapping[str, Step]
    indented: Sequence[tuple[str, Enter]] = ()
    waiting: Sequence[str] = ()


# How loggers begin a record. Needed only where a trace would take any line, such as those of an exception's message.
RECORD = re.compile(
    r"""\s{0,2}(?:
      [\[(<"]?\d{4}[-/.]\d\d?[-/.]\d\d?(?:[T\ ,_]|$) | [\[(<]?\d\d?[-/.](?:\d\d?|[A-Z][a-z]{2})[-/.]\d{2,4}[\ T:,]
    | [\[(<]?\d\d?:\d\d:\d\d\b | [\[(<]?(?:[A-Z][a-z]{2}\ )?[A-Z][a-z]{2}\ {1,2}\d\d?,?\ (?:\d{4},?\ )?\d\d?:\d\d:\d\d
    | \d\d-\d\d\ \d\d:\d\d:\d\d\.\d{3}\ | \d+:[MSCX]\ \d\d\ [A-Z][a-z]{2}\ \d{4}\ | \*\ (?:Serving\ Flask|Debug\ mode|Running\ on|Detected\ change|Restarting\ with)
    | [IWEF]\d{4}\ \d\d: | [\[]?\d{10}(?:\.\d+|\d{3})?\] | \{" | (?:time|timestamp|ts|level|lvl|t|logger|severity)= | <\d{1,3}>
    | [\[(<]?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL|SEVERE)[\])>]?(?:\ |$|:\ |:[\w.-]+:)
    | [\[(<](?:trace|debug|info|notice|warn|warning|error|fatal|critical)[\])>]
    | (?:trce|dbug|info|warn|fail|crit):\ | \d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\ -\ | [DIWEF],\ \[ )""",
    re.VERBOSE,
)
MESSAGE_LINES = 50  # of one exception's message, where they can't be told from other output
