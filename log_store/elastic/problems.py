"""Problems in Elasticsearch: an index of documents with the version that their writer gave them."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

import orjson

from log_store.elastic.bulk import WANTED, outcome_of
from log_store.elastic.client import ElasticClient
from log_store.elastic.index import DEFAULT_PREFIX, IndexNames, put_templates
from log_store.elastic.search import Hit, checked_hits
from log_store.errors import StoreUnavailable
from log_store.options import StoreOptions
from log_store.problem import Problem, Triage
from log_store.problem_json import problem_of, triage_of

_TIMEOUT: Final = 30.0  # s
_MOST: Final = 10_000  # documents of a kind that are read, those of last: index.max_result_window


class ElasticProblems:
    """A `ProblemStore` on Elasticsearch."""

    def __init__(self, url: str, options: StoreOptions) -> None:
        """Connects to nothing yet. Raises StoreMisconfigured."""
        self._names = IndexNames(options.index_prefix or DEFAULT_PREFIX)
        self._client = ElasticClient(url, options, _TIMEOUT)
        self._prepared = False

    def write_problems(self, problems: Sequence[Problem]) -> None:
        self._write([_entry(f"{one.id}:{one.shipper}", one, one.version, one.last.log_time) for one in problems], False)

    def remove_problems(self, shipper: str, ids: Sequence[str]) -> None:
        for one in ids:
            name = quote(f"{one}:{shipper}", safe="")
            self._client.request("DELETE", f"/{self._names.problems}/_doc/{name}", expected=(404,))

    def problems(self) -> list[Problem]:
        return [problem_of(hit["_source"]["problem"]) for hit in self._read("problem")]

    def write_triage(self, triage: Triage) -> None:
        self._write([_entry(f"{triage.problem}:said", triage, triage.at, triage.at)], True)

    def triages(self) -> dict[str, Triage]:
        found = [triage_of(hit["_source"]["triage"]) for hit in self._read("triage")]
        return {one.problem: one for one in found}

    def close(self) -> None:
        self._client.close()

    def _write(self, entries: Sequence[bytes], readable: bool) -> None:
        if not entries:
            return
        if not self._prepared:
            put_templates(self._client, self._names)
            self._prepared = True
        params = {"filter_path": WANTED, **({"refresh": "true"} if readable else {})}
        answer = self._client.request("POST", f"/{self._names.problems}/_bulk", body=b"".join(entries), params=params)
        for fate, why in outcome_of(self._client.place, answer, len(entries)).failed.values():
            raise StoreUnavailable(f"{self._client.place} did not take a problem ({fate.value}): {why}")

    def _read(self, kind: str) -> list[Hit]:
        body = {"query": {"term": {"kind": kind}}, "sort": [{"at": "desc"}], "size": _MOST}
        params = {"ignore_unavailable": "true", "allow_partial_search_results": "false"}
        answer = self._client.request("POST", f"/{self._names.problems}/_search", body=body, params=params)
        return checked_hits(self._client.place, answer)


def _entry(name: str, value: Problem | Triage, version: int, at: int) -> bytes:
    kind = "problem" if isinstance(value, Problem) else "triage"
    action: dict[str, Any] = {"_id": name, "version": version, "version_type": "external_gte"}
    document = {"kind": kind, "at": at, kind: value}
    return orjson.dumps({"index": action}) + b"\n" + orjson.dumps(document) + b"\n"
