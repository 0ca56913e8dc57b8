"""Counts of messages by time: what no backend does by itself."""

import time
from collections.abc import Iterator
from dataclasses import replace

from log_store.errors import StoreUnavailable
from log_store.query import Counts, LogQuery, Page
from log_store.rfc3339 import parse_ns


def whole(query: LogQuery) -> LogQuery:
    """All that it chooses, in no order: what is counted."""
    return replace(query, size=None, newest=False, descending=False, after=None)


def counted(pages: Iterator[Page], width: int, seconds: float) -> Counts:
    """Of messages that must be read to be chosen. Raises StoreUnavailable where it takes too long."""
    deadline = time.monotonic() + seconds
    counts: Counts = {}
    for page in pages:
        for line in page:
            moment = parse_ns(line["log_time"])
            add(counts, moment - moment % width, line["log_type"], 1)
        if time.monotonic() > deadline:
            raise took_too_long(seconds)
    return counts


def add(counts: Counts, span: int, log_type: str, count: int) -> None:
    types = counts.setdefault(span, {})
    types[log_type] = types.get(log_type, 0) + count


def took_too_long(seconds: float) -> StoreUnavailable:
    return StoreUnavailable(f"it takes longer than {seconds:g} s to count so many messages: give a shorter range")
