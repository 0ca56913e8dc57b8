"""Containers by their labels, which the statements of their runs say, not their messages: for every backend alike."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from log_store.query import LogOwner, Whose

LABELLED: Final = 1000
"""Ids of containers a look."""
EARLIER: Final = 60 * 10**9
"""ns by which a line may be stamped before its run began or after it ended, by the clocks of two programs."""
_LAST: Final = (1 << 63) - 1

Labelled = Callable[[Whose, int, int, str], list[str]]
"""whose, begin and end of a time in which they ran, id -> the next LABELLED ids behind that id, in order"""
Written = Callable[[Whose, int], list[LogOwner]]
"""whose, how many at most -> those that have written, by id"""


def owners(
    labelled: Labelled, written: Written, whose: Whose, start: int | None, end: int | None, most: int
) -> list[LogOwner]:
    """As `LogReader.owners`, of `whose` with labels."""
    low, high = max((start or 0) - EARLIER, 0), _LAST if end is None else min(max(end, 0) + EARLIER, _LAST)
    found: list[LogOwner] = []
    for ids in _looks(labelled, whose, low, high):
        found += written(replace(whose, container_ids=tuple(ids), labels=()), most - len(found))
        if len(found) >= most:
            break
    return found


def _looks(labelled: Labelled, whose: Whose, low: int, high: int) -> Iterator[list[str]]:
    after = ""
    while ids := labelled(whose, low, high, after):
        yield ids
        if len(ids) < LABELLED:
            return
        after = ids[-1]
