"""Waiting for seals through the real server: bounded in number, and nobody else waits for it."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from log_store.seal import Seal
from tests.api_server import ask, connect, enveloped, eventually, everything, parts, running
from tests.fake_containers import FULL_ID, FakeContainers
from tests.fake_reader import START, MadeReader
from tests.integration.test_server_bad_input import alive, metric

SEALED = Seal(FULL_ID, START, state="sealed", finished_at=START + 10**9)


def get(more: str = "") -> bytes:
    return f"GET /logs?container_id={FULL_ID}&wait=sealed{more} HTTP/1.0\r\n\r\n".encode()


def waiting(port: int) -> float:
    return metric(port, "wholelog_api_seal_waits")


@contextmanager
def asking(port: int, number: int, request: bytes) -> Iterator[list[bytes]]:
    """So many requests, their connections open until the end of the block; the list gets their answers then."""
    answers: list[bytes] = []
    with ExitStack() as stack:
        connections = [stack.enter_context(connect(port)) for _ in range(number)]
        for connection in connections:
            connection.sendall(request)
        yield answers
        answers += [everything(connection)[0] for connection in connections]


def test_as_many_wait_as_there_are_threads_and_all_else_goes_on() -> None:
    reader = MadeReader(pages=1)
    with running(FakeContainers(), reader, api_threads=4) as port:
        with asking(port, 4, get()) as answers:
            assert eventually(lambda: waiting(port) == 4)
            for _ in range(3):
                refused = ask(port, get("&wait_seconds=1"))
                assert enveloped(refused)["status"] == 429 and "retry-after" in parts(refused)[1]
                assert "wait for a seal" in enveloped(refused)["message"]
            assert alive(port)
            short = enveloped(ask(port, f"GET /logs?container_id={FULL_ID} HTTP/1.0\r\n\r\n".encode()))
            assert short["data"]["count"] == 1000
            reader.state = [SEALED]
        for answer in answers:
            data = enveloped(answer)["data"]
            assert data["waited"]["sealed"] and data["seal"]["state"] == "sealed" and data["count"] == 1000
        assert eventually(lambda: waiting(port) == 0)


def test_a_long_log_is_streamed_after_the_wait_and_gives_its_place_back() -> None:
    reader = MadeReader(pages=5)
    with running(FakeContainers(), reader, api_threads=4) as port:
        for _ in range(2):
            reader.state = []
            with asking(port, 4, get()) as answers:
                assert eventually(lambda: waiting(port) == 4)
                reader.state = [SEALED]
            assert all(b'"count":5000' in answer and b'"waited":{' in answer for answer in answers)
            assert eventually(lambda: waiting(port) == 0)


def test_the_place_of_a_client_that_hangs_up_is_free_again() -> None:
    with running(FakeContainers(), MadeReader(pages=1), api_threads=4) as port:
        connections = [connect(port) for _ in range(4)]
        for connection in connections:
            connection.sendall(get())
        assert eventually(lambda: waiting(port) == 4)
        for connection in connections:
            connection.close()
        assert eventually(lambda: waiting(port) == 0)


def test_the_bound_is_a_setting() -> None:
    with running(FakeContainers(), MadeReader(pages=1), wait_limit=1.0) as port:
        read = enveloped(ask(port, get()))
        assert read["status"] == 200 and read["data"]["waited"]["sealed"] is False
        assert "from 1 to 1 (setting wait_limit)" in enveloped(ask(port, get("&wait_seconds=2")))["message"]


def test_a_wait_may_be_longer_than_a_client_may_be_silent() -> None:
    with running(FakeContainers(), MadeReader(pages=1), request_timeout=0.5) as port:
        data = enveloped(ask(port, get("&wait_seconds=2")))["data"]
        assert data["waited"]["seconds"] >= 2 and data["count"] == 1000


def test_the_server_ends_at_once_though_somebody_waits() -> None:
    with running(FakeContainers(), MadeReader(pages=1)) as port:
        connection = connect(port)
        connection.sendall(get())
        assert eventually(lambda: waiting(port) == 1)
        began = time.monotonic()
    assert time.monotonic() - began < 20  # the wait's own bound is 60 s
    everything(connection)
    connection.close()
