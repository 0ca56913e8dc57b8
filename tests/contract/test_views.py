"""What every backend must give to views of a log: one message by its id, counts by time, regular expressions."""

from collections import Counter
from typing import Any

import pytest
from falcon.testing import TestClient
from prometheus_client import CollectorRegistry

from log_store.errors import StoreUnavailable
from log_store.fields import OTHER_DAY
from log_store.query import LogQuery
from log_store.text_query import TextQuery, TextQueryError, parse_regex, parse_text_query
from runtime_api.app import create_app
from runtime_api.config import ApiSettings
from runtime_api.counters import Counters
from tests.contract.stores import Store, write
from tests.documents import MIDNIGHT, NOON, SECOND, Documents, container, messages_of
from tests.fake_containers import FakeContainers

A, B = container("a"), container("b")
MINUTE = 60 * SECOND


def test_a_message_by_its_id(store: Store) -> None:
    documents = (
        Documents()
        .add(NOON, "one")
        .add(NOON + 1, "two", "stderr")
        .add(MIDNIGHT + 5, "three")
        .add(7, "old", day=OTHER_DAY)
    )
    documents.batch.id[1] = "an id of another kind"
    write(store, documents.batch, Documents(B).add(NOON, "of another").batch)
    reader = store.reader()
    for row, text in enumerate(("one", "two", "three", "old")):
        found = reader.find(A.container_id, documents.batch.id[row])
        assert found is not None and found.line["log_message"] == text
        assert found.place == (
            documents.batch.order_time[row],
            documents.batch.stream[row],
            documents.batch.ordinal[row],
            found.line["id"],
        )
    for name in (Documents(B).add(NOON, "of another").batch.id[0], "nothing", "", "\ud800", "a" * 600):
        assert reader.find(A.container_id, name) is None
    assert reader.find("\ud800", documents.batch.id[0]) is None


def test_counts_by_time(store: Store) -> None:
    reader = store.reader()
    assert reader.count_by_time(LogQuery(A.container_id), MINUTE, 30) == {}
    documents = Documents()
    for number in range(300):
        moment = NOON + number * 7 * SECOND + number
        log_type = ("info", "error", "debug")[number % 3]
        documents.add(moment, f"line {number}", "stderr" if number % 2 else "stdout", log_type=log_type)
    documents.add(MIDNIGHT - 1, "last of the day").add(MIDNIGHT, "first of the next", log_type="critical")
    write(store, documents.batch, Documents(B).add(NOON, "of another").batch)
    rows = list(
        zip(
            documents.batch.log_time,
            documents.batch.log_type,
            documents.batch.stream,
            documents.batch.message,
            strict=True,
        )
    )
    for width in (MINUTE, SECOND, 10**6, 3600 * SECOND, 86400 * SECOND, 7000 * 10**6):
        for query in (
            LogQuery(A.container_id),
            LogQuery(A.container_id, NOON + 7 * SECOND + 1, NOON + 1000 * SECOND, size=3, descending=True),
            LogQuery(A.container_id, log_types=("error", "critical"), streams=("stdout",)),
            LogQuery(A.container_id, text=parse_text_query("line 7")),
        ):
            expected = Counter(
                (moment - moment % width, log_type)
                for moment, log_type, stream, text in rows
                if (query.start or 0) <= moment <= (query.end or 2**63)
                and (not query.log_types or log_type in query.log_types)
                and (not query.streams or stream in query.streams)
                and (query.text is None or query.text.matches(text))
            )
            counts = reader.count_by_time(query, width, 30)
            assert Counter({(span, name): n for span, types in counts.items() for name, n in types.items()}) == expected
    assert reader.count_by_time(LogQuery(A.container_id, NOON + 5, NOON + 4), MINUTE, 30) == {}
    assert reader.count_by_time(LogQuery("\ud800"), MINUTE, 30) == {}


def test_a_count_with_words_ends_in_time(store: Store) -> None:
    write(store, Documents().add_all([f"line {number}" for number in range(100)]).batch)
    with pytest.raises(StoreUnavailable, match="shorter range"):
        store.reader().count_by_time(LogQuery(A.container_id, text=parse_text_query("line")), MINUTE, -1)


def test_a_store_that_is_away(store: Store) -> None:
    reader = store.away_reader()
    with pytest.raises(StoreUnavailable, match="/"):
        reader.find(A.container_id, "any")
    with pytest.raises(StoreUnavailable, match="/"):
        reader.count_by_time(LogQuery(A.container_id), MINUTE, 30)
    reader.close()


