"""Reading the alerts file: every mistake with its line, none passed over."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from log_shipper.alerting.receivers_file import RECEIVER, receiver_of
from log_shipper.alerting.rules import KINDS, SEVERITY, AlertRules, Mute, Receiver, Rule
from log_shipper.alerting.table import Table
from log_shipper.toml_file import read_toml
from log_shipper.toml_places import places
from wholelog_base.settings import SettingsError
from wholelog_base.user_labels import name_problem

_FILTERS: Final = ("container", "task", "task_type", "uid", "label")
_RULE: Final = (
    "name", "on", "notify", "type", "match", *_FILTERS, "count", "within", "for", "every", "resolve", "max_age", "labels",
)  # fmt: skip
_MUTE: Final = ("rule", "problem", "container", "from", "until")
_TABLES: Final = {"rule": _RULE, "notify": RECEIVER, "mute": _MUTE}
_MOST: Final = 200  # tables of a kind
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,62}")
_TAKEN: Final = ("alertname", "severity", "source", "problem", "container", "container_id", "task")
_ONLY: Final = {"within": ("problem", "lines"), "count": ("problem", "lines"), "match": ("problem", "lines"),
                "type": ("problem", "lines"), "for": ("silence",), "max_age": ("problem", "lines")}  # fmt: skip
SECOND: Final = 10**9
_DEFAULTS: Final = {"every": 300, "resolve": 3600, "max_age": 3600}  # seconds


def read_alerts(file: Path) -> AlertRules:
    """Raises SettingsError with a line `FILE:LINE:COLUMN: …` for each mistake."""
    text, document = read_toml(file, "alerts")
    reading = _Reading(file, text)
    found = reading.all(document)
    if reading.problems:
        raise SettingsError(reading.problems)
    return found


class _Reading:
    def __init__(self, file: Path, text: str) -> None:
        self.problems: list[str] = []
        self._file, self._places = file, places(text)

    def all(self, document: Mapping[str, Any]) -> AlertRules:
        tables = {name: self._tables(name, document.get(name, [])) for name in _TABLES}
        for name in document:
            if name not in (*_TABLES, "link"):
                known = "link, [[rule]], [[notify]] and [[mute]]"
                self._say(name, 0, "", f"{name}: there is no such key; known are {known}")
        link = document.get("link", "")
        if not isinstance(link, str) or (link and not re.fullmatch(r"https?://[^\s]{1,500}", link)):
            self._say("link", 0, "", f"link: {link!r:.60} must be http(s)://… of the API")
        receivers = [one for table in tables["notify"] if (one := receiver_of(table)) is not None]
        rules = [_rule(table) for table in tables["rule"]]
        self._names("notify", receivers, tables["notify"])
        self._names("rule", rules, tables["rule"])
        known_receivers = {one.name for one in receivers}
        for rule, table in zip(rules, tables["rule"], strict=True):
            if not rule.notify:
                table.say("notify", "notify: is missing; it must be a list of names of [[notify]]")
            for name in rule.notify:
                if name not in known_receivers:
                    table.say("notify", f"notify: there is no [[notify]] of name {name!r:.60}")
        mutes = [_mute(table) for table in tables["mute"]]
        for table in (one for several in tables.values() for one in several):
            self.problems += table.problems
        return AlertRules(tuple(rules), tuple(receivers), tuple(mutes), str(link).rstrip("/"))

    def _tables(self, name: str, given: Any) -> list[Table]:
        if not isinstance(given, list) or not all(isinstance(table, dict) for table in given):
            self._say(name, 0, "", f"{name}: must be a list of tables: write [[{name}]] above each")
            return []
        if len(given) > _MOST:
            self._say(name, _MOST, "", f"{name}: there are {len(given)}; {_MOST} at most")
        return [Table(name, table, self._where(name, row), _TABLES[name]) for row, table in enumerate(given[:_MOST])]

    def _where(self, name: str, row: int) -> Any:
        def where(key: str) -> str:
            line, column = self._places.get((name, row, key)) or self._places.get((name, row, "")) or (1, 1)
            return f"{self._file}:{line}:{column}"

        return where

    def _names(self, kind: str, named: "list[Rule] | list[Receiver]", tables: list[Table]) -> None:
        seen: set[str] = set()
        for table in tables:
            name = table.members.get("name")
            if isinstance(name, str) and name in seen:
                table.say("name", f"name: {name!r:.60} is given to another [[{kind}]] too")
            seen.add(str(name))

    def _say(self, name: str, row: int, key: str, what: str) -> None:
        self.problems.append(f"{self._where(name, row)(key)}: {what}")


def _rule(table: Table) -> Rule:
    on = table.choice("on", KINDS) or "problem"
    for key, kinds in _ONLY.items():
        if key in table.members and on not in kinds:
            table.say(key, f"{key}: goes only with on = {' or '.join(map(repr, kinds))}")
    least = table.choice("type", SEVERITY) or ("error" if on == "problem" else "debug")
    count = table.number("count", 1, 1_000_000) or 1
    within = table.duration("within")
    if count > 1 and "within" not in table.members:
        table.say("count", "within: is missing; a count is of a time")
    times = {name: table.duration(name) or seconds * SECOND for name, seconds in _DEFAULTS.items()}
    if times["every"] >= times["resolve"]:
        table.say("every", "every: must be shorter than resolve (5m and 1h, where they are not given)")
    quiet = table.duration("for")
    if on == "silence" and not quiet and "for" not in table.members:
        table.say("on", "for: is missing; silence is of a time")
    return Rule(
        table.name("name"), on, table.texts("notify"), frozenset(SEVERITY[SEVERITY.index(least) :]),  # type: ignore[arg-type]
        table.expression("container"), table.expression("task"), table.text("task_type"), table.text("uid"),
        _has_labels(table), table.expression("match"), count, within, quiet, times["every"], times["resolve"], times["max_age"], _labels(table),
    )  # fmt: skip


def _has_labels(table: Table) -> tuple[str, ...]:
    wanted = table.texts("label")
    for one in wanted:
        if problem := name_problem(one.partition("=")[0]):
            table.say("label", f"label: {one!r:.60} must be NAME=VALUE, or NAME for any value; the name {problem}")
    return wanted


def _labels(table: Table) -> dict[str, str]:
    given = table.members.get("labels", {})
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        table.say("labels", "labels: must be a table of texts")
        return {}
    for name in given:
        if not _LABEL.fullmatch(name) or name in _TAKEN:
            table.say("labels", f"labels: {name!r:.60} must be letters, digits and _, and none of {', '.join(_TAKEN)}")
    return given


def _mute(table: Table) -> Mute:
    if not table.members:
        table.say("", "one of rule, problem, container, from and until must be there")
    start, end = _time(table, "from"), _time(table, "until")
    forever = (1 << 63) - 1
    return Mute(
        table.text("rule"), table.text("problem"), table.expression("container"), start or 0, forever if end is None else end
    )  # fmt: skip


def _time(table: Table, key: str) -> int | None:
    """ns since 1970 UTC."""
    value = table.members.get(key)
    if value is None:
        return None
    if not isinstance(value, datetime):
        table.say(key, f"{key}: {value!r:.60} must be a date and time: 2026-11-24T06:00:00Z")
        return None
    return int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp() * SECOND)
