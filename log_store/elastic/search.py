"""Searches whose answer is whole or an error: a point in time, or one answer for itself."""

import logging
from types import TracebackType
from typing import Any, Final

import orjson

from log_store.elastic.client import ElasticClient
from log_store.elastic.document_rows import LIGHT
from log_store.elastic.failures import Answer, refused
from log_store.elastic.waiting import patience, until_able
from log_store.errors import LogStoreError, StoreDamaged, StoreUnavailable
from log_store.query import LogLine

log = logging.getLogger(__name__)

Hit = dict[str, Any]
Filter = dict[str, Any]

ORDER: Final = ("order_time", "stream", "ordinal", "_shard_doc")
"""The last is the point in time's own tie-break: no two documents are equal, so no page can lose or repeat one."""
PAGE: Final = 5000  # documents a page
MEMBERS: Final = ["log_time", "log_type", "log_message", "log_type_by", "stream", "lines", "raw", "fields"]
_OF_A_LINE: Final = frozenset(MEMBERS)
_LEAST: Final = 7  # members of a line without `raw` and `fields`
_KEEP: Final = "10m"  # how long a reader of the answer may pause


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
        self.client = client
        self._indices = indices
        self._id = ""

    def __enter__(self) -> "PointInTime":
        params = {"keep_alive": _KEEP, "ignore_unavailable": "true"}
        answer = self.client.request("POST", f"/{self._indices}/_pit", params=params)
        name = answer.body.get("id") if isinstance(answer.body, dict) else None
        if not isinstance(name, str):
            raise StoreDamaged(f"{self.client.place}: a point in time without an id: {answer.body!r:.300}")
        self._id = name
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.client.request("DELETE", "/_pit", body={"id": self._id}, expected=(404, 429))
        except LogStoreError as problem:
            # What was read is whole all the same, and the server closes it after _KEEP.
            log.info("a point in time was left to end by itself: %s", problem)

    def search(self, body: dict[str, Any]) -> list[Hit]:
        """The hits of one page. Raises LogStoreError.

        The answer is taken as it comes: to leave members out by `filter_path` takes the server as long as the search.
        """
        return checked_hits(self.client.place, Answer(200, self.told(body)))

    def told(self, body: dict[str, Any]) -> dict[str, Any]:
        """The whole answer, which every shard has given. Raises LogStoreError."""
        answer = self.client.request("POST", "/_search", **self._search(body))
        self._check_there(answer)
        checked_hits(self.client.place, answer)
        self.renew(answer.body.get("pit_id", ""))
        return answer.body  # type: ignore[no-any-return]

    def search_bytes(self, body: dict[str, Any]) -> bytes:
        """The answer as it came. Whoever reads it tells `renew` the id that is in it."""
        answer = self.client.request_bytes("POST", "/_search", **self._search(body))
        self._check_there(answer)
        return answer.body  # type: ignore[no-any-return]

    def renew(self, name: str) -> None:
        self._id = name or self._id

    def _search(self, body: dict[str, Any]) -> dict[str, Any]:
        whole = {"track_total_hits": False, **body, "pit": {"id": self._id, "keep_alive": _KEEP}}
        return {"body": whole, "params": {"allow_partial_search_results": "false"}, "expected": (404,)}

    def _check_there(self, answer: Answer) -> None:
        if answer.status == 404:
            raise StoreUnavailable(
                f"{self.client.place}: what was being read is gone (a node that restarted, a day that was removed, "
                f"a reader that paused for more than {_KEEP}): {answer.reason}"
            )


def lines_of(place: str, hits: list[Hit]) -> list[LogLine]:
    """Made of the hits themselves. Raises StoreDamaged."""
    lines: list[Any] = [hit["_source"] for hit in hits]
    for line, hit in zip(lines, hits, strict=True):
        for name in line.keys() - _OF_A_LINE if len(line) > _LEAST else ():
            del line[name]
        line["id"] = hit["_id"]
        if len(line) != _LEAST and len(line) != _LEAST + ("raw" in line) + ("fields" in line):
            raise StoreDamaged(f"{place}: a document that makes no sense: {hit!r:.300}")
    return lines


def searches(client: ElasticClient, indices: str, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers of several searches, each of which every shard answered. Raises LogStoreError."""
    header = orjson.dumps({"index": indices, "ignore_unavailable": True, "allow_partial_search_results": False})
    lines = [header + b"\n" + orjson.dumps({"track_total_hits": False, **body}) + b"\n" for body in bodies]
    answer = until_able(
        lambda: client.request("POST", "/_msearch", body=b"".join(lines)),
        lambda told: max((patience(_told(one)) for one in _responses(told) or ()), default=0.0),
    )
    found = _responses(answer)
    if found is None or len(found) != len(bodies):
        raise StoreDamaged(f"{client.place}: the answer to {len(bodies)} searches makes no sense: {answer.body!r:.300}")
    for one in found:
        if _told(one).status >= 300:
            raise refused(client.place, _told(one))
        checked_hits(client.place, Answer(200, one))
    return found


def _responses(answer: Answer) -> list[Any] | None:
    found = answer.body.get("responses") if isinstance(answer.body, dict) else None
    return found if isinstance(found, list) else None


def _told(one: Any) -> Answer:
    """Of several searches, the answer to one."""
    failed = isinstance(one, dict) and "error" in one
    return Answer(int(one.get("status", 500)) if failed else 200, one)


def counts(keys: list[Hit], page: int = PAGE) -> list[int]:
    """How many of these documents may be asked for at once, again and again, to weigh as much as so many light ones."""
    found: list[int] = []
    heaviest = page * LIGHT
    weight = heaviest
    for key in keys:
        own = key.get("fields", {}).get("bytes", [LIGHT])[0]
        if weight + own > heaviest:
            found.append(0)
            weight = 0
        found[-1] += 1
        weight += own
    return found
