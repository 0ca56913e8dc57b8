"""A batch as rows of one partition's `documents` table."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Final

from log_store.document import Absorbed, ContainerContext, DocumentBatch

Row = tuple[Any, ...]

_GIVEN: Final = [
    "container",
    "log_time",
    "stream",
    "id",
    "order_time",
    "ordinal",
    "version",
    "shipper",
    "seq",
    "log_type",
    "log_type_by",
    "lines",
    "last_time",
    "message",
    "raw",
    "fields",
]
_KEY: Final = ("container", "log_time", "stream", "id")

_CAME: Final = ("shipper", "seq")
_TAKEN: Final = [f"{column} = excluded.{column}" for column in _GIVEN if column not in (*_KEY, *_CAME, "ordinal")]
_SAME: Final = "(excluded.message, excluded.lines, excluded.log_type, excluded.raw) IS (message, lines, log_type, raw)"

# raw and fields are given where the batch has any: to bind a None takes Python's sqlite3 as long as ten other values.
# moved(container, ordinal) gives the ordinal back: see `note_moves`. A row that is the same as before has not come anew.
_UPSERT: Final = f"""
INSERT INTO documents({", ".join(_GIVEN)}) VALUES ({", ".join("?" * (len(_GIVEN) - 2))}, %s, %s)
ON CONFLICT({", ".join(_KEY)}) DO UPDATE SET {", ".join(_TAKEN)},
    ordinal = CASE WHEN (excluded.order_time, excluded.ordinal) = (order_time, ordinal) THEN ordinal
        ELSE moved(container, excluded.ordinal) END,
    {", ".join(f"{column} = CASE WHEN {_SAME} THEN {column} ELSE excluded.{column} END" for column in _CAME)}
WHERE excluded.version > version
"""
_REMOVE: Final = """
DELETE FROM documents WHERE container = (SELECT key FROM containers WHERE container_id = ?)
    AND log_time = ? AND stream = ? AND id = ? AND version <= ?
"""
_COUNT_UP_BY_NAME: Final = "UPDATE containers SET revision = revision + 1 WHERE container_id = ?"
_COUNT_UP: Final = "UPDATE containers SET revision = revision + 1 WHERE key = ?"

CONTEXT: Final = """
INSERT INTO containers(container_id, container_name, task_id, type, uid) VALUES (?, ?, ?, ?, ?)
ON CONFLICT(container_id) DO UPDATE SET
    container_name = excluded.container_name, task_id = excluded.task_id, type = excluded.type, uid = excluded.uid
WHERE (excluded.container_name, excluded.task_id, excluded.type, excluded.uid) <> (container_name, task_id, type, uid)
"""


def note_moves(connection: sqlite3.Connection) -> set[int]:
    """The set to which UPSERT on this connection adds the keys of containers of which a row got another place."""
    moved: set[int] = set()

    def note(container: int, ordinal: int) -> int:
        moved.add(container)
        return ordinal

    connection.create_function("moved", 2, note)
    return moved


def count_up(connection: sqlite3.Connection, moved: set[int]) -> None:
    """Give the moved ones another revision. Raises sqlite3.Error."""
    connection.executemany(_COUNT_UP, [(key,) for key in moved])


def remove(connection: sqlite3.Connection, absorbed: Sequence[Absorbed]) -> None:
    """A read under way must not go on behind a row that has gone: the container gets another revision."""
    for one in absorbed:
        row = (one.container.container_id, one.log_time, one.stream, one.id, one.version)
        if connection.execute(_REMOVE, row).rowcount:
            connection.execute(_COUNT_UP_BY_NAME, row[:1])


def by_day(batch: DocumentBatch) -> dict[str, list[int] | None]:
    """For each partition the rows that belong there; None stands for all of them, as nearly always."""
    days = batch.day
    if not days or days.count(days[0]) == len(days):
        return {days[0]: None} if days else {}
    chosen: dict[str, list[int] | None] = {}
    for row, day in enumerate(days):
        rows = chosen.setdefault(day, [])
        assert rows is not None
        rows.append(row)
    return chosen


def contexts(batch: DocumentBatch) -> dict[str, ContainerContext]:
    """Each container of the batch once, by its id; the last row's context where they differ."""
    distinct = {id(context): context for context in batch.container}
    return {context.container_id: context for context in distinct.values()}


def upsert(batch: DocumentBatch) -> str:
    """The statement that stores one of its `rows`."""
    return _UPSERT % ("?" if batch.raw else "NULL", "nullif(?, '')" if batch.fields else "NULL")


def rows(batch: DocumentBatch, container_keys: dict[str, int], shipper: int) -> Iterator[Row]:
    """The batch's rows as `upsert` takes them."""
    size = len(batch)
    columns: list[Sequence[object]] = [
        [container_keys[context.container_id] for context in batch.container],
        batch.log_time,
        batch.stream,
        batch.id,
        batch.order_time,
        batch.ordinal,
        batch.version,
        [shipper] * size,
        batch.seq,
        batch.log_type,
        batch.log_type_by,
        batch.lines,
        batch.last_time,
        batch.message,
    ]
    if batch.raw:
        columns.append([batch.raw.get(row) for row in range(size)])
    if batch.fields:
        columns.append([batch.fields.get(row, b"").decode() for row in range(size)])
    return zip(*columns, strict=True)
