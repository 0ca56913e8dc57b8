"""The role of docs/access.md for owners who read Elasticsearch itself, on real nodes.

Document level security is not in the basic licence, so its query is run as the filter that it becomes there.
"""

import json
import re
from pathlib import Path
from typing import Any

from log_store.document import ContainerContext
from log_store.open import open_writer
from log_store.options import StoreOptions
from log_store.seal import Seal
from tests.documents import NOON, Documents
from tests.services.elasticsearch import call, own_prefix

PAGE = Path(__file__).resolve().parents[2] / "docs/access.md"


def role() -> dict[str, Any]:
    (block,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (indices,) = json.loads(block)["indices"]
    found: dict[str, Any] = indices
    return found


def test_the_roles_query_leaves_an_owners_own_alone(newest_elasticsearch_url: str) -> None:
    url, uids = newest_elasticsearch_url, ("alice", "alice.b", "Alice", "bob", "")
    with own_prefix(url) as prefix:
        writer = open_writer(url, StoreOptions(index_prefix=prefix))
        for letter, uid in zip("abcde", uids, strict=True):
            context = ContainerContext(letter * 64, f"name-{letter}", f"task-{letter}", "bash_cell", uid)
            documents = (
                Documents(context).add(NOON, f"uid alice is not {uid}").add(NOON + 86_400 * 10**9, "a day later")
            )
            assert writer.write(documents.batch).rejections == []
            writer.write_seals([Seal(context.container_id, NOON, uid=uid, state="sealed", version=1)])
        writer.refresh()
        writer.close()
        indices = ",".join(name.replace("wholelog-", f"{prefix}-") for name in role()["names"])
        for uid, letter in zip(uids[:4], "abcd", strict=True):
            source = json.dumps(role()["query"]["template"]["source"]).replace("{{_user.username}}", uid)
            body = {"query": {"bool": {"filter": [json.loads(source)]}}, "size": 100}
            hits = call(url, "POST", f"/{indices}/_search", body)["hits"]["hits"]
            assert {hit["_source"]["container_id"] for hit in hits} == {letter * 64} and len(hits) == 3
            assert {hit["_source"]["uid"] for hit in hits} == {uid}
        everything = call(url, "POST", f"/{indices}/_count", {"query": {"match_all": {}}})["count"]
        assert everything == 3 * len(uids)
