"""The contract of the log store. `tests/contract/` runs the same suite on every backend."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from log_store.document import DocumentBatch
from log_store.query import Arrival, ContainerRef, Counts, LogOwner, LogQuery, Page, Whose
from log_store.seal import Seal


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that was not stored. `retry`: the store was busy, send it again; else it will never be taken."""

    row: int
    retry: bool
    reason: str


@dataclass(frozen=True, slots=True)
class WriteResult:
    """`stored` + `present` + len(`rejections`) is the batch's length; `present` rows were there at this version or a
    later one already, which is success."""

    stored: int
    present: int
    rejections: list[Rejection] = field(default_factory=list)


class LogWriter(Protocol):
    """Safe to use from several threads."""

    def write(self, batch: DocumentBatch) -> WriteResult:
        """Store every row whose id is absent or has a smaller version, then remove what they absorb; durable on return.

        Rows of one container that one call after the other writes, in the order of their seq, can be read in that order:
        never a later one without those before it, but for a day's rows among those of another day.

        Raises StoreUnavailable where the whole batch's fate is unknown or refused for now (send it again: it cannot
        be stored twice), StoreMisconfigured where a person must act.
        """
        ...

    def write_seals(self, seals: Sequence[Seal]) -> None:
        """Store each seal unless a greater version for its (container_id, started_at) is there."""
        ...

    def refresh(self) -> None:
        """On return all that was written before can be read."""
        ...

    def close(self) -> None: ...


class LogReader(Protocol):
    """Safe to use from several threads."""

    def read(self, query: LogQuery) -> Iterator[Page]:
        """Non-empty pages in (order_time, stream, ordinal, id) order, in bounded memory.

        Raises StoreUnavailable (also in the middle) and StoreDamaged; an iterator that ends without raising was whole.
        """
        ...

    def heads(self, container_id: str) -> dict[str, int]:
        """The greatest seq of each shipper of which the container with this full id has a message that can be read.

        Raises StoreUnavailable and StoreDamaged, as do the next two.
        """
        ...

    def read_since(self, container_id: str, shipper: str, after: int, until: int, most: int) -> list[Arrival]:
        """The first messages with after < seq <= until, by seq: about `most` of them, or all. [] where there are none.

        A message that was written again has the seq of its newest version alone; one that a repair found unchanged (see
        `DocumentBatch.repaired`) keeps the one it had.
        """
        ...

    def count_since(self, container_id: str, shipper: str, after: int, until: int) -> int:
        """How many messages have after < seq <= until."""
        ...

    def find(self, container_id: str, name: str) -> Arrival | None:
        """The container's message with this id; None where there is none. Raises as `heads`."""
        ...

    def count_by_time(self, query: LogQuery, width: int, seconds: float) -> Counts:
        """How many messages there are in each span of `width` ns (a multiple of 1 ms; spans begin at multiples of it).

        Of the query's container, range, types, streams and words. Spans without any are left out. Raises
        StoreUnavailable also where it takes longer than `seconds`.
        """
        ...

    def owners(self, whose: Whose, start: int | None, end: int | None, most: int) -> list[LogOwner]:
        """Of the containers that are chosen the first `most` by id that have a message of this range of log_time.

        With labels those alone of which a statement has them. Raises as `heads`.
        """
        ...

    def seals(self, container_id: str) -> list[Seal]:
        """All runs of the container with this full id, oldest first; [] where none is known."""
        ...

    def count_lines(self, container_id: str) -> int:
        """The sum of `lines` over all stored documents of the container with this full id; 0 where there are none.

        A seal is checked by it. Raises StoreUnavailable and StoreDamaged.
        """
        ...

    def find_containers(self, name: str, uid: str | None = None) -> list[ContainerRef]:
        """Containers that left a seal and whose id starts with `name`, or whose name or task id is `name`.

        `uid`: only those of this owner; None: of all.

        Each once, as its newest run that fits says; newest first, then by id; at most 100.
        """
        ...

    def check(self) -> str:
        """One line that says what answers (kind, version, place). Raises LogStoreError with the way out."""
        ...

    def close(self) -> None: ...
