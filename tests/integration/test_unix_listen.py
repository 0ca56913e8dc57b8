"""The API, and the shipper's own routes, at unix sockets: whom they let in, and who speaks to them."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from log_shipper.health import HealthServer
from log_shipper.states import States
from log_store.seal import Seal
from runtime_api.assembly import assemble
from runtime_api.config import ApiSettings
from tests.api_server import enveloped, everything, running
from tests.fake_containers import FULL_ID, FakeContainers
from tests.fake_problems import MemoryProblems
from tests.fakes import MemoryStore
from wholelog.client import AsyncClient, Client
from wholelog_base.http_connection import connection_to

NOBODY = 65534


@pytest.fixture
def place() -> Iterator[Path]:
    """Of a socket, in a folder that every user may enter."""
    with tempfile.TemporaryDirectory(prefix="wl-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "api.sock"


def ask(path: Path, request: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(str(path))
        connection.sendall(request)
        return everything(connection)[0]


def connected(path: Path, user: int) -> bool:
    """Whether a process of a user is let in."""
    child = os.fork()  # no other program: ours may lie where that user may not look
    if child == 0:
        code = 2
        try:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(path))
            code = 0
        except PermissionError:
            code = 1
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 1)
    return code == 0


def test_without_access_control_its_own_user_alone_is_let_in(place: Path) -> None:
    with running(FakeContainers(), MemoryStore(), listen=place):
        assert enveloped(ask(place, b"GET /containers HTTP/1.0\r\n\r\n"))["status"] == 200
        assert not connected(place, NOBODY)
    assert not place.exists()


def test_a_group_may_be_let_in(place: Path) -> None:
    with running(FakeContainers(), MemoryStore(), listen=place, listen_group="nogroup"):
        assert connected(place, NOBODY) and not connected(place, NOBODY - 1)


def test_a_request_without_a_host_and_one_of_a_page_through_a_proxy(place: Path) -> None:
    with running(FakeContainers(), MemoryStore(), listen=place):
        post = b"POST /containers HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n%b\r\n{}"
        assert enveloped(ask(place, post % b"Content-Type: application/json\r\n"))["status"] == 400
        assert enveloped(ask(place, post % b"Origin: https://evil.example\r\n"))["status"] == 403
        assert enveloped(ask(place, post % b"Host: evil.example\r\n"))["status"] == 403


def test_what_stands_in_the_trail_is_the_user_who_asked(place: Path) -> None:
    notes: list[dict[str, Any]] = []

    class Trail:
        lost = 0
        note = staticmethod(notes.append)

    settings = ApiSettings(listen=place)
    server = assemble(settings, FakeContainers(), MemoryStore(), MemoryProblems(), trail=Trail())  # type: ignore[arg-type]
    assert server.url == f"unix://{place}"
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        ask(place, b"DELETE /containers/none HTTP/1.0\r\n\r\n")
        assert [note["client_ip"] for note in notes] == [f"uid {os.geteuid()}"]
    finally:
        server.stop()
        thread.join(10)


def test_a_client_that_sends_slowly_is_timed_out(place: Path) -> None:
    with running(FakeContainers(), MemoryStore(), listen=place, request_timeout=0.5):
        with socket.socket(socket.AF_UNIX) as slow:
            slow.settimeout(20)
            slow.connect(str(place))
            slow.sendall(b"GET /healthz HT")
            assert enveloped(everything(slow)[0])["status"] == 408


def test_what_a_dead_process_left_is_taken_and_a_living_one_is_not(place: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as dead:
        dead.bind(str(place))
    with running(FakeContainers(), MemoryStore(), listen=place):
        with pytest.raises(OSError, match="in use"), running(FakeContainers(), MemoryStore(), listen=place):
            raise AssertionError("a second one listens")
        assert enveloped(ask(place, b"GET /healthz HTTP/1.0\r\n\r\n"))["status"] == 200


def test_the_clients_speak_to_it(place: Path) -> None:
    async def asynchronous() -> list[str]:
        async with AsyncClient(f"unix://{place}") as client:
            assert [line.message async for line in client.read(FULL_ID)] == []
            return [one.container_id for one in await client.containers()]

    with running(FakeContainers(), MemoryStore(), listen=place):
        with Client(f"unix://{place}") as client:
            assert [one.container_id for one in client.containers()] == [FULL_ID]
            assert list(client.read(FULL_ID)) == []
        assert asyncio.run(asynchronous()) == [FULL_ID]
        done = command("ps", "--api-url", f"unix://{place}")
        assert (done.returncode, done.stderr) == (0, "") and FULL_ID[:12] in done.stdout
        done = command("run", "--print", "--api-url", f"unix://{place}", "--", "ls")
        assert f"--unix-socket {place} http://localhost/containers" in done.stdout
    done = command("ps", WHOLELOG_LISTEN=f"unix://{place}")
    assert done.returncode == 1 and f"nobody answers at unix://{place}" in done.stderr
    assert "Traceback" not in done.stderr


def command(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("WHOLELOG_", "DOCKER_"))}
    words = [sys.executable, "-m", "wholelog", *arguments]
    return subprocess.run(words, env={**clean, **environ}, capture_output=True, text=True, timeout=60)


@contextmanager
def shipper(address: tuple[str, int] | Path, *, insists: bool = False) -> Iterator[tuple[str, int] | Path]:
    """Where its routes are, with an audit that knows of one seal."""
    seals = [Seal("ab" * 32, 1, "c", state="sealed")]
    server = HealthServer(
        address, States({}, lambda *_: None), CollectorRegistry(), lambda container, repair: seals, insists=insists
    )
    server.start()
    try:
        yield address if isinstance(address, Path) else server.address
    finally:
        server.close()


def got(address: tuple[str, int] | Path, path: str, **headers: str) -> tuple[int, str]:
    with closing(connection_to(address, 20)) as connection:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_the_shippers_routes_are_for_its_own_user_alone_at_a_unix_socket(place: Path) -> None:
    with shipper(place) as address:
        assert got(address, "/healthz")[0] == 200 and "sealed" in got(address, "/audit")[1]
        assert not connected(place, NOBODY)
        done = command("audit", "--shipper-listen", f"unix://{place}")
        assert done.returncode == 0 and "sealed" in done.stdout, done
    assert not place.exists()
    assert "nobody answers" in command("audit", "--shipper-listen", f"unix://{place}").stderr


def test_pages_of_a_browser_get_nothing_of_the_shipper() -> None:
    with shipper(("127.0.0.1", 0)) as address:
        assert got(address, "/audit", Sec_Fetch_Site="cross-site")[0] == 403
        assert got(address, "/audit?repair=true", Origin="https://evil.example")[0] == 403
        for path in ("/audit", "/metrics", "/healthz"):
            assert got(address, path, Host="evil.example:8081")[0] == 403
            assert got(address, path, Host="localhost:8081")[0] == 200


def test_the_audit_is_this_machines_own_even_where_others_may_ask() -> None:
    with shipper(("127.0.0.1", 0), insists=True) as address:
        assert got(address, "/metrics", Host="shipper.example")[0] == 200
        assert got(address, "/audit", Host="shipper.example")[0] == 403
        assert isinstance(address, tuple)
        with socket.socket() as other:
            other.bind(("127.0.0.2", 0))  # as one of another machine has another address than ours
            other.connect(address)
            other.sendall(b"GET /audit HTTP/1.0\r\n\r\n")
            assert b"403" in everything(other)[0].split(b"\r\n")[0]


def test_idle_connections_leave_room_and_the_rest_is_turned_away() -> None:
    with shipper(("127.0.0.1", 0)) as address:
        assert isinstance(address, tuple)
        idle = [socket.create_connection(address) for _ in range(32)]
        waits(lambda: refused(address))
        for one in idle:
            one.close()
        waits(lambda: not refused(address))


def refused(address: tuple[str, int]) -> bool:
    try:
        return got(address, "/healthz")[0] != 200
    except (OSError, EOFError):
        return True


def waits(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
