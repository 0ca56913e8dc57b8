"""Who alerts are sent to: an HTTP server that keeps what comes, Debian's Alertmanager, a mail server."""

import json
import os
import shutil
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import Envelope, Session

from tests.api_server import eventually
from tests.services.elasticsearch import free_port


class HttpSink:
    """`came`: (path, headers, body) of each POST. It answers with `status` and `answer`."""

    def __init__(self) -> None:
        self.came: list[tuple[str, dict[str, str], bytes]] = []
        self.status, self.answer = 200, b"{}"
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                sink.came.append((self.path, headers, body))  # before the answer: who has it may look at once
                self.send_response(sink.status)
                if sink.status // 100 == 3:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(sink.answer)))
                self.end_headers()
                self.wfile.write(sink.answer)

            def log_message(self, format: str, *args: object) -> None:
                return None  # not on the tests' output

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, _, body in self.came]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def http_sink() -> Iterator[HttpSink]:
    sink = HttpSink()
    try:
        yield sink
    finally:
        sink.close()


class Mailbox:
    """A mail server on the loopback; `mails`: what it took."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.refuses = ""
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    async def handle_DATA(self, server: Server, session: Session, envelope: Envelope) -> str:
        if self.refuses:
            return self.refuses
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(BytesParser(policy=default).parsebytes(content))
        return "250 taken"

    def close(self) -> None:
        self._controller.stop()


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    try:
        yield box
    finally:
        box.close()


class Alertmanager:
    """Debian's own, one alone, whose receiver is a webhook; `stop` and `start` again at the same address."""

    def __init__(self, folder: Path, webhook: str) -> None:
        self._folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (folder / "config.yml").write_text(
            "route:\n  receiver: sink\n  group_by: [alertname]\n  group_wait: 1s\n  group_interval: 1s\n"
            f"receivers:\n- name: sink\n  webhook_configs:\n  - url: {webhook}/from-alertmanager\n    send_resolved: true\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("prometheus-alertmanager", path=os.environ["PATH"] + ":/usr/sbin:/usr/bin")
        assert program is not None, "prometheus-alertmanager is missing: tests/run installs it"
        with open(self._folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [program, f"--config.file={self._folder}/config.yml", f"--storage.path={self._folder}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address="],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        assert eventually(self._is_ready, 60), (self._folder / "log").read_text()

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def alerts(self) -> list[dict[str, Any]]:
        """Those that it holds for active."""
        with urllib.request.urlopen(self.url + "/api/v2/alerts", timeout=10) as answer:
            read: list[dict[str, Any]] = json.load(answer)
        return read

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + "/-/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
