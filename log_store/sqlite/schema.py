"""The tables of the SQLite backend: one file for each day partition, one for all seals.

`documents` is one B-tree, keyed by what an id stands for (container, time, stream, and the id itself), so that the key
which makes a document unique is also the order in which nearly all are read; partial indices hold the few others (see
`order`). Measured, rows of 110 bytes in batches of 5,000: 300 k/s and 256 bytes a row; with the reading order as
the key and an index for ids 230 k/s and 332 bytes, with a rowid and two indices 190 k/s and 321 bytes.
"""

import sqlite3
from typing import Final

from log_store.errors import StoreDamaged, StoreMisconfigured
from log_store.sqlite import arrivals

VERSION: Final = 2

# `revision` says to a read whose pages are apart whether a row has got another place meanwhile, so that it could be missed
# or met twice; writers count it up (a trigger would do, but makes each insert twice as dear: a statement journal a row).
# It starts at random: the file may be removed, and another take its name.

TIED: Final = """
CREATE INDEX IF NOT EXISTS tied ON documents(container, log_time, stream, ordinal, id)
    WHERE order_time = log_time AND ordinal <> 0
"""

_DAY: Final = f"""
CREATE TABLE containers(
    key INTEGER PRIMARY KEY,
    container_id TEXT NOT NULL UNIQUE,
    container_name TEXT NOT NULL,
    task_id TEXT NOT NULL,
    type TEXT NOT NULL,
    uid TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT (random() & 0x3fffffffffffffff)
);
CREATE TABLE shippers(key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE documents(
    container INTEGER NOT NULL,
    log_time INTEGER NOT NULL,
    stream TEXT NOT NULL,
    id TEXT NOT NULL,
    order_time INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    version INTEGER NOT NULL,
    shipper INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    log_type TEXT NOT NULL,
    log_type_by TEXT NOT NULL,
    lines INTEGER NOT NULL,
    last_time INTEGER NOT NULL,
    message TEXT NOT NULL,
    raw BLOB,
    fields TEXT,
    PRIMARY KEY(container, log_time, stream, id)
) WITHOUT ROWID;
{TIED};
CREATE INDEX late ON documents(container, order_time, stream, ordinal, id) WHERE order_time <> log_time;
"""

_SEALS: Final = """
CREATE TABLE seals(
    container_id TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    container_name TEXT NOT NULL,
    task_id TEXT NOT NULL,
    uid TEXT NOT NULL,
    seal TEXT NOT NULL,
    PRIMARY KEY(container_id, started_at)
) WITHOUT ROWID;
CREATE INDEX by_name ON seals(container_name);
CREATE INDEX by_task ON seals(task_id);
"""


def create(connection: sqlite3.Connection, seals: bool) -> None:
    """Make the tables in an empty database and leave it in WAL mode."""
    # 8 KiB: rows up to 2 kB (a stack trace) stay in their leaf; at 4 KiB half of that.
    connection.execute("PRAGMA page_size = 8192")
    connection.executescript(
        f"BEGIN; {_SEALS if seals else _DAY + arrivals.TABLE} PRAGMA user_version = {VERSION}; COMMIT;"
    )
    connection.execute("PRAGMA journal_mode = WAL")


def check_version(connection: sqlite3.Connection, name: str) -> None:
    """Raises StoreMisconfigured for tables that another version of this code has made, StoreDamaged, sqlite3.Error."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:  # this code's files appear with their tables
        raise StoreDamaged(f"{name}: there are no tables in it: move it away, or put it back from a copy")
    if version != VERSION:
        way_out = (
            "start the shipper, which brings it up to date" if version < VERSION else "use the Wholelog that wrote it"
        )
        raise StoreMisconfigured(f"{name}: its tables have version {version}, not {VERSION}: {way_out}")
