"""Searches whose answer is whole or an error: a point in time, and pages of one order through it.

How much a page weighs must be known before it is asked for, since a message may have 8 MiB. Documents that are not light
say how many `bytes` they have (see `elastic_rows`). A container without such, as nearly all, is read in pages of PAGE;
in another the keys and sizes of a page come first, and tell how many documents may be asked for at once.
"""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final

from log_store.elastic_client import ElasticClient
from log_store.elastic_errors import Answer
from log_store.elastic_rows import LIGHT
from log_store.errors import LogStoreError, StoreDamaged, StoreUnavailable

log = logging.getLogger(__name__)

Hit = dict[str, Any]
Filter = dict[str, Any]

ORDER: Final = ("order_time", "stream", "ordinal", "_shard_doc")
"""The last is the point in time's own tie-break: no two documents are equal, so no page can lose or repeat one."""
PAGE: Final = 5000  # documents a page
_HEAVIEST: Final = PAGE * LIGHT  # bytes a page, unless one document alone has more
MEMBERS: Final = ["log_time", "log_type", "log_message", "log_type_by", "stream", "lines", "raw", "fields"]
_KEEP: Final = "10m"  # how long a reader of the answer may pause
_MOST_KEYS: Final = 10_000  # index.max_result_window


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

    def search(self, body: dict[str, Any]) -> list[Hit]:
        """The hits of one page. Raises LogStoreError.

        The answer is taken as it comes: to leave members out by `filter_path` takes the server as long as the search.
        """
        whole = {**body, "pit": {"id": self._id, "keep_alive": _KEEP}, "track_total_hits": False}
        params = {"allow_partial_search_results": "false"}
        answer = self._client.request("POST", "/_search", body=whole, params=params, expected=(404,))
        if answer.status == 404:
            raise StoreUnavailable(
                f"{self._client.place}: what was being read is gone (a node that restarted, a day that was removed, "
                f"a reader that paused for more than {_KEEP}): {answer.reason}"
            )
        hits = checked_hits(self._client.place, answer)
        self._id = answer.body.get("pit_id", self._id)
        return hits


def ordered(
    pit: PointInTime,
    filters: list[Filter],
    after: list[Any] | None,
    limit: int | None,
    direction: str = "asc",
    most: int = PAGE,
) -> Iterator[tuple[list[Hit], bool]]:
    """Pages, of at most `most`, of all hits after that key, at most `limit`, in ORDER or, with "desc", against it.

    With each comes whether it is known to be the last.
    """
    if not _has_heavy(pit, filters):
        yield from _light(pit, filters, after, limit, direction, most)
        return
    left = limit
    while left is None or left > 0:
        size = most if left is None else min(most, left)
        found = 0
        parts = counts(pit.search(_keys(filters, direction, after, size, True)))
        size = size if sum(parts) == size else sum(parts) + 1  # no more than those: the last page is known
        for number, count in enumerate(parts):
            hits = pit.search({**_query(filters, direction, after), "_source": MEMBERS, "size": count})
            found += len(hits)
            if hits:
                after = hits[-1]["sort"]
                yield hits, number == len(parts) - 1 and (found < size or found == left)
        if found < size:
            return
        left = None if left is None else left - found


def _light(
    pit: PointInTime, filters: list[Filter], after: list[Any] | None, limit: int | None, direction: str, most: int
) -> Iterator[tuple[list[Hit], bool]]:
    """While a page is worked on, the server works on the next."""

    def page(after: list[Any] | None, size: int) -> list[Hit]:
        return pit.search({**_query(filters, direction, after), "_source": MEMBERS, "size": size})

    left, size = limit, _even(limit, most)
    hits = page(after, size) if size else []
    with ExitStack() as stack:  # at its end nothing is under way
        pool: ThreadPoolExecutor | None = None
        while hits:
            left = None if left is None else left - len(hits)
            if len(hits) < size or left == 0:
                yield hits, True
                return
            size = _even(left, most)
            pool = pool or stack.enter_context(ThreadPoolExecutor(1, "next page"))
            coming = pool.submit(page, hits[-1]["sort"], size)
            yield hits, False
            hits = coming.result()


def _even(left: int | None, most: int) -> int:
    """Of what is left a page of about `most`, so that none is nearly empty."""
    if left is None or left <= most:
        return most if left is None else left
    return -(-left // max(1, round(left / most)))


def key_before_last(pit: PointInTime, filters: list[Filter], count: int) -> list[Any] | None:
    """The key of the hit after which exactly `count` hits come; None where there are not more. Reads no documents."""
    before: list[Any] | None = None
    left = count + 1
    while left:
        size = min(left, _MOST_KEYS)
        hits = pit.search(_keys(filters, "desc", before, size, False))
        if len(hits) < size:
            return None
        before = hits[-1]["sort"]
        left -= size
    return before


def _query(filters: list[Filter], direction: str, after: list[Any] | None) -> dict[str, Any]:
    body: dict[str, Any] = {"query": {"bool": {"filter": filters}}, "sort": [{name: direction} for name in ORDER]}
    if after is not None:
        body["search_after"] = after
    return body


def _keys(filters: list[Filter], direction: str, after: list[Any] | None, size: int, weigh: bool) -> dict[str, Any]:
    sizes = {"docvalue_fields": ["bytes"]} if weigh else {}
    return {**_query(filters, direction, after), "stored_fields": "_none_", **sizes, "size": size}


def counts(keys: list[Hit]) -> list[int]:
    """How many of these documents may be asked for at once, again and again."""
    found: list[int] = []
    weight = _HEAVIEST
    for key in keys:
        own = key.get("fields", {}).get("bytes", [LIGHT])[0]
        if weight + own > _HEAVIEST:
            found.append(0)
            weight = 0
        found[-1] += 1
        weight += own
    return found


def _has_heavy(pit: PointInTime, filters: list[Filter]) -> bool:
    heavy = {"exists": {"field": "bytes"}}
    body = {
        "query": {"bool": {"filter": [*filters, heavy]}},
        "stored_fields": "_none_",
        "size": 1,
        "terminate_after": 1,
    }
    return bool(pit.search(body))
