"""`/logs/histogram`, `context`, `patterns`, `diff`: what they take and give."""

from collections.abc import Sequence
from typing import Any

from log_store.fields import LOG_TYPES
from runtime_api.openapi.log_parameters import CONTAINER, NAME, log_shapes, parameter
from runtime_api.openapi.shapes import Shape, array, members, number, part, text, yes_or_no
from runtime_api.params import views
from runtime_api.params.time import DURATION
from runtime_api.views.histogram import MOST_SPANS

_Described = tuple[str, str, str, list[dict[str, Any]], Shape]


def described() -> list[_Described]:
    """Of each route its path, name, summary, parameters, and the `data` of its answer."""
    types = {"type": "object", "properties": {name: number(minimum=1) for name in LOG_TYPES}}
    time = text("RFC 3339, UTC, nanoseconds")
    bucket = members({"from": time, "count": number(minimum=0), "types": types})
    pattern = members(
        {
            "pattern": text("<*> stands for what differs"),
            "count": number(minimum=1),
            "types": types,
            "first": time,
            "last": time,
        },
        {"sample": {}},
    )
    patterns, counted = array(pattern), number(minimum=0)
    seals = {"seals": array(part("OneSeal"), "of several containers that of each")}
    whole = yes_or_no("whether all messages of the range were looked at")
    cursor = text("to go on from there")
    return [
        (
            "/logs/histogram", "countLogs", "How many messages there are by time and type", _parameters(views.HISTOGRAM),
            members({"interval_ms": counted, "buckets": array(bucket), "count": counted, "seal": part("Seal")}, seals),
        ),
        (
            "/logs/context", "showContext", "A message and those around it", _parameters(views.CONTEXT, one=True),
            members({"logs": array(part("LogLine")), "at": number("which of them it is", minimum=0), "before": cursor, "after": cursor}),
        ),
        (
            "/logs/patterns", "findPatterns", "Messages that are alike", _parameters(views.PATTERNS),
            members({"patterns": patterns, "count": counted, "looked_at": counted, "all": whole, "seal": part("Seal")}, seals),
        ),
        (
            "/logs/diff", "comparePatterns", "Patterns that one log has and another has not", _parameters(views.DIFF, one=True),
            members(
                {"new": patterns, "gone": patterns, "against": text("the other container's id"), "looked_at": counted, "looked_at_against": counted, "all": whole}
            ),
        ),
    ]  # fmt: skip


def _parameters(names: Sequence[str], *, one: bool = False) -> list[dict[str, Any]]:
    """`one`: the route is about one container, which must be named."""
    shapes = {**log_shapes(0), **_shapes(), **({"container_id": text(CONTAINER, **NAME)} if one else {})}
    required = {"container_id": True} if one else {}
    return [parameter(name, shapes.get(name, text()), required.get(name)) for name in names]


def _shapes() -> dict[str, Shape]:
    around = f"How many messages %s it, up to {views.MOST_AROUND}; absent: 10."
    return {
        "interval": text(
            "The width of a bucket, of whole milliseconds; absent: a round one.",
            pattern=f"^(?:(?:{DURATION.pattern})+)?$", examples=["500ms", "1m"],
        ),
        "buckets": _number(f"About how many where no interval is given, up to {MOST_SPANS}; absent: 60."),
        "id": text("The id of the message.", minLength=1, maxLength=views.LONGEST_NAME),
        "before": _number(around % "before", least="0|"),
        "after": _number(around % "after", least="0|"),
        "size": _number(f"How many patterns at most, up to {views.MOST_PATTERNS}; absent: 100."),
        "against": text(
            "The container to compare with, named as container_id is; absent: that of the last earlier task of the same type, "
            "image and cmd that ended with exit code 0.",
            maxLength=255,
        ),
    }  # fmt: skip


def _number(description: str, least: str = "") -> Shape:
    return text(description, pattern=f"^(?:{least}0*[1-9][0-9]*)?$", maxLength=9)
