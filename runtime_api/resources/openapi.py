"""`/openapi.json` (the OpenAPI document) and `/docs` (a page that shows it)."""

import base64
import hashlib
import re
from typing import Any, Final

import falcon
import orjson

from runtime_api.envelope import MEDIA_TYPE

_INLINE: Final = re.compile(r"<(style|script)>(.*?)</\1>", re.DOTALL)


class OpenApi:
    """The one answer of JSON without an envelope, because its readers know no other form."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._bytes = orjson.dumps(document)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.data = self._bytes
        resp.content_type = MEDIA_TYPE

    on_head = on_get


class Docs:
    """A page of one file; nothing runs in it but its own script, and it asks nobody but this API."""

    def __init__(self, page: bytes) -> None:
        self._page = page
        hashes = [f"'sha256-{_hash(content)}'" for _, content in _INLINE.findall(page.decode())]
        self._policy = (
            f"default-src 'none'; connect-src 'self'; style-src {' '.join(hashes)}; script-src {' '.join(hashes)}; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.data = self._page
        resp.content_type = "text/html; charset=utf-8"
        resp.set_header("Content-Security-Policy", self._policy)
        resp.set_header("X-Content-Type-Options", "nosniff")

    on_head = on_get


def _hash(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
