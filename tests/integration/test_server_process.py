"""`python -m runtime_api`: how the process begins and ends."""

import os
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from log_store.open import open_writer
from tests.api_server import ask, connect, enveloped, eventually, everything


@contextmanager
def process(data: Path, files: int = 0, **settings: str) -> "Iterator[subprocess.Popen[str]]":
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WHOLELOG_")}
    environ |= {
        "WHOLELOG_DATA": str(data),
        "WHOLELOG_DOCKER_HOST": f"unix://{data}/no-docker.sock",
        "WHOLELOG_LISTEN": "127.0.0.1:0",
        **{f"WHOLELOG_{name.upper()}": value for name, value in settings.items()},
    }
    command = [sys.executable, "-m", "runtime_api"]
    before = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))) if files else None
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True, preexec_fn=before) as started:
        try:
            yield started
        finally:
            if started.poll() is None:
                started.kill()


def port_of(started: "subprocess.Popen[str]") -> int:
    """From the line that says where it listens."""
    assert started.stderr is not None
    deadline = time.monotonic() + 30
    seen = ""
    while time.monotonic() < deadline:
        if not select.select([started.stderr], [], [], 1)[0]:
            continue
        # Not by readline: of what it read ahead `select` would know nothing.
        part = os.read(started.stderr.fileno(), 1 << 16).decode()
        seen += part
        found = re.search(r"listening on http://127\.0\.0\.1:(\d+)\n", seen)
        if found:
            return int(found.group(1))
        if not part:
            break
    raise AssertionError(f"it never listened:\n{seen}")


def refusal(started: "subprocess.Popen[str]") -> tuple[int, str]:
    _, said = started.communicate(timeout=30)
    return started.returncode, said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_without_engine_and_store_and_ends_by_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    with process(tmp_path, store="http://127.0.0.1:1") as started:
        port = port_of(started)
        assert enveloped(ask(port, b"GET /healthz HTTP/1.0\r\n\r\n"))["status"] == 200
        read = enveloped(ask(port, b"GET /readyz HTTP/1.0\r\n\r\n"))
        assert read["status"] == 503
        assert {name: part["state"] for name, part in read["data"].items()} == {
            "engine": "not ready", "store": "not ready", "socket": "not ready",
        }  # fmt: skip
        assert enveloped(ask(port, b"GET /containers HTTP/1.0\r\n\r\n"))["status"] == 503
        with connect(port) as idle:
            idle.sendall(b"GET /heal")
            started.send_signal(number)
            assert started.wait(20) == 0
            assert everything(idle)[0] == b""


def test_the_embedded_store_is_ready_before_anything_is_in_it(tmp_path: Path) -> None:
    open_writer(f"sqlite://{tmp_path}/logs").close()  # as the shipper does when it starts
    with process(tmp_path) as started:
        read = enveloped(ask(port_of(started), b"GET /readyz HTTP/1.0\r\n\r\n"))
        assert read["data"]["store"]["state"] == "ready"
        started.terminate()
        assert started.wait(20) == 0


def test_it_outlives_a_want_of_file_descriptors(tmp_path: Path) -> None:
    request = b"GET /metrics HTTP/1.0\r\n\r\n"
    with process(tmp_path, files=60) as started:
        port = port_of(started)
        others = [connect(port) for _ in range(70)]
        time.sleep(0.2)  # for the server to run out of them
        for other in others:
            other.close()
        assert eventually(lambda: b'refused_total{reason="no_descriptors"}' in ask(port, request))
        started.terminate()
        assert started.wait(20) == 0


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("api_threads", "two", "WHOLELOG_API_THREADS: 'two' must be a whole number from 4 to 512"),
        ("api_thread", "8", "WHOLELOG_API_THREAD: there is no such setting; did you mean api_threads?"),
        ("listen", "8080", "WHOLELOG_LISTEN: '8080' must be HOST:PORT"),
        ("listen", "no-such-host.invalid:80", "listen: no-such-host.invalid:80"),
        ("listen", "192.0.2.1:8080", "listen: 192.0.2.1:8080"),
        ("store", "ftp://x", "store 'ftp://x'"),
        ("docker_host", "tcp://192.0.2.1:2375", "tcp://192.0.2.1:2375"),
    ],
)
def test_settings_that_do_not_fit_are_one_line_and_code_2(tmp_path: Path, name: str, value: str, said: str) -> None:
    with process(tmp_path, listen_unprotected="true", **{name: value}) as started:
        code, text = refusal(started)
    assert code == 2
    assert said in text and text.startswith("wholelog api: ") and text.count("\n") == 1


def test_an_address_that_is_taken_is_code_1(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        with process(tmp_path, listen=f"127.0.0.1:{other.getsockname()[1]}") as started:
            code, text = refusal(started)
    assert code == 1 and text.count("\n") == 1 and "in use" in text


def test_arguments_are_refused(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "runtime_api", "--listen", "x"], capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == 2 and ended.stderr.count("\n") == 1 and "wholelog api --help" in ended.stderr
