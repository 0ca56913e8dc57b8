"""What a client may do to the real server: each a clear answer in an envelope, or a counted end; the others unharmed."""

import json
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.api_server import ask, connect, enveloped, everything, parts, running
from tests.fake_containers import FakeContainers
from tests.fake_reader import MadeReader

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def alive(port: int) -> bool:
    return bool(enveloped(ask(port, HEALTH))["message"] == "alive")


def metric(port: int, line: str) -> float:
    body = ask(port, b"GET /metrics HTTP/1.0\r\n\r\n").decode()
    return next((float(row.split()[-1]) for row in body.splitlines() if row.startswith(line + " ")), 0.0)


def refused(port: int, reason: str) -> float:
    return metric(port, f'wholelog_api_refused_total{{reason="{reason}"}}')


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"garbage\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\nHost: a\r\n\r\n", 400),
        (b"get /healthz HTTP/1.1\r\n\r\n", 400),
        (b"GET http://[::1/healthz HTTP/1.1\r\n\r\n", 400),
        (b"POST /containers HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /containers HTTP/1.1\r\nContent-Length: abc\r\n\r\n", 400),
        (b"POST /containers HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (b"POST /containers HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST /containers HTTP/1.1\r\nContent-Length: +2\r\n\r\n{}", 400),
        (
            b"POST /containers HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            400,
        ),
        (b"POST /containers HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST /containers HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"a" * 200_000, 431),
        (b"GET /healthz HTTP/1.1\r\n" + b"a: b\r\n" * 20_000 + b"\r\n", 431),
        (b"GET /containers/a%00b HTTP/1.0\r\n\r\n", 400),
        (b"GET /%ff%fe HTTP/1.0\r\n\r\n", 404),
        (b"GET /../../etc/passwd HTTP/1.0\r\n\r\n", 404),
        (b"GET /logs?container_id=%00 HTTP/1.0\r\n\r\n", 400),
        (b"GET /logs?container_id=\xff HTTP/1.0\r\n\r\n", 400),
        (b"OPTIONS * HTTP/1.0\r\n\r\n", 404),
        (b"TRACE /logs HTTP/1.0\r\n\r\n", 405),
        (b"BREW /logs HTTP/1.0\r\n\r\n", 400),
        (b"DELETE /containers/first HTTP/1.0\r\nContent-Length: 3\r\n\r\n{]}", 400),
    ],
)
def test_bad_requests(request_bytes: bytes, status: int) -> None:
    with running(FakeContainers(), MadeReader(1)) as port:
        answer = ask(port, request_bytes)
        read = enveloped(answer)
        assert read["status"] == status and read["data"] == {}
        assert "Traceback" not in answer.decode() and "waitress" not in answer.decode()
        assert alive(port)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from(
                [
                    b"GET ", b"POST ", b"/logs", b"/containers", b" HTTP/1.1", b" HTTP/1.0", b"\r\n", b"\r\n\r\n", b": ",
                    b"Content-Length", b"Transfer-Encoding", b"chunked", b"Expect", b"100-continue", b"7", b"{}", b"%00",
                    b"?container_id=", b"Content-Type", b"application/json", b"0\r\n\r\n", b"//", b"[::", b"\n", b" ",
                ]
            ),
        ),
        max_size=25,
    )
)  # fmt: skip
def test_whatever_is_sent_is_answered_or_closed(fuzzed: int, pieces: list[bytes]) -> None:
    with connect(fuzzed) as connection:
        connection.sendall(b"".join(pieces))
        connection.shutdown(1)
        received, _ = everything(connection)
    assert received == b"" or received.startswith((b"HTTP/1.1 ", b"HTTP/1.0 "))
    assert b"Traceback" not in received
    assert alive(fuzzed)
    assert refused(fuzzed, "internal") == 0


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[int]:
    with running(FakeContainers(), MadeReader(1)) as port:
        yield port


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_10_mb_is_413_which_its_sender_can_read(chunked: bool) -> None:
    containers = FakeContainers()
    with running(containers, MadeReader(1), body_limit=1 << 20) as port, connect(port) as connection:
        size = 10 << 20
        head = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
        connection.sendall(f"POST /containers HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n".encode())
        if chunked:
            connection.sendall(f"{size:x}\r\n".encode())
        connection.sendall(b" " * size)  # all of it can be sent: what is too much is thrown away
        received, reset = everything(connection)
        assert not reset
        read = enveloped(received)
        assert read["status"] == 413 and "1048576 bytes" in read["message"]
        assert refused(port, "413") == 1
    assert not containers.created


