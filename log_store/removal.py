"""Removing what is too old or too much: whole days where that can be, else one container's messages of a day.

Nothing here asks whether something may go: who calls has stated it (see `log_shipper.retention`).
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Partition:
    """A day, or `other`. Bounds in ns since 1970 UTC, inclusive, of the `log_time` of its messages; None for `other`."""

    name: str
    start: int | None
    end: int | None
    size: int  # bytes on the store's disks, copies included


@dataclass(frozen=True, slots=True)
class Holding:
    """What a partition has of one container. `first`, `last`: log_time in ns."""

    container_id: str
    messages: int
    lines: int
    first: int
    last: int


class LogRemover(Protocol):
    """Safe to use from several threads; writers and readers may go on meanwhile. All raise LogStoreError.

    A read under way that meets a removal raises StoreUnavailable: read again.
    """

    def partitions(self) -> list[Partition]:
        """By name, `other` last; [] where nothing is stored."""
        ...

    def holdings(self, partition: str, until: int | None = None, container_id: str = "") -> list[Holding]:
        """Of the messages with log_time <= until (all of them for None), by container; [] where there are none.

        `container_id`: of this one alone, which costs less.
        """
        ...

    def drop(self, partition: str) -> None:
        """Remove a whole partition; nothing where it is not there."""
        ...

    def remove(self, partition: str, container_id: str, until: int | None = None) -> int:
        """Remove one container's messages with log_time <= until (all for None), in batches; gives how many."""
        ...

    def close(self) -> None: ...
