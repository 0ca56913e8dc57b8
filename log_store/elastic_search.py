"""Searches whose answer is whole or an error: a point in time, and pages of one order through it.

How much a page weighs must be known before it is asked for, since a message may have 8 MiB. The writer marks documents
that are not light (`weight`, see `elastic_rows`), so each weight class is read in pages of its own size, and the classes
are merged. Nearly every container has light ones only: then one small question more is all that it costs.
"""

import logging
from collections.abc import Iterator
from heapq import merge
from types import TracebackType
from typing import Any, Final

from log_store.elastic_client import ElasticClient
from log_store.elastic_errors import Answer
from log_store.errors import LogStoreError, StoreDamaged, StoreUnavailable

log = logging.getLogger(__name__)

Hit = dict[str, Any]
Filter = dict[str, Any]

ORDER: Final = ("order_time", "stream", "ordinal", "_shard_doc")
"""The last is the point in time's own tie-break: no two documents are equal, so no page can lose or repeat one."""
PAGES: Final = {0: 5000, 1: 200, 2: 2}
"""Weight -> documents a page: 20 MB, 13 MB, and twice the longest message."""
_MEMBERS: Final = ["log_time", "log_type", "log_message", "log_type_by", "stream", "lines", "raw"]
_FOR_HITS: Final = "pit_id,timed_out,_shards,hits.hits._id,hits.hits._source,hits.hits.sort,error"
_FOR_KEYS: Final = "pit_id,timed_out,_shards,hits.hits.sort,error"
_KEEP: Final = "10m"  # how long a reader of the answer may pause
_MOST_KEYS: Final = 10_000  # index.max_result_window
_MERGED_PAGE: Final = 8 << 20  # characters of messages


def checked_hits(place: str, answer: Answer) -> list[Hit]:
    """The hits of a search that every shard answered. Raises StoreUnavailable where one did not, StoreDamaged."""
    body = answer.body
    shards = body.get("_shards") if isinstance(body, dict) else None
    if not isinstance(shards, dict):
        raise StoreDamaged(f"{place}: the answer to a search makes no sense: {body!r:.300}")
    if body.get("timed_out") or shards.get("failed"):
        raise StoreUnavailable(f"{place}: not all shards answered a search: {shards!r:.300}")
    hits = body.get("hits", {}).get("hits", [])
    if not isinstance(hits, list):
        raise StoreDamaged(f"{place}: the hits of a search make no sense: {hits!r:.300}")
    return hits


def can_be_stored(text: str) -> bool:
    """False for a text with a lone surrogate, which no document can hold: nothing is found by it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class PointInTime:
    """What the indices held at one moment; closed on leaving the `with`. Not safe to use from several threads."""

    def __init__(self, client: ElasticClient, indices: str) -> None:
        """`indices`: names and patterns; those that are not there are as good as empty."""
        self._client = client
        self._indices = indices
        self._id = ""

    def __enter__(self) -> "PointInTime":
        params = {"keep_alive": _KEEP, "ignore_unavailable": "true"}
        answer = self._client.request("POST", f"/{self._indices}/_pit", params=params)
        name = answer.body.get("id") if isinstance(answer.body, dict) else None
        if not isinstance(name, str):
            raise StoreDamaged(f"{self._client.place}: a point in time without an id: {answer.body!r:.300}")
        self._id = name
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._client.request("DELETE", "/_pit", body={"id": self._id}, expected=(404,))
        except LogStoreError as problem:
            # What was read is whole all the same, and the server closes it after _KEEP.
            log.info("a point in time was left to end by itself: %s", problem)

    def search(self, body: dict[str, Any], wanted: str) -> list[Hit]:
        """The hits of one page. Raises LogStoreError."""
        whole = {**body, "pit": {"id": self._id, "keep_alive": _KEEP}, "track_total_hits": False}
        params = {"allow_partial_search_results": "false", "filter_path": wanted}
        answer = self._client.request("POST", "/_search", body=whole, params=params, expected=(404,))
        if answer.status == 404:
            raise StoreUnavailable(
                f"{self._client.place}: what was being read is gone (a node that restarted, a day that was removed, "
                f"a reader that paused for more than {_KEEP}): {answer.reason}"
            )
        hits = checked_hits(self._client.place, answer)
        self._id = answer.body.get("pit_id", self._id)
        return hits


def ordered(pit: PointInTime, filters: list[Filter], after: list[Any] | None, limit: int | None) -> Iterator[list[Hit]]:
    """Pages of all hits after that key, at most `limit` hits, in ORDER."""
    most = PAGES[0] if limit is None else min(limit, PAGES[0])
    if not _has_weights(pit, filters):
        yield from _pages(pit, filters, after, most, limit)
        return
    runs = [_hits(_pages(pit, [*filters, _of_weight(w)], after, min(n, most), limit)) for w, n in PAGES.items()]
    page: list[Hit] = []
    size = 0
    left = limit
    for hit in merge(*runs, key=_key):
        if left == 0:
            break
        page.append(hit)
        left = None if left is None else left - 1
        size += len(hit["_source"]["log_message"])
        if size > _MERGED_PAGE or len(page) >= PAGES[0]:
            yield page
            page, size = [], 0
    if page:
        yield page


def key_before_last(pit: PointInTime, filters: list[Filter], count: int) -> list[Any] | None:
    """The key of the hit after which exactly `count` hits come; None where there are not more. Reads no documents."""
    body: dict[str, Any] = {
        "query": {"bool": {"filter": filters}},
        "sort": [{name: "desc"} for name in ORDER],
        "_source": False,
    }
    left = count + 1
    while True:
        body["size"] = min(left, _MOST_KEYS)
        hits = pit.search(body, _FOR_KEYS)
        left -= len(hits)
        if len(hits) < body["size"]:
            return None
        body["search_after"] = hits[-1]["sort"]
        if not left:
            return list(hits[-1]["sort"])


def _pages(
    pit: PointInTime, filters: list[Filter], after: list[Any] | None, most: int, limit: int | None
) -> Iterator[list[Hit]]:
    left = limit
    while left is None or left > 0:
        size = most if left is None else min(most, left)
        body: dict[str, Any] = {
            "query": {"bool": {"filter": filters}},
            "sort": [{name: "asc"} for name in ORDER],
            "_source": _MEMBERS,
            "size": size,
        }
        if after is not None:
            body["search_after"] = after
        hits = pit.search(body, _FOR_HITS)
        if hits:
            after = hits[-1]["sort"]
            yield hits
        if len(hits) < size:
            return
        left = None if left is None else left - len(hits)


def _hits(pages: Iterator[list[Hit]]) -> Iterator[Hit]:
    for page in pages:
        yield from page


def _key(hit: Hit) -> list[Any]:
    key: list[Any] = hit["sort"]
    return key


def _has_weights(pit: PointInTime, filters: list[Filter]) -> bool:
    weighty = {"exists": {"field": "weight"}}
    body = {"query": {"bool": {"filter": [*filters, weighty]}}, "_source": False, "size": 1, "terminate_after": 1}
    return bool(pit.search(body, "pit_id,timed_out,_shards,hits.hits._score,error"))


def _of_weight(weight: int) -> Filter:
    if weight:
        return {"term": {"weight": weight}}
    return {"bool": {"must_not": {"exists": {"field": "weight"}}}}
