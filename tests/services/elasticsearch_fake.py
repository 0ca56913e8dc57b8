"""A server that answers as Elasticsearch would in trouble.

A fake, because a real node cannot be told when to refuse, to break off or to garble an answer, and the jars that the tests
boot have neither users nor TLS. What it answers was recorded from real nodes of 8.19.0 and 9.5.3, or is what the
documentation of their security says. All that a real node can show is tested on one.
"""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def documents(self) -> int:
        """How many a bulk holds."""
        return self.body.count(b"\n") // 2


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b"{}"
    content_type: str = "application/json"
    product: bool = True
    missing: int = 0  # bytes that are announced and not sent


def reply(body: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(body).encode())


def error(status: int, kind: str, reason: str = "for a reason") -> Reply:
    return reply({"error": {"type": kind, "reason": reason}, "status": status}, status)


def items(*statuses: int, kind: str = "some_exception", reason: str = "for a reason") -> Reply:
    """The answer to a bulk, an item for each status."""
    made: list[Any] = [
        {"index": {"status": s} if s < 300 else {"status": s, "error": {"type": kind, "reason": reason}}}
        for s in statuses
    ]
    return reply({"errors": max(statuses) >= 300, "items": made})


@dataclass
class FakeElastic:
    """`answer` decides; where it gives None, templates are there and every document is taken."""

    answer: Callable[[Request], Reply | None]
    url: str = ""
    requests: list[Request] = field(default_factory=list)

    @property
    def bulks(self) -> list[Request]:
        return [request for request in self.requests if "/_bulk" in request.path]

    def respond(self, request: Request) -> Reply:
        self.requests.append(request)
        return self.answer(request) or self._as_if_all_were_well(request)

    def _as_if_all_were_well(self, request: Request) -> Reply:
        if "/_bulk" in request.path:
            return items(*[201] * request.documents)
        if request.method == "POST" and "/_pit" in request.path:
            return reply({"id": "a point in time"})
        return reply({"index_templates": [{"index_template": {"version": 1_000_000}}]})


@contextmanager
def fake_elastic(answer: Callable[[Request], Reply | None], tls: ssl.SSLContext | None = None) -> Iterator[FakeElastic]:
    """On 127.0.0.1, until the end of the `with`."""
    fake = FakeElastic(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            given = fake.respond(Request(self.command, self.path, headers, body))
            self.send_response(given.status)
            self.send_header("content-type", given.content_type)
            self.send_header("content-length", str(len(given.body) + given.missing))
            if given.product:
                self.send_header("x-elastic-product", "Elasticsearch")
            self.end_headers()
            self.wfile.write(given.body)
            if given.missing:
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = _serve

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    fake.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
