"""Long answers of /logs through the real server: whole, or visibly not; bounded for slow readers and in number."""

import http.client
import json
import threading
import time
from collections.abc import Iterator

import pytest

from log_store.errors import StoreDamaged, StoreUnavailable
from log_store.query import LogQuery, Page
from tests.api_server import ask, connect, enveloped, eventually, everything, parts, running, unchunked
from tests.fake_containers import FULL_ID, FakeContainers
from tests.fake_reader import MadeReader
from tests.integration.test_server_bad_input import alive, metric, refused

PATH = f"/logs?container_id={FULL_ID}"


def get(version: str = "1.1", method: str = "GET", more: str = "") -> bytes:
    return f"{method} {PATH}{more} HTTP/{version}\r\nHost: a\r\n\r\n".encode()


def test_a_long_log_is_streamed_whole() -> None:
    reader = MadeReader(pages=20, rows=1234)
    with running(FakeContainers(), reader) as port:
        status, headers, body = parts(ask(port, get()))
        assert status == 200 and headers["transfer-encoding"] == "chunked"
        assert headers["content-type"] == "application/json"
        whole, ended = unchunked(body)
        assert ended
        read = json.loads(whole)
        assert list(read) == ["timestamp", "status", "message", "data"]
        assert [line["log_message"].split()[0] for line in read["data"]["logs"]] == [str(n) for n in range(20 * 1234)]
        assert read["data"]["count"] == read["data"]["lines"] == 20 * 1234
        assert eventually(lambda: reader.reading == 0)
        assert metric(port, "wholelog_api_streams") == 0
        assert metric(port, "wholelog_api_log_lines_total") == 20 * 1234


def test_http_1_0_is_given_the_same() -> None:
    with running(FakeContainers(), MadeReader(pages=5)) as port, connect(port) as connection:
        connection.sendall(get("1.0"))
        received, reset = everything(connection)
        assert not reset
        assert json.loads(parts(received)[2])["data"]["count"] == 5000


def test_a_short_log_keeps_the_connection() -> None:
    with running(FakeContainers(), MadeReader(pages=1)) as port:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for _ in range(3):
            client.request("GET", PATH)
            answer = client.getresponse()
            assert json.loads(answer.read())["data"]["count"] == 1000
            assert answer.getheader("connection") is None
        client.close()


def test_head_has_no_body() -> None:
    reader = MadeReader(pages=5)
    with running(FakeContainers(), reader) as port:
        status, _, body = parts(ask(port, get(method="HEAD")))
        assert (status, body) == (200, b"")
        assert reader.reading == 0


@pytest.mark.parametrize("break_at", [0, 1])
def test_a_store_that_is_away_at_first_is_a_clean_503(break_at: int) -> None:
    reader = MadeReader(pages=5)
    reader.error, reader.break_at = StoreUnavailable("gone"), break_at
    with running(FakeContainers(), reader) as port:
        answer = ask(port, get("1.0"))
        assert enveloped(answer)["status"] == 503 and "retry-after" in parts(answer)[1]
        assert eventually(lambda: reader.reading == 0)


@pytest.mark.parametrize("error", [StoreUnavailable("gone"), StoreDamaged("torn")])
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_a_break_in_the_middle_cannot_be_taken_for_an_end(version: str, error: Exception) -> None:
    reader = MadeReader(pages=10)
    reader.error, reader.break_at = error, 7  # type: ignore[assignment]
    with running(FakeContainers(), reader) as port:
        with connect(port) as connection:
            connection.sendall(get(version))
            received, reset = everything(connection)
        status, _, body = parts(received)
        assert status == 200 and reset
        if version == "1.1":
            body, ended = unchunked(body)
            assert not ended
        with pytest.raises(json.JSONDecodeError):
            json.loads(body)
        assert metric(port, "wholelog_api_streams_broken_total") == 1
        assert metric(port, "wholelog_api_streams") == 0
        assert reader.reading == 0


def test_a_client_of_the_standard_library_sees_the_break() -> None:
    reader = MadeReader(pages=10)
    reader.error, reader.break_at = StoreUnavailable("gone"), 5
    with running(FakeContainers(), reader) as port:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        client.request("GET", PATH)
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            client.getresponse().read()
        client.close()


