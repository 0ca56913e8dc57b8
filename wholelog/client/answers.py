"""What came over the wire, read."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import orjson

from wholelog.client.errors import (
    BadRequest,
    Busy,
    ClientError,
    Conflict,
    Forbidden,
    NotFound,
    NotWholelog,
    Refused,
    Unauthorized,
)
from wholelog.client.models import unreadable
from wholelog.client.request import Request

T = TypeVar("T")

_BUSY: Final = (429, 502, 503, 504)
_KINDS: Final[Mapping[int, type[Refused]]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
}


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request, and how its answer's `data` and `message` are read."""

    request: Request
    read: Callable[[Mapping[str, Any], str], T]

    def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> T:
        """Raises ClientError."""
        if status != 200:
            raise refusal(status, headers, body)
        message, data = _envelope(body)
        try:
            return self.read(data, message)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise unreadable(f"the answer of {self.request.path}", error) from error


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> ClientError:
    """The error that an answer other than 200 is."""
    try:
        message, _ = _envelope(body)
    except NotWholelog as error:
        if status not in _BUSY:  # those may come from a proxy before the API
            return error
        message = f"status {status}, from a proxy it seems"
    if status in _BUSY:
        advised = headers.get("retry-after", "")
        return Busy(status, message, float(advised) if advised.isdecimal() else None)
    return _KINDS.get(status, Refused)(status, message)


def decoded(raw: bytes) -> Any:
    """JSON; half a surrogate pair, which the API escapes, is taken too. Raises ValueError."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return json.loads(raw)


def _envelope(body: bytes) -> tuple[str, Mapping[str, Any]]:
    try:
        read = decoded(body)
        if isinstance(read["data"], dict) and isinstance(read["status"], int):
            return str(read["message"]), read["data"]
    except (ValueError, KeyError, TypeError):
        pass
    raise NotWholelog(f"what answers is no API of this Wholelog: {body[:80]!r}")
