"""Counts of messages by time, made by the server."""

from typing import Any, Final

from log_store.counting import took_too_long
from log_store.elastic.client import ElasticClient
from log_store.elastic.search import Filter, checked_hits
from log_store.errors import StoreDamaged
from log_store.fields import LOG_TYPES
from log_store.query import Counts

_MILLISECOND: Final = 10**6  # ns


def by_time(client: ElasticClient, indices: str, filters: list[Filter], width: int, seconds: float) -> Counts:
    """See `LogReader.count_by_time`."""
    spans = {
        "date_histogram": {"field": "log_time", "fixed_interval": f"{width // _MILLISECOND}ms", "min_doc_count": 1},
        "aggs": {"types": {"terms": {"field": "log_type", "size": 10 * len(LOG_TYPES)}}},
    }
    body = {
        "query": {"bool": {"filter": filters}}, "aggs": {"spans": spans}, "size": 0, "track_total_hits": False,
        "timeout": f"{max(1, int(seconds * 1000))}ms",
    }  # fmt: skip
    params = {"allow_partial_search_results": "true", "ignore_unavailable": "true"}
    answer: Any = client.request("POST", f"/{indices}/_search", body=body, params=params)
    if isinstance(answer.body, dict) and answer.body.get("timed_out"):
        raise took_too_long(seconds)
    checked_hits(client.place, answer)
    try:
        found = answer.body["aggregations"]["spans"]["buckets"] if "aggregations" in answer.body else []
        return {
            int(one["key"]) * _MILLISECOND: {type_["key"]: int(type_["doc_count"]) for type_ in one["types"]["buckets"]}
            for one in found
        }
    except (KeyError, TypeError, ValueError) as error:
        raise StoreDamaged(f"{client.place}: counts that make no sense: {answer.body!r:.300}") from error
