"""A request as a line of curl."""

import shlex

import orjson

from wholelog.client.request import Request
from wholelog.client.wire import base_url, socket_of


def as_curl(url: str, request: Request, *, token: bool = False) -> str:
    """`token`: whether one is needed; it is named by its variable, so that it is on no screen."""
    words = ["curl", "-sS"]
    if request.method not in ("GET", "POST"):
        words += ["-X", request.method]
    if path := socket_of(url):
        words += ["--unix-socket", path]
    words.append(base_url(url) + request.path)
    if request.body is not None:
        words += ["-H", "Content-Type: application/json", "-d", orjson.dumps(request.body).decode()]
    line = shlex.join(words)
    return line + ' -H "Authorization: Bearer $WHOLELOG_TOKEN"' if token else line
