"""Rows of a batch as the pairs of lines that `_bulk` takes. The hot path: text is built from columns, not from objects.

`bytes`, the length of the document's JSON, is there for the reader, which must know how much a page will weigh before it
asks for it. Documents of up to LIGHT bytes, nearly all, go without.
"""

from base64 import b64encode
from collections.abc import Sequence
from typing import Final

import orjson

from log_store.document import Absorbed, ContainerContext, DocumentBatch
from log_store.rfc3339 import format_all

LIGHT: Final = 4 << 10
_UNFIT: Final = (ValueError, TypeError)
"""What a value raises that JSON or a date cannot hold: a lone surrogate (orjson's error is a TypeError), a year 10000."""


def by_day(batch: DocumentBatch) -> dict[str, Sequence[int]]:
    """The rows of each partition, in order."""
    days = batch.day
    if not days or days.count(days[0]) == len(days):
        return {days[0]: range(len(days))} if days else {}
    chosen: dict[str, list[int]] = {}
    for row, day in enumerate(days):
        chosen.setdefault(day, []).append(row)
    return dict(chosen)


def encode(batch: DocumentBatch) -> tuple[list[bytes], dict[int, str]]:
    """For each row its action and document, each ended by a newline; and the rows that cannot be written, with why.

    The latter are b'' in the list.
    """
    try:
        return _encode(batch), {}
    except _UNFIT:
        pass
    documents: list[bytes] = []
    unfit: dict[int, str] = {}
    for row in range(len(batch)):
        try:
            documents += _encode(batch.select([row]))
        except _UNFIT as error:
            documents.append(b"")
            unfit[row] = str(error)
    return documents, unfit


def removal(one: Absorbed) -> bytes:
    """The line of a `_bulk` that removes it, unless its version is greater."""
    action = {"_id": one.id, "version": one.version, "version_type": "external_gte"}
    return orjson.dumps({"delete": action}) + b"\n"


def _encode(batch: DocumentBatch) -> list[bytes]:
    times = format_all(batch.log_time)
    last_times = times if batch.last_time == batch.log_time else format_all(batch.last_time)
    dumps = orjson.dumps
    documents = [
        f'{{"index":{{"_id":"{name}","version":{version},"version_type":"external"}}}}\n'
        f'{head}"log_time":"{time}","@timestamp":"{time}","order_time":{order_time},"ordinal":{ordinal},"seq":{seq},'
        f'"lines":{lines},"last_time":"{last_time}","log_message":'.encode()
        + dumps(message)
        + b"}\n"
        for name, version, head, time, order_time, ordinal, seq, lines, last_time, message in zip(
            _escaped(batch.id),
            batch.version,
            _heads(batch),
            times,
            batch.order_time,
            batch.ordinal,
            batch.seq,
            batch.lines,
            last_times,
            batch.message,
            strict=True,
        )
    ]
    for row, raw in batch.raw.items():
        documents[row] = b'%b,"raw":"%b"}\n' % (documents[row][:-2], b64encode(raw))
    for row, fields in batch.fields.items():
        documents[row] = b'%b,"fields":%b}\n' % (documents[row][:-2], fields)
    for row, document in enumerate(documents):
        if len(document) > LIGHT:
            documents[row] = b'%b,"bytes":%d}\n' % (document[:-2], len(document))
    return documents


def _heads(batch: DocumentBatch) -> list[str]:
    """The start of each document: what is the same in many."""
    made: dict[tuple[int, str, str, str], str] = {}
    heads: list[str] = []
    # By identity: a context's hash would be made of its members each time. The batch keeps them alive.
    for context, stream, log_type, log_type_by in zip(
        batch.container, batch.stream, batch.log_type, batch.log_type_by, strict=True
    ):
        key = (id(context), stream, log_type, log_type_by)
        head = made.get(key)
        if head is None:
            head = made[key] = _head(context, stream, log_type, log_type_by, batch.shipper)
        heads.append(head)
    return heads


def _head(context: ContainerContext, stream: str, log_type: str, log_type_by: str, shipper: str) -> str:
    members = {
        "container_id": context.container_id,
        "container_name": context.container_name,
        "task_id": context.task_id,
        "type": context.type,
        "uid": context.uid,
        "stream": stream,
        "log_type": log_type,
        "log_type_by": log_type_by,
        "shipper": shipper,
    }
    return orjson.dumps(members).decode()[:-1] + ","


def _escaped(ids: list[str]) -> list[str]:
    together = "".join(ids)
    if together.isascii() and together.isprintable() and '"' not in together and "\\" not in together:
        return ids
    return [orjson.dumps(name).decode()[1:-1] for name in ids]
