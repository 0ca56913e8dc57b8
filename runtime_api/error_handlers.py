"""From an exception to an answer: the status, the envelope, and a count of each."""

import logging
from typing import Any

import falcon

from log_store.errors import LogStoreError, StoreUnavailable
from runtime_api.counters import Counters
from runtime_api.envelope import MEDIA_TYPE, Clock, envelope
from runtime_api.errors import LogsFailed, LogsUnavailable, RuntimeApiError, Unauthorized
from runtime_api.log_stream import LogStream

OUR_FAULT = "an error of ours; it has been logged"

_log = logging.getLogger(__name__)


class ErrorHandlers:
    def __init__(self, clock: Clock, counters: Counters, routes: str) -> None:
        """`routes`: the ones there are, for whoever asks for another."""
        self._clock = clock
        self._counters = counters
        self._routes = routes

    def add_to(self, app: "falcon.App[falcon.Request, falcon.Response]") -> None:
        app.add_error_handler(Exception, self.unexpected)
        app.add_error_handler(falcon.HTTPError, self.of_falcon)
        app.add_error_handler(LogStoreError, self.of_store)
        app.add_error_handler(RuntimeApiError, self.of_api)

    def unexpected(self, req: falcon.Request, resp: falcon.Response, error: Exception, params: dict[str, Any]) -> None:
        _log.error("%s %r", req.method, req.path, exc_info=error)
        self._counters.error("internal")
        self._answer(resp, 500, OUR_FAULT)

    def of_api(
        self, req: falcon.Request, resp: falcon.Response, error: RuntimeApiError, params: dict[str, Any]
    ) -> None:
        if error.status >= 500:
            trace = error if error.status == 500 else None
            _log.warning("%s %r: %s", req.method, req.path, error, exc_info=trace)
        self._counters.error(type(error).__name__)
        if isinstance(error, Unauthorized):
            resp.set_header("WWW-Authenticate", error.challenge)
        if error.retry_after is not None:
            resp.set_header("Retry-After", str(error.retry_after))
        self._answer(resp, error.status, str(error))

    def of_store(
        self, req: falcon.Request, resp: falcon.Response, error: LogStoreError, params: dict[str, Any]
    ) -> None:
        kind = LogsUnavailable if isinstance(error, StoreUnavailable) else LogsFailed
        self.of_api(req, resp, kind(f"the log store: {error}"), params)

    def of_falcon(
        self, req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, params: dict[str, Any]
    ) -> None:
        self._counters.error(type(error).__name__)
        resp.set_headers(error.headers or {})
        self._answer(resp, error.status_code, self._message(req, error))

    def _message(self, req: falcon.Request, error: falcon.HTTPError) -> str:
        asked = f"{req.method} {req.path!r:.200}"
        if isinstance(error, falcon.HTTPRouteNotFound):
            return f"{asked}: no such route; there are {self._routes}"
        if isinstance(error, falcon.HTTPMethodNotAllowed):
            return f"{asked}: this route takes {dict(error.headers or {}).get('Allow', 'no method')}"
        return f"{asked}: {error.description or error.title}"

    def _answer(self, resp: falcon.Response, status: int, message: str) -> None:
        resp.status = status
        resp.content_type = MEDIA_TYPE
        if isinstance(resp.stream, LogStream):
            resp.stream.close()  # it holds a slot
        resp.stream = None
        resp.text = None
        resp.data = envelope(self._clock(), status, message, {})
