"""The parameters of GET /containers, and the cursor that goes on where a page ended."""

import base64
import re
from collections.abc import Mapping
from typing import Final

from runtime_api.containers.protocols import Choice
from runtime_api.errors import BadRequest
from runtime_api.params.labels import read_labels
from runtime_api.schemas.task import TASK_TYPES

PARAMETERS: Final = ("status", "type", "uid", "label", "limit", "cursor")
REPEATED: Final = ("label",)  # whose values may hold commas
STATUSES: Final = (
    "created", "running", "paused", "restarting", "removing", "exited", "dead", "removed", "queued", "inputs", "outputs",
    "done",
)  # fmt: skip
MOST: Final = 10_000
_CURSOR: Final = re.compile(r"(\d{1,19}) ([0-9a-f]{64})", re.ASCII)


def read_choice(given: Mapping[str, str]) -> Choice:
    """Raises BadRequest naming every problem."""
    problems: list[str] = []
    statuses = tuple(word for word in given.get("status", "").split(",") if word)
    for word in statuses:
        if word not in STATUSES:
            problems.append(f"status: {word!r:.60} must be one or more (with commas) of {', '.join(STATUSES)}")
    kind = given.get("type", "")
    if kind and kind not in TASK_TYPES:
        problems.append(f"type: {kind!r:.60} must be one of {', '.join(TASK_TYPES)}")
    text = given.get("limit", "")
    limit = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else None
    if text and (limit is None or not 1 <= limit <= MOST):
        problems.append(f"limit: {text!r:.60} must be a whole number from 1 to {MOST}")
    labels = read_labels(given, problems)
    after = _read_cursor(given["cursor"], problems) if "cursor" in given else None
    if problems:
        raise BadRequest(problems)
    return Choice(statuses, kind, given.get("uid"), limit, after, labels)


def cursor_of(created_at: int, container_id: str) -> str:
    return base64.urlsafe_b64encode(f"{created_at} {container_id}".encode()).decode().rstrip("=")


def _read_cursor(text: str, problems: list[str]) -> tuple[int, str] | None:
    try:
        match = _CURSOR.fullmatch(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
    except ValueError:
        match = None
    if match is None:
        problems.append(f"cursor: {text!r:.60} must be the `cursor` of an earlier answer")
        return None
    return int(match[1]), match[2]
