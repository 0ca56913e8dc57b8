"""What the server answers by itself, before or instead of the application."""

from typing import Final

from waitress.utilities import BadRequest as WaitressBadRequest

from runtime_api.counters import Counters
from runtime_api.envelope import MEDIA_TYPE, Clock, envelope
from runtime_api.error_handlers import OUR_FAULT

HEADER_LIMIT: Final = 64 << 10  # bytes of the request line and the headers


class RequestTimeout(WaitressBadRequest):  # type: ignore[misc]  # waitress has no types
    code = 408
    reason = "Request Timeout"


class Overloaded(WaitressBadRequest):  # type: ignore[misc]  # waitress has no types
    code = 503
    reason = "Service Unavailable"


class Refusals:
    def __init__(self, clock: Clock, counters: Counters, body_limit: int, connections: int, timeout: float) -> None:
        self._clock = clock
        self._counters = counters
        self._messages = {
            408: f"the request was not received whole within {timeout:g} s (setting request_timeout)",
            413: f"the body is larger than {body_limit} bytes (setting body_limit)",
            431: f"the request line and headers are larger than {HEADER_LIMIT} bytes",
            500: OUR_FAULT,
            503: f"{connections} connections are open, which is the most (setting api_connections): try again",
        }

    def answer(self, code: int, detail: str) -> tuple[list[tuple[str, str]], bytes]:
        """Headers and body; `detail` is what waitress says of a request that it could not read."""
        self._counters.refused(str(code))
        message = self._messages.get(code) or f"this is no HTTP request that can be read: {detail[:200]}"
        headers = [("Content-Type", MEDIA_TYPE)]
        if code == 503:
            headers.append(("Retry-After", "5"))
        return headers, envelope(self._clock(), code, message, {})

    def closed(self, reason: str) -> None:
        """A connection was closed without an answer."""
        self._counters.refused(reason)
