"""The shipper's /healthz, /readyz and /metrics."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from log_shipper.errors import AddressUnusable

Check = Callable[[], str]
"""'' where all is well, else what is wrong"""


class HealthServer:
    """Serves in threads of its own from `start` to `close`. Raises AddressUnusable."""

    def __init__(self, address: tuple[str, int], checks: Mapping[str, Check], registry: CollectorRegistry) -> None:
        states = _States(checks)

        class Handler(BaseHTTPRequestHandler):
            timeout = 10  # seconds for a request; a slow one holds a thread

            def do_GET(self) -> None:
                if self.path == "/metrics":
                    self._answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
                elif self.path == "/healthz":
                    self._answer(200, "application/json", b'{"status": "alive"}')
                elif self.path == "/readyz":
                    ready, told = states.look()
                    self._answer(200 if ready else 503, "application/json", json.dumps(told).encode())
                else:
                    self._answer(404, "application/json", b'{"status": "there are /healthz, /readyz and /metrics"}')

            def _answer(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing a request: a scraper comes every few seconds."""

        try:
            self._server = ThreadingHTTPServer(address, Handler)
        except OSError as error:
            raise AddressUnusable(
                f"cannot listen on {address[0]}:{address[1]}: {error.strerror or error}: "
                "give another with --shipper-listen"
            ) from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._server.server_address[:2]
        return str(host), int(port)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _States:
    """Each check's state and since when it has it."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._lock = threading.Lock()
        self._since: dict[str, tuple[bool, float]] = {}

    def look(self) -> tuple[bool, dict[str, dict[str, object]]]:
        told: dict[str, dict[str, object]] = {}
        with self._lock:
            for name, check in self._checks.items():
                wrong = check()
                known = self._since.get(name)
                if known is None or known[0] != (not wrong):
                    known = self._since[name] = (not wrong, time.time())
                since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(known[1]))
                told[name] = {"ready": not wrong, "since": since, "message": wrong or "ok"}
        return all(state["ready"] for state in told.values()), told
