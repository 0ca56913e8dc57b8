"""The parameters of `GET /logs` (contract, section 5)."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from log_store.query import Whose
from runtime_api.errors import BadRequest
from runtime_api.params import selection, whose
from runtime_api.params.follow import Follow, read_follow
from runtime_api.params.query import MOST, read_query
from runtime_api.params.selection import Selection, read_selection
from runtime_api.params.time import parse_time
from runtime_api.params.whose import read_whose

NAMES: Final = (*whose.NAMES, "start_time", "end_time", "size", "wait", "wait_seconds", "follow", *selection.NAMES)
LARGEST_SIZE: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class LogParameters:
    """Times in nanoseconds since 1970 UTC, both ends inclusive; `start` None: from the first line."""

    containers: tuple[str, ...]  # each a full id, prefix or name
    start: int | None
    end: int
    size: int | None
    ends: bool = False  # whether the caller gave the end; else it is the time of the request
    wait: float | None = None  # seconds to wait for the seal at most; None: not at all
    selection: Selection = field(default_factory=Selection)
    follow: Follow | None = None
    whose: Whose = field(default_factory=Whose)  # what else must be so of a container; its container_ids say nothing

    @property
    def alone(self) -> bool:
        """Whether it is about one container by its name, and nothing is asked of that."""
        return len(self.containers) == 1 and self.whose == Whose()

    @property
    def empty(self) -> bool:
        """Whether nothing can lie in the range: its start is in the future, and no end was given."""
        return self.start is not None and self.start > self.end


def read_log_parameters(query: str, now: int, wait_limit: float) -> LogParameters:
    """Of a WSGI query string; an empty parameter counts as absent. Raises BadRequest with every problem.

    `wait_limit`: seconds.
    """
    given = read_query(query, NAMES, selection.REPEATED, whose.NAMES)
    problems: list[str] = []
    containers, chosen_by = read_whose(given, problems)
    start, end = read_range(given, now, problems)
    follow = read_follow(given, problems)
    size = _size(given, problems)
    chosen = read_selection(given, problems)
    wait = _wait(given, wait_limit, problems)
    if problems:
        raise BadRequest(problems)
    end_at = now if end is None else end
    asked = LogParameters(containers, start, end_at, size, end is not None, wait, chosen, follow, chosen_by)
    _check_together(asked)
    return asked


def read_range(given: dict[str, str], now: int, problems: list[str]) -> tuple[int | None, int | None]:
    """`start_time` and `end_time`, ns since 1970 UTC."""
    start = _time("start_time", given, now, problems)
    end = _time("end_time", given, now, problems)
    if start is not None and end is not None and start > end:
        problems.append(f"start_time: {given['start_time']!r} is later than end_time {given['end_time']!r}")
    return start, end


def _check_together(asked: LogParameters) -> None:
    """Raises BadRequest."""
    if asked.selection.cursor is not None and asked.selection.cursor.together == asked.alone:
        which = "one container" if asked.alone else "several"
        raise BadRequest([f"cursor: it does not come from an answer for {which}, as this is"])


def asks_to_wait(query: str) -> bool:
    """Whether a query string, as it came, asks for a wait; for a lane to be chosen before the request is judged."""
    try:
        return any(name == "wait" and value for name, value in parse_qsl(query, max_num_fields=MOST))
    except ValueError:
        return False  # it will be refused


def _time(name: str, given: dict[str, str], now: int, problems: list[str]) -> int | None:
    if name not in given:
        return None
    try:
        return parse_time(given[name], now)
    except ValueError as error:
        problems.append(f"{name}: {given[name]!r:.100}: {error}")
        return None


def _size(given: dict[str, str], problems: list[str]) -> int | None:
    text = given.get("size", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and 0 < int(text) <= LARGEST_SIZE):
        problems.append(f"size: {text!r:.100} must be a whole number from 1 to {LARGEST_SIZE}, or empty for every line")
        return None
    return int(text)


def _wait(given: dict[str, str], limit: float, problems: list[str]) -> float | None:
    wait, seconds = given.get("wait", ""), given.get("wait_seconds", "")
    if wait and wait != "sealed":
        problems.append(f"wait: {wait!r:.100} must be sealed, or empty for no wait")
    if seconds and not wait:
        problems.append("wait_seconds: goes with wait=sealed only")
    longest = max(1, int(limit))
    if seconds and not (
        seconds.isascii() and seconds.isdecimal() and len(seconds) < 20 and 0 < int(seconds) <= longest
    ):
        problems.append(
            f"wait_seconds: {seconds!r:.100} must be a whole number from 1 to {longest} (setting wait_limit)"
        )
    if problems or not wait:
        return None
    return min(float(seconds), limit) if seconds else limit
