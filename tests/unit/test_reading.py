"""Which lines /logs gives, in which order and form, without a server."""

import csv
import gzip
import io
import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from falcon.testing import Result, TestClient
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from log_store.document import ContainerContext
from log_store.text_query import MOST_CHARACTERS, TextQueryError, parse_text_query
from runtime_api.app import create_app
from runtime_api.config import ApiSettings
from runtime_api.counters import Counters
from runtime_api.reading.compression import accepts_gzip
from runtime_api.reading.cursor import cursor_text, parse_cursor
from runtime_api.reading.forms import harmless
from tests.documents import NOON, Documents
from tests.fake_containers import FULL_ID, FakeContainers
from tests.fake_problems import MemoryProblems
from tests.fakes import MemoryStore

TYPES = ("info", "error", "warning", "debug", "critical")


@pytest.fixture
def store() -> MemoryStore:
    """30 lines of all types, every third of stderr."""
    store = MemoryStore(page_rows=4)
    documents = Documents(ContainerContext(FULL_ID, "first"))
    for number in range(30):
        stream = "stderr" if number % 3 == 0 else "stdout"
        documents.add(NOON + number, f"line {number}", stream, log_type=TYPES[number % 5])
    store.write(documents.batch)
    return store


@pytest.fixture
def client(store: MemoryStore) -> TestClient:
    counters = Counters(CollectorRegistry())
    return TestClient(
        create_app(FakeContainers(), store, counters, lambda: NOON + 10**9, ApiSettings(), MemoryProblems())
    )


def ask(client: TestClient, query: str, **headers: str) -> Result:
    return client.simulate_get("/logs", query_string=f"container_id={FULL_ID}&{query}", headers=headers)


def numbers(client: TestClient, query: str) -> list[int]:
    result = ask(client, query)
    assert result.status_code == 200, result.text
    return [int(line["log_message"].split()[1]) for line in result.json["data"]["logs"]]


def test_types(client: TestClient) -> None:
    assert numbers(client, "log_type=error") == list(range(1, 30, 5))
    both = [number for number in range(30) if number % 5 in (1, 4)]
    for query in (
        "log_type=error,critical",
        "log_type=critical&log_type=error",
        "log_type=%3E%3Derror",
        "log_type>=error",
        "log_type%3E=error",
    ):
        assert numbers(client, query) == both
    assert numbers(client, "log_type=>=debug") == numbers(client, "log_type=") == list(range(30))
    assert numbers(client, "stream=stderr&log_type=info") == [0, 15]
    assert numbers(client, "stream=stderr,stdout") == list(range(30))


def test_words_order_and_tail(client: TestClient) -> None:
    assert numbers(client, "q=LINE+17") == [17]
    assert numbers(client, "q=%22line+1%22") == [1]
    assert numbers(client, "order=desc&size=3") == [29, 28, 27]
    assert numbers(client, "tail=3") == [27, 28, 29]
    assert numbers(client, "tail=2&log_type=error") == [21, 26]
    assert "cursor" not in ask(client, "tail=3").json["data"]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("size", [1, 4, 7, 29, 30, 31])
def test_a_cursor_leads_on(client: TestClient, order: str, size: int) -> None:
    found: list[int] = []
    cursor, answers = "", 0
    while True:
        data = ask(client, f"size={size}&order={order}&cursor={cursor}").json["data"]
        found += [int(line["log_message"].split()[1]) for line in data["logs"]]
        answers += 1
        if "cursor" not in data:
            break
        cursor = data["cursor"]
        assert len(data["logs"]) == data["count"] == size
    assert found == (list(range(30)) if order == "asc" else list(range(29, -1, -1)))
    assert answers == -(-30 // size)


def test_what_comes_between_is_neither_lost_nor_twice(client: TestClient, store: MemoryStore) -> None:
    first = ask(client, "size=10").json["data"]
    late = Documents(ContainerContext(FULL_ID, "first")).add(NOON + 5, "line 100", "stderr").add(NOON + 15, "line 101")
    store.write(late.batch)
    rest = numbers(client, f"cursor={first['cursor']}")
    assert sorted(rest) == [*range(10, 30), 101]


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("log_type=err", "log_type: 'err' must be of critical"),
        ("log_type=>=all", "log_type"),
        ("log_type>=all", "log_type"),
        ("size>=3", "size"),
        ("log_type>=error&log_type=info", "log_type"),
        ("log_type=error'%20OR%201=1", "log_type"),
        ("stream=stdin", "stream: 'stdin' must be of stdout, stderr, wholelog"),
        ("q=***", "q: '***' holds no letter"),
        ("q=%22open", "double quote"),
        ("q=" + "a" * 501, "q: has 501 characters"),
        ("q=" + "a+" * 31, "q: has 31 words"),
        ("order=up", "order: 'up' must be asc or desc"),
        ("tail=0", "tail: '0'"),
        ("tail=-1", "tail"),
        ("tail=100001", "tail"),
        ("tail=5&size=5", "tail: not together with size"),
        ("tail=5&order=desc", "tail: not together with order"),
        ("cursor=x", "cursor: 'x' must be the `cursor` of an answer"),
        ("cursor=" + cursor_text(FULL_ID, (1, "stdout", 0, "x"), True), "other `order`"),
        ("cursor=" + cursor_text("c" * 64, (1, "stdout", 0, "x"), False), "another container"),
        ("format=xml", "format: 'xml' must be json or ndjson or text or csv"),
        ("format=sse", "format"),
        ("stream=stdout&order=asc&order=desc", "order: given 2 times"),
    ],
)
def test_bad_parameters(client: TestClient, query: str, what: str) -> None:
    result = ask(client, query)
    assert result.status_code == 400 and what in result.json["message"]


