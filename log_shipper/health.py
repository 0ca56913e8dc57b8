"""The shipper's /healthz, /readyz and /metrics, and /audit, which `wholelog audit` asks."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from log_shipper.errors import CopyGone, ShipperError
from log_shipper.http_listener import listening, same_machine
from log_shipper.states import States
from log_store.errors import LogStoreError
from log_store.seal import Seal
from wholelog_base.addresses import Address
from wholelog_base.browsers import is_name_of_others, is_of_another_page

NO_ROUTE = b'{"status": "there are /healthz, /readyz, /metrics and /audit"}'

Audit = Callable[[str, bool], list[Seal]]
"""container ('' for all), repair -> seals. Raises CopyGone for an unknown one, ShipperError, LogStoreError"""


class HealthServer:
    """Serves in threads of its own from `start` to `close`. Raises AddressUnusable.

    It asks for no token, so it is to be reached from this machine alone; `insists`: it may be reached by others, and by
    whatever name. /audit, which names everybody's containers and may write to the store, is this machine's even then.
    """

    def __init__(
        self, address: Address, states: States, registry: CollectorRegistry, audit: Audit, *, insists: bool = False
    ) -> None:

        class Handler(BaseHTTPRequestHandler):
            timeout = 10  # seconds for a request; a slow one holds a thread

            def do_GET(self) -> None:
                if said := self._refusal():
                    self._answer(403, "application/json", json.dumps({"status": said}).encode())
                elif self.path == "/metrics":
                    self._answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
                elif self.path == "/healthz":
                    self._answer(200, "application/json", b'{"status": "alive"}')
                elif self.path == "/readyz":
                    found = states.look()
                    ready = not any(state.wrong for state in found.values())
                    told = {name: state.shown() for name, state in found.items()}
                    self._answer(200 if ready else 503, "application/json", json.dumps(told).encode())
                elif self.path.partition("?")[0] == "/audit":
                    status, body = _audited(audit, self.path.partition("?")[2])
                    self._answer(status, "application/json", json.dumps(body).encode())
                else:
                    self._answer(404, "application/json", NO_ROUTE)

            def _refusal(self) -> str:
                """'' where it may be answered."""
                place, audits = self.headers.get("Host") or "", self.path.startswith("/audit")
                host = place.rpartition(":")[0] if place.rpartition(":")[2].isdecimal() else place
                if (audits or not insists) and is_name_of_others(host):
                    return f"Host: {host!r:.100} is no name of this machine's own: ask by its address"
                if audits and not same_machine(self.connection):
                    return "/audit is for processes of this machine alone"
                if audits and is_of_another_page(self.headers.get, place):
                    return "a web page of another site may not ask this"
                return ""

            def _answer(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing a request: a scraper comes every few seconds."""

        self._server = listening(address, Handler)
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


def _audited(audit: Audit, query: str) -> tuple[int, dict[str, object]]:
    """Status and body for /audit?container=ID&repair=true."""
    asked = parse_qs(query)
    repair = asked.get("repair", ["false"])[-1]
    unknown = set(asked) - {"container", "repair"}
    if unknown or repair not in ("true", "false"):
        return 400, {"status": "/audit takes container (an id, a prefix or a name) and repair (true or false)"}
    try:
        seals = audit(asked.get("container", [""])[-1], repair == "true")
    except CopyGone as error:
        return 404, {"status": str(error)}
    except (ShipperError, LogStoreError) as error:
        return 503, {"status": str(error)}
    return 200, {"verdicts": [_verdict(seal) for seal in seals]}


def _verdict(seal: Seal) -> dict[str, object]:
    names = ("container_id", "container_name", "started_at", "state", "reason", "lines", "put_back", "verified_until")
    gaps = [{"start": gap.start, "end": gap.end, "lines": gap.lines, "why": gap.why} for gap in seal.gaps]
    return {**{name: getattr(seal, name) for name in names}, "gaps": gaps}
