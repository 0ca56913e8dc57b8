"""What transfers ask of a storage. Every call may raise TransferFailed, whose `again` says whether a retry may help."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`name`: below the URL that was asked for, '' where that is the file itself; `size`: bytes."""

    name: str
    size: int
    place: str  # as the storage names it


class Sink(Protocol):
    def write(self, data: bytes) -> object: ...


def unwatched() -> None:
    """For who waits as long as it takes."""


class Storage(Protocol):
    """`alive` is called now and then while a storage is waited for, as often as it can; what it raises ends the waiting."""

    def files(self, url: str, alive: Callable[[], None] = unwatched) -> list[StoredFile]:
        """The file, or the files below a folder, in the order of their names. Never empty."""
        ...

    def read(self, file: StoredFile, alive: Callable[[], None] = unwatched) -> Iterator[bytes]:
        """Exactly its `size` bytes, in pieces."""
        ...

    def write(self, url: str) -> AbstractContextManager[Sink]:
        """The file is there after the block, whole; nothing of it where the block raises."""
        ...

    def size(self, url: str) -> int:
        """Of a file, as it is now."""
        ...
