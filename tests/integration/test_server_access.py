"""A token that is taken back while its owner follows a log, on the real server."""

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from runtime_api.access.caller import Caller
from runtime_api.access.tokens import line_of, new_token
from tests.api_server import ask, connect, enveloped, everything, parts, running
from tests.fake_containers import FULL_ID, FakeContainers
from tests.fakes import MemoryStore


def request(path: str, token: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n".encode()


def test_one_caller_leaves_places_for_the_others(tmp_path: Path) -> None:
    token, other, file = new_token(), new_token(), tmp_path / "tokens"
    file.write_text(f"{line_of(Caller('alice'), token)}\n{line_of(Caller('bob'), other)}\n")
    path = f"/logs?container_id={FULL_ID}&follow=true"
    with running(FakeContainers(), MemoryStore(), access="tokens", access_tokens=file, follow_limit=4) as port, ExitStack() as stack:  # fmt: skip
        for _ in range(2):
            connection = stack.enter_context(connect(port))
            connection.sendall(request(path, token))
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200")
        refused = enveloped(ask(port, request(path, token)))
        assert refused["status"] == 429 and "half of them of one caller" in refused["message"]
        his = stack.enter_context(connect(port))
        his.sendall(request(path, other))
        assert his.recv(1 << 16).startswith(b"HTTP/1.1 200")


def test_a_name_of_others_is_refused_by_the_server_alone_where_nobody_is_told_apart(tmp_path: Path) -> None:
    asked = b"GET /containers HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    with running(FakeContainers(), MemoryStore()) as port:
        assert enveloped(ask(port, asked))["status"] == 403
    with running(FakeContainers(), MemoryStore(), listen_unprotected=True) as port:
        assert enveloped(ask(port, asked))["status"] == 200


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "//metrics", "/%6detrics", "http://other/metrics"])
def test_no_way_of_writing_a_path_goes_round_what_a_role_may(tmp_path: Path, path: str) -> None:
    token, monitor, file = new_token(), new_token(), tmp_path / "tokens"
    file.write_text(f"{line_of(Caller('alice'), token)}\n{line_of(Caller('eye', 'monitor'), monitor)}\n")
    with running(FakeContainers(), MemoryStore(), access="tokens", access_tokens=file) as port:
        assert enveloped(ask(port, request(path, token)))["status"] == 403
        assert enveloped(ask(port, request(path.replace("metrics", "containers").replace("%6detrics", "%63ontainers"), monitor)))["status"] == 403  # fmt: skip
        for around in ("/page/../metrics", "/page/..%2fcontainers", "/healthz/../containers", "/docs/../logs"):
            assert enveloped(ask(port, request(around, "none")))["status"] in (401, 404)


def test_who_is_no_longer_known_follows_no_longer(tmp_path: Path) -> None:
    token, other, file = new_token(), new_token(), tmp_path / "tokens"
    known = line_of(Caller("bob"), other)
    file.write_text(f"{line_of(Caller('alice'), token)}\n{known}\n")
    containers, path = FakeContainers(), f"/logs?container_id={FULL_ID}&follow=true"
    with running(containers, MemoryStore(), access="tokens", access_tokens=file, follow_keep_alive=1.0) as port:
        with connect(port) as hers, connect(port) as his:
            hers.sendall(request(path, token))
            his.sendall(request(path, other))
            assert hers.recv(1 << 16).startswith(b"HTTP/1.1 200") and his.recv(1 << 16).startswith(b"HTTP/1.1 200")
            file.write_text(f"{known}\n")
            _, reset = everything(hers)
            assert reset, "what was sent is not to be taken for the whole"
            assert his.recv(1 << 16), "others go on"
        answer = ask(port, request(path, token))
        assert enveloped(answer)["status"] == 401 and parts(answer)[1]["www-authenticate"].startswith("Bearer ")
        assert json.loads(parts(ask(port, request("/containers", other)))[2])["status"] == 200
    assert containers.callers[:2] != [] and {one.uid for one in containers.callers} == {"alice", "bob"}
