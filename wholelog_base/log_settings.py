"""How the lines of one container are to be read, where that was asked for: `task_desc.log`, the label, the rules file.

=================  =========================================================================================
member             meaning
=================  =========================================================================================
default_type       the type of lines that declare none: one text, or an object of `stdout` and `stderr`
format             the only kind of declaration that counts: `auto` (all), `json`, `logfmt`, `columns` (levels
                   in columns, brackets, prefixes, letters), `syslog` (priorities), `plain` (none at all).
                   Uncaught exceptions count in all but `plain`
starts             expressions (RE2); a line in which one is found begins a message, all others continue it
ansi               `keep`, or `drop`: escape sequences are taken out of what is stored
carriage_return    `keep`, or `last`: of each line only what its last carriage return left is stored
keep_for           how long its lines are kept, such as `7d`; the setting `logs_for` may be shorter
=================  =========================================================================================
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from wholelog_base.linear import Expression
from wholelog_base.settings import duration

TYPES: Final = ("critical", "error", "warning", "info", "debug")
FORMATS: Final = ("auto", "json", "logfmt", "columns", "syslog", "plain")
ANSI: Final = ("keep", "drop")
CARRIAGE_RETURN: Final = ("keep", "last")
MEMBERS: Final = ("default_type", "format", "starts", "ansi", "carriage_return", "keep_for")
MOST_STARTS: Final = 16
LONGEST_LABEL: Final = 8192  # characters
SHORTEST_TERM: Final = 60.0  # seconds

Say = Callable[[str, Any, str], None]
"""(path of a member, its value, what would be right: "must be …")"""


@dataclass(frozen=True, slots=True)
class LogSettings:
    """'' and (): not asked for."""

    stdout: str = ""  # default type
    stderr: str = ""
    format: str = ""
    starts: tuple[str, ...] = ()
    ansi: str = ""
    carriage_return: str = ""
    keep_for: str = ""  # a duration

    def over(self, other: "LogSettings") -> "LogSettings":
        """These settings, and the other's for what is not asked for here."""
        return replace(self, **{one.name: getattr(self, one.name) or getattr(other, one.name) for one in fields(self)})

    def label(self) -> str:
        """As a container's label; `from_label` takes it back. '' where nothing is asked for."""
        default = {name: value for name, value in (("stdout", self.stdout), ("stderr", self.stderr)) if value}
        members = {
            "default_type": default, "format": self.format, "starts": list(self.starts), "ansi": self.ansi,
            "carriage_return": self.carriage_return, "keep_for": self.keep_for,
        }  # fmt: skip
        asked = {name: value for name, value in members.items() if value}
        return json.dumps(asked, ensure_ascii=False, separators=(",", ":")) if asked else ""


def parse(members: Mapping[str, Any], say: Say) -> LogSettings:
    """`members`: those of MEMBERS that are given. Tells `say` of each that does not fit, and leaves it out."""
    default = members.get("default_type")
    by_stream: dict[str, str] = {}
    if isinstance(default, Mapping):
        for stream, value in default.items():
            if stream in ("stdout", "stderr"):
                by_stream[stream] = _one_of(value, TYPES, f"default_type.{stream}", say)
            else:
                say("default_type", stream, "must have no members but stdout and stderr")
    elif default is not None:
        by_stream = dict.fromkeys(("stdout", "stderr"), _one_of(default, TYPES, "default_type", say))
    return LogSettings(
        by_stream.get("stdout", ""), by_stream.get("stderr", ""),
        _one_of(members.get("format"), FORMATS, "format", say), _starts(members.get("starts"), say),
        _one_of(members.get("ansi"), ANSI, "ansi", say),
        _one_of(members.get("carriage_return"), CARRIAGE_RETURN, "carriage_return", say),
        _term(members.get("keep_for"), say),
    )  # fmt: skip


def from_label(text: str) -> LogSettings:
    """What a container's label asks for. Raises ValueError with all that is wrong with it."""
    if not text:
        return LogSettings()
    if len(text) > LONGEST_LABEL:
        raise ValueError(f"has {len(text)} characters; {LONGEST_LABEL} at most")
    try:
        members = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{text[:60]!r} is not JSON: {error}") from error
    if not isinstance(members, dict):
        raise ValueError(f"{text[:60]!r} must be a JSON object of {', '.join(MEMBERS)}")
    problems = [
        f"there is no member {name!r}; known are {', '.join(MEMBERS)}" for name in members if name not in MEMBERS
    ]
    settings = parse(members, lambda path, value, right: problems.append(f"{path}: {str(value)[:60]!r} {right}"))
    if problems:
        raise ValueError("; ".join(problems))
    return settings


def _one_of(value: Any, known: Iterable[str], path: str, say: Say) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or value not in known:
        say(path, value, f"must be one of {', '.join(known)}")
        return ""
    return value


def _term(value: Any, say: Say) -> str:
    if value is None:
        return ""
    try:
        if isinstance(value, str) and duration(value) >= SHORTEST_TERM:
            return value
    except ValueError:
        pass
    say("keep_for", value, "must be a duration of at least 1m, such as 12h or 7d")
    return ""


def _starts(value: Any, say: Say) -> tuple[str, ...]:
    if value is None:
        return ()
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list) or len(entries) > MOST_STARTS:
        say("starts", value, f"must be a list of at most {MOST_STARTS} regular expressions")
        return ()
    kept = []
    for number, entry in enumerate(entries):
        path = "starts" if isinstance(value, str) else f"starts[{number}]"
        try:
            if not isinstance(entry, str):
                raise ValueError("must be a regular expression")
            kept.append(Expression(entry).pattern)
        except ValueError as error:
            say(path, entry, str(error))
    return tuple(kept)
