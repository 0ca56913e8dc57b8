"""A request as a line of curl."""

import shlex

import orjson

from wholelog.client.request import Request


def as_curl(url: str, request: Request) -> str:
    words = ["curl", "-sS"]
    if request.method not in ("GET", "POST"):
        words += ["-X", request.method]
    words.append(url + request.path)
    if request.body is not None:
        words += ["-H", "Content-Type: application/json", "-d", orjson.dumps(request.body).decode()]
    return shlex.join(words)
