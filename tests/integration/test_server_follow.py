"""Following a log through the real server: forms, bounds, ends, and that nobody else waits for it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from log_store.document import ContainerContext
from log_store.errors import StoreUnavailable
from log_store.seal import Seal
from tests.api_server import ask, connect, enveloped, eventually, everything, parts, running, unchunked
from tests.documents import NOON, Documents
from tests.fake_containers import FULL_ID, FakeContainers
from tests.fakes import MemoryStore
from tests.follow_client import SseClient, follow
from tests.integration.test_server_bad_input import alive, metric

SEALED = Seal(FULL_ID, NOON, state="sealed", finished_at=NOON + 10**9)


class Log(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.said = 0
        self.asked = threading.Event()

    def seals(self, container_id: str) -> list[Seal]:
        self.asked.set()
        return super().seals(container_id)

    def say(self, *texts: str) -> None:
        documents = Documents(ContainerContext(FULL_ID, "first"))
        for number, text in enumerate(texts, self.said):
            documents.add(NOON + number, text, "stderr" if number % 2 else "stdout")
        documents.batch.seq = list(range(self.said, self.said + len(texts)))
        self.said += len(texts)
        self.write(documents.batch)

    def seal(self) -> None:
        self.write_seals([SEALED])


@pytest.fixture
def log() -> Log:
    return Log()


def get(more: str = "", version: str = "1.1", header: str = "") -> bytes:
    head = f"GET /logs?container_id={FULL_ID}&follow=true{more} HTTP/{version}\r\nHost: a\r\n"
    return f"{head}Connection: close\r\n{header}\r\n".encode()


def message(client: SseClient) -> str:
    event = client.event()
    assert event is not None and event[0] == "line"
    return str(event[1]["log_message"])


@contextmanager
def closing(*clients: SseClient) -> Iterator[None]:
    try:
        yield
    finally:
        for client in clients:
            client.close()


def test_events_as_they_come_and_the_seal_at_last(log: Log) -> None:
    with running(FakeContainers(), log) as port:
        client = follow(port)
        with closing(client):
            assert client.status == 200 and client.head["content-type"] == "text/event-stream"
            assert client.head["cache-control"] == "no-store" and "content-encoding" not in client.head
            log.say("one", "two\nlines")
            assert message(client) == "one"
            event = client.event()
            assert event is not None and event[1]["log_message"] == "two\nlines" and event[1]["stream"] == "stderr"
            assert set(event[1]) == {"log_time", "log_type", "log_message", "log_type_by", "stream", "id", "lines"}
            log.say("three")
            assert message(client) == "three"
            before = client.last
            log.seal()
            kind, data = client.event() or ("", {})
            assert kind == "seal" and data["seal"]["state"] == "sealed"
            assert data["count"] == data["lines"] == 3 and data["cursor"] == client.last
            assert client.event() is None
        again = follow(port, last=before)
        assert [kind for kind, _ in again.events()] == ["seal"] and again.last == client.last
        again.close()
        ended = follow(port, last=client.last)
        assert ended.status == 204 and ended.events() == []
        ended.close()


def test_the_end_is_no_end_where_the_container_was_started_again(log: Log) -> None:
    containers = FakeContainers()
    with running(containers, log) as port:
        log.say("one")
        log.seal()
        client = follow(port)
        assert [kind for kind, _ in client.events()] == ["line", "seal"]
        containers.run = NOON + 5 * 10**9
        again = follow(port, last=client.last)
        with closing(client, again):
            assert again.status == 200
            log.say("two")
            assert message(again) == "two"


def test_ndjson_and_text(log: Log) -> None:
    log.say("one", "=2")
    log.seal()
    with running(FakeContainers(), log) as port:
        for header in ("", "Accept: */*\r\n", "Accept: application/json\r\n", "Accept-Encoding: gzip\r\n"):
            status, headers, body = parts(ask(port, get(header=header)))
            assert status == 200 and headers["content-type"] == "application/x-ndjson"
            whole, ended = unchunked(body)
            read = [json.loads(line) for line in whole.splitlines() if line]
            assert ended and [one.get("log_message") for one in read] == ["one", "=2", None]
            assert read[2]["end"]["seal"]["state"] == "sealed" and read[2]["end"]["count"] == 2
            rest, _ = unchunked(parts(ask(port, get(f"&cursor={read[0]['cursor']}")))[2])
            assert [json.loads(line).get("log_message") for line in rest.splitlines() if line] == ["=2", None]
        status, headers, body = parts(ask(port, get("&format=text&tail=1")))
        lines = unchunked(body)[0].decode().splitlines()
        assert lines[0] == "2026-11-24T12:00:00.000000001Z info =2"
        assert lines[1].startswith(headers["wholelog-end"] + " {") and len(lines) == 2
        head = ask(port, get().replace(b"GET", b"HEAD"))
        assert parts(head)[0] == 200 and parts(head)[2] == b""


def test_what_does_not_fit(log: Log) -> None:
    log.say("one")
    with running(FakeContainers(), log) as port:
        for more, told in (
            ("&size=3", "size: not together with follow"),
            ("&end_time=10m", "end_time: not together"),
            ("&order=desc", "order: not together"),
            ("&wait=sealed", "wait: not together"),
            ("&format=csv", "format: 'csv' must be sse, ndjson or text"),
            ("&format=json", "format: 'json'"),
            ("&cursor=abc", "cursor: 'abc' must be the `id` of an event"),
            ("&tail=x", "tail: 'x' must be a whole number"),
            ("&follow=perhaps", "follow: given 2 times"),
        ):
            read = enveloped(ask(port, get(more)))
            assert read["status"] == 400 and told in read["message"]
        read = enveloped(ask(port, get(header="Last-Event-ID: p1.bbbbbbbbbbbb.0\r\n")))
        assert (
            read["status"] == 400
            and "Last-Event-ID: 'p1.bbbbbbbbbbbb.0' comes from the log of another" in read["message"]
        )
        assert enveloped(ask(port, get().replace(b"true", b"perhaps")))["status"] == 400
        assert enveloped(ask(port, get().replace(FULL_ID.encode(), b"nobody")))["status"] == 404
        assert (
            enveloped(ask(port, f"GET /logs?container_id={FULL_ID}&format=sse HTTP/1.0\r\n\r\n".encode()))["status"]
            == 400
        )
        plain = enveloped(ask(port, get().replace(b"follow=true", b"follow=false")))
        assert plain["data"]["count"] == 1
        log.error = StoreUnavailable("the store of the tests is away")
        refused = ask(port, get())
        assert enveloped(refused)["status"] == 503 and "retry-after" in parts(refused)[1]
        assert metric(port, "wholelog_api_streams") == 0


def test_fifty_follow_at_once_and_all_else_goes_on(log: Log) -> None:
    with running(FakeContainers(), log, follow_limit=50, api_threads=4) as port:
        clients = [follow(port) for _ in range(50)]
        with closing(*clients):
            for _ in range(3):
                refused = ask(port, get())
                assert enveloped(refused)["status"] == 429 and "retry-after" in parts(refused)[1]
                assert "follow_limit" in enveloped(refused)["message"]
            assert alive(port)
            log.say(*[f"{number}" for number in range(300)])
            assert (
                enveloped(ask(port, f"GET /logs?container_id={FULL_ID} HTTP/1.0\r\n\r\n".encode()))["data"]["count"]
                == 300
            )
            log.seal()
            for client in clients:
                *lines, seal = client.events()
                assert [data["log_message"] for _, data in lines] == [f"{number}" for number in range(300)]
                assert seal[0] == "seal" and seal[1]["count"] == 300
        assert eventually(lambda: metric(port, "wholelog_api_streams") == 0)


def test_the_place_of_one_who_hangs_up_is_free_again(log: Log) -> None:
    with running(FakeContainers(), log, follow_limit=2) as port:
        for _ in range(2):
            clients = [follow(port) for _ in range(2)]
            for client in clients:
                client.close()
            assert eventually(lambda: metric(port, "wholelog_api_streams") == 0)


def test_signs_of_life_bring_the_position(log: Log) -> None:
    with running(FakeContainers(), log, request_timeout=1.0, follow_keep_alive=0.2) as port:
        log.say("one", "two")
        client = follow(port, "&q=one")
        with closing(client):
            assert message(client) == "one"
            behind_one = client.last
            deadline = time.monotonic() + 30
            while client.last == behind_one:  # nothing more is found; and it outlives request_timeout
                assert time.monotonic() < deadline and client.block() is not None
            behind_two = client.last
        for last, expected in ((behind_one, ["two"]), (behind_two, [])):
            again = follow(port, last=last)
            with closing(again):
                log.seal()
                assert [data["log_message"] for kind, data in again.events() if kind == "line"] == expected


def test_who_comes_back_behind_the_end_gets_what_ran_since(log: Log) -> None:
    """Though the second run is over and stated too: its lines and its seal were never given."""
    log.say("one")
    log.seal()
    with running(FakeContainers(), log) as port:
        client = follow(port)
        with closing(client):
            assert [kind for kind, _ in client.events()] == ["line", "seal"]
        behind_one = client.last
        log.say("two")
        log.write_seals([Seal(FULL_ID, NOON + 10**10, state="sealed", finished_at=NOON + 10**11)])
        again = follow(port, last=behind_one)
        with closing(again):
            events = again.events()
        assert [data.get("log_message") for _, data in events] == ["two", None] and events[1][1]["seal"]["runs"] == 2
        behind_two = again.last
        log.write_seals([Seal(FULL_ID, NOON + 10**12, state="sealed", finished_at=NOON + 10**12 + 1)])
        for last, expected in ((behind_two, ["seal"]), (behind_one, ["line", "seal"])):  # a third, which wrote nothing
            again = follow(port, last=last)
            with closing(again):
                assert [kind for kind, _ in again.events()] == expected
        log.say("put back")  # a lost line of a run that was stated already
        late = follow(port, last=again.last)
        with closing(late):
            assert [data.get("log_message") for _, data in late.events()] == ["put back", None]
        last = follow(port, last=late.last)
        with closing(last):
            assert last.status == 204


def test_a_store_that_is_away_for_a_while_breaks_nothing(log: Log) -> None:
    with running(FakeContainers(), log) as port:
        log.say("one")
        client = follow(port)
        with closing(client):
            assert message(client) == "one"
            log.error = StoreUnavailable("away")
            plain = f"GET /logs?container_id={FULL_ID} HTTP/1.0\r\n\r\n".encode()
            assert enveloped(ask(port, plain))["status"] == 503
            log.asked.clear()
            assert log.asked.wait(30)
            log.error = None
            log.say("two")
            assert message(client) == "two"


def test_the_server_ends_at_once_though_somebody_follows(log: Log) -> None:
    with running(FakeContainers(), log) as port:
        client = follow(port)
        began = time.monotonic()
    assert time.monotonic() - began < 20
    everything(client.connection)
    client.close()


def test_chunks_end_only_with_the_seal(log: Log) -> None:
    log.say("one")
    with running(FakeContainers(), log) as port:
        connection = connect(port)
        connection.sendall(get("&format=sse"))
        assert eventually(lambda: metric(port, "wholelog_api_streams") == 1)
    answer, _ = everything(connection)
    connection.close()
    assert b"retry: 1000" in answer and not unchunked(parts(answer)[2])[1]
