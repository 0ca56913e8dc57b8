"""Between our requests and those of httpx."""

import re
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import httpx
import orjson

from wholelog.client.errors import ClientError, Unreachable
from wholelog.client.request import Request
from wholelog_base.addresses import UNIX

T = TypeVar("T", httpx.HTTPTransport, httpx.AsyncHTTPTransport)
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]+", re.ASCII)
CONNECT_SECONDS: Final = 10.0
_FITS: Final = "must be http(s)://HOST:PORT or unix:///PATH"
_NO_LIMITS: Final = httpx.Limits(max_connections=None)  # a stream holds one for hours


@dataclass(frozen=True, slots=True)
class Target:
    """`url`: before a path of the API, see `base_url`. `token`: '' for none; it stays out of what is printed of this."""

    url: str
    token: str = field(default="", repr=False)


def prepared(http: httpx.Client | httpx.AsyncClient, target: Target, request: Request) -> httpx.Request:
    headers = {"Accept": "application/json", **request.headers}
    if target.token:
        headers["Authorization"] = f"Bearer {target.token}"
    content = None
    if request.body is not None:
        headers["Content-Type"] = "application/json"
        content = orjson.dumps(request.body)
    return http.build_request(
        request.method, target.url + request.path, params=httpx.QueryParams(list(request.params)) if request.params else None,
        content=content, headers=headers, timeout=httpx.Timeout(request.timeout, connect=CONNECT_SECONDS),
    )  # fmt: skip


def checked_url(url: str) -> str:
    """Without a slash at its end. Raises ClientError."""
    if socket_of(url):
        return url
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        raise ClientError(f"{url!r:.100}: {error}; it {_FITS}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ClientError(f"{url!r:.100}: {_FITS}")
    return url.rstrip("/")


def checked_token(token: str) -> str:
    """Raises ClientError for what no header can carry; it does not show it."""
    if token and not _TOKEN.fullmatch(token):
        raise ClientError("the token: must be one word of letters, digits and - . _ ~ + / =, as it was given out")
    return token


def socket_of(url: str) -> str:
    """The path of unix:///PATH; '' for another URL."""
    path = url.removeprefix(UNIX) if url.startswith(UNIX) else ""
    return path if path.startswith("/") else ""


def base_url(url: str) -> str:
    """What a request's URL begins with: over a unix socket the host is any name, as the socket says where."""
    return "http://localhost" if socket_of(url) else url


def options(url: str, over_socket: type[T]) -> dict[str, Any]:
    """Of a client of httpx for this address. To this machine itself nothing goes through a proxy, or is compressed.

    `over_socket`: httpx' transport, of the client's kind.
    """
    if path := socket_of(url):
        return {
            "transport": over_socket(uds=path, limits=_NO_LIMITS),
            "trust_env": False,
            "headers": {"Accept-Encoding": "identity"},
        }
    host = httpx.URL(url).host
    here = host in ("localhost", "::1") or host.startswith("127.")
    headers = {"Accept-Encoding": "identity"} if here else {}
    return {"limits": _NO_LIMITS, "trust_env": not here, "headers": headers}


def unreachable(url: str, error: httpx.TransportError) -> Unreachable:
    what = str(error) or type(error).__name__
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return Unreachable(f"nobody answers at {url}: {what}")
    return Unreachable(f"the connection to {url} broke: {what}")
