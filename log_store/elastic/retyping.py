"""Retyping on Elasticsearch: a page of documents is read whole, judged, and written again at its own version.

`external_gte` takes a document of the version that is there, and refuses it where a greater one has come meanwhile.
"""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from log_store.document import ContainerContext
from log_store.elastic.bulk import WANTED, outcome_of
from log_store.elastic.client import ElasticClient
from log_store.elastic.document_rows import LIGHT
from log_store.elastic.index import DEFAULT_PREFIX, IndexNames, put_templates
from log_store.elastic.search import Filter, Hit, PointInTime
from log_store.errors import StoreUnavailable
from log_store.options import StoreOptions
from log_store.retyping import Judge, Judgement, Retyped, StoredMessage
from log_store.rfc3339 import format_ns

_TIMEOUT: Final = 150.0  # s
_PAGES: Final = ((False, 1_000), (True, 4))
"""(heavy, documents a page): heavy are those that say how many `bytes` they have; a message may have 8 MiB."""


class ElasticRetyper:
    """A `LogRetyper`; writers may go on meanwhile."""

    def __init__(self, url: str, options: StoreOptions) -> None:
        """Connects to nothing yet. Raises StoreMisconfigured."""
        self._names = IndexNames(options.index_prefix or DEFAULT_PREFIX)
        self._client = ElasticClient(url, options, _TIMEOUT)

    def retype(self, start: int, end: int, container_id: str, judge: Judge, *, dry: bool) -> Iterator[Retyped]:
        """See `LogRetyper`."""
        put_templates(self._client, self._names)
        filters: list[Filter] = [{"range": {"log_time": {"gte": format_ns(max(start, 0)), "lte": format_ns(end)}}}]
        if container_id:
            filters.append({"term": {"container_id": container_id}})
        with PointInTime(self._client, self._names.logs) as pit:
            for heavy, size in _PAGES:
                yield from self._pages(pit, filters, heavy, size, judge, dry)

    def close(self) -> None:
        self._client.close()

    def _pages(
        self, pit: PointInTime, filters: list[Filter], heavy: bool, size: int, judge: Judge, dry: bool
    ) -> Iterator[Retyped]:
        kind = {"filter" if heavy else "must_not": [{"exists": {"field": "bytes"}}]}
        query = {"bool": {"filter": [*filters, {"bool": kind}]}}
        after: dict[str, Any] = {}
        while hits := pit.search({"query": query, "sort": ["_shard_doc"], "size": size, "version": True, **after}):
            after = {"search_after": hits[-1]["sort"]}
            judged = judge([_message(hit["_source"]) for hit in hits])
            page, changes = Retyped(len(hits)), list[bytes]()
            for hit, judgement in zip(hits, judged, strict=True):
                old = hit["_source"]["log_type"]
                changed = _changed(hit, judgement)
                if changed is not None:
                    page.note(old, judgement[0])
                    changes.append(changed)
            if changes and not dry:
                self._write(changes)
            yield page

    def _write(self, changes: list[bytes]) -> None:
        answer = self._client.request(
            "POST", "/_bulk", body=b"".join(changes), params={"filter_path": WANTED + ",error,status"}, expected=(413, 429)
        )  # fmt: skip
        if answer.status != 200:
            raise StoreUnavailable(
                f"{self._client.place} did not take changed documents: {answer.status} {answer.reason}"
            )
        for _, why in outcome_of(self._client.place, answer, len(changes)).failed.values():
            raise StoreUnavailable(f"{self._client.place} did not take a changed document: {why}")


def _message(source: dict[str, Any]) -> StoredMessage:
    members = [source.get(name, "") for name in ("container_id", "container_name", "task_id", "type", "uid")]
    return StoredMessage(ContainerContext(*members), source["stream"], source["log_message"])


def _changed(hit: Hit, judgement: Judgement) -> bytes | None:
    """The action and the document, where it is not the same."""
    source, (log_type, by, fields) = hit["_source"], judgement
    new = None if fields is None else orjson.loads(fields)
    if (source["log_type"], source.get("log_type_by"), source.get("fields")) == (log_type, by, new):
        return None
    document = {name: value for name, value in source.items() if name not in ("fields", "bytes")}
    document |= {"log_type": log_type, "log_type_by": by}
    if new is not None:
        document["fields"] = new
    text = orjson.dumps(document)
    if len(text) > LIGHT:
        text = orjson.dumps(document | {"bytes": len(text)})
    action = {
        "_index": hit["_index"], "_id": hit["_id"], "version": hit["_version"], "version_type": "external_gte",
    }  # fmt: skip
    return orjson.dumps({"index": action}) + b"\n" + text + b"\n"
