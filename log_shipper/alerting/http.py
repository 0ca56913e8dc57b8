"""A POST to a receiver."""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any, Final
from urllib.parse import urlsplit

from log_shipper.errors import NotTold

SECONDS: Final = 10.0
_MOST: Final = 64 << 10  # bytes of an answer that are read


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """A message with secrets goes where the operator said, and nowhere else."""
        return None


def post(url: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The answer's body. Raises NotTold, which never names the URL: that of a chat is a secret."""
    request = urllib.request.Request(
        url, body, {"Content-Type": "application/json", "User-Agent": "wholelog", **headers}
    )
    host = urlsplit(url).hostname or ""
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if host in ("localhost", "::1") or host.startswith("127."):
        handlers.append(urllib.request.ProxyHandler({}))  # to this machine nothing goes through a proxy
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=SECONDS) as answer:
            read: bytes = answer.read(_MOST)
            return read
    except urllib.error.HTTPError as error:
        said = error.read(500).decode("utf-8", "replace").strip()
        final = error.code < 500 and error.code not in (408, 425, 429)
        raise NotTold(f"{host} answered {error.code}: {said}", final=final) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotTold(f"{host}: {getattr(error, 'reason', error)}") from error


def post_json(url: str, body: Any, headers: dict[str, str] | None = None) -> bytes:
    return post(url, json.dumps(body, ensure_ascii=False).encode(), headers or {})
