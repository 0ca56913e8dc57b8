"""`/problems`: what it takes and gives."""

from typing import Any

from log_store.fields import LOG_TYPES
from log_store.problem import MOST_AFFECTED, SAID, STATES
from runtime_api.openapi.log_parameters import parameter
from runtime_api.openapi.shapes import Shape, array, choice, members, number, or_null, part, taken, text, without
from runtime_api.params.problems import ID, LONGEST_NOTE, MOST, PARAMETERS

_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$"


def problem_id() -> dict[str, Any]:
    return {
        "name": "problem_id", "in": "path", "required": True, "description": "As GET /problems shows it.",
        "schema": text(pattern=f"^{ID.pattern}$"),
    }  # fmt: skip


def problem_parameters() -> list[dict[str, Any]]:
    states = "|".join(STATES)
    shapes = {
        "state": text(
            "Only these, one or more with commas; absent: all.", pattern=f"^,*(({states})(,+({states}))*,*)?$"
        ),
        "container_id": text("Only problems seen in this container.", maxLength=255),
        "size": text(
            f"How many at most, up to {MOST}; absent: 100.", pattern="^(0*([1-9][0-9]{0,2}|1000))?$", maxLength=5
        ),
    }
    found = [parameter(name, shapes[name]) for name in PARAMETERS]
    return [{**one, "required": False, "allowEmptyValue": True} for one in found]


def said() -> Shape:
    """The body of a PATCH."""
    return taken(
        {
            "state": choice(SAID, "resolved: the next message makes it `regressed`; ignored: no alert for it."),
            "note": text("Why.", pattern=without("\n\t"), maxLength=LONGEST_NOTE),
        },
        ("state",),
    )


def components() -> dict[str, Shape]:
    time = text("RFC 3339, UTC, nanoseconds", pattern=_TIME)
    affected = members(
        {
            "container_id": text(),
            "name": text(),
            "task_id": text(),
            "count": number(minimum=0),
            "last_seen": time,
        }
    )
    required = {
        "id": text("the same for messages that are alike", pattern=f"^{ID.pattern}$"),
        "title": text("<*> stands for what differs"),
        "kind": text("the exception's type; empty for a plain message"),
        "log_type": choice(LOG_TYPES),
        "state": choice(STATES, "regressed: seen again after it was resolved"),
        "count": number("messages, each once", minimum=1),
        "first_seen": time,
        "last_seen": time,
        "containers": array(affected, f"those of last, at most {MOST_AFFECTED}"),
        "last_message": members(
            {"container_id": text(), "id": text()}, description="where it stands; GET /logs/context"
        ),
        "note": text("what was said with the state"),
        "said_at": or_null(time),
    }
    sample = members({"container_id": text(), "line": part("LogLine"), "before": array(part("LogLine"))})
    return {
        "Problem": members(required, {"sample": {"anyOf": [sample, {"type": "null"}]}}, "Errors that are alike."),
        "ProblemSaid": said(),
    }