def test_regular_expressions(store: Store) -> None:
    texts = ["took=12 ms", "took=1234 ms", "TOOK=99999 ms", "Error\n  at a.b\ntook=5555 ms", "grün 日志", "ab"]
    write(store, Documents().add_all(texts).batch)
    reader = store.reader()

    def found(regex: str, words: str = "", **more: object) -> list[str]:
        parts = parse_text_query(words).parts if words else ()
        query = LogQuery(A.container_id, text=TextQuery(parts, parse_regex(regex)), **more)  # type: ignore[arg-type]
        return messages_of(reader, query)

    assert found(r"took=\d{4,} ms") == [texts[1], texts[3]]
    assert found(r"(?i)took=\d{4,} ms") == texts[1:4]
    assert found(r"(?i)took=\d{4,} ms", "error") == [texts[3]]
    assert found(r"^took") == texts[:2] and found(r"(?m)^took") == [texts[0], texts[1], texts[3]]
    assert found(r"Error.*took") == [] and found(r"(?s)Error.*took") == [texts[3]]
    assert found("ü.*志$") == [texts[4]] and found(r"(a|ab)(c|bcd)?$", size=1, newest=True) == [texts[5]]


@pytest.mark.parametrize("regex", ["(", "a{2,1}", r"(?=a)", r"(a)\1", "a" * 501, "((((a{9}){9}){9}){9}){9}{9}{9}{9}"])
def test_no_regular_expression(regex: str) -> None:
    with pytest.raises(TextQueryError):
        parse_regex(regex)


def asked(client: TestClient, path: str, **params: Any) -> dict[str, Any]:
    answer = client.simulate_get(path, params=params, params_csv=False)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json["data"]
    return data


def test_patterns_and_what_is_new_since_the_last_good_run(store: Store) -> None:
    """As the API answers them, from the lines that the backend gives."""
    good = [f"GET /things/{n * 7} took {n}ms" for n in range(40)] + ["cache is cold"]
    bad = [f"GET /things/{n * 3} took {n}ms" for n in range(60)] + [
        f"disk {n} of host 10.0.0.{n} is full" for n in range(9)
    ]
    write(store, Documents(B).add_all(good).batch, Documents(A).add_all(bad, NOON + 500).batch)
    containers = FakeContainers()
    containers.known = {A.container_id: "one", B.container_id: "other"}
    containers.good = {A.container_id: B.container_id}
    app = create_app(
        containers,
        store.reader(),
        Counters(CollectorRegistry()),
        lambda: NOON + 9000 * SECOND,
        ApiSettings(),
        store.problems(),
    )
    client = TestClient(app)
    found = asked(client, "/logs/patterns", container_id="one")
    assert [(one["pattern"], one["count"]) for one in found["patterns"]] == [
        ("GET /things/<*> took <*>", 60), ("disk <*> of host <*> is full", 9),
    ]  # fmt: skip
    assert found["looked_at"] == 69 and found["all"] is True
    both = asked(client, "/logs/patterns", container_id=["one", "other"])
    assert [one["count"] for one in both["patterns"]] == [100, 9, 1] and both["looked_at"] == 110
    assert both["patterns"][2]["sample"]["container_id"] == B.container_id
    for against in ({}, {"against": "other"}):
        diff = asked(client, "/logs/diff", container_id="one", **against)
        assert diff["against"] == B.container_id and (diff["looked_at"], diff["looked_at_against"]) == (69, 41)
        assert [one["pattern"] for one in diff["new"]] == ["disk <*> of host <*> is full"]
        assert [one["pattern"] for one in diff["gone"]] == ["cache is cold"]
    counts = asked(client, "/logs/histogram", container_id=["one", "other"], interval="1s")
    assert counts["count"] == 110 and [one["container_id"] for one in counts["seals"]] == [
        A.container_id,
        B.container_id,
    ]
    assert asked(client, "/logs/histogram", type="bash_cell", interval="1s")["buckets"] == counts["buckets"]
    together = asked(client, "/logs", uid="uid-1", size=100)
    assert [line["container_name"] for line in together["logs"]][:3] == ["name-b", "name-a", "name-b"]
    rest = asked(client, "/logs", uid="uid-1", cursor=together["cursor"])
    lines = [*together["logs"], *rest["logs"]]
    assert [line["log_time"] for line in lines] == sorted(line["log_time"] for line in lines) and len(lines) == 110
