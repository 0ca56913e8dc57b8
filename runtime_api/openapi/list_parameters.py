"""The parameters of `GET /containers`, from the names, choices and bounds by which `params.containers` checks them."""

from typing import Any

from runtime_api.openapi.log_parameters import labels, parameter
from runtime_api.openapi.shapes import Shape, text
from runtime_api.params.containers import MOST, PARAMETERS, STATUSES
from runtime_api.schemas.task import TASK_TYPES


def list_parameters() -> list[dict[str, Any]]:
    """Parameter objects; an empty value counts as absent."""
    return [parameter(name, _shapes().get(name, text())) for name in PARAMETERS]


def _shapes() -> dict[str, Shape]:
    status = "|".join(STATUSES)
    what = "Docker's words and phases of a task, one or more with commas; absent: those that are there."
    return {
        "status": text(what, pattern=f"^,*(({status})(,+({status}))*,*)?$"),
        "type": text("Only tasks of this type.", enum=["", *TASK_TYPES]),
        "uid": text("Only those of this user."),
        "label": labels(),
        "limit": text(
            f"How many at most, up to {MOST}; the answer then has a cursor.", pattern="^(0*[1-9][0-9]*)?$", maxLength=8
        ),
        "cursor": text("Goes on where an earlier answer ended: its data.cursor."),
    }
