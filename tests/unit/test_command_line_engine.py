"""The command line's client of the engine, against an engine of a few lines."""

import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from wholelog.engine_client import EngineClient
from wholelog.errors import EngineProblem, EngineTimeout


class Engine(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        answers: dict[str, tuple[int, bytes]] = {
            "/version": (200, json.dumps({"Version": "20.10.24+dfsg1"}).encode()),
            "/list": (200, b"[{}]"),
            "/broken": (200, b"<html>"),
        }
        status, body = answers.get(self.path, (404, b'{"message":"no such thing"}'))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        if self.path == "/echo":
            received = b""
            while length := int(self.rfile.readline(), 16):
                received += self.rfile.read(length)
                self.rfile.readline()
            self.send_response(200)
            self.send_header("Content-Length", str(len(received)))
            self.end_headers()
            self.wfile.write(received)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"a":1}\n\n{"a":2}\n')
        if self.path == "/silent":
            self.wfile.flush()
            self.server.quiet.wait(30)  # type: ignore[attr-defined]
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        return None  # not on the tests' output

    def address_string(self) -> str:
        return "unix"


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@pytest.fixture
def client(tmp_path: Path) -> Iterator[EngineClient]:
    server = Server(str(tmp_path / "e.sock"), Engine)
    server.quiet = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield EngineClient(tmp_path / "e.sock", timeout=10)
    server.quiet.set()  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


def test_answers_are_read(client: EngineClient) -> None:
    assert client.version() == "20.10.24+dfsg1"
    assert client.get_list("/list") == [{}]


def test_a_body_is_sent_whole(client: EngineClient, tmp_path: Path) -> None:
    (tmp_path / "tar").write_bytes(bytes(range(256)) * 1000)
    with open(tmp_path / "tar", "rb") as tar:
        assert client.request("POST", "/echo", tar) == (200, bytes(range(256)) * 1000)


def test_a_refusal_is_told(client: EngineClient) -> None:
    with pytest.raises(EngineProblem, match="/none answered 404: .*no such thing"):
        client.get("/none")


@pytest.mark.parametrize("path", ["/broken", "/list"])
def test_an_answer_that_makes_no_sense_is_told(client: EngineClient, path: str) -> None:
    with pytest.raises(EngineProblem, match="answered no"):
        client.get(path)


def test_lines_come_as_they_are_written(client: EngineClient) -> None:
    assert list(client.lines("POST", "/lines", first=10, later=10)) == [b'{"a":1}\n', b'{"a":2}\n']


def test_silence_within_an_answer_is_a_timeout(client: EngineClient) -> None:
    lines = client.lines("POST", "/silent", first=10, later=0.05)
    assert [next(lines), next(lines)]
    with pytest.raises(EngineTimeout):
        next(lines)


def test_no_socket_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(EngineProblem, match="start Docker's engine"):
        EngineClient(tmp_path / "none.sock").version()
