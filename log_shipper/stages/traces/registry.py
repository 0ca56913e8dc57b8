"""All families, and which of them has to look at a line that begins with a given character."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from log_shipper.stages.traces import json_value
from log_shipper.stages.traces.beam import BEAM
from log_shipper.stages.traces.golang import GO
from log_shipper.stages.traces.javascript import JAVASCRIPT
from log_shipper.stages.traces.loggers import LOGGERS
from log_shipper.stages.traces.managed import MANAGED
from log_shipper.stages.traces.native import NATIVE
from log_shipper.stages.traces.phase import Enter, Entry, Family, Step
from log_shipper.stages.traces.php import PHP
from log_shipper.stages.traces.postgresql import POSTGRESQL
from log_shipper.stages.traces.python import PYTHON
from log_shipper.stages.traces.ruby import RUBY
from log_shipper.stages.traces.rust import RUST
from log_shipper.stages.traces.scripting import SCRIPTING

# Where two would take the same line, the first does.
FAMILIES = (LOGGERS, PYTHON, PHP, RUBY, NATIVE, RUST, MANAGED, JAVASCRIPT, BEAM, SCRIPTING, GO)
_COLOURS = r"(?:\x1b\[[0-9;]*+[mK])*+"


@dataclass(frozen=True, slots=True)
class Rules:
    """Families, arranged by what a line begins with."""

    enter: dict[str, tuple[Enter, ...]]  # by the first character that is not white
    follows: tuple[Enter, ...]  # for indented lines
    steps: dict[str, Step]
    suspect: re.Pattern[str]  # the beginnings of lines that have to be looked at
    first: frozenset[str]  # the first characters of such lines, "" for an empty one

    def entry(self, text: str, prev: str, whole: str) -> Entry | None:
        """The group that a line begins, alone or with the line before it; `whole` is the line to its end."""
        if not text:
            return LOGGERS.enter(text, prev)
        if text[0] in "{[":
            entry = json_value.opens(whole)
            if entry:
                return entry
        if text[0] in " \t":
            return self._indented(text, prev)
        entry = _first(self.enter.get(text[0], ()), text, prev)
        return entry or (POSTGRESQL.enter(text, prev) if ":  " in text or text.startswith("LINE ") else None)

    def _indented(self, text: str, prev: str) -> Entry | None:
        if prev:
            entry = _first(self.follows, text, prev) or json_value.opened_before(text, prev)
            if entry:
                return entry
        return _first(self.enter.get(text.lstrip()[:1], ()), text, prev)


def _first(rules: Sequence[Enter], text: str, prev: str) -> Entry | None:
    for rule in rules:
        entry = rule(text, prev)
        if entry:
            return entry
    return None


def rules_of(families: Sequence[Family] = FAMILIES) -> Rules:
    enter: dict[str, list[Enter]] = {}
    steps: dict[str, Step] = {"json": json_value.step}
    follows: list[Enter] = list(POSTGRESQL.follows)
    for family in families:
        for character in dict.fromkeys(family.first):
            enter.setdefault(character, []).append(family.enter)
        steps.update(family.steps)
        follows.extend(family.follows)
    steps.update(POSTGRESQL.steps)
    beginnings = "|".join(family.suspect for family in families)
    suspect = re.compile(rf"[ \t]|$|{_COLOURS}(?:{beginnings}|LINE \d|[{{\[]\s*$)|\x1b\[[0-9;]*+[mK][ \t{{\[]")
    first = frozenset([*enter, " ", "\t", "", "\x1b", "{", "["])
    return Rules({key: tuple(value) for key, value in enter.items()}, tuple(follows), steps, suspect, first)
