"""Views of a log: counts by time, what stands around a line, what is alike, what is new."""

import random
from typing import Any

import pytest
from falcon.testing import TestClient
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from log_store.document import ContainerContext
from log_store.query import LogLine
from log_store.rfc3339 import format_ns
from log_store.seal import Seal
from runtime_api.app import create_app
from runtime_api.config import ApiSettings
from runtime_api.counters import Counters
from runtime_api.views.histogram import MOST_SPANS, width_for
from runtime_api.views.patterns import MOST_TEMPLATES, Miner, masked
from tests.documents import NOON, SECOND, Documents
from tests.fake_containers import FULL_ID, FakeContainers
from tests.fake_problems import MemoryProblems
from tests.fakes import MemoryStore

OTHER_ID = "cd" * 32


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(page_rows=7)


@pytest.fixture
def client(store: MemoryStore) -> TestClient:
    containers = FakeContainers()
    containers.known[OTHER_ID] = "other"
    settings = ApiSettings(api_threads=4)
    return TestClient(
        create_app(
            containers, store, Counters(CollectorRegistry()), lambda: NOON + 9000 * SECOND, settings, MemoryProblems()
        )
    )


def write(store: MemoryStore, *lines: tuple[int, str, str], container: str = FULL_ID) -> None:
    documents = Documents(ContainerContext(container, "first"))
    for seconds, log_type, text in lines:
        documents.add(NOON + seconds * SECOND, text, log_type=log_type)
    store.write(documents.batch)


def ask(client: TestClient, path: str, **params: Any) -> dict[str, Any]:
    answer = client.simulate_get(path, params={"container_id": FULL_ID, **params})
    read: dict[str, Any] = answer.json
    assert read["status"] == answer.status_code
    return {"status": read["status"], "message": read["message"], **read["data"]}


def test_a_histogram(client: TestClient, store: MemoryStore) -> None:
    assert ask(client, "/logs/histogram")["buckets"] == []
    write(store, (0, "info", "a"), (3, "error", "b"), (3, "info", "c"), (130, "info", "d"))
    store.write_seals([Seal(FULL_ID, NOON, state="sealed", finished_at=NOON + 200 * SECOND)])
    read = ask(client, "/logs/histogram", interval="1m")
    assert read["interval_ms"] == 60_000 and read["count"] == 4 and read["seal"]["state"] == "sealed"
    assert read["buckets"] == [
        {"from": format_ns(NOON), "count": 3, "types": {"error": 1, "info": 2}},
        {"from": format_ns(NOON + 60 * SECOND), "count": 0, "types": {}},
        {"from": format_ns(NOON + 120 * SECOND), "count": 1, "types": {"info": 1}},
    ]
    assert len(ask(client, "/logs/histogram", buckets=10)["buckets"]) <= 11
    assert (
        ask(client, "/logs/histogram", log_type="error")["count"] == ask(client, "/logs/histogram", q="b")["count"] == 1
    )
    begun = ask(client, "/logs/histogram", start_time="9000s", interval="1m")
    assert begun["buckets"][0]["from"] == format_ns(NOON) and begun["count"] == 4


@pytest.mark.parametrize(
    ("path", "params", "told"),
    [
        ("/logs/histogram", {"interval": "1us"}, "interval: '1us' must be a duration of whole milliseconds"),
        ("/logs/histogram", {"interval": "x"}, "interval: 'x'"),
        ("/logs/histogram", {"interval": "1ms"}, "more than 1000"),
        ("/logs/histogram", {"buckets": "1001"}, "buckets: '1001' must be a whole number from 1 to 1000"),
        ("/logs/histogram", {"regex": "("}, "regex: is no regular expression"),
        ("/logs/histogram", {"tail": "1"}, "no such parameter"),
        ("/logs/context", {}, "id: '' must be the `id` of a message"),
        ("/logs/context", {"id": "a", "before": "1001"}, "before: '1001'"),
        ("/logs/patterns", {"size": "0"}, "size: '0'"),
        ("/logs/diff", {"against": "x" * 256}, "against: 'xxx"),
        ("/logs/context", {"id": "a", "uid": "u"}, "'uid': no such parameter"),
    ],
)
def test_what_does_not_fit(
    client: TestClient, store: MemoryStore, path: str, params: dict[str, str], told: str
) -> None:
    write(store, (0, "info", "a"), (100, "info", "b"))
    read = ask(client, path, **params)
    assert read["status"] == 400 and told in read["message"]


