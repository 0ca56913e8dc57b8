"""The envelope: the JSON object that every answer is (contract, "The envelope")."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from log_store.rfc3339 import format_ns

Clock = Callable[[], int]  # nanoseconds since 1970 UTC

MEDIA_TYPE = "application/json"


def envelope(now: int, status: int, message: str, data: Mapping[str, Any]) -> bytes:
    """The whole answer: `timestamp` (made of `now`), `status`, `message`, `data`."""
    members = {"timestamp": timestamp(now), "status": status, "message": message, "data": data}
    return orjson.dumps(members, option=orjson.OPT_APPEND_NEWLINE)


def opening(now: int, status: int, message: str, member: str) -> bytes:
    """The beginning of an envelope whose `data` begins with the list `member`: what follows are the list's items."""
    begin = orjson.dumps({"timestamp": timestamp(now), "status": status, "message": message})
    return begin[:-1] + b',"data":{' + orjson.dumps(member) + b":["


def closing(members: Mapping[str, Any]) -> bytes:
    """The end of what `opening` began: the list's end and the other members of `data` (at least one)."""
    return b"]," + orjson.dumps(members)[1:] + b"}\n"


def timestamp(now: int) -> str:
    """RFC 3339, UTC, milliseconds."""
    return format_ns(now)[:23] + "Z"
