"""Seals in Elasticsearch: a document per run, its members those of `Seal`."""

from dataclasses import asdict, fields
from hashlib import sha256
from typing import Any, Final

import orjson

from log_store.elastic.client import ElasticClient
from log_store.elastic.index import IndexNames
from log_store.elastic.search import checked_hits
from log_store.errors import StoreDamaged, StoreMisconfigured
from log_store.labelled import LABELLED
from log_store.query import ContainerRef, Whose
from log_store.seal import Gap, Seal
from log_store.selection import is_text

_MOST_CONTAINERS: Final = 100
_PAGE: Final = 1000
_LONGEST_NAME: Final = 1000  # characters; no id, name or task id that was stored is as long
_WHOLE: Final = {"ignore_unavailable": "true", "allow_partial_search_results": "false"}
_LONGEST_ID: Final = 400  # bytes; Elasticsearch takes 512
_MEMBERS: Final = frozenset(member.name for member in fields(Seal)) - {"version"}


def encode(seal: Seal) -> bytes:
    """Its action and document for `_bulk`. An equal version is written again: the last one counts.

    Raises StoreMisconfigured for text that JSON cannot hold.
    """
    name = seal.container_id
    if len(name.encode("utf-8", "surrogatepass")) > _LONGEST_ID:
        name = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    action = {"_id": f"{name}:{seal.started_at}", "version": seal.version, "version_type": "external_gte"}
    document = asdict(seal)
    del document["version"]  # Elasticsearch keeps it
    try:
        return orjson.dumps({"index": action}) + b"\n" + orjson.dumps(document) + b"\n"
    except TypeError as error:  # a lone surrogate
        raise StoreMisconfigured(f"a seal that cannot be stored: {error}: {seal!r:.300}") from error


def of_container(client: ElasticClient, names: IndexNames, container_id: str) -> list[Seal]:
    """All runs, oldest first. Raises LogStoreError."""
    found: list[Seal] = []
    if not is_text(container_id):
        return found
    body: dict[str, Any] = {
        "query": {"term": {"container_id": container_id}},
        "sort": [{"started_at": "asc"}],
        "size": _PAGE,
        "version": True,
    }
    while True:
        hits = _search(client, names, body)
        found += [_read(client, hit) for hit in hits]
        if len(hits) < _PAGE:
            return found
        body["search_after"] = hits[-1]["sort"]  # started_at: different for each run of a container


def find(client: ElasticClient, names: IndexNames, name: str, uid: str | None) -> list[ContainerRef]:
    """By the start of the id, by name or by task id; newest first. Raises LogStoreError."""
    if len(name) > _LONGEST_NAME or not is_text(name) or not is_text(uid or ""):
        return []
    ways = [{"prefix": {"container_id": name}}, {"term": {"container_name": name}}, {"term": {"task_id": name}}]
    wanted: list[dict[str, Any]] = [{"bool": {"should": ways}}]
    if uid is not None:
        wanted.append({"term": {"uid": uid}})
    body = {
        "query": {"bool": {"filter": wanted}},
        "sort": [{"started_at": "desc"}, {"container_id": "asc"}],
        "collapse": {"field": "container_id"},
        "size": _MOST_CONTAINERS,
    }
    seals = [_read(client, hit) for hit in _search(client, names, body)]
    return [ContainerRef(s.container_id, s.container_name, s.task_id, s.uid, s.started_at) for s in seals]


def labelled(
    client: ElasticClient, names: IndexNames, whose: Whose, start: int, end: int, after: str
) -> list[str]:  # fmt: skip
    """Ids of containers with these labels that ran in this time, by id: the next LABELLED behind `after`. Raises LogStoreError."""
    filters: list[dict[str, Any]] = [{"terms": {name: list(values)}} for name, values in whose.named.items()]
    filters += [
        {"term": {"labels": one}} if "=" in one else {"prefix": {"labels": one + "="}} for one in whose.labels
    ]  # fmt: skip
    goes_on = [{"bool": {"must_not": {"exists": {"field": "finished_at"}}}}, {"range": {"finished_at": {"gte": start}}}]
    filters += [{"range": {"started_at": {"lte": end}}}, {"bool": {"should": goes_on}}]
    source = {"sources": [{"id": {"terms": {"field": "container_id"}}}], "size": LABELLED}
    body = {
        "query": {"bool": {"filter": filters}}, "size": 0, "track_total_hits": False,
        "aggs": {"containers": {"composite": {**source, **({"after": {"id": after}} if after else {})}}},
    }  # fmt: skip
    answer: Any = client.request("POST", f"/{names.seals}/_search", body=body, params=_WHOLE)
    checked_hits(client.place, answer)
    try:
        found = answer.body["aggregations"]["containers"]["buckets"] if "aggregations" in answer.body else []
        return [one["key"]["id"] for one in found]
    except (KeyError, TypeError) as error:
        raise StoreDamaged(f"{client.place}: containers that make no sense: {answer.body!r:.300}") from error


def _search(client: ElasticClient, names: IndexNames, body: dict[str, Any]) -> list[dict[str, Any]]:
    return checked_hits(client.place, client.request("POST", f"/{names.seals}/_search", body=body, params=_WHOLE))


def _read(client: ElasticClient, hit: dict[str, Any]) -> Seal:
    try:
        source = hit["_source"]
        members = {name: source[name] for name in _MEMBERS & source.keys()}
        members["gaps"] = tuple(Gap(**gap) for gap in members["gaps"])
        members["labels"] = tuple(members.get("labels", ()))
        return Seal(**members, version=hit.get("_version", 0))
    except (KeyError, TypeError, AttributeError) as error:
        raise StoreDamaged(f"{client.place}: a seal that makes no sense ({error}): {hit!r:.300}") from error
