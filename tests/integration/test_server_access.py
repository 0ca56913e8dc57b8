"""A token that is taken back while its owner follows a log, on the real server."""

import json
from pathlib import Path

from runtime_api.access.caller import Caller
from runtime_api.access.tokens import line_of, new_token
from tests.api_server import ask, connect, enveloped, everything, parts, running
from tests.fake_containers import FULL_ID, FakeContainers
from tests.fakes import MemoryStore


def request(path: str, token: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n".encode()


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