def test_a_body_that_is_announced_too_large_is_refused_before_it_is_sent() -> None:
    with running(FakeContainers(), MadeReader(1), body_limit=1000) as port:
        head = b"POST /containers HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2000\r\n\r\n"
        with connect(port) as connection:
            connection.sendall(head)
            connection.shutdown(1)
            assert enveloped(everything(connection)[0])["status"] == 413


def test_a_body_of_just_the_limit_is_taken_and_continue_is_answered() -> None:
    body = json.dumps({"tags": {"type": "bash_cell"}}).encode().ljust(1000)
    with running(FakeContainers(), MadeReader(1), body_limit=1000) as port, connect(port) as connection:
        connection.sendall(
            b"POST /containers HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n"
            b"Content-Length: 1000\r\n\r\n"
        )
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert enveloped(everything(connection)[0])["status"] == 200


@pytest.mark.parametrize("begin", [b"GET /healthz HT", b"POST /containers HTTP/1.1\r\nContent-Length: 100\r\n\r\n{"])
def test_a_client_that_sends_a_byte_now_and_then_is_timed_out_and_others_are_served(begin: bytes) -> None:
    with running(FakeContainers(), MadeReader(1), request_timeout=1.0) as port, connect(port) as slow:
        slow.sendall(begin)
        slow.settimeout(0.3)
        received = b""
        deadline = time.monotonic() + 15
        while not received and time.monotonic() < deadline:
            try:
                received = slow.recv(1 << 16)
            except TimeoutError:
                slow.sendall(b"a")
                assert alive(port)
        slow.settimeout(10)
        received += everything(slow)[0]
        read = enveloped(received)
        assert read["status"] == 408 and "request_timeout" in read["message"]
        assert refused(port, "408") == 1


def test_silent_connections_are_closed() -> None:
    with running(FakeContainers(), MadeReader(1), request_timeout=1.0) as port:
        with connect(port) as silent, connect(port) as kept:
            kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert everything(silent) == (b"", False)
            assert enveloped(everything(kept)[0])["status"] == 200


def test_a_connection_is_kept_and_requests_may_be_pipelined() -> None:
    with running(FakeContainers(), MadeReader(1)) as port, connect(port) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * 2 + HEALTH)
        received, _ = everything(connection)
        assert received.count(b"HTTP/1.1 200 OK") == 3


def test_connections_above_the_limit_are_told_so() -> None:
    with running(FakeContainers(), MadeReader(1), api_connections=10) as port:
        others = [connect(port) for _ in range(10)]
        try:
            for other in others:
                other.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
                other.recv(10)
            answer = ask(port, HEALTH)
            assert enveloped(answer)["status"] == 503 and "retry-after" in parts(answer)[1]
        finally:
            for other in others:
                other.close()
        deadline = time.monotonic() + 10
        while parts(ask(port, HEALTH))[0] != 200:
            assert time.monotonic() < deadline
        assert refused(port, "503") >= 1


def test_requests_that_change_containers_leave_threads_to_the_others() -> None:
    containers = FakeContainers()
    containers.go.clear()
    body = b'{"tags": {"type": "bash_cell"}}'
    request = b"POST /containers HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with running(containers, MadeReader(1), api_threads=4) as port:
        connections = [connect(port) for _ in range(12)]
        try:
            for connection in connections:
                connection.sendall(request)
            assert alive(port)
            containers.go.set()
            assert all(enveloped(everything(connection)[0])["status"] == 200 for connection in connections)
        finally:
            for connection in connections:
                connection.close()
