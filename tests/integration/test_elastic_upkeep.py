"""Snapshots and older indices on a real Elasticsearch, by the requests that docs/operations.md shows."""

import json
import re
from pathlib import Path
from typing import Any

from log_store.open import open_reader, open_writer
from log_store.options import StoreOptions
from log_store.query import LogQuery
from log_store.seal import Seal
from tests.documents import NOON, Documents, container, messages_of
from tests.older_data import V1_LOGS
from tests.services.elasticsearch import call, own_prefix

A = container("a").container_id
PAGE = (Path(__file__).resolve().parents[2] / "docs/operations.md").read_text()


def shown(prefix: str, repository: str) -> list[tuple[str, str, Any]]:
    """Method, path and body of each request in the page's section on snapshots, on indices and a folder of our own."""
    section = PAGE.split("### Elasticsearch's snapshots")[1].split("\n## ")[0]
    found = re.findall(r"curl -fsS -X (\w+) \"\$ES(/[^\"]*)\"(?: [^\n]*-d '([^']*)')?", section)
    own = {
        "/var/backups/wholelog": repository,
        "_snapshot/wholelog": f"_snapshot/{prefix}",
        "wholelog-*": f"{prefix}-*",
    }
    requests = []
    for method, path, body in found:
        for old, new in own.items():
            path, body = path.replace(old, new), body.replace(old, new)
        requests.append((method, path, json.loads(body)))
    return requests


def repository_of(url: str, name: str) -> str:
    """A folder that `path.repo` allows."""
    (node,) = call(url, "GET", "/_nodes/settings")["nodes"].values()
    repositories = node["settings"].get("path", {}).get("repo")
    assert repositories, "the Elasticsearch of WHOLELOG_TEST_ES_URL must have the setting path.repo"
    return f"{repositories[0]}/{name}"


def test_a_snapshot_is_restored_as_the_page_says(newest_elasticsearch_url: str) -> None:
    url = newest_elasticsearch_url
    with own_prefix(url) as prefix:
        options = StoreOptions(index_prefix=prefix)
        writer = open_writer(url, options)
        writer.write(Documents().add_all(f"{number}" for number in range(50)).batch)
        writer.write_seals([Seal(A, NOON, state="sealed", lines=50, version=7)])
        writer.refresh()
        writer.close()
        register, take, restore = shown(prefix, repository_of(url, prefix))
        call(url, *register)
        try:
            call(url, *take)
            for index in call(url, "GET", f"/{prefix}-*/_settings"):
                call(url, "DELETE", f"/{index}")
            reader = open_reader(url, options)
            assert messages_of(reader, LogQuery(A)) == []
            call(url, *restore)
            assert messages_of(reader, LogQuery(A)) == [f"{number}" for number in range(50)]
            assert [(seal.lines, seal.version) for seal in reader.seals(A)] == [(50, 7)]
            reader.close()
        finally:
            call(url, "DELETE", f"/_snapshot/{prefix}")


def test_an_index_that_an_older_wholelog_began_is_gone_on_with(newest_elasticsearch_url: str) -> None:
    url = newest_elasticsearch_url
    with own_prefix(url) as prefix:
        body = {"index_patterns": [f"{prefix}-logs-*"], "priority": 500, "version": 1,
                "template": {"mappings": {"dynamic": False, "properties": V1_LOGS}}}  # fmt: skip
        call(url, "PUT", f"/_index_template/{prefix}-logs", body)
        old = {
            "log_time": "2026-11-24T12:00:00.000000000Z", "container_id": A, "stream": "stdout", "log_message": "old",
            "order_time": NOON, "ordinal": 0, "seq": 1, "shipper": "s", "lines": 1, "log_type": "info", "log_type_by": "default",
        }  # fmt: skip
        call(url, "PUT", f"/{prefix}-logs-2026.11.24/_doc/old?version=1&version_type=external", old)
        writer = open_writer(url, StoreOptions(index_prefix=prefix))
        writer.write(Documents().add(NOON + 1, "new", fields={"k": "found"}).batch)
        writer.refresh()
        reader = open_reader(url, StoreOptions(index_prefix=prefix))
        assert messages_of(reader, LogQuery(A)) == ["old", "new"]
        query = {"query": {"term": {"fields.k": "found"}}}
        assert call(url, "POST", f"/{prefix}-logs-2026.11.24/_count", query)["count"] == 1
        found = call(url, "GET", f"/_index_template/{prefix}-logs")["index_templates"][0]["index_template"]
        assert found["version"] > 1
        writer.close()
        reader.close()
