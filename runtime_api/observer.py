"""A middleware that counts every answer, and puts the envelope around the one that falcon makes by itself."""

import time

import falcon

from runtime_api.counters import Counters
from runtime_api.envelope import MEDIA_TYPE, Clock, envelope


class Observer:
    def __init__(self, clock: Clock, counters: Counters) -> None:
        self._clock = clock
        self._counters = counters

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        req.context.began = time.monotonic()

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, req_succeeded: bool
    ) -> None:
        if req.method == "OPTIONS" and resource is not None and req_succeeded:
            self._answer_options(resp)
        began = getattr(req.context, "began", None)
        seconds = 0.0 if began is None else time.monotonic() - began
        self._counters.request(req.uri_template or "none", req.method, resp.status_code, seconds)

    def _answer_options(self, resp: falcon.Response) -> None:
        allowed = resp.get_header("Allow") or ""
        resp.delete_header("Content-Length")
        resp.content_type = MEDIA_TYPE
        resp.data = envelope(self._clock(), 200, f"this route takes {allowed}", {"methods": allowed.split(", ")})
