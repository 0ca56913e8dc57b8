"""Files that an older Wholelog made, made as this one has them: in one transaction each, by the writer.

=======  =========================================================================================================
version  what came with it
=======  =========================================================================================================
1        its first files counted moves of rows by a trigger (`moves` of `containers`, later `revision`), and had no
         index of tied rows; later ones note arrivals
2        `fields` of documents
=======  =========================================================================================================
"""

import sqlite3
from typing import Final

from log_store.sqlite import schema

_RANDOM: Final = "random() & 0x3fffffffffffffff"


def migrate(connection: sqlite3.Connection) -> bool:
    """Whether the file was of an older version, and is of this one now. Raises sqlite3.Error."""
    if _version(connection) not in range(1, schema.VERSION):
        return False
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection) == 1:  # else another writer was quicker
            _to_2(connection)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return True


def _to_2(connection: sqlite3.Connection) -> None:
    if _columns(connection, "documents"):  # the file of the seals has no documents, and has not changed
        connection.execute("DROP TRIGGER IF EXISTS moved")
        if "moves" in _columns(connection, "containers"):
            connection.execute("ALTER TABLE containers RENAME COLUMN moves TO revision")
            connection.execute(f"UPDATE containers SET revision = {_RANDOM}")
        connection.execute("ALTER TABLE documents ADD COLUMN fields TEXT")
        connection.execute(schema.TIED)
    connection.execute("PRAGMA user_version = 2")


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")}


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
