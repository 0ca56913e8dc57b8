"""Changing what is said of stored messages: their types and fields, never their text, place or id."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from log_store.document import ContainerContext


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """What a rule may look at."""

    container: ContainerContext
    stream: str
    message: str


Judgement = tuple[str, str, bytes | None]
"""log_type, log_type_by, fields as in `DocumentBatch.fields`"""
Judge = Callable[[Sequence[StoredMessage]], list[Judgement]]


@dataclass(slots=True)
class Retyped:
    """Of one page: messages looked at, those whose type, reason or fields changed, and changes of type (old, new)."""

    seen: int = 0
    changed: int = 0
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: "Retyped") -> None:
        self.seen += other.seen
        self.changed += other.changed
        self.moves.update(other.moves)

    def note(self, old: str, new: str) -> None:
        self.changed += 1
        if old != new:
            self.moves[old, new] += 1


class LogRetyper(Protocol):
    def retype(self, start: int, end: int, container_id: str, judge: Judge, *, dry: bool) -> Iterator[Retyped]:
        """Judge each message with start <= log_time <= end (ns) of one container, or of all for '', page by page.

        A message that a writer changes meanwhile keeps what that writer says. `dry`: nothing is written. Raises
        LogStoreError; what was changed before stays so, and doing it again is harmless.
        """
        ...

    def close(self) -> None: ...
