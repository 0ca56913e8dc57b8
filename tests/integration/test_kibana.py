"""What Kibana's data view, Discover and Lens send to Elasticsearch works on our indices, on each version there is."""

from collections.abc import Iterator
from typing import Any

import pytest

from log_store.open import open_writer
from log_store.options import StoreOptions
from tests.documents import NOON, SECOND, Documents, container
from tests.services.elasticsearch import call, own_prefix

NANOS = "strict_date_optional_time_nanos"
MILLIS = "strict_date_optional_time"
DAY = {"gte": "2026-11-24T12:00:00.000Z", "lte": "2026-11-24T13:00:00.000Z", "format": MILLIS}


@pytest.fixture(scope="module")
def logs(elasticsearch_url: str) -> Iterator[tuple[str, str]]:
    """URL and index pattern: two containers' messages, of which many share a millisecond."""
    with own_prefix(elasticsearch_url) as prefix:
        writer = open_writer(elasticsearch_url, StoreOptions(index_prefix=prefix))
        for letter in "ab":
            documents = Documents(container(letter))
            for number in range(300):
                kind = "error" if number % 100 == 50 else "critical" if letter == "b" and number == 7 else "info"
                time = NOON + (number // 30) * SECOND + number % 30  # nanoseconds apart
                fields = {"http.request.method": "GET", "http.response.status_code": 200} if number % 2 else None
                documents.add(
                    time,
                    f"disk {letter} number {number} is full",
                    log_type=kind,
                    fields=fields,
                    raw=b"\xff" if number == 9 else None,
                )
            assert writer.write(documents.batch).rejections == []
        writer.refresh()
        writer.close()
        yield elasticsearch_url, f"{prefix}-logs-*"


def search(logs: tuple[str, str], body: dict[str, Any]) -> Any:
    answer = call(logs[0], "POST", f"/{logs[1]}/_search?ignore_unavailable=true&preference=1", body)
    assert answer["_shards"]["failed"] == 0 and not answer["timed_out"]
    return answer


def kql(text: str = "", *more: Any) -> dict[str, Any]:
    """As Kibana builds a query from a word in its bar, the time range and filters."""
    words = [{"multi_match": {"type": "best_fields", "query": text, "lenient": True}}] if text else []
    return {
        "bool": {"must": [], "filter": [*words, *more, {"range": {"@timestamp": DAY}}], "should": [], "must_not": []}
    }


def whole(time: str) -> str:
    """With all nine digits: Elasticsearch leaves zeros at the end out."""
    return time.rstrip("Z").ljust(29, "0")


def test_a_data_view_sees_the_fields(logs: tuple[str, str]) -> None:
    url, pattern = logs
    found = call(url, "GET", f"/_resolve/index/{pattern}?expand_wildcards=open")
    assert len(found["indices"]) == 1
    caps = call(url, "POST", f"/{pattern}/_field_caps?fields=*&ignore_unavailable=true&allow_no_indices=false", {})[
        "fields"
    ]
    kinds = {name: list(kind) for name, kind in caps.items() if not name.startswith("_")}
    assert kinds["@timestamp"] == ["date"] and kinds["log_time"] == ["date_nanos"] and kinds["log_message"] == ["text"]
    assert kinds["message"] == ["text"] and kinds["log.level"] == kinds["container.name"] == kinds["container.id"] == [
        "keyword"
    ]
    assert kinds["fields"] == ["flattened"]
    for name in (
        "@timestamp",
        "log_time",
        "log_type",
        "container_name",
        "container_id",
        "stream",
        "type",
        "task_id",
        "uid",
    ):
        (capability,) = caps[name].values()
        assert capability["searchable"] and capability["aggregatable"], name
    assert all(len(kind) == 1 for kind in kinds.values())  # of no two types: Kibana calls that a conflict
    assert (
        call(url, "POST", f"/{pattern}-none/_field_caps?fields=*&allow_no_indices=true&ignore_unavailable=true", {})[
            "fields"
        ]
        == {}
    )


def test_discover_shows_sorts_and_highlights(logs: tuple[str, str]) -> None:
    sort = [
        {"@timestamp": {"order": "desc", "format": MILLIS, "unmapped_type": "boolean"}},
        {"log_time": {"order": "desc", "format": NANOS, "unmapped_type": "boolean"}},
        {"_doc": {"order": "desc", "unmapped_type": "boolean"}},
    ]
    shown = [
        {"field": "*", "include_unmapped": True},
        {"field": "@timestamp", "format": MILLIS},
        {"field": "log_time", "format": NANOS},
    ]
    marks = {
        "pre_tags": ["@kibana-highlighted-field@"],
        "post_tags": ["@/kibana-highlighted-field@"],
        "fields": {"*": {}},
        "fragment_size": 2147483647,
    }
    body = {
        "sort": sort, "track_total_hits": False, "fields": shown, "size": 500, "version": True, "script_fields": {}, "stored_fields": ["*"],
        "runtime_mappings": {}, "_source": False, "query": kql("disk"), "highlight": marks,
    }  # fmt: skip
    hits = search(logs, body)["hits"]["hits"]
    assert len(hits) == 500
    times = [hit["fields"]["log_time"][0] for hit in hits]
    assert (
        times == sorted(times, key=whole, reverse=True)
        and times[0] == "2026-11-24T12:00:09.000000029Z"
        and len(set(times)) == 250
    )
    assert [hit["sort"][1] for hit in hits] == times
    assert hits[0]["highlight"]["log_message"][0].startswith(
        "@kibana-highlighted-field@disk@/kibana-highlighted-field@ "
    )
    assert hits[0]["fields"]["message"] == hits[0]["fields"]["log_message"] and hits[0]["fields"]["log.level"] == [
        "info"
    ]
    # By a field of a JSON line and by ECS' names, as KQL does.
    for clause, count in (
        ({"term": {"fields.http.request.method": "GET"}}, 300), ({"match_phrase": {"message": "number 7 is full"}}, 2),
        ({"bool": {"should": [{"term": {"log.level": "critical"}}], "minimum_should_match": 1}}, 1), ({"exists": {"field": "container.name"}}, 600),
    ):  # fmt: skip
        found = search(logs, {"size": 0, "track_total_hits": True, "query": kql("", clause)})
        assert found["hits"]["total"]["value"] == count, clause


def test_discover_s_histogram_and_the_charts(logs: tuple[str, str]) -> None:
    by_type = {"terms": {"field": "log_type", "order": {"_count": "desc"}, "size": 5}}
    histogram = {
        "date_histogram": {
            "field": "@timestamp", "fixed_interval": "5s", "time_zone": "UTC", "min_doc_count": 0,
            "extended_bounds": {"min": 1795521600000, "max": 1795521615000},
        },
        "aggs": {"1": by_type},
    }  # fmt: skip
    answer = search(logs, {"size": 0, "track_total_hits": True, "query": kql(), "aggs": {"0": histogram}})
    buckets = answer["aggregations"]["0"]["buckets"]
    assert [bucket["doc_count"] for bucket in buckets] == [300, 300, 0, 0] and answer["hits"]["total"]["value"] == 600
    assert {one["key"]: one["doc_count"] for one in buckets[0]["1"]["buckets"]} == {
        "info": 297,
        "error": 2,
        "critical": 1,
    }
    errors = {
        "bool": {
            "should": [{"term": {"log_type": "critical"}}, {"term": {"log_type": "error"}}],
            "minimum_should_match": 1,
        }
    }
    containers = {
        "terms": {"field": "container_name", "order": {"2-bucket": "desc"}, "size": 20},
        "aggs": {
            "2-bucket": {"filter": errors},
            "3": {"max": {"field": "@timestamp"}},
            "1": {"terms": {"field": "type", "size": 3}},
        },
    }
    found = search(logs, {"size": 0, "query": kql(), "aggs": {"0": containers}})["aggregations"]["0"]["buckets"]
    assert [(one["key"], one["doc_count"], one["2-bucket"]["doc_count"]) for one in found] == [
        ("name-b", 300, 4),
        ("name-a", 300, 3),
    ]
    assert found[0]["3"]["value_as_string"] == "2026-11-24T12:00:09.000Z"
    options = {
        "terms": {
            "field": "container_name",
            "size": 10,
            "execution_hint": "map",
            "shard_size": 10,
            "order": {"_count": "desc"},
        }
    }
    control = {
        "size": 0,
        "query": kql(),
        "aggs": {"suggestions": options, "unique": {"cardinality": {"field": "container_name"}}},
    }
    assert search(logs, control)["aggregations"]["unique"]["value"] == 2


@pytest.mark.parametrize(("field", "form"), [("@timestamp", MILLIS), ("log_time", NANOS)])
def test_surrounding_documents_are_the_neighbours_each_once(logs: tuple[str, str], field: str, form: str) -> None:
    """Kibana asks in steps: the anchor by its id, then later and earlier ones by search_after from its sort values."""
    mine = {"term": {"container_id": container("a").container_id}}

    def around(order: str, after: list[Any] | None, size: int, query: Any) -> list[Any]:
        opposite = "asc" if order == "asc" else "desc"
        body: dict[str, Any] = {
            "size": size, "query": query, "_source": False, "fields": ["log_message", {"field": field, "format": form}], "version": True,
            "sort": [{field: {"order": order, "format": form}}, {"_doc": {"order": opposite, "unmapped_type": "boolean"}}],
        }  # fmt: skip
        if after is not None:
            body["search_after"] = after
        hits: list[Any] = search(logs, body)["hits"]["hits"]
        return hits

    def number(hit: Any) -> int:
        return int(hit["fields"]["log_message"][0].split()[3])

    query = {"bool": {"filter": [mine]}}
    anchor = next(hit for hit in around("asc", None, 600, query) if number(hit) == 45)
    found = around(
        "desc", None, 1, {"bool": {"must": {"constant_score": {"filter": {"ids": {"values": [anchor["_id"]]}}}}}}
    )
    assert [hit["_id"] for hit in found] == [anchor["_id"]] and found[0]["sort"] == anchor["sort"]
    walked = [anchor]
    while later := around("asc", walked[-1]["sort"], 20, query):
        walked += later
    while earlier := around("desc", walked[0]["sort"], 20, query):
        walked = [*reversed(earlier), *walked]
    numbers = [number(hit) for hit in walked]
    assert sorted(numbers) == list(range(300))
    # By milliseconds those of one (30 of them here) come in any order, by nanoseconds in the order of writing.
    assert [number // 30 for number in numbers] == [number // 30 for number in range(300)]
    assert field == "@timestamp" or numbers == list(range(300))
