"""docker-py's engine against a scripted one: what a real engine answers only on a bad day."""

import io
import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from runtime_api.containers.docker_engine import DockerEngine
from runtime_api.errors import BadRequest, Conflict, EngineFailed, EngineUnavailable, NotFound


class Script:
    """`answers`: by `METHOD /path` without the API version: status and body, a list of objects is a stream."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[str] = []
        self.version("20.10.24", "1.41")

    def version(self, version: str, api: str) -> None:
        self.answers["GET /version"] = (200, {"Version": version, "ApiVersion": api})
        self.answers["GET /info"] = (200, {"NCPU": 2, "MemTotal": 1 << 30})


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    script: Script

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has read enough closes before all has been written."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        if path.startswith("/v1."):
            path = "/" + path.split("/", 2)[2]
        key = f"{self.command} {path}"
        self.server.script.asked.append(self.path)
        status, body = self.server.script.answers.get(key, (404, {"message": f"page not found: {key}"}))
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")  # as moby does; docker-py streams nothing else
        self.end_headers()
        for part in body if isinstance(body, list) else [body]:
            chunk = part if isinstance(part, bytes) else json.dumps(part).encode() + b"\r\n"
            if chunk:
                self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def address_string(self) -> str:
        return "unix"


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Script]:
    with Server(str(tmp_path / "docker.sock"), Handler) as server:
        server.script = Script()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server.script
        server.shutdown()
        thread.join(10)


@pytest.fixture
def engine(script: Script, tmp_path: Path) -> Iterator[DockerEngine]:
    engine = DockerEngine(f"unix://{tmp_path}/docker.sock")
    yield engine
    engine.close()


def test_another_version_is_noticed(engine: DockerEngine, script: Script) -> None:
    assert engine.facts().version == "20.10.24"
    script.version("28.2.2", "1.50")
    assert engine.facts().version == "20.10.24"
    engine.ping()
    assert engine.facts().version == "28.2.2"
    assert script.asked[-1].startswith("/v1.50/")


def test_engine_that_no_longer_speaks_the_version(engine: DockerEngine, script: Script) -> None:
    engine.ping()
    script.version("29.0.0", "1.52")
    script.answers["GET /containers/json"] = (400, {"message": "client version 1.41 is too old"})
    with pytest.raises(EngineUnavailable, match="it has changed its version"):
        engine.list("label")
    engine.ping()
    script.answers["GET /containers/json"] = (200, b"[]")
    assert engine.list("label") == []
    assert script.asked[-1].startswith("/v1.52/")


@pytest.mark.parametrize(
    ("status", "body", "error", "says"),
    [
        (404, {"message": "manifest unknown"}, NotFound, "manifest unknown"),
        (500, {"message": "dial tcp: no such host"}, EngineFailed, "no such host"),
        (
            200,
            [{"status": "Pulling"}, {"error": "toomanyrequests"}],
            BadRequest,
            "img:1 cannot be pulled: toomanyrequests",
        ),
    ],
)
def test_pulls_that_fail(
    engine: DockerEngine, script: Script, status: int, body: Any, error: type[Exception], says: str
) -> None:
    script.answers["POST /images/create"] = (status, body)
    with pytest.raises(error, match=says):
        engine.pull("img:1", 30)


def test_pull_is_bounded(engine: DockerEngine, script: Script) -> None:
    script.answers["POST /images/create"] = (200, [{"status": "x"}, {"status": "y"}])
    engine.pull("img:1", 30)
    assert "fromImage=img" in script.asked[-1] and "tag=1" in script.asked[-1]
    with pytest.raises(BadRequest, match="took longer than the 0 seconds of setting pull_timeout"):
        engine.pull("img:1", 0)


def test_pull_by_digest(engine: DockerEngine, script: Script) -> None:
    script.answers["POST /images/create"] = (200, [])
    engine.pull("host:5000/img@sha256:" + "a" * 64, 30)
    assert "fromImage=host%3A5000%2Fimg" in script.asked[-1] and "tag=sha256%3Aaaa" in script.asked[-1]


def test_load_that_fails(engine: DockerEngine, script: Script) -> None:
    script.answers["POST /images/load"] = (200, [{"error": "open layer.tar: no such file"}])
    with pytest.raises(BadRequest, match="the image cannot be loaded: open layer.tar"):
        engine.load(io.BytesIO(b"x" * 100), 30)


def test_removal_that_is_under_way_or_done(engine: DockerEngine, script: Script) -> None:
    script.answers["DELETE /containers/c1"] = (409, {"message": "removal of container c1 is already in progress"})
    engine.remove("c1")
    engine.remove("c2")
    script.answers["DELETE /containers/c1"] = (409, {"message": "You cannot remove a running container"})
    with pytest.raises(Conflict, match="running container"):
        engine.remove("c1")


@pytest.mark.parametrize("body", [b"<html>", b""])
def test_answers_that_are_no_json(engine: DockerEngine, script: Script, body: bytes) -> None:
    engine.ping()
    script.answers["GET /containers/json"] = (200, body)
    with pytest.raises(EngineUnavailable, match="gave an answer that makes no sense"):
        engine.list("label")


def test_what_a_list_and_a_look_give(engine: DockerEngine, script: Script) -> None:
    item = {"Id": "c1", "Names": ["/n"], "Image": "img:1", "Labels": None, "State": "running"}
    script.answers["GET /containers/json"] = (200, b"[" + json.dumps(item).encode() + b"]")
    (one,) = engine.list("label", "value")
    assert (one.container_id, one.name, one.labels, one.state) == ("c1", "n", {}, "running")
    assert "label%3Dvalue" in script.asked[-1] and one.exit_code is None
    for said, code in (("Exited (137) 2 hours ago", 137), ("Up 2 minutes", None), ("Created", None), ("", None)):
        script.answers["GET /containers/json"] = (200, b"[" + json.dumps({**item, "Status": said}).encode() + b"]")
        assert engine.list("label")[0].exit_code == code
    assert engine.inspect("nosuch") is None and engine.image("nosuch") is None and engine.usage("nosuch") is None
