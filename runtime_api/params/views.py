"""The parameters of `/logs/histogram`, `/logs/context`, `/logs/patterns` and `/logs/diff`."""

from dataclasses import dataclass
from typing import Final

from log_store.query import Whose
from runtime_api.errors import BadRequest
from runtime_api.params import whose
from runtime_api.params.logs import LogParameters, read_range
from runtime_api.params.query import read_query
from runtime_api.params.selection import read_selection
from runtime_api.params.time import parse_duration
from runtime_api.params.whose import read_container, read_whose
from runtime_api.views.histogram import MILLISECOND, MOST_SPANS

_CHOSEN: Final = ("log_type", "stream", "q", "regex")
_REPEATED: Final = ("log_type", "stream")
_RANGE: Final = ("start_time", "end_time")
HISTOGRAM: Final = (*whose.NAMES, *_RANGE, "interval", "buckets", *_CHOSEN)
CONTEXT: Final = ("container_id", "id", "before", "after")
PATTERNS: Final = (*whose.NAMES, *_RANGE, "size", *_CHOSEN)
DIFF: Final = ("container_id", *_RANGE, "size", "against", *_CHOSEN)
MOST_AROUND: Final = 1000
MOST_PATTERNS: Final = 1000
LONGEST_NAME: Final = 512


@dataclass(frozen=True, slots=True)
class HistogramParameters:
    logs: LogParameters
    width: int | None  # ns
    spans: int


@dataclass(frozen=True, slots=True)
class ContextParameters:
    container: str
    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class PatternParameters:
    """`against`: another container, of /logs/diff alone; '': its last good run."""

    logs: LogParameters
    size: int
    against: str = ""


def read_histogram(query: str, now: int) -> HistogramParameters:
    given = read_query(query, HISTOGRAM, _REPEATED, whose.NAMES)
    problems: list[str] = []
    logs = _logs(given, now, problems)
    width = None
    if "interval" in given:
        try:
            width = parse_duration(given["interval"])
        except ValueError:
            width = 0
        if not width or width % MILLISECOND:
            problems.append(
                f"interval: {given['interval']!r:.100} must be a duration of whole milliseconds (500ms, 1m, 1h)"
            )
    spans = _number("buckets", given, 60, 1, MOST_SPANS, problems)
    if problems:
        raise BadRequest(problems)
    return HistogramParameters(logs, width, spans)


def read_context(query: str) -> ContextParameters:
    given = read_query(query, CONTEXT)
    problems: list[str] = []
    container = read_container(given, problems)
    name = given.get("id", "")
    if not name or len(name) > LONGEST_NAME:
        problems.append(f"id: {name!r:.100} must be the `id` of a message")
    before, after = (_number(which, given, 10, 0, MOST_AROUND, problems) for which in ("before", "after"))
    if problems:
        raise BadRequest(problems)
    return ContextParameters(container, name, before, after)


def read_patterns(query: str, now: int, *, diff: bool = False) -> PatternParameters:
    given = read_query(query, DIFF if diff else PATTERNS, _REPEATED, () if diff else whose.NAMES)
    problems: list[str] = []
    logs = _logs(given, now, problems, one=diff)
    size = _number("size", given, 100, 1, MOST_PATTERNS, problems)
    against = given.get("against", "") if diff else ""
    if against:
        read_container(given, problems, "against")
    if problems:
        raise BadRequest(problems)
    return PatternParameters(logs, size, against)


def _logs(given: dict[str, str], now: int, problems: list[str], *, one: bool = False) -> LogParameters:
    names, chosen_by = ((read_container(given, problems),), Whose()) if one else read_whose(given, problems)
    start, end = read_range(given, now, problems)
    chosen = read_selection({name: given[name] for name in _CHOSEN if name in given}, problems)
    return LogParameters(
        names, start, now if end is None else end, None, end is not None, selection=chosen, whose=chosen_by
    )


def _number(name: str, given: dict[str, str], default: int, least: int, most: int, problems: list[str]) -> int:
    text = given.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
        problems.append(f"{name}: {text!r:.100} must be a whole number from {least} to {most}")
        return default
    return int(text)
