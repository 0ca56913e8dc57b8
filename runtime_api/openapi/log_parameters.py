"""The parameters of `GET /logs`, from the names, choices and bounds by which `params` checks them."""

from typing import Any, Final

from log_store.fields import LOG_TYPES, STREAMS
from log_store.text_query import MOST_CHARACTERS
from runtime_api.openapi.shapes import Shape, array, text
from runtime_api.params import logs, selection
from runtime_api.params.time import DURATION, EPOCH

_NUMBER: Final = "0*[1-9][0-9]*"
_TIME: Final = (
    "RFC 3339 with any precision and offset; seconds, milliseconds, microseconds or nanoseconds since 1970, told by "
    "magnitude; or a duration back from now."
)
_RFC3339: Final = r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+\- ]\d\d:\d\d)"


def parameters(wait_limit: float) -> list[dict[str, Any]]:
    """Parameter objects; an empty value counts as absent."""
    return [_parameter(name, wait_limit) for name in logs.NAMES]


def _parameter(name: str, wait_limit: float) -> dict[str, Any]:
    required = name == "container_id"
    shape = dict(_shapes(max(1, int(wait_limit))).get(name, text()))
    description = shape.pop("description", "")
    found: dict[str, Any] = {"name": name, "in": "query", "required": required, "description": description}
    if name in selection.REPEATED:
        found.update(style="form", explode=True)
    if not required:
        found["allowEmptyValue"] = True
    return {**found, "schema": shape}


def _shapes(longest_wait: int) -> dict[str, Shape]:
    types, streams = "|".join(LOG_TYPES), "|".join(STREAMS)
    return {
        "container_id": text(
            "Full id, unambiguous beginning of it, the container's name or its task id; deleted ones answer too.",
            minLength=1, maxLength=255,
        ),
        "start_time": _time("Begin of the range, inclusive; absent: the first line. "),
        "end_time": _time("End of the range, inclusive; absent: the time of the request. "),
        "size": text(
            f"How many messages at most, up to {logs.LARGEST_SIZE}; absent: all of the range, streamed.",
            pattern=_or_empty(_NUMBER), maxLength=19,
        ),
        "tail": text(
            f"The last so many of the range, up to {selection.MOST_TAIL}, the oldest of them first. Not with size, order "
            "or cursor.",
            pattern=_or_empty(_NUMBER), maxLength=9,
        ),
        "log_type": array(
            text(pattern=_or_empty(rf">=\s*({types})\s*|{_several(types)}")),
            "Only these types: several with commas or repeated, or `>=warning` for one and all that are worse.",
        ),
        "stream": array(
            text(pattern=_or_empty(_several(streams))), "Only what was written to these."
        ),
        "q": text(
            "Only messages that hold these words, and these phrases in double quotes. At most 30 words.",
            maxLength=MOST_CHARACTERS,
        ),
        "regex": text(
            "Only messages in which this expression (RE2) is found; a log store that cannot search so answers 400.",
            maxLength=MOST_CHARACTERS,
        ),
        "order": text("The oldest first (asc), or the newest (desc).", enum=["", "asc", "desc"]),
        "cursor": text(
            "Goes on behind an answer of `size` messages: its data.cursor, all other parameters as they were.",
            maxLength=1000,
        ),
        "follow": text(
            "Go on with what comes until the log is sealed; not with end_time, size, order=desc or wait.",
            enum=["", "true", "1", "false", "0"],
        ),
        "format": text("Form of the answer; absent: as Accept says, else json.", enum=["", *selection.FORMATS]),
        "wait": text("Hold the answer until the container's end has been verified.", enum=["", "sealed"]),
        "wait_seconds": text(
            f"How long at most, from 1 to {longest_wait} (setting wait_limit), which it is when absent.",
            pattern=_or_empty(_NUMBER), maxLength=19,
        ),
    }  # fmt: skip


def _time(what: str) -> Shape:
    forms = "|".join((_RFC3339, EPOCH.pattern, f"(?:{DURATION.pattern})+"))
    return text(what + _TIME, pattern=_or_empty(forms), maxLength=64, examples=["2026-11-24T06:00:00Z", "10m"])


def _several(values: str) -> str:
    """With commas between them; what is empty among them does not count."""
    return rf"[\s,]*(({values})(\s*,[\s,]*({values}))*)?[\s,]*"


def _or_empty(pattern: str) -> str:
    return f"^(?:{pattern})?$"
