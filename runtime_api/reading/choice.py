"""In what form a request wants its answer."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import falcon

from runtime_api.reading.compression import accepts_gzip
from runtime_api.reading.forms import MEDIA_TYPES, NDJSON_TYPE, Form, form_of

_ACCEPTED: Final = {
    "application/json": "json", NDJSON_TYPE: "ndjson", "application/ndjson": "ndjson", "application/jsonl": "ndjson",
    "text/plain": "text", "text/csv": "csv",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    name: str  # of MEDIA_TYPES
    gzip: bool
    token: Callable[[], str] = lambda: secrets.token_hex(8)

    @classmethod
    def of(cls, req: falcon.Request, format: str) -> "Choice":
        """The parameter `format`, else what Accept likes best, else JSON: nobody is refused for a header."""
        best = format or _ACCEPTED.get(req.client_prefers(list(_ACCEPTED)) or "", "json")
        return cls(best, accepts_gzip(req.get_header("Accept-Encoding")))

    def form(self, now: int, message: str, *, together: bool) -> Form:
        """`together`: of several containers."""
        return form_of(self.name, now, message, self.token, together=together)

    def describe(self, resp: falcon.Response, form: Form) -> None:
        """The headers of an answer in this form."""
        resp.content_type = MEDIA_TYPES[self.name]
        resp.set_header("Vary", "Accept, Accept-Encoding")
        if self.gzip:
            resp.set_header("Content-Encoding", "gzip")
        if form.end_mark:
            resp.set_header("Wholelog-End", form.end_mark)
