"""Counts of messages by time and type."""

from typing import Any, Final

from log_store.fields import LOG_TYPES
from log_store.query import Counts
from log_store.rfc3339 import DAY, SECOND, format_ns

MOST_SPANS: Final = 1000
MILLISECOND: Final = 10**6
_MINUTE: Final = 60 * SECOND
_WIDTHS: Final = (
    *(n * MILLISECOND for n in (1, 2, 5, 10, 20, 50, 100, 200, 500)), *(n * SECOND for n in (1, 2, 5, 10, 15, 30)),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)), *(n * DAY for n in (1, 2, 7, 14, 30, 90, 365, 3650)),
)  # fmt: skip


def width_for(start: int, end: int, spans: int) -> int:
    """A round width (ns) by which a range has at most about so many spans."""
    return next((width for width in _WIDTHS if (end - start) // width < spans), _WIDTHS[-1])


def spans_of(counts: Counts, width: int, start: int, end: int) -> list[dict[str, Any]]:
    """All spans from the one of `start` to that of `end`, those without messages too; at most as many as MOST_SPANS."""
    first = start - start % width
    return [
        {"from": format_ns(span), "count": sum(found.values()), **_typed(found)}
        for span in range(first, end + 1, width)
        for found in (counts.get(span, {}),)
    ]


def _typed(found: dict[str, int]) -> dict[str, dict[str, int]]:
    known = {name: found[name] for name in LOG_TYPES if name in found}
    return {"types": known | {name: count for name, count in found.items() if name not in known}}
