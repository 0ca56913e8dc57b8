"""Lines cut out of an answer's bytes are those that a JSON library would make of it, whatever the documents hold."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from log_store.document import ContainerContext
from log_store.elastic.client import ElasticClient
from log_store.elastic.document_rows import encode
from log_store.elastic.raw import RawPage, cut, in_order, rows_of, time_of
from log_store.errors import StoreDamaged, StoreUnavailable
from log_store.options import StoreOptions
from tests.documents import NOON, Documents

CLIENT = ElasticClient("http://127.0.0.1:9", StoreOptions(), 1)
HOSTILE = (
    'a,"log_message":"b"},"sort":[1,"x",0,1]},{"_index":"y","_id":"z"', '"', "\\", '\\"', '},"sort":[', "]}}", '"hits":[',
    ',"stream":"stderr"', '\\\\","lines":9,', "日志\u2028", "\0",
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.lists(st.sampled_from(HOSTILE)).map("".join),
)
FIELDS = st.none() | st.dictionaries(
    st.sampled_from(["a", "_index", "sort", "stream", "log_message", '"x'] + list(HOSTILE)), TEXTS
)


def answer(documents: Documents, **more: Any) -> bytes:
    """As a server gives it."""
    hits = []
    for row, both in enumerate(encode(documents.batch)[0]):
        action, source, _ = both.split(b"\n")
        batch = documents.batch
        sort = [batch.order_time[row], batch.stream[row], batch.ordinal[row], row]
        head = {"_index": f"wholelog-logs-{batch.day[row]}", "_id": json.loads(action)["index"]["_id"], "_score": None}
        hits.append(b'%b,"_source":%b,"sort":%b}' % (orjson.dumps(head)[:-1], source, orjson.dumps(sort)))
    told = {"pit_id": "p1", "took": 3, "timed_out": False, "_shards": {"total": 1, "failed": 0}, **more}
    return orjson.dumps(told)[:-1] + b',"hits":{"max_score":null,"hits":[' + b",".join(hits) + b"]}}"


def expected(documents: Documents) -> list[dict[str, Any]]:
    batch = documents.batch
    found = []
    for row, both in enumerate(encode(batch)[0]):
        source = json.loads(both.split(b"\n")[1])
        names = ("log_time", "log_type", "log_message", "log_type_by", "stream", "lines", "raw", "fields")
        found.append({"id": batch.id[row], **{name: source[name] for name in names if name in source}})
    return found


@given(
    st.lists(st.tuples(TEXTS, st.sampled_from(["stdout", "stderr"]), FIELDS, st.none() | st.binary(max_size=5)), max_size=6),
    TEXTS, TEXTS,
)  # fmt: skip
def test_lines_are_what_was_written(rows: list[tuple[str, str, Any, bytes | None]], name: str, uid: str) -> None:
    documents = Documents(ContainerContext("ab" * 32, name, 't"1', "bash_cell", uid), shipper=name or "s")
    for number, (text, stream, fields, raw) in enumerate(rows):
        documents.add(NOON + number, text, stream, fields=fields, raw=raw, lines=number + 1, log_type="error")
    found, pit = rows_of(CLIENT, answer(documents))
    page = RawPage(found)
    assert list(page) == expected(documents) and pit == "p1"
    assert [json.loads(one) for one in page.json()] == list(page) and page.count_lines() == sum(range(1, len(rows) + 1))
    batch = documents.batch
    assert [page.place(row) for row in range(len(page))] == [
        (batch.order_time[row], batch.stream[row], batch.ordinal[row], batch.id[row]) for row in range(len(batch))
    ]


def test_what_our_writer_makes_is_cut_and_not_read_as_json() -> None:
    documents = (
        Documents().add_all(HOSTILE).add(NOON + 10**6, "raw", raw=b"\xff").add(NOON + 10**7, "f", fields={"a": [1]})
    )
    body = answer(documents)
    parts = body[:-3].split(b'{"_index":"')[1:]
    assert cut(parts) == rows_of(CLIENT, body)[0] and len(parts) == len(HOSTILE) + 2
    assert cut([]) == []
    for number in (0, len(parts) - 1):
        for wrong in (parts[number][:-2], parts[number] + b"x", parts[number].replace(b'"shipper"', b'"other"')):
            with pytest.raises(ValueError):
                cut([*parts[:number], wrong, *parts[number + 1 :]])


def test_a_page_can_be_cut_and_chosen_from() -> None:
    documents = Documents().add_all("abcdef")
    page = RawPage(rows_of(CLIENT, answer(documents))[0])
    assert [line["log_message"] for line in page.piece(1, 3)] == ["b", "c"]
    assert [line["log_message"] for line in page.select([4, 0])] == ["e", "a"] and page.select([4]).place(
        0
    ) == page.place(4)
    assert page.first(2).json() == page.json()[:2] and page.first(9) is page and page[-1]["log_message"] == "f"


def test_what_looks_otherwise_is_read_as_json() -> None:
    """Members in another order, as a script or another program leaves them, or an answer with spaces."""
    documents = (
        Documents().add_all(["one", "two"]).add(NOON + 10**6, "three", raw=b"\xff").add(NOON + 10**7, "x" * 5000)
    )
    assert list(RawPage(rows_of(CLIENT, answer(documents))[0])) == expected(documents), (
        "one of them says how heavy it is"
    )
    told = json.loads(answer(documents))
    for hit in told["hits"]["hits"]:
        hit["_source"] = dict(sorted(hit["_source"].items()))
    for body in (orjson.dumps(told), json.dumps(told).encode()):
        assert list(RawPage(rows_of(CLIENT, body)[0])) == expected(documents)


def test_an_answer_that_is_not_whole_raises() -> None:
    good = answer(Documents().add_all(["one", "two"]))
    for body in (b"", b"{", good[:-1], good[:-400], b'{"took": 1}', good.replace(b'"log_type":"info",', b"")):
        with pytest.raises(StoreDamaged):
            rows_of(CLIENT, body)
    for more in ({"timed_out": True}, {"_shards": {"failed": 1}}):
        with pytest.raises(StoreUnavailable):
            rows_of(CLIENT, answer(Documents().add_all("ab"), **more))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), max_size=12), st.integers(1, 5), st.booleans())
def test_ties_are_in_the_order_of_ids_across_pages(rows: list[tuple[int, int]], size: int, reverse: bool) -> None:
    documents = Documents()
    for number, (time, ordinal) in enumerate(sorted(rows)):
        documents.add(NOON + time, f"{number}", place=(NOON + time, ordinal))
    found = rows_of(CLIENT, answer(documents))[0]
    if reverse:
        found.reverse()
    pages = [(found[at : at + size], at + size >= len(found)) for at in range(0, len(found), size)]
    given_out = [row for page in in_order(iter(pages), reverse=reverse) for row in page]
    page = RawPage(given_out)
    places = [page.place(row) for row in range(len(page))]
    assert places == sorted(places, reverse=reverse) and len(places) == len(rows)
    assert [int(time_of(row)) for row in given_out] == [place[0] for place in places]