def test_all_problems_are_told_at_once(client: TestClient) -> None:
    message = ask(client, "log_type=x&stream=y&q=*&order=z&tail=a&format=b").json["message"]
    assert all(name in message for name in ("log_type", "stream", "q:", "order", "tail", "format"))


def test_ndjson(client: TestClient) -> None:
    for result in (ask(client, "format=ndjson&size=9"), ask(client, "size=9", Accept="application/x-ndjson")):
        assert result.headers["content-type"] == "application/x-ndjson"
        *lines, last = [json.loads(line) for line in result.text.splitlines()]
        assert [line["log_message"] for line in lines] == [f"line {number}" for number in range(9)]
        assert last["end"]["count"] == 9 and last["end"]["seal"]["state"] == "open" and last["end"]["cursor"]


def test_text(client: TestClient, store: MemoryStore) -> None:
    odd = "\x1b[31mred\x1b[0m\ttab\n# end of nothing"
    store.write(Documents(ContainerContext(FULL_ID)).add(NOON + 500, odd).batch)
    result = ask(client, "format=text")
    assert result.headers["content-type"].startswith("text/plain")
    mark = result.headers["wholelog-end"]
    body, _, end = result.text.rpartition(mark)
    assert body.startswith("2026-11-24T12:00:00.000000000Z info line 0\n2026-11-24T12:00:00.000000001Z error line 1\n")
    assert body.endswith(f" info {odd}\n") and json.loads(end)["count"] == 31
    assert mark not in body and ask(client, "format=text").headers["wholelog-end"] != mark


def test_csv(client: TestClient, store: MemoryStore) -> None:
    evil = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", 'a "quoted", cell\nof two lines', "\uff1d1"]
    documents = Documents(ContainerContext(FULL_ID))
    store.write(documents.add_all(evil, start=NOON + 500, step=1).batch)
    result = ask(client, "format=csv", Accept="text/plain")
    assert result.headers["content-type"].startswith("text/csv")
    header, *rows, end = list(csv.reader(io.StringIO(result.content.decode(), newline="")))
    assert header == ["log_time", "log_type", "stream", "log_message", "lines", "id"]
    assert [row[3] for row in rows[30:]] == ["'" + text if text != evil[6] else text for text in evil]
    assert end[0] == result.headers["wholelog-end"] == "#end" and json.loads(end[3])["count"] == 38


@given(st.text())
def test_no_cell_begins_a_formula(text: str) -> None:
    cell = harmless(text)
    assert cell in (text, "'" + text) and not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize("form", ["json", "ndjson", "text", "csv"])
def test_gzip(client: TestClient, form: str) -> None:
    plain = ask(client, f"format={form}&log_type=error")
    packed = ask(client, f"format={form}&log_type=error", **{"Accept-Encoding": "br, gzip;q=0.5"})
    assert "content-encoding" not in plain.headers and packed.headers["content-encoding"] == "gzip"
    for long in (ask(client, f"format={form}", **{"Accept-Encoding": "gzip"}), packed):
        assert b"line 1" in gzip.decompress(long.content)
        with pytest.raises(EOFError):
            gzip.decompress(long.content[:-1])
    refused = ask(client, "size=x", **{"Accept-Encoding": "gzip"})
    assert refused.status_code == 400 and refused.json["status"] == 400


@pytest.mark.parametrize(
    ("header", "accepted"),
    [(None, False), ("", False), ("gzip", True), ("GZIP ; q=1", True), ("gzip;q=0", False), ("*", True), ("br", False),
     ("*;q=0", False), ("gzip;q=0, *", False), ("gzip;q=x", False), ("identity, x-gzip", True)],
)  # fmt: skip
def test_accept_encoding(header: str | None, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("*/*", "application/json"), ("text/csv", "text/csv"), ("text/html", "application/json"), ("nonsense", "application/json"),
     ("text/plain;q=0.5, application/x-ndjson", "application/x-ndjson"), ("application/jsonl", "application/x-ndjson")],
)  # fmt: skip
def test_accept(client: TestClient, accept: str, kind: str) -> None:
    result = ask(client, "size=1", Accept=accept)
    assert result.status_code == 200 and result.headers["content-type"].startswith(kind)


@example("\x1bA")
@example("a \x1b[36mb")
@given(st.text(max_size=60))
def test_any_text_is_a_query_or_a_clear_error(text: str) -> None:
    try:
        query = parse_text_query(text)
    except TextQueryError as error:
        assert 5 < len(str(error)) < 200
        return
    assert query.words and query.matches(text.replace('"', " "))


@given(st.text(max_size=MOST_CHARACTERS))
def test_any_text_is_a_cursor_or_a_clear_error(text: str) -> None:
    with pytest.raises(ValueError, match="must be the `cursor`"):
        parse_cursor(text)


@given(st.integers(-(2**63), 2**63 - 1), st.text(max_size=20), st.integers(-(2**63), 2**63 - 1), st.booleans())
def test_a_cursor_is_read_as_it_was_made(time: int, text: str, ordinal: int, descending: bool) -> None:
    cursor = parse_cursor(cursor_text(FULL_ID, (time, text, ordinal, text), descending))
    assert cursor.place == (time, text, ordinal, text) and cursor.descending is descending and cursor.fits(FULL_ID)


def test_a_cursor_that_is_no_cursor() -> None:
    wrong: list[Any] = [
        ["x", 0, 2**63, "s", 0, "i"],
        ["x", 2, 1, "s", 0, "i"],
        ["x", 0, 1.5, "s", 0, "i"],
        ["x", True, 1, "s", 0, "i"],
        {},
    ]
    for one in wrong:
        with pytest.raises(ValueError, match="must be"):
            parse_cursor(_packed(one))


def _packed(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
