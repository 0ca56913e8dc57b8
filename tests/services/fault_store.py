"""An Elasticsearch that misbehaves: a proxy on loopback before a real one, which answers some bulks as it is told to."""

import http.client
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

PASS, ITEMS_429, WHOLE_429, WHOLE_503, NO_ANSWER, HANG = "pass", "items 429", "429", "503", "no answer", "hang"
"""What may become of a bulk. `no answer`: it is indexed, then the connection is closed; `hang`: indexed, and silence for
`hang_seconds`, as long as the client waits."""

REJECTED: Final = {
    "type": "es_rejected_execution_exception",
    "reason": "rejected execution of primary operation [coordinating_and_primary_bytes=0]",
}


class FaultStore:
    """`choose` is called for each bulk and gives one of the above. `done` counts what became of them."""

    def __init__(self, upstream: str, choose: Callable[[], str]) -> None:
        self.choose = choose
        self.hang_seconds = 0.0
        self.done: dict[str, int] = {}
        self._lock = threading.Lock()
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname or "127.0.0.1", parts.port or 9200)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, name="fault store", daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fault(self, path: str) -> str:
        if not path.split("?")[0].endswith("/_bulk"):
            return PASS
        with self._lock:
            chosen = self.choose()
            self.done[chosen] = self.done.get(chosen, 0) + 1
        return chosen

    def forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(*self._upstream, timeout=170)
        try:
            kept = {n: v for n, v in headers.items() if n.lower() not in ("host", "connection", "content-length")}
            connection.request(method, path, body or None, kept)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                fault = store.fault(self.path)
                if fault in (WHOLE_429, WHOLE_503):
                    status = int(fault)
                    error = {"error": REJECTED, "status": status}
                    self._answer(status, [("content-type", "application/json")], json.dumps(error).encode())
                    return
                headers = dict(self.headers.items())
                if fault == ITEMS_429:
                    self._answer(*_some(store, self.command, self.path, headers, body))
                    return
                try:
                    answer = store.forward(self.command, self.path, headers, body)
                except (OSError, http.client.HTTPException):
                    self.close_connection = True  # as a server that has died
                    return
                if fault in (NO_ANSWER, HANG):
                    time.sleep(store.hang_seconds if fault == HANG else 0)
                    self.close_connection = True
                    return
                self._answer(*answer)

            def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
                self.send_response(status)
                self.send_header("X-Elastic-Product", "Elasticsearch")
                for name, value in headers:
                    if name.lower() in ("content-type", "warning"):
                        self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing on the tests' output."""

        return Handler


def _some(
    store: FaultStore, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Every second item is taken, the others are too much for now; as one answer."""
    lines = body.rstrip(b"\n").split(b"\n")
    pairs = [b"\n".join(lines[i : i + 2]) + b"\n" for i in range(0, len(lines), 2)]
    taken = pairs[::2]
    # Without its filter the answer could leave items out.
    status, answer_headers, answer = store.forward(method, path, headers, b"".join(taken))
    if status != 200:
        return status, answer_headers, answer
    items = json.loads(answer)["items"]
    merged = [items[i // 2] if i % 2 == 0 else {"index": {"status": 429, "error": REJECTED}} for i in range(len(pairs))]
    whole = json.dumps({"errors": len(pairs) > 1, "items": merged}).encode()
    return status, [("content-type", "application/json")], whole
