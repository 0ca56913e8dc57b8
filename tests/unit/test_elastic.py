"""The Elasticsearch backend without a server: bodies, names, bad settings."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from log_store.document import ContainerContext
from log_store.elastic.bulk import too_large_for_ever
from log_store.elastic.document_rows import LIGHT, encode
from log_store.errors import StoreMisconfigured
from log_store.open import open_reader, open_writer
from log_store.options import StoreOptions
from log_store.rfc3339 import format_ns
from tests.documents import NOON, Documents

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(st.integers(0, 2**63 - 1), TEXTS, TEXTS, st.integers(0, 2**60)), min_size=1, max_size=5))
def test_bodies_are_what_a_json_library_would_write(rows: list[tuple[int, str, str, int]]) -> None:
    documents = Documents(ContainerContext('id "\\\n', "näme", "task", "bash_cell", "u"))
    for time, text, stream, version in rows:
        documents.add(time, text, f"std{stream}x", version=version, place=(time, 3))
    made, unfit = encode(documents.batch)
    assert not unfit
    for row, (both, (time, text, stream, version)) in enumerate(zip(made, rows, strict=True)):
        action, document, rest = both.split(b"\n")
        assert rest == b""
        name = documents.batch.id[row]
        assert json.loads(action) == {"index": {"_id": name, "version": version, "version_type": "external"}}
        assert json.loads(document) == {
            "container_id": 'id "\\\n',
            "container_name": "näme",
            "task_id": "task",
            "type": "bash_cell",
            "uid": "u",
            "stream": f"std{stream}x",
            "log_type": "info",
            "log_type_by": "default",
            "shipper": "shipper-1",
            "log_time": format_ns(time),
            "@timestamp": format_ns(time),
            "order_time": time,
            "ordinal": 3,
            "seq": documents.batch.seq[row],
            "lines": 1,
            "last_time": format_ns(documents.batch.last_time[row]),
            "log_message": text,
        }


def test_heavy_documents_say_how_heavy_and_raw_bytes_go_as_base64() -> None:
    batch = Documents().add(NOON, "x" * LIGHT, raw=b"\xff\xfe").add(NOON + 1, "light", raw=b"\xfd").batch
    heavy, light = (json.loads(both.split(b"\n")[1]) for both in encode(batch)[0])
    assert (heavy["raw"], light["raw"]) == ("//4=", "/Q==")
    assert heavy["bytes"] > LIGHT and "bytes" not in light


def test_a_row_that_json_or_a_date_cannot_hold_is_named_and_leaves_the_others_alone() -> None:
    batch = Documents().add(NOON, "good").add(NOON, "bad \ud800").add(NOON + 1, "good too").batch
    batch.log_time[2] = 10**21
    documents, unfit = encode(batch)
    assert [bool(document) for document in documents] == [True, False, False]
    assert "surrogates" in unfit[1] and "9999" in unfit[2]


@pytest.mark.parametrize(
    ("reason", "size", "verdict"),
    [
        ("operation [coordinating_operation_bytes=60, max_coordinating_bytes=53]", 60, True),
        ("operation [all_bytes=50, coordinating_operation_bytes=50, max_coordinating_bytes=53]", 50, False),
        ("operation [primary_operation_bytes=48, max_primary_bytes=53]", 12, True),
        ("operation [primary_operation_bytes=40, max_coordinating_and_primary_bytes=53]", 10, False),
        ("queue is full", 10, None),
    ],
)
def test_numbers_of_a_refusal(reason: str, size: int, verdict: bool | None) -> None:
    assert too_large_for_ever(reason, size) is verdict


@pytest.mark.parametrize(
    ("url", "options", "named"),
    [
        ("http://me:pw@127.0.0.1:9200", StoreOptions(), "no user or password in the URL"),
        ("http://127.0.0.1:9200/?a=b", StoreOptions(), "must end after"),
        ("http://127.0.0.1:9200", StoreOptions(index_prefix="Upper"), "index_prefix 'Upper'"),
        ("http://127.0.0.1:9200", StoreOptions(index_prefix="a*"), "index_prefix 'a\\*'"),
        ("http://127.0.0.1:9200", StoreOptions(user="me"), "one is set without the other"),
        ("http://127.0.0.1:9200", StoreOptions(password="pw"), "one is set without the other"),
        ("http://127.0.0.1:9200", StoreOptions(user="me", password="pw", api_key="k"), "not together"),
        ("http://127.0.0.1:9200", StoreOptions(fingerprint="0" * 64), "only for https"),
        ("https://127.0.0.1:9200", StoreOptions(fingerprint="xyz"), "64 hexadecimal"),
        ("https://127.0.0.1:9200", StoreOptions(ca="/nowhere.pem"), "no such file"),
        ("https://127.0.0.1:9200", StoreOptions(ca=str(Path(__file__))), "cannot be read as PEM"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name_before_any_connection(
    url: str, options: StoreOptions, named: str
) -> None:
    for open_one in (open_writer, open_reader):
        with pytest.raises(StoreMisconfigured, match=named) as raised:
            open_one(url, options)
        assert "pw" not in str(raised.value).replace("_password", "")
