"""The parameters of `GET /logs` that ask for a log as it grows."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from runtime_api.params.query import MOST

_YES: Final = ("true", "1")
_NO: Final = ("false", "0")
_NOT_WITH: Final = ("end_time", "size", "order", "wait", "wait_seconds")
FORMATS: Final = ("sse", "ndjson", "text")


@dataclass(frozen=True, slots=True)
class Follow:
    """`cursor`: a position as it was given; '': none. `format`: one of FORMATS, '': as the Accept header says."""

    cursor: str = ""
    format: str = ""
    nothing_old: bool = False


def read_follow(given: dict[str, str], problems: list[str]) -> Follow | None:
    """Takes out of `given` what means something else without `follow`; None: it was not asked for."""
    text = given.pop("follow", "")
    if text in _NO or not text:
        return None
    if text not in _YES:
        problems.append(f"follow: {text!r:.100} must be true or false")
    problems += [f"{name}: not together with follow" for name in _NOT_WITH if name in given and given[name] != "asc"]
    chosen = given.pop("format", "")
    if chosen and chosen not in FORMATS:
        problems.append(f"format: {chosen!r:.100} must be {', '.join(FORMATS[:-1])} or {FORMATS[-1]} with follow")
    nothing_old = given.get("tail") == "0"
    if nothing_old:
        del given["tail"]
    given.pop("order", None)
    return Follow(given.pop("cursor", ""), chosen, nothing_old)


def asks_to_follow(query: str) -> bool:
    """Of a query string as it came; for a lane to be chosen before the request is judged."""
    try:
        return any(name == "follow" and value not in _NO for name, value in parse_qsl(query, max_num_fields=MOST))
    except ValueError:
        return False  # it will be refused
