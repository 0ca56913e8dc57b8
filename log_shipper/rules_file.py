"""The operator's rules file: TOML, read and checked at the start; a mistake is told with its line and column.

[[type]]                          # in their order, before what a message declares by itself
match = '^\\[(?P<level>\\w+)\\] '    # RE2, found anywhere in the first 2,048 characters
levels = { SCHLIMM = "error" }    # what the group `level` says, beside the usual words; or one type for all: type = "error"
name = "legacy"                   # log_type_by is then `rule:legacy`, else `rule`
stream = "stderr"                 # this and the next two: where the rule counts; absent: everywhere
container = '^web-'               # RE2, found in the container's name
task_type = "algorithm"

[[logs]]                          # what `task_desc.log` says, for containers that fit
container = '^web-'
default_type = { stderr = "warning" }
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from log_shipper.stages.operator import TypeRule
from log_shipper.toml_file import read_toml
from log_shipper.toml_places import places
from wholelog_base.linear import Expression
from wholelog_base.log_settings import MEMBERS, TYPES, LogSettings, parse
from wholelog_base.settings import SettingsError

_WHERE: Final = ("container", "task_type")
_TYPE: Final = ("match", "type", "levels", "name", "stream", *_WHERE)
_LOGS: Final = (*MEMBERS, *_WHERE)
_NAME: Final = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_MOST: Final = 200  # entries of a kind


@dataclass(frozen=True, slots=True)
class _Condition:
    container: Expression | None
    task_type: str

    def fits(self, name: str, task_type: str) -> bool:
        return (not self.task_type or self.task_type == task_type) and (
            self.container is None or self.container.found(name)
        )


@dataclass(frozen=True, slots=True)
class TypeEntry(_Condition):
    rule: TypeRule


@dataclass(frozen=True, slots=True)
class LogsEntry(_Condition):
    settings: LogSettings


@dataclass(frozen=True, slots=True)
class RulesFile:
    """`conditioned`: whether any entry asks which container it is."""

    types: tuple[TypeEntry, ...] = ()
    logs: tuple[LogsEntry, ...] = ()
    conditioned: bool = False


NO_RULES: Final = RulesFile()


def read(file: Path) -> RulesFile:
    """Raises SettingsError with a line `FILE:LINE:COLUMN: …` for each mistake."""
    text, document = read_toml(file)
    checked = _Checked(file, text, document)
    if checked.problems:
        raise SettingsError(checked.problems)
    entries: list[_Condition] = [*checked.types, *checked.logs]
    conditioned = any(entry.container is not None or entry.task_type for entry in entries)
    return RulesFile(tuple(checked.types), tuple(checked.logs), conditioned)


class _Checked:
    """The document's entries, and what is wrong with them."""

    def __init__(self, file: Path, text: str, document: Mapping[str, Any]) -> None:
        self.problems: list[str] = []
        self.types: list[TypeEntry] = []
        self.logs: list[LogsEntry] = []
        self._file, self._places = file, places(text)
        for name, tables in document.items():
            if name not in ("type", "logs"):
                self._say((name, 0, ""), f"{name}: there is no such table; known are [[type]] and [[logs]]")
            elif not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
                self._say((name, 0, ""), f"{name}: must be a list of tables: write [[{name}]] above each")
            elif len(tables) > _MOST:
                self._say((name, _MOST, ""), f"{name}: there are {len(tables)}; {_MOST} at most")
            else:
                for number, table in enumerate(tables):
                    (self._type if name == "type" else self._log)(number, table)

    def _type(self, number: int, table: dict[str, Any]) -> None:
        before = len(self.problems)
        self._unknown("type", number, table, _TYPE)
        match = self._expression("type", number, table, "match")
        if "match" not in table:
            self._say(("type", number, ""), "match: is missing; it must be a regular expression")
        log_type = self._choice("type", number, table, "type", TYPES)
        levels = self._levels(number, table.get("levels", {}))
        stream = self._choice("type", number, table, "stream", ("stdout", "stderr"))
        name = table.get("name", "")
        if "name" in table and (not isinstance(name, str) or not _NAME.fullmatch(name)):
            self._say(("type", number, "name"), f"name: {_shown(name)} must be 1 to 64 letters, digits, _ . or -")
        if match is not None and "type" not in table and "level" not in match.groups:
            self._say(
                ("type", number, "match"), "type: is missing, and match has no group (?P<level>…) to take it from"
            )
        condition = self._condition("type", number, table)
        if match is not None and len(self.problems) == before:
            rule = TypeRule(match, log_type, levels, stream, f"rule:{name}" if name else "rule")
            self.types.append(TypeEntry(*condition, rule))

    def _log(self, number: int, table: dict[str, Any]) -> None:
        self._unknown("logs", number, table, _LOGS)
        settings = parse(
            table,
            lambda path, value, right: self._say(
                ("logs", number, path.partition(".")[0].partition("[")[0]), f"{path}: {_shown(value)} {right}"
            ),
        )
        self.logs.append(LogsEntry(*self._condition("logs", number, table), settings))

    def _condition(self, name: str, number: int, table: dict[str, Any]) -> tuple[Expression | None, str]:
        types = ("code_cell", "algorithm", "bash_cell")
        return self._expression(name, number, table, "container"), self._choice(name, number, table, "task_type", types)

    def _levels(self, number: int, levels: Any) -> dict[str, str]:
        if not isinstance(levels, dict) or not all(value in TYPES for value in levels.values()):
            self._say(("type", number, "levels"), f"levels: must be a table of words and types: {', '.join(TYPES)}")
            return {}
        return {word.lower(): value for word, value in levels.items()}

    def _expression(self, name: str, number: int, table: dict[str, Any], key: str) -> Expression | None:
        if key not in table:
            return None
        try:
            if isinstance(table[key], str):
                return Expression(table[key])
            raise ValueError("must be a regular expression")
        except ValueError as error:
            self._say((name, number, key), f"{key}: {_shown(table[key])} {error}")
            return None

    def _choice(self, name: str, number: int, table: dict[str, Any], key: str, known: tuple[str, ...]) -> str:
        value = table.get(key, "")
        if key in table and (not isinstance(value, str) or value not in known):
            self._say((name, number, key), f"{key}: {_shown(value)} must be one of {', '.join(known)}")
            return ""
        return str(value)

    def _unknown(self, name: str, number: int, table: dict[str, Any], known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                self._say((name, number, key), f"{key}: there is no such key; known are {', '.join(known)}")

    def _say(self, place: tuple[str, int, str], what: str) -> None:
        name, number, _ = place
        line, column = self._places.get(place) or self._places.get((name, number, "")) or (1, 1)
        self.problems.append(f"{self._file}:{line}:{column}: [[{name}]] {what}")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"
