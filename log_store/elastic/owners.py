"""Containers by what their messages say of them, found by the server."""

from typing import Any, Final

from log_store.elastic.client import ElasticClient
from log_store.elastic.search import Filter, checked_hits
from log_store.errors import StoreDamaged
from log_store.query import LogOwner, Whose

_MEMBERS: Final = ("container_id", "container_name", "task_id", "type", "uid")


def filters_of(whose: Whose) -> list[Filter]:
    return [{"terms": {field: list(values)}} for field, values in whose.named.items()]


def find(client: ElasticClient, indices: str, filters: list[Filter], most: int) -> list[LogOwner]:
    """The first `most` by id. Raises LogStoreError."""
    newest = {"top_hits": {"size": 1, "sort": [{"order_time": "desc"}], "_source": list(_MEMBERS)}}
    containers = {
        "terms": {"field": "container_id", "size": most, "order": {"_key": "asc"}},
        "aggs": {"newest": newest},
    }
    body = {
        "query": {"bool": {"filter": filters}}, "aggs": {"containers": containers}, "size": 0, "track_total_hits": False,
    }  # fmt: skip
    params = {"allow_partial_search_results": "false", "ignore_unavailable": "true"}
    answer: Any = client.request("POST", f"/{indices}/_search", body=body, params=params)
    checked_hits(client.place, answer)
    try:
        found = answer.body["aggregations"]["containers"]["buckets"] if "aggregations" in answer.body else []
        sources = [one["newest"]["hits"]["hits"][0]["_source"] for one in found]
        return [LogOwner(*(source.get(member, "") for member in _MEMBERS)) for source in sources]
    except (KeyError, TypeError, IndexError) as error:
        raise StoreDamaged(f"{client.place}: containers that make no sense: {answer.body!r:.300}") from error
