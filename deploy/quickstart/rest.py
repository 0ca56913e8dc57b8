"""The REST API as a client sees it."""

import json
import os
import urllib.error
import urllib.request
from typing import Any, Final

from deploy.quickstart.errors import SampleProblem

TOKEN: Final = "WHOLELOG_TOKEN"  # as for the commands that talk to the API

# Loopback is never behind a proxy, whatever the environment says.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(method: str, url: str, body: dict[str, Any] | None = None, timeout: float = 30) -> tuple[int, dict[str, Any]]:
    """Status and envelope. Raises SampleProblem where there is no answer, or none that is an envelope."""
    content = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if token := os.environ.get(TOKEN):
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, content, headers, method=method)
    try:
        with _OPENER.open(request, timeout=timeout) as answer:
            status, read = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, read = error.code, error.read()
    except (OSError, ValueError) as error:
        raise SampleProblem(f"{method} {url}: {error}") from error
    try:
        envelope = json.loads(read)
    except ValueError:
        envelope = None
    if not isinstance(envelope, dict) or not isinstance(envelope.get("data"), dict):
        raise SampleProblem(f"{method} {url}: answered {status} and no envelope: {read[:200].decode(errors='replace')}")
    return status, envelope


def ask(method: str, url: str, body: dict[str, Any] | None = None, timeout: float = 30) -> dict[str, Any]:
    """The `data` of a good answer. Raises SampleProblem."""
    status, envelope = call(method, url, body, timeout)
    if status >= 300:
        raise SampleProblem(f"{method} {url}: {status}: {envelope.get('message')}")
    data: dict[str, Any] = envelope["data"]
    return data
