"""The parameters of `GET /logs`, from the names, choices and bounds by which `params` checks them."""

from typing import Any, Final

from log_store.fields import LOG_TYPES, STREAMS
from log_store.several import MOST_CONTAINERS
from log_store.text_query import MOST_CHARACTERS
from runtime_api.following.several import LONGEST
from runtime_api.openapi.shapes import Shape, array, text
from runtime_api.params import follow, logs, selection
from runtime_api.params.labels import MOST as MOST_LABELS
from runtime_api.params.time import DURATION, EPOCH
from runtime_api.schemas.task import TASK_TYPES
from wholelog_base.user_labels import LONGEST as LONGEST_LABEL

_REQUIRED: Final = ("id",)
_NUMBER: Final = "0*[1-9][0-9]*"
NAME: Final = {"minLength": 1, "maxLength": 255}
CONTAINER: Final = "Full id, unambiguous beginning of it, the container's name or its task id; deleted ones answer too."
_TIME: Final = (
    "RFC 3339 with any precision and offset; seconds, milliseconds, microseconds or nanoseconds since 1970, told by "
    "magnitude; or a duration back from now."
)
_RFC3339: Final = r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+\- ]\d\d:\d\d)"


def parameters(wait_limit: float) -> list[dict[str, Any]]:
    """Parameter objects; an empty value counts as absent."""
    shapes = log_shapes(wait_limit)
    return [parameter(name, shapes.get(name, text())) for name in logs.NAMES]


def parameter(name: str, described: Shape, required: bool | None = None) -> dict[str, Any]:
    """A parameter object; an empty value counts as absent, unless it is required."""
    required, shape = name in _REQUIRED if required is None else required, dict(described)
    description = shape.pop("description", "")
    found: dict[str, Any] = {"name": name, "in": "query", "required": required, "description": description}
    if shape.get("type") == "array":
        found.update(style="form", explode=True)
    if not required:
        found["allowEmptyValue"] = True
    return {**found, "schema": shape}


def log_shapes(wait_limit: float) -> dict[str, Shape]:
    """By the parameter's name."""
    longest_wait = max(1, int(wait_limit))
    types, streams = "|".join(LOG_TYPES), "|".join(STREAMS)
    return {
        "container_id": array(
            text(maxLength=255),
            f"{CONTAINER} Repeated: of several, up to {MOST_CONTAINERS}, in one order. At least one of container_id, task_id, type, uid, label.",
        ),
        "task_id": array(text(maxLength=255), "Containers of these tasks alone."),
        "type": array(text(enum=["", *TASK_TYPES]), "Containers of tasks of these types alone."),
        "uid": array(text(maxLength=255), "Containers of these users alone."),
        "label": labels(),
        "start_time": _time("Begin of the range, inclusive; absent: the first line. "),
        "end_time": _time("End of the range, inclusive; absent: the time of the request. "),
        "size": text(
            f"How many messages at most, up to {logs.LARGEST_SIZE}; absent: all of the range, streamed.",
            pattern=_or_empty(_NUMBER), maxLength=19,
        ),
        "tail": text(
            f"The last so many of the range, up to {selection.MOST_TAIL}, the oldest of them first. Not with size, order "
            "or cursor. 0 goes with follow only: nothing old.",
            pattern=_or_empty(f"0|{_NUMBER}"), maxLength=9,
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
            "Goes on behind an answer of `size` messages, or behind a line that was followed: its cursor, all other "
            "parameters as they were. With follow the header Last-Event-ID says the same.",
            maxLength=LONGEST,
        ),
        "follow": text(
            "Go on with what comes until the log is sealed; not with end_time, size, order=desc or wait.",
            enum=["", "true", "1", "false", "0"],
        ),
        "format": text(
            "Form of the answer; absent: as Accept says, else json. With follow: sse, ndjson or text, else ndjson.",
            enum=["", *dict.fromkeys((*selection.FORMATS, *follow.FORMATS))],
        ),
        "wait": text("Hold the answer until the container's end has been verified.", enum=["", "sealed"]),
        "wait_seconds": text(
            f"How long at most, from 1 to {longest_wait} (setting wait_limit), which it is when absent.",
            pattern=_or_empty(_NUMBER), maxLength=19,
        ),
    }  # fmt: skip


def labels() -> Shape:
    return array(
        text(maxLength=LONGEST_LABEL, pattern=r"^([^=][\s\S]*)?$", examples=["team=vision", "team"]),
        "Only containers with this label: NAME=VALUE, or NAME for any value. Repeated: with all of them.", maxItems=MOST_LABELS,
    )  # fmt: skip


def _time(what: str) -> Shape:
    forms = "|".join((_RFC3339, EPOCH.pattern, f"(?:{DURATION.pattern})+"))
    return text(what + _TIME, pattern=_or_empty(forms), maxLength=64, examples=["2026-11-24T06:00:00Z", "10m"])


def _several(values: str) -> str:
    """With commas between them; what is empty among them does not count."""
    return rf"[\s,]*(({values})(\s*,[\s,]*({values}))*)?[\s,]*"


def _or_empty(pattern: str) -> str:
    return f"^(?:{pattern})?$"
