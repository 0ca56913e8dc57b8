"""What a reader is asked for."""

from dataclasses import dataclass
from typing import NotRequired, TypedDict


@dataclass(frozen=True, slots=True)
class LogQuery:
    """One container's messages in a range. Times are nanoseconds since 1970 UTC, both ends inclusive, of `log_time`."""

    container_id: str  # the full id
    start: int | None = None
    end: int | None = None
    size: int | None = None  # at most so many; None: all
    newest: bool = False  # with `size`: the last of the range instead of the first; always given oldest first


class LogLine(TypedDict):
    """A message as a reader gives it: the members of `/logs`' answer, ready for JSON."""

    log_time: str  # RFC 3339, UTC, nine digits and Z
    log_type: str
    log_message: str
    log_type_by: str
    stream: str
    id: str
    lines: int
    raw: NotRequired[str]  # base64 of the bytes, where they are not UTF-8


@dataclass(frozen=True, slots=True)
class ContainerRef:
    """A container that has left a seal in the store."""

    container_id: str
    container_name: str
    task_id: str
    uid: str
    started_at: int
