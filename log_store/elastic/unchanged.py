"""Which rows of a repair are in the index already with the same text, and which seq they have there.

Elasticsearch replaces a document as a whole, so what is to stay of the one before must be read first. Repairs are rare.
"""

from collections.abc import Iterator
from typing import Any, Final

from log_store.document import DocumentBatch
from log_store.elastic.client import ElasticClient
from log_store.elastic.index import IndexNames, is_day
from log_store.errors import StoreUnavailable
from log_store.selection import is_text

_AT_A_TIME: Final = 500
_CHARACTERS: Final = 4 << 20  # of the messages asked for at a time
_MEMBERS: Final = ["log_message", "lines", "log_type", "shipper", "seq"]


def kept_seqs(client: ElasticClient, names: IndexNames, batch: DocumentBatch) -> dict[int, int]:
    """Row -> the seq that it keeps. Raises LogStoreError."""
    kept: dict[int, int] = {}
    for rows in _parts(batch):
        documents = [_wanted(names, batch, row) for row in rows]
        answer = client.request("POST", "/_mget", body={"docs": documents})
        found = answer.body.get("docs") if isinstance(answer.body, dict) else None
        if not isinstance(found, list) or len(found) != len(rows):
            raise StoreUnavailable(f"{client.place}: of {len(rows)} documents it is not said what is there")
        for row, one in zip(rows, found, strict=True):
            there: Any = one.get("_source")
            if there and _is_same(batch, row, there):
                kept[row] = int(there["seq"])
    return kept


def _wanted(names: IndexNames, batch: DocumentBatch, row: int) -> dict[str, Any]:
    return {"_index": names.of_day(batch.day[row]), "_id": batch.id[row], "_source": _MEMBERS}


def _can_be_there(batch: DocumentBatch, row: int) -> bool:
    return is_day(batch.day[row]) and is_text(batch.id[row])


def _is_same(batch: DocumentBatch, row: int, there: dict[str, Any]) -> bool:
    mine = (batch.message[row], batch.lines[row], batch.log_type[row], batch.shipper)
    return mine == tuple(there.get(name) for name in _MEMBERS[:4])


def _parts(batch: DocumentBatch) -> Iterator[list[int]]:
    part: list[int] = []
    size = 0
    for row in sorted(batch.repaired):
        if not _can_be_there(batch, row):
            continue
        part.append(row)
        size += len(batch.message[row])
        if len(part) >= _AT_A_TIME or size >= _CHARACTERS:
            yield part
            part, size = [], 0
    if part:
        yield part