@given(st.integers(0, 2**62), st.integers(0, 2**62), st.integers(1, 1000))
def test_a_width_gives_about_as_many(start: int, length: int, spans: int) -> None:
    assert length // width_for(start, start + length, spans) <= max(spans, MOST_SPANS)


def test_what_stands_around_a_line(client: TestClient, store: MemoryStore) -> None:
    write(store, *[(number, "info", f"{number}") for number in range(30)])
    lines = client.simulate_get("/logs", params={"container_id": FULL_ID}).json["data"]["logs"]
    for number in (0, 3, 15, 29):
        read = ask(client, "/logs/context", id=lines[number]["id"], before=5, after=3)
        assert read["logs"] == lines[max(0, number - 5) : number + 4] and read["logs"][read["at"]] == lines[number]
        on = ask(client, "/logs", cursor=read["after"], size=2)["logs"]
        back = ask(client, "/logs", cursor=read["before"], order="desc", size=2)["logs"]
        assert on == lines[number + 4 : number + 6]
        assert back == lines[max(0, number - 7) : max(0, number - 5)][::-1]
    alone = ask(client, "/logs/context", id=lines[4]["id"], before=0, after=0)
    assert alone["logs"] == [lines[4]]
    assert ask(client, "/logs/context", id="nothing")["status"] == 404


def test_what_is_alike(client: TestClient, store: MemoryStore) -> None:
    chance = random.Random(1)
    lines = [(n, "info", f"GET /things/{chance.randrange(9999)} took {chance.randrange(99)}ms") for n in range(40)]
    lines += [
        (50 + n, "error", f"disk {chance.randrange(9)} of host 10.0.0.{n} is full\n  at line {n}") for n in range(10)
    ]
    write(store, *lines, (99, "warning", "one of a kind"))
    read = ask(client, "/logs/patterns")
    assert read["looked_at"] == 51 and read["all"] is True
    assert [(one["count"], one["types"]) for one in read["patterns"]] == [
        (40, {"info": 40}), (10, {"error": 10}), (1, {"warning": 1}),
    ]  # fmt: skip
    assert read["patterns"][0]["pattern"] == "GET /things/<*> took <*>"
    assert read["patterns"][1]["pattern"] == "disk <*> of host <*> is full"
    assert read["patterns"][1]["first"] == format_ns(NOON + 50 * SECOND)
    assert read["patterns"][1]["last"] == read["patterns"][1]["sample"]["log_time"] == format_ns(NOON + 59 * SECOND)
    assert [one["count"] for one in ask(client, "/logs/patterns", log_type="error")["patterns"]] == [10]
    assert len(ask(client, "/logs/patterns", size=1)["patterns"]) == 1


def test_what_is_new(client: TestClient, store: MemoryStore) -> None:
    write(
        store,
        *[(n, "info", f"step {n} done by alice") for n in range(5)],
        (9, "info", "only before"),
        container=OTHER_ID,
    )
    write(store, *[(n, "info", f"step {n} done by bob") for n in range(5)], (9, "error", "something new"))
    read = ask(client, "/logs/diff", against=OTHER_ID)
    assert read["status"] == 200, read["message"]
    assert [one["pattern"] for one in read["new"]] == ["something new"]
    assert [one["pattern"] for one in read["gone"]] == ["only before"]
    assert read["looked_at"] == read["looked_at_against"] == 6
    assert ask(client, "/logs/diff", against="nobody")["status"] == 404


def line(text: str) -> LogLine:
    return {
        "log_time": format_ns(NOON), "log_type": "info", "log_message": text, "log_type_by": "default", "stream": "stdout",
        "id": "a", "lines": 1,
    }  # fmt: skip


def test_memory_is_bounded_whatever_is_written() -> None:
    miner = Miner()
    chance = random.Random(2)
    for _ in range(5 * MOST_TEMPLATES):
        words = ["".join(chance.choices("abcdefghijklmnop", k=6)) for _ in range(chance.randrange(1, 12))]
        miner.add(line(" ".join(words)))
    assert len(miner.patterns()) <= 2 * MOST_TEMPLATES


@given(st.text())
def test_any_text_has_a_pattern(text: str) -> None:
    assert masked(text)
    miner = Miner()
    miner.add(line(text))
    assert [pattern.count for pattern in miner.patterns()] == [1]
