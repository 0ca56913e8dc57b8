"""All families, arranged by what a line begins with."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from log_shipper.stages.traces import json_value, loggers, postgresql, python, python_warnings, rust
from log_shipper.stages.traces.beam import BEAM
from log_shipper.stages.traces.golang import GO
from log_shipper.stages.traces.javascript import JAVASCRIPT
from log_shipper.stages.traces.loggers import LOGGERS
from log_shipper.stages.traces.managed import MANAGED
from log_shipper.stages.traces.native import NATIVE
from log_shipper.stages.traces.phase import (
    CALLED,
    DECLARED,
    MODULE,
    NESTED,
    PLACE,
    QUALIFIED,
    WEB_FRAME,
    Enter,
    Entry,
    Family,
    Step,
)
from log_shipper.stages.traces.php import PHP
from log_shipper.stages.traces.python import PYTHON
from log_shipper.stages.traces.rarer import RARER
from log_shipper.stages.traces.ruby import RUBY
from log_shipper.stages.traces.rust import RUST
from log_shipper.stages.traces.scripting import SCRIPTING

# Where two would take the same line, the first does.
FAMILIES = (LOGGERS, PYTHON, PHP, RUBY, NATIVE, RUST, RARER, MANAGED, JAVASCRIPT, BEAM, SCRIPTING, GO)
_COLOURS = r"(?:\x1b\[[0-9;]*+[mK])+(?!\x1b\[[0-9;]*+[mK])"
_LEVELS = frozenset("SWICFTDE")  # first letters of java.util.logging's and tinylog's
# Which most lines may begin with, as far as their first character tells …
_NAMES = tuple(pattern for _, pattern in (PLACE, QUALIFIED, CALLED, NESTED, MODULE, WEB_FRAME))
_NO_NAME = r"(?![\w-]++ (?!\())"  # … but none that begins with a word and a blank
_BEGINNING = 300  # characters that tell whether a line has to be looked at

Suspect = Callable[[str, int, int], object]


@dataclass(frozen=True, slots=True)
class Rules:
    """Families, arranged by the first character that is not white."""

    enter: dict[str, tuple[Enter, ...]]
    indented: dict[str, tuple[Enter, ...]]
    steps: dict[str, Step]
    waiting: frozenset[str]  # phases: `Family.waiting`
    suspects: dict[str, Suspect]  # the expression that tells whether a line has to be looked at; none: it has not

    def looked_at(self, texts: Sequence[str]) -> list[int]:
        """Rows that may begin a group or follow one that has not been seen as such: all others begin a message."""
        get, is_part = self.suspects.get, postgresql.is_part
        rows = [
            row
            for row, text in enumerate(texts)
            if ((suspect := get(text[:1])) and suspect(text, 0, _BEGINNING)) or (":  " in text and is_part(text))
        ]
        alone = loggers.stands_alone  # the first row's predecessor is not at hand
        return [row for row in rows if not (row and texts[row][0:1] in _LEVELS and alone(texts[row], texts[row - 1]))]

    def entry(self, text: str, prev: str, whole: str) -> Entry | None:
        """The group that a line begins, alone or with the line before it; `whole` is the line to its end."""
        if not text:
            return LOGGERS.enter(text, prev) or rust.logged(text, prev)
        start = text[0]
        if start in " \t":
            return self._indented(text, prev)
        if len(text) > _BEGINNING and start not in "{[" and " " not in text[:_BEGINNING]:
            return None  # a word as long as this is none of a trace
        if start in "{[":
            entry = json_value.opens(whole)
            if entry:
                return entry
        entry = _first(self.enter.get(start, ()), text, prev)
        return entry or (postgresql.enter(text, prev) if ":  " in text or start == "L" else None)

    def announces(self, text: str) -> bool:
        """Whether an error may begin with this line, which is not indented, as its runtime prints it."""
        suspect = self.suspects.get(text[:1])
        if suspect and suspect(text, 0, _BEGINNING):
            entry = self.entry(text, "", text)
            if entry is not None and entry.join == DECLARED:
                return True
        return python.is_exception(text)

    def _indented(self, text: str, prev: str) -> Entry | None:
        entry = _follows(text, prev) if prev else None
        return (
            entry or _first(self.indented.get(text.lstrip()[:1], ()), text, prev) or python_warnings.source(text, prev)
        )


def _follows(text: str, prev: str) -> Entry | None:
    """An indented line whose meaning is in the line before it."""
    if prev[-1] in "{[":
        return json_value.opened_before(text, prev)
    if text[0] == "\t":
        tab = postgresql.tab(text, prev) if ":  " in prev else None
        return tab or loggers.settings(text, prev) or loggers.twisted(text, prev)
    if "Warning: " in prev:
        return python_warnings.warned(text, prev)
    return loggers.console(text, prev) or loggers.pretty(text, prev) or loggers.tornado(text, prev)


def _first(rules: Sequence[Enter], text: str, prev: str) -> Entry | None:
    for rule in rules:
        entry = rule(text, prev)
        if entry:
            return entry
    return None


def _may_open(text: str, start: int, end: int) -> bool:
    """A line that may open a JSON value: most JSON lines end with a closing brace."""
    return text[-1:] in "{[, \t\r"


def _opening(suspect: Suspect) -> Suspect:
    return lambda text, start, end: _may_open(text, start, end) or suspect(text, start, end)


def _any_of(patterns: Sequence[str]) -> str:
    names = [pattern for pattern in patterns if pattern in _NAMES]
    others = [pattern for pattern in patterns if pattern not in _NAMES]
    return "|".join([*others, f"{_NO_NAME}(?:{'|'.join(names)})"] if names else others)


def rules_of(families: Sequence[Family] = FAMILIES) -> Rules:
    enter: dict[str, list[Enter]] = {}
    indented: dict[str, list[Enter]] = {}
    steps: dict[str, Step] = {"json": json_value.step, "pg": postgresql.step}
    beginnings: dict[str, list[str]] = {"L": [r"LINE \d"], "[": [r"\[\s*$"]}
    for family in families:
        steps.update(family.steps)
        for suspect in family.suspects:
            characters, pattern = suspect if isinstance(suspect, tuple) else (suspect.lstrip("\\")[0], suspect)
            for character in characters:
                rules = enter.setdefault(character, [])
                if family.enter not in rules:
                    rules.append(family.enter)
                if pattern not in beginnings.setdefault(character, []):
                    beginnings[character].append(pattern)
        for characters, rule in family.indented:
            for character in characters:
                indented.setdefault(character, []).append(rule)
    suspects: dict[str, Suspect] = {
        character: re.compile(_any_of(patterns)).match for character, patterns in beginnings.items()
    }
    everything = "|".join(dict.fromkeys(pattern for patterns in beginnings.values() for pattern in patterns))
    suspects["\x1b"] = re.compile(rf"{_COLOURS}(?:[ \t{{\[]|$|{everything})").match
    suspects["{"], suspects["["] = _may_open, _opening(suspects["["])
    suspects[" "] = suspects["\t"] = suspects["\r"] = suspects[""] = re.compile("").match
    return Rules(
        {character: tuple(rules) for character, rules in enter.items()},
        {character: tuple(rules) for character, rules in indented.items()},
        steps,
        frozenset(phase for family in families for phase in family.waiting),
        suspects,
    )