def test_a_reader_that_stands_still_is_dropped_and_holds_little_meanwhile() -> None:
    reader = MadeReader(pages=100_000, width=1000)
    with running(FakeContainers(), reader, request_timeout=1.0, api_threads=4) as port, connect(port) as still:
        still.sendall(get())
        assert eventually(lambda: reader.reading == 1)
        assert eventually(lambda: reader.reading == 0)
        assert reader.made < 50  # pages of 1.2 MB: the socket's buffers and one MB of ours
        assert refused(port, "slow_reader") == 1
        assert everything(still)[1]
        assert alive(port)


def test_a_reader_of_a_byte_now_and_then_is_dropped() -> None:
    reader = MadeReader(pages=100_000, width=1000)
    with running(FakeContainers(), reader, request_timeout=1.0) as port, connect(port) as slow:
        slow.sendall(get())
        assert eventually(lambda: reader.reading == 1)
        deadline = time.monotonic() + 15
        while reader.reading and time.monotonic() < deadline:
            assert slow.recv(1)
            time.sleep(0.1)
        assert reader.reading == 0
        assert refused(port, "slow_reader") == 1


def test_a_client_that_goes_away_ends_the_reading() -> None:
    reader = MadeReader(pages=100_000)
    with running(FakeContainers(), reader) as port:
        with connect(port) as connection:
            connection.sendall(get())
            connection.recv(10)
        assert eventually(lambda: reader.reading == 0)
        assert metric(port, "wholelog_api_streams_broken_total") == 0


def test_streams_take_half_of_the_threads_and_the_next_is_429() -> None:
    reader = MadeReader(pages=5)
    reader.go.clear()
    with running(FakeContainers(), reader, api_threads=4) as port:
        first, second = connect(port), connect(port)
        with first, second:
            for connection in (first, second):
                connection.sendall(get("1.0"))
                connection.recv(10)
            answer = ask(port, get("1.0"))
            read = enveloped(answer)
            assert read["status"] == 429 and "api_threads" in read["message"] and "retry-after" in parts(answer)[1]
            assert eventually(lambda: reader.reading == 2)
            assert alive(port)
            reader.go.set()
            for connection in (first, second):
                everything(connection)
        assert eventually(lambda: parts(ask(port, get("1.0")))[0] == 200)


class Searched(MadeReader):
    """A store that looks long before it finds anything."""

    def read(self, query: LogQuery) -> Iterator[Page]:
        if query.text is not None:
            self.searching += 1
            self.go.wait(30)
        yield from super().read(query)

    searching = 0


def test_who_searches_has_a_place_before_anything_is_found() -> None:
    reader = Searched(pages=1)
    reader.go.clear()
    with running(FakeContainers(), reader, api_threads=4) as port:
        first, second = connect(port), connect(port)
        with first, second:
            for connection, more in ((first, "&q=rare"), (second, "&regex=rare")):
                connection.sendall(get("1.0", more=more))
            assert eventually(lambda: reader.searching == 2)
            for method in ("GET", "HEAD"):
                assert parts(ask(port, get("1.0", method, more="&q=rare")))[0] == 429
            assert "searched for" in enveloped(ask(port, get("1.0", more="&q=rare")))["message"]
            assert alive(port) and enveloped(ask(port, get("1.0")))["data"]["count"] == 1000
            reader.go.set()
            for connection in (first, second):
                assert enveloped(everything(connection)[0])["data"]["count"] == 1000
        for _ in range(3):
            assert parts(ask(port, get("1.0", more="&q=rare")))[0] == 200


def test_the_server_ends_at_once_and_cuts_what_is_under_way() -> None:
    reader = MadeReader(pages=100_000)
    received: list[tuple[bytes, bool]] = []
    with running(FakeContainers(), reader) as port:
        connection = connect(port)
        connection.sendall(get("1.0"))
        begun = connection.recv(1000)
        client = threading.Thread(target=lambda: received.append(everything(connection)))
        client.start()
    client.join(10)
    connection.close()
    assert begun and received[0][1]
    assert eventually(lambda: reader.reading == 0)


def test_a_request_under_way_is_answered_before_the_server_ends() -> None:
    reader = MadeReader(pages=4)
    reader.go.clear()
    with running(FakeContainers(), reader) as port:
        connection = connect(port)
        connection.sendall(get("1.0"))
        begun = connection.recv(1 << 16)
        threading.Timer(0.3, reader.go.set).start()
    received, reset = everything(connection)
    connection.close()
    assert not reset
    assert json.loads(parts(begun + received)[2])["data"]["count"] == 4000
