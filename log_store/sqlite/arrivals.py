"""Which rows came when: what a follower asks for, without an index of rows.

A row's place in the tables is its time's; to be found by `seq` each would need an entry of an index (a quarter more CPU
and a third more disk for every line written, measured). So `arrivals` has an entry for each container of each batch: the
range of seq and the range of time that its rows have, and how much they weigh. The rows since a seq lie in the times of few entries, and nearly
all that lie there are wanted.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any, Final

from log_store.document import DocumentBatch
from log_store.sqlite.order import Row

TABLE: Final = """
CREATE TABLE arrivals(
    container INTEGER NOT NULL,
    shipper INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    first_time INTEGER NOT NULL,
    last_time INTEGER NOT NULL,
    weight INTEGER NOT NULL,
    PRIMARY KEY(container, shipper, last_seq, first_seq, first_time, last_time)
) WITHOUT ROWID;
"""
_NOTE: Final = "INSERT OR IGNORE INTO arrivals VALUES (?, ?, ?, ?, ?, ?, ?)"
_ALL_SO_FAR: Final = """
INSERT OR IGNORE INTO arrivals SELECT container, shipper, max(seq), min(seq), min(log_time), max(log_time), count(*)
FROM documents GROUP BY container, shipper
"""
_HEADS: Final = """
SELECT name, max(last_seq) FROM arrivals JOIN shippers ON key = shipper WHERE container = ? GROUP BY name
"""
_ENTRIES: Final = """
SELECT first_seq, first_time, last_time, weight FROM arrivals
WHERE container = ? AND shipper = ? AND last_seq > ? AND first_seq <= ? ORDER BY first_seq
"""
_ROWS: Final = """
SELECT order_time, stream, ordinal, id, log_time, log_type, log_type_by, message, lines, raw, fields, seq FROM documents NOT INDEXED
WHERE container = ? AND log_time BETWEEN ? AND ? AND shipper = ? AND seq > ? AND seq < ?
"""
_COUNT: Final = """
SELECT count(*) FROM documents NOT INDEXED
WHERE container = ? AND log_time BETWEEN ? AND ? AND shipper = ? AND seq > ? AND seq <= ?
"""
_HEAVY: Final = 12  # a row weighs 1, or 1 for each 4096 characters where it has more
SEQ: Final = 11  # of a row of `since`: after the others' members


def prepare(connection: sqlite3.Connection) -> None:
    """Give a partition that was made without them its entries. Raises sqlite3.Error."""
    if not _has_entries(connection):
        connection.execute("BEGIN IMMEDIATE")
        if not _has_entries(connection):
            connection.execute(TABLE)
            connection.execute(_ALL_SO_FAR)
        connection.execute("COMMIT")


def note(connection: sqlite3.Connection, batch: DocumentBatch, keys: dict[str, int], shipper: int) -> None:
    """Enter what a batch brought; in the transaction of its rows. Raises sqlite3.Error."""
    connection.executemany(_NOTE, _entries(batch, keys, shipper))


def _entries(batch: DocumentBatch, keys: dict[str, int], shipper: int) -> Iterator[tuple[int, ...]]:
    columns: tuple[list[Any], ...] = (batch.seq, batch.log_time, batch.message)
    if len(keys) == 1:
        chosen = {key: columns for key in keys.values() if len(batch)}
    else:
        rows_of: dict[int, list[int]] = {}
        for row, context in enumerate(batch.container):
            rows_of.setdefault(keys[context.container_id], []).append(row)
        chosen = {key: tuple([column[row] for row in rows] for column in columns) for key, rows in rows_of.items()}
    for key, (seqs, times, messages) in chosen.items():
        weight = max(len(seqs), sum(map(len, messages)) >> _HEAVY)
        yield key, shipper, max(seqs), min(seqs), min(times), max(times), weight


def heads(connection: sqlite3.Connection, container: int) -> dict[str, int]:
    """The greatest seq of each shipper of the container. Raises sqlite3.Error."""
    if _has_entries(connection):
        return dict(connection.execute(_HEADS, (container,)).fetchall())
    sql = "SELECT name, max(seq) FROM documents JOIN shippers ON key = shipper WHERE container = ? GROUP BY name"
    return dict(connection.execute(sql, (container,)).fetchall())


def shipper_key(connection: sqlite3.Connection, name: str) -> int | None:
    """Raises sqlite3.Error."""
    (key,) = connection.execute("SELECT key FROM shippers WHERE name = ?", (name,)).fetchone() or (None,)
    return key


def shipper_keys(connection: sqlite3.Connection) -> dict[str, int]:
    """By name. Raises sqlite3.Error."""
    return dict(connection.execute("SELECT name, key FROM shippers").fetchall())


def since(
    connection: sqlite3.Connection, container: int, shipper: int, after: int, until: int, most: int
) -> tuple[list[Row], int]:
    """Rows with after < seq < the number given, sorted by seq, of about the weight `most`: all that there are below it.

    The number is at most until + 1. Raises sqlite3.Error.
    """
    found = _found_entries(connection, container, shipper, after, until)
    taken: list[tuple[int, int]] = []
    end, expected = until + 1, 0
    for first_seq, first_time, last_time, weight in found:
        if expected >= most and first_seq > after + 1:
            end = first_seq  # entries that come after have nothing before it
            break
        taken.append((first_time, last_time))
        expected += weight
    rows_found: list[Row] = []
    for first_time, last_time in _united(taken):
        asked: Any = (container, first_time, last_time, shipper, after, end)
        rows_found += connection.execute(_ROWS, asked).fetchall()
    rows_found.sort(key=lambda row: (row[SEQ], row[3]))
    return rows_found, end


def count(connection: sqlite3.Connection, container: int, shipper: int, after: int, until: int) -> int:
    """How many rows have after < seq <= until. Raises sqlite3.Error."""
    total = 0
    entries = _found_entries(connection, container, shipper, after, until)
    for first_time, last_time in _united([(first, last) for _, first, last, _ in entries]):
        asked = (container, first_time, last_time, shipper, after, until)
        total += int(connection.execute(_COUNT, asked).fetchone()[0])
    return total


def _found_entries(
    connection: sqlite3.Connection, container: int, shipper: int, after: int, until: int
) -> list[tuple[int, int, int, int]]:
    if _has_entries(connection):
        return connection.execute(_ENTRIES, (container, shipper, after, until)).fetchall()
    return [(0, -(2**63), 2**63 - 1, 1)]


def _united(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges without those that overlap: no row is met twice."""
    united: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if united and first <= united[-1][1]:
            united[-1] = (united[-1][0], max(last, united[-1][1]))
        else:
            united.append((first, last))
    return united


def _has_entries(connection: sqlite3.Connection) -> bool:
    sql = "SELECT 1 FROM sqlite_master WHERE name = 'arrivals'"
    return connection.execute(sql).fetchone() is not None
