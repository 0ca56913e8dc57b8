"""A container's rows of one partition in reading order, as SQL.

There are three kinds of rows, and of each a B-tree that has them in order, so that a query only merges the three:

=====  ========================  ==============================================================
plain  order_time = log_time,    nearly all; the table itself
       ordinal = 0
tied   order_time = log_time,    a time that an earlier message of the stream had too
       ordinal <> 0
late   order_time <> log_time    written after the clock had stepped back
=====  ========================  ==============================================================

A page starts where the one before it ended, by key: each costs the same, wherever it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from log_store.query import Arrived

Key = tuple[int, str, int, str]
"""order_time, stream, ordinal, id: where a row stands."""
Bound = tuple[int, str | bytes, int, str | bytes]
"""A Key, or one in which b"" stands after every text (SQLite sorts blobs after text)."""
Row = tuple[Any, ...]
"""A Key's members, then log_time, log_type, log_type_by, message, lines, raw, fields."""
_SEPARATOR: Final = "\x1f"
LOG_TIME, LOG_TYPE, LOG_TYPE_BY, MESSAGE, LINES, RAW, FIELDS = range(4, 11)

LEAST: Final = -(2**63)
MOST: Final = 2**63 - 1
BEFORE_ALL: Final[Key] = (LEAST, "", LEAST, "")
AFTER_ALL: Final[Bound] = (MOST, b"", MOST, b"")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose rows, and of which log_times: nanoseconds, inclusive, within 64 bits; types and streams: (): all."""

    container_id: str
    start: int = LEAST
    end: int = MOST
    log_types: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    arrived: tuple[Arrived, ...] | None = None


_CHOSEN: Final = "".join(
    f"AND (:{column}s IS NULL OR instr(:{column}s, '{_SEPARATOR}' || {column} || '{_SEPARATOR}')) "
    for column in ("log_type", "stream")
)
_ARRIVED: Final = "AND /*arrived*/ TRUE "


def _merged(columns: str, upper: str, direction: str) -> str:
    """Rows after one bound and up to another."""
    # In plain and tied rows log_time is order_time, but SQLite uses a B-tree's order only for the columns it is made of.
    even = columns.replace("order_time", "log_time AS order_time", 1)
    place = "order_time, stream, ordinal, id"
    chosen = _CHOSEN + _ARRIVED
    return f"""
SELECT {even} FROM documents NOT INDEXED
WHERE container = :container AND order_time = log_time AND ordinal = 0 {chosen}
AND (log_time, stream, id) > (:after_time, :after_stream, :after_plain)
AND (log_time, stream, id) {upper} (:even_time, :even_stream, :even_plain)
UNION ALL
SELECT {even} FROM documents INDEXED BY tied
WHERE container = :container AND order_time = log_time AND ordinal <> 0 {chosen}
AND (log_time, stream, ordinal, id) > (:after_time, :after_stream, :after_ordinal, :after_id)
AND (log_time, stream, ordinal, id) {upper} (:even_time, :even_stream, :even_ordinal, :even_id)
UNION ALL
SELECT {columns} FROM documents INDEXED BY late
WHERE container = :container AND order_time <> log_time AND log_time BETWEEN :start AND :end {chosen}
AND ({place}) > (:after_time, :after_stream, :after_ordinal, :after_id)
AND ({place}) {upper} (:late_time, :late_stream, :late_ordinal, :late_id)
ORDER BY {", ".join(f"{column} {direction}" for column in (1, 2, 3, 4))} LIMIT :rows
"""


_KEY: Final = "order_time, stream, ordinal, id"
_ROW: Final = f"{_KEY}, log_time, log_type, log_type_by, message, lines, raw, fields"
ROWS_ON: Final = _merged(_ROW, "<=", "")
"""Rows after `after` up to and with `until`, the first first."""
ROWS_BACK: Final = _merged(_ROW, "<", "DESC")
"""Rows after `after` and before `until`, the last first."""
FIND: Final = f"SELECT {_ROW}, seq FROM documents WHERE container = :container AND id = :id LIMIT 1"
FIND_AT: Final = f"{FIND[:-8]} AND log_time = :time AND stream = :stream LIMIT 1"
COUNT_BY_TIME: Final = f"""
SELECT log_time - log_time % :width, log_type, count(*) FROM documents NOT INDEXED
WHERE container = :container AND log_time BETWEEN :start AND :end {_CHOSEN} GROUP BY 1, 2
"""
KEYS_BACK: Final = _merged(_KEY, "<", "DESC")
"""Keys after `after` and before `until`, the last first."""


def arrived_only(sql: str, arrived: tuple[Arrived, ...] | None, keys: Mapping[str, int]) -> str:
    """One of the three for only these; `keys`: of the partition's shippers, by name."""
    if arrived is None:
        return sql
    ranges = [
        f"(shipper = {keys[one.shipper]:d} AND seq > {max(one.after, LEAST):d} AND seq <= {min(one.until, MOST):d})"
        for one in arrived
        if one.shipper in keys
    ]
    return sql.replace(_ARRIVED, f"AND ({' OR '.join(ranges) or 'FALSE'}) ")


def parameters(container: int, wanted: Wanted, after: Key, until: Bound, rows: int) -> dict[str, Any]:
    """What all three take; `container` is the container's key in this partition."""
    after = max(after, (wanted.start, "", LEAST, ""))  # order_time >= log_time
    even: Bound = until if until[0] <= wanted.end else (wanted.end, b"", MOST, b"")
    named: dict[str, Any] = {"container": container, "start": wanted.start, "end": wanted.end, "rows": rows}
    for name, values in (("log_types", wanted.log_types), ("streams", wanted.streams)):
        named[name] = _SEPARATOR + _SEPARATOR.join(values) + _SEPARATOR if values else None
    for name, bound in (("after", after), ("even", even), ("late", until)):
        named |= zip((f"{name}_time", f"{name}_stream", f"{name}_ordinal", f"{name}_id"), bound, strict=True)
        named[f"{name}_plain"] = _plain_id(bound)
    return named


def _plain_id(bound: Bound) -> str | bytes:
    """The bound among rows of its time and stream that have ordinal 0 and are sorted by id alone."""
    _, _, ordinal, name = bound
    if ordinal == 0:
        return name
    return b"" if ordinal > 0 else ""
