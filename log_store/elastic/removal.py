"""Removal on Elasticsearch: a day is an index less; of one container, documents by their ids, some thousands a request.

What is deleted so leaves the disk when Elasticsearch merges, which is asked for once all of it has gone.
"""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from log_store.elastic.bulk import check_removed
from log_store.elastic.client import ElasticClient
from log_store.elastic.index import DEFAULT_PREFIX, IndexNames, is_day
from log_store.elastic.search import Hit, checked_hits
from log_store.errors import StoreDamaged
from log_store.fields import OTHER_DAY
from log_store.options import StoreOptions
from log_store.removal import Holding, Partition
from log_store.rfc3339 import DAY, day_start, format_ns
from log_store.selection import is_text

_TIMEOUT: Final = 150.0  # s
_AT_A_TIME: Final = 5_000  # documents of one request
_CONTAINERS: Final = 1_000  # of one page


def _outermost(order: str) -> dict[str, Any]:
    """The message's own time, in nanoseconds: min and max count in milliseconds."""
    return {"top_hits": {"size": 1, "sort": [{"log_time": {"order": order}}], "_source": False}}


_BOUNDS: Final = {"lines": {"sum": {"field": "lines"}}, "first": _outermost("asc"), "last": _outermost("desc")}


class ElasticRemover:
    """A `LogRemover`."""

    def __init__(self, url: str, options: StoreOptions) -> None:
        """Connects to nothing yet. Raises StoreMisconfigured."""
        self._names = IndexNames(options.index_prefix or DEFAULT_PREFIX)
        self._client = ElasticClient(url, options, _TIMEOUT)

    def partitions(self) -> list[Partition]:
        """See `LogRemover`."""
        params = {"filter_path": "indices.*.total.store.size_in_bytes", "ignore_unavailable": "true"}
        body = self._client.request("GET", f"/{self._names.logs}/_stats/store", params=params).body
        begin = self._names.logs.removesuffix("*")
        found = []
        try:
            for index, told in sorted((body.get("indices") or {}).items()):
                name = index.removeprefix(begin)
                if is_day(name):
                    start = None if name == OTHER_DAY else day_start(name)
                    end = None if start is None else start + DAY - 1
                    found.append(Partition(name, start, end, int(told["total"]["store"]["size_in_bytes"])))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise StoreDamaged(f"{self._client.place}: sizes that make no sense: {body!r:.300}") from error
        return found

    def holdings(self, partition: str, until: int | None = None, container_id: str = "") -> list[Holding]:
        """See `LogRemover`."""
        index = self._names.of_day(partition)
        if not is_text(container_id):
            return []
        if self._client.request("POST", f"/{index}/_refresh", expected=(404,)).status == 404:
            return []
        return list(self._holdings(index, _chosen(until, container_id)))

    def _holdings(self, index: str, query: dict[str, Any]) -> Iterator[Holding]:
        after: dict[str, Any] = {}
        while True:
            paged = {"sources": [{"id": {"terms": {"field": "container_id"}}}], "size": _CONTAINERS, **after}
            body = {"query": query, "size": 0, "aggs": {"all": {"composite": paged, "aggs": _BOUNDS}}}
            answer = self._client.request("POST", f"/{index}/_search", body=body)
            checked_hits(self._client.place, answer)
            try:
                buckets = answer.body["aggregations"]["all"]["buckets"]
                for one in buckets:
                    first, last = (int(one[name]["hits"]["hits"][0]["sort"][0]) for name in ("first", "last"))
                    yield Holding(one["key"]["id"], int(one["doc_count"]), int(one["lines"]["value"]), first, last)
                if len(buckets) < _CONTAINERS:
                    return
                after = {"after": answer.body["aggregations"]["all"]["after_key"]}
            except (KeyError, IndexError, TypeError, ValueError) as error:
                raise StoreDamaged(f"{self._client.place}: sums that make no sense: {answer.body!r:.300}") from error

    def drop(self, partition: str) -> None:
        """See `LogRemover`."""
        self._client.request("DELETE", f"/{self._names.of_day(partition)}", expected=(404,))

    def remove(self, partition: str, container_id: str, until: int | None = None) -> int:
        """See `LogRemover`. Each at the version that was found: one that has grown meanwhile is found again."""
        index, removed = self._names.of_day(partition), 0
        if not is_text(container_id):
            return 0
        asked = {"query": _chosen(until, container_id), "size": _AT_A_TIME, "sort": ["_doc"], "_source": False,
                 "version": True, "track_total_hits": False}  # fmt: skip
        while self._client.request("POST", f"/{index}/_refresh", expected=(404,)).status != 404:
            hits = checked_hits(self._client.place, self._client.request("POST", f"/{index}/_search", body=asked))
            if not hits:
                break
            answer = self._client.request("POST", f"/{index}/_bulk", body=b"".join(map(_removal, hits)))
            check_removed(self._client.place, answer, len(hits))
            removed += sum(item["delete"]["status"] == 200 for item in answer.body["items"])
        if removed:
            self._client.request("POST", f"/{index}/_forcemerge", params={"only_expunge_deletes": "true"})
        return removed

    def close(self) -> None:
        self._client.close()


def _removal(hit: Hit) -> bytes:
    action = {"_id": hit["_id"], "version": hit["_version"], "version_type": "external_gte"}
    return orjson.dumps({"delete": action}) + b"\n"


def _chosen(until: int | None, container_id: str) -> dict[str, Any]:
    filters: list[dict[str, Any]] = [] if until is None else [{"range": {"log_time": {"lte": format_ns(until)}}}]
    if container_id:
        filters.append({"term": {"container_id": container_id}})
    return {"bool": {"filter": filters}}
