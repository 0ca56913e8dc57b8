"""What the operator asks for beyond the rules of all: types by expression, formats pinned, text reduced."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from log_shipper.stages.formats import json_fields, logfmt
from log_shipper.stages.formats.levels import Find, Found, of_word
from log_shipper.stages.formats.plain import last_state
from wholelog_base.linear import Expression

LOOKED_AT: Final = 2048
"""Characters of a line, or of a message, that an operator's expressions see."""
_ESCAPES: Final = re.compile(r"\x1b\[[0-?]*+[ -/]*+[@-~]?+|\x1b\][^\x07\x1b]*+(?:\x07|\x1b\\)?|\x1b[ -/]*+[0-~]?+")
_KINDS: Final = {
    "json": frozenset(("field", "trace")),
    "logfmt": frozenset(("field", "trace")),
    "columns": frozenset(("column", "bracket", "prefix", "letter", "trace")),
    "syslog": frozenset(("priority", "trace")),
    "plain": frozenset[str](),
}


@dataclass(frozen=True, slots=True)
class TypeRule:
    """Messages in which `match` is found have `type`; without it, what `levels` or our own words make of group `level`."""

    match: Expression
    type: str = ""
    levels: Mapping[str, str] = field(default_factory=dict)  # in lower case
    stream: str = ""  # '' is both
    by: str = "rule"

    def find(self, head: str) -> Found | None:
        if self.type:
            return (self.type, self.by) if self.match.found(head) else None
        word = self.match.group(head, "level")
        declared = (self.levels.get(word.lower()) or of_word(word)) if word else None
        return (declared, self.by) if declared is not None else None


def ruled(rules: tuple[TypeRule, ...], find: Find) -> Find:
    """The operator's rules, and then the other."""

    def ask(message: str) -> Found | None:
        head = message[:LOOKED_AT]
        for rule in rules:
            found = rule.find(head)
            if found is not None:
                return found
        return find(message)

    return ask if rules else find


def pinned(form: str, find: Find) -> Find:
    """Only what the format declares, and uncaught exceptions. See `wholelog_base.log_settings`."""
    kinds = _KINDS.get(form)
    if kinds is None:
        return find
    own = {"json": _json, "logfmt": _logfmt}.get(form)

    def ask(message: str) -> Found | None:
        found = own(message) if own is not None else None
        if found is None:
            found = find(message)
            if found is None or found[1] not in kinds or (own is not None and found[1] == "field"):
                return None
        return found

    return ask if kinds else _nothing


def _json(message: str) -> Found | None:
    at = len(message) - len(message.lstrip(" \t"))
    return json_fields.find(message, at) if message[at : at + 1] == "{" else None


def _logfmt(message: str) -> Found | None:
    return logfmt.find(message[:LOOKED_AT]) if logfmt.begins(message, 0) else None


def _nothing(message: str) -> Found | None:
    return None


def starter(expressions: tuple[str, ...]) -> Callable[[str], bool] | None:
    """Whether a line begins a message; None without expressions. Raises ValueError."""
    if not expressions:
        return None
    try:
        return Expression.any_of(expressions).found
    except ValueError:  # each by itself is good, and two have a group of one name, or all together are too large
        compiled = tuple(map(Expression, expressions))
        return lambda head: any(expression.found(head) for expression in compiled)


def reducer(ansi: str, carriage_return: str) -> Callable[[str], str] | None:
    """What is stored of a message's text; None: all of it, untouched."""
    drop, last = ansi == "drop", carriage_return == "last"
    if not drop and not last:
        return None

    def reduced(text: str) -> str:
        if drop and "\x1b" in text:
            text = _ESCAPES.sub("", text)
        if last and "\r" in text:
            text = "\n".join(map(last_state, text.split("\n")))
        return text

    return reduced
