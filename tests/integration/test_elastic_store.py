"""What only the Elasticsearch backend has, on real nodes: the mapping, the limits of a node, its absence."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from log_store.elastic.index import TEMPLATE_VERSION
from log_store.errors import StoreMisconfigured, StoreUnavailable
from log_store.open import open_reader, open_writer
from log_store.options import StoreOptions
from log_store.query import LogQuery
from log_store.seal import Seal
from tests.documents import MIDNIGHT, NOON, Documents, container, messages_of
from tests.services.elasticsearch import call, data_folder, free_port, own_prefix, running_node
from tests.services.elasticsearch_node import Node, available_versions
from tests.services.kept import prepared_home

A = container("a").container_id
DAY = "2026.11.24"


@pytest.fixture
def prefix(elasticsearch_url: str) -> Iterator[str]:
    with own_prefix(elasticsearch_url) as made:
        yield made


@pytest.fixture(scope="module")
def small_node() -> Iterator[str]:
    """A node that may be told things which would disturb others, with a heap that 8 MiB in one document are too much for."""
    with running_node(available_versions()[0], "256m") as node:
        yield node.url


def write(url: str, prefix: str, documents: Documents) -> None:
    writer = open_writer(url, StoreOptions(index_prefix=prefix))
    assert writer.write(documents.batch).rejections == []
    writer.refresh()
    writer.close()


def test_fields_are_found_by_name_and_value_and_never_grow_the_mapping(elasticsearch_url: str, prefix: str) -> None:
    documents = Documents()
    for number in range(1600):
        keys = {f"key{number}.{place}": place for place in range(63)}
        documents.add(NOON + number, "x", fields={**keys, "http.request.method": "GET" if number % 2 else ["PUT", 1]})
    write(elasticsearch_url, prefix, documents)
    index = f"{prefix}-logs-{DAY}"
    for query, count in (
        ({"term": {"fields.http.request.method": "PUT"}}, 800),
        ({"term": {"fields.key7.3": "3"}}, 1),
        ({"exists": {"field": "fields.key1599.62"}}, 1),
        ({"term": {"fields": "62"}}, 1600),
    ):
        found = call(elasticsearch_url, "POST", f"/{index}/_count", {"query": query})
        assert found["count"] == count, query
    mapping = call(elasticsearch_url, "GET", f"/{index}/_mapping")[index]["mappings"]["properties"]
    assert mapping["fields"] == {"type": "flattened", "ignore_above": 1024} and len(mapping) < 25


def test_the_index_is_as_specified(elasticsearch_url: str, prefix: str) -> None:
    write(elasticsearch_url, prefix, Documents().add(NOON, "text"))
    index = f"{prefix}-logs-{DAY}"
    fields = call(elasticsearch_url, "GET", f"/{index}/_field_caps?fields=*&filters=-metadata")["fields"]
    kinds = {name: next(iter(kind)) for name, kind in fields.items()}
    keywords = (
        "log_type",
        "log_type_by",
        "container_id",
        "container_name",
        "task_id",
        "type",
        "uid",
        "stream",
        "shipper",
        "container.id",  # aliases, by the names of ECS
        "container.name",
        "log.level",
    )
    assert {name: kind for name, kind in kinds.items() if kind == "keyword"} == dict.fromkeys(keywords, "keyword")
    assert (kinds["log_time"], kinds["@timestamp"], kinds["log_message"]) == ("date_nanos", "date", "text")
    assert (kinds["order_time"], kinds["ordinal"], kinds["seq"], kinds["lines"]) == ("long",) * 4
    settings = call(elasticsearch_url, "GET", f"/{index}/_settings")[index]["settings"]["index"]
    assert settings["sort"]["field"] == ["container_id", "order_time", "stream", "ordinal"]
    assert (settings["codec"], settings["refresh_interval"]) == ("best_compression", "1s")


def test_messages_are_found_by_word_and_phrase_whatever_their_length(elasticsearch_url: str, prefix: str) -> None:
    long = "x" * 40_000 + " needle in " + "hay " * 20_000
    write(elasticsearch_url, prefix, Documents().add(NOON, "connection refused").add(NOON + 1, long))

    def found(query: Any) -> int:
        return int(call(elasticsearch_url, "POST", f"/{prefix}-logs-*/_count", {"query": query})["count"])

    assert found({"match_phrase": {"log_message": "connection refused"}}) == 1
    assert found({"match_phrase": {"log_message": "refused connection"}}) == 0
    assert found({"match": {"log_message": "needle"}}) == 1
    assert found({"range": {"@timestamp": {"gte": "2026-11-24T12:00:00Z", "lte": "2026-11-24T12:00:00.001Z"}}}) == 2


def test_members_that_a_newer_version_writes_are_taken(elasticsearch_url: str, prefix: str) -> None:
    write(elasticsearch_url, prefix, Documents().add(NOON, "text"))
    answer = call(elasticsearch_url, "POST", f"/{prefix}-logs-{DAY}/_doc/x", {"newer": {"member": "1"}})
    assert answer["result"] == "created"


def test_an_older_template_is_replaced_and_a_newer_one_is_left_alone(elasticsearch_url: str, prefix: str) -> None:
    path = f"/_index_template/{prefix}-logs"
    write(elasticsearch_url, prefix, Documents().add(NOON, "text"))
    for version, kept in ((TEMPLATE_VERSION - 1, False), (TEMPLATE_VERSION + 1, True)):
        other = {"index_patterns": [f"{prefix}-logs-*"], "version": version, "priority": 777}
        call(elasticsearch_url, "PUT", path, other)
        write(elasticsearch_url, prefix, Documents().add(NOON + version, "text"))
        now = call(elasticsearch_url, "GET", path)["index_templates"][0]["index_template"]
        assert (now["priority"] == 777) is kept


def test_an_index_made_without_the_template_is_named_by_check(elasticsearch_url: str, prefix: str) -> None:
    call(elasticsearch_url, "PUT", f"/{prefix}-logs-{DAY}/_doc/1", {"container_id": A, "order_time": 1})
    with pytest.raises(StoreMisconfigured, match=f"container_id is text, not keyword, in {prefix}-logs-{DAY}"):
        open_reader(elasticsearch_url, StoreOptions(index_prefix=prefix)).check()


def test_the_same_batch_from_many_threads_is_stored_once(elasticsearch_url: str, prefix: str) -> None:
    writer = open_writer(elasticsearch_url, StoreOptions(index_prefix=prefix))
    batch = Documents().add_all(f"{n}" for n in range(500)).batch
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(writer.write, [batch] * 8))
    assert sum(result.stored for result in results) == 500
    assert sum(result.present for result in results) == 3500
    writer.refresh()
    assert open_reader(elasticsearch_url, StoreOptions(index_prefix=prefix)).count_lines(A) == 500


def test_pages_are_bounded_by_bytes_and_keep_the_order(elasticsearch_url: str, prefix: str) -> None:
    """Light, middling and huge messages in turn, over midnight; the sum is several times what a page may have."""
    documents = Documents()
    sizes = [10, 5_000, 100_000, 10, 10, 2_000_000] * 30
    for number, size in enumerate(sizes):
        documents.add(MIDNIGHT - 90 + number, f"{number} " + "x" * size)
    write(elasticsearch_url, prefix, documents)
    reader = open_reader(elasticsearch_url, StoreOptions(index_prefix=prefix))
    pages = list(reader.read(LogQuery(A)))
    numbers = [int(line["log_message"].split()[0]) for page in pages for line in page]
    assert numbers == list(range(len(sizes)))
    assert all(sum(len(line["log_message"]) for line in page) < 25_000_000 for page in pages)
    for size in (1, 7, 179, 181):
        found = messages_of(reader, LogQuery(A, size=size, newest=True))
        assert [int(message.split()[0]) for message in found] == numbers[-size:]
        assert len(messages_of(reader, LogQuery(A, size=size))) == min(size, 180)


def test_a_day_that_is_removed_while_it_is_read_breaks_off(elasticsearch_url: str, prefix: str) -> None:
    write(elasticsearch_url, prefix, Documents().add_all(f"{n}" for n in range(16_000)))
    pages = open_reader(elasticsearch_url, StoreOptions(index_prefix=prefix)).read(LogQuery(A))
    assert 0 < len(next(pages)) <= 5_000
    call(elasticsearch_url, "DELETE", f"/{prefix}-logs-{DAY}")
    with pytest.raises(StoreUnavailable, match="gone"):
        list(pages)  # one more may have been on its way


def test_a_blocked_index_is_for_later(elasticsearch_url: str, prefix: str) -> None:
    write(elasticsearch_url, prefix, Documents().add(NOON, "text"))
    path = f"/{prefix}-logs-{DAY}/_settings"
    writer = open_writer(elasticsearch_url, StoreOptions(index_prefix=prefix))
    for block in ("index.blocks.write", "index.blocks.read_only_allow_delete"):
        call(elasticsearch_url, "PUT", path, {block: True})
        result = writer.write(Documents().add(NOON + 1, block).batch)
        assert [(r.retry, "blocked" in r.reason) for r in result.rejections] == [(True, True)]
        call(elasticsearch_url, "PUT", path, {block: None})
        assert writer.write(Documents().add(NOON + 1, block).batch).stored == 1


def test_a_message_that_this_node_can_never_take_is_refused_alone(small_node: str) -> None:
    writer = open_writer(small_node)
    batch = Documents().add(NOON, "before").add(NOON + 1, "x" * (8 << 20)).add(NOON + 2, "after").batch
    result = writer.write(batch)
    assert [(r.row, r.retry) for r in result.rejections] == [(1, False)]
    assert result.stored == 2 and "operation_bytes" in result.rejections[0].reason


def test_a_server_that_makes_no_index_is_misconfigured_not_the_documents(small_node: str) -> None:
    settings: list[dict[str, Any]] = [{"action.auto_create_index": "false"}, {"cluster.max_shards_per_node": 1}]
    writer = open_writer(small_node, StoreOptions(index_prefix="new"))
    reader = open_reader(small_node, StoreOptions(index_prefix="new"))
    for setting, text in zip(settings, ("auto_create_index", "maximum normal shards"), strict=True):
        call(small_node, "PUT", "/_cluster/settings", {"persistent": setting})
        try:
            with pytest.raises(StoreMisconfigured, match=text):
                writer.write(Documents().add(NOON, "text").batch)
            with pytest.raises(StoreMisconfigured, match=text):
                writer.write_seals([Seal(A, 1)])
        finally:
            call(small_node, "PUT", "/_cluster/settings", {"persistent": dict.fromkeys(setting)})
    assert messages_of(reader, LogQuery(A)) == []
    assert writer.write(Documents().add(NOON, "text").batch).stored == 1


def test_a_node_that_crashes_and_comes_back_has_everything_once() -> None:
    version = available_versions()[0]
    port = free_port()
    with data_folder() as folder:

        def start() -> Node:
            return Node(prepared_home(version), port, Path(folder)).wait()

        node = start()
        try:
            writer, reader = open_writer(node.url), open_reader(node.url)
            first = Documents().add_all(f"{n}" for n in range(6_000)).batch
            assert writer.write(first).stored == 6_000
            writer.refresh()
            pages = reader.read(LogQuery(A))
            next(pages)
            node.kill()
            for attempt in (
                lambda: next(pages),
                lambda: writer.write(first),
                lambda: reader.count_lines(A),
                reader.check,
            ):
                with pytest.raises(StoreUnavailable, match=f"127.0.0.1:{port}"):
                    attempt()
            node = start()
            second = Documents().add_all((f"{n}" for n in range(6_000, 7_000)), start=NOON + 6_000_000).batch
            first.extend(second)
            result = writer.write(first)
            assert (result.stored, result.present) == (1_000, 6_000)
            writer.refresh()
            assert messages_of(reader, LogQuery(A)) == [f"{n}" for n in range(7_000)]
        finally:
            node.stop()
