"""Containers of one partition, by what is known of them."""

import json
import sqlite3
from contextlib import closing
from typing import Final

from log_store.query import LogOwner, Whose
from log_store.sqlite.failures import translated
from log_store.sqlite.folder import SqliteFolder

_FIND: Final = """
SELECT container_id, container_name, task_id, type, uid FROM containers
WHERE {} AND EXISTS (SELECT 1 FROM documents WHERE container = key AND log_time BETWEEN ? AND ?)
ORDER BY container_id LIMIT ?
"""


def of_day(folder: SqliteFolder, name: str, whose: Whose, start: int, end: int, most: int) -> list[LogOwner]:
    """The first `most` by id with a row of this range. Raises LogStoreError."""
    named = whose.named
    # As JSON: there may be more of them than a statement may have parameters.
    where = " AND ".join(f"{column} IN (SELECT value FROM json_each(?))" for column in named) or "TRUE"
    with translated(folder.file(name)), closing(folder.open_to_read(name)) as connection:
        given = (*(json.dumps(values) for values in named.values()), start, end, most)
        rows: sqlite3.Cursor = connection.execute(_FIND.format(where), given)
        return [LogOwner(*row) for row in rows]
