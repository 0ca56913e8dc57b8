"""Messages by their seq, for who follows a container: without a point in time, since each answer is for itself."""

from typing import Any, Final

from log_store.elastic.client import ElasticClient
from log_store.elastic.failures import Answer
from log_store.elastic.query import came_between
from log_store.elastic.search import MEMBERS, Hit, checked_hits, counts
from log_store.errors import StoreDamaged
from log_store.selection import is_text

_MOST_SHIPPERS: Final = 1000
_MOST_OF_ONE: Final = 10_000  # messages of one seq
_MEMBERS: Final = [*MEMBERS, "order_time", "ordinal"]


def heads(client: ElasticClient, indices: str, container_id: str) -> dict[str, int]:
    """See `LogReader.heads`."""
    if not is_text(container_id):
        return {}
    shippers = {"terms": {"field": "shipper", "size": _MOST_SHIPPERS}, "aggs": {"head": {"max": {"field": "seq"}}}}
    answer = _search(
        client, indices, _query([{"term": {"container_id": container_id}}], 0, aggs={"shippers": shippers})
    )
    try:
        found = answer.body["aggregations"]["shippers"]["buckets"] if "aggregations" in answer.body else []
        return {str(one["key"]): int(one["head"]["value"]) for one in found}
    except (KeyError, TypeError, ValueError) as error:
        raise StoreDamaged(f"{client.place}: shippers that make no sense: {answer.body!r:.300}") from error


def since(
    client: ElasticClient, indices: str, container_id: str, shipper: str, after: int, until: int, most: int
) -> list[Hit]:
    """See `LogReader.read_since`; `sort` of each hit begins with its seq."""
    if not is_text(container_id + shipper):
        return []
    filters = _range(container_id, shipper, after, until)
    asked = _query(filters, most, sort=[{"seq": "asc"}])
    # How much they weigh first: a message may have 8 MiB.
    keys = _hits(client, indices, {**asked, "stored_fields": "_none_", "docvalue_fields": ["bytes"]})
    if not keys:
        return []
    hits = _hits(client, indices, {**asked, "_source": _MEMBERS, "size": counts(keys)[0]})
    return (
        _without_torn(client, indices, container_id, shipper, hits)
        if len(hits) == most or len(keys) > len(hits)
        else hits
    )


def _without_torn(client: ElasticClient, indices: str, container_id: str, shipper: str, hits: list[Hit]) -> list[Hit]:
    """Several messages may have one seq, and who asks for more asks behind it: all of them or none."""
    last = hits[-1]["sort"][0] if hits else 0
    whole = [hit for hit in hits if hit["sort"][0] != last]
    if whole or not hits:
        return whole
    asked = _query(_range(container_id, shipper, last - 1, last), _MOST_OF_ONE, sort=[{"seq": "asc"}])
    return _hits(client, indices, {**asked, "_source": _MEMBERS})


def find(client: ElasticClient, indices: str, container_id: str, name: str) -> list[Hit]:
    """See `LogReader.find`; one hit or none."""
    if not name or not is_text(container_id + name):
        return []
    filters: list[dict[str, Any]] = [{"term": {"container_id": container_id}}, {"ids": {"values": [name]}}]
    return _hits(client, indices, {**_query(filters, 1, sort=[{"seq": "asc"}]), "_source": _MEMBERS})


def count(client: ElasticClient, indices: str, container_id: str, shipper: str, after: int, until: int) -> int:
    """See `LogReader.count_since`."""
    if not is_text(container_id + shipper):
        return 0
    body = {**_query(_range(container_id, shipper, after, until), 0), "track_total_hits": True}
    answer = _search(client, indices, body)
    try:
        return int(answer.body["hits"]["total"]["value"])
    except (KeyError, TypeError, ValueError) as error:
        raise StoreDamaged(f"{client.place}: a count that makes no sense: {answer.body!r:.300}") from error


def _range(container_id: str, shipper: str, after: int, until: int) -> list[dict[str, Any]]:
    return [{"term": {"container_id": container_id}}, *came_between(shipper, after, until)]


def _query(filters: list[dict[str, Any]], size: int, **more: Any) -> dict[str, Any]:
    return {"query": {"bool": {"filter": filters}}, "size": size, "track_total_hits": False, **more}


def _hits(client: ElasticClient, indices: str, body: dict[str, Any]) -> list[Hit]:
    return checked_hits(client.place, _search(client, indices, body))


def _search(client: ElasticClient, indices: str, body: dict[str, Any]) -> Answer:
    params = {"allow_partial_search_results": "false", "ignore_unavailable": "true"}
    answer = client.request("POST", f"/{indices}/_search", body=body, params=params)
    checked_hits(client.place, answer)
    return answer
