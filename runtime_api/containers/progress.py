"""One task's transfer under way: what is written of it into the record, when it must stop, and when it is tried again."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Final

from runtime_api.containers.line_outbox import Said
from runtime_api.containers.lives import Lives
from runtime_api.errors import TransferFailed
from runtime_api.storage.prefixes import without_query

log = logging.getLogger(__name__)

_LOOK: Final = 1.0  # seconds between looks whether it is cancelled, and notes of how far it has come
_SAY: Final = 10.0  # seconds between words of how far it has come
_PAUSES: Final = (1.0, 3.0, 10.0)  # seconds before the next try


class Cancelled(TransferFailed):
    """The task is being deleted."""


@dataclass(slots=True)
class Item:
    """An input or output as GET shows it."""

    source: str
    target: str
    state: str = "waiting"  # copying, done, failed
    files: int = 0
    bytes: int = 0
    sha256: str | None = None  # of a single file
    tries: int = 0
    said: str = ""


class Progress:
    """Of the items of one kind (`inputs`, `outputs`) of one container; for one thread.

    `limit`: bytes of all of them; 0: none.
    """

    def __init__(
        self, lives: Lives, container_id: str, kind: str, items: list[Item], *, cancelled: Callable[[], bool],
        seconds: float, limit: int = 0, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self.items, self._lives, self._container_id, self._kind = items, lives, container_id, kind
        self._cancelled, self._clock, self._sleep = cancelled, clock, sleep
        self._end, self._seconds, self._look_at = clock() + seconds, seconds, 0.0
        self._say_at, self._limit = 0.0, limit

    def each(self, copy: Callable[[int, Item], None], *, all_of_them: bool) -> str:
        """'' or what failed. `all_of_them`: go on after one that failed. Raises what is no TransferFailed, and Cancelled."""
        problems = []
        for number, item in enumerate(self.items):
            try:
                self._tried(copy, number, item)
            except Cancelled as error:
                item.state, item.said = "failed", str(error)
                self.note()
                raise
            except TransferFailed as error:
                item.state, item.said = "failed", self._plain(str(error))
                problems.append(f"{self._kind}[{number}]: {item.said}")
                self._tell(number, f"failed: {item.said}", "error")
                log.info("container %s: %s", self._container_id[:12], problems[-1])
                if not all_of_them:
                    break
        return "; ".join(problems)

    def _tried(self, copy: Callable[[int, Item], None], number: int, item: Item) -> None:
        while True:
            item.tries += 1
            item.state, item.files, item.bytes, item.sha256 = "copying", 0, 0, None
            self.note()
            began = self._clock()
            self._say_at = began + _SAY
            try:
                copy(number, item)
                item.state, item.said = "done", ""
                took = self._clock() - began
                self._tell(number, f"copied to {item.target}: {item.files} files, {item.bytes} bytes, in {took:.1f} s")
                return
            except TransferFailed as error:
                if not error.again or item.tries > len(_PAUSES):
                    raise
                item.said = self._plain(str(error))
                pause = _PAUSES[item.tries - 1]
                self._tell(number, f"tried again in {pause:g} s: {item.said}", "warning")
                self._pause(pause)

    def counted(self, item: Item, pieces: Iterable[bytes], one: bool = False) -> Iterator[bytes]:
        """The pieces, counted; with their SHA-256 where it is the item's only file."""
        digest = hashlib.sha256()
        item.files += 1
        for piece in pieces:
            self.check()
            item.bytes += len(piece)
            if self._limit and sum(one.bytes for one in self.items) > self._limit:
                raise TransferFailed(f"they are more than {self._limit} bytes together (setting output_limit)")
            if one:
                digest.update(piece)
            yield piece
        if one:
            item.sha256 = digest.hexdigest()

    def check(self) -> None:
        """Raises Cancelled, and TransferFailed once its time is over."""
        now = self._clock()
        if now > self._end:
            raise TransferFailed(f"it took longer than {self._seconds:g} seconds (setting transfer_timeout)")
        if now >= self._look_at:
            self._look_at = now + _LOOK
            if self._cancelled():
                raise Cancelled("the task is being deleted")
            self.note()
        if now >= self._say_at:
            self._say_at = now + _SAY
            for number, item in enumerate(self.items):
                if item.state == "copying":
                    self._tell(number, f"{item.files} files, {item.bytes} bytes so far")

    def _tell(self, number: int, text: str, log_type: str = "info") -> None:
        what = f"{self._kind[:-1]} {number + 1} of {len(self.items)}, {without_query(self.items[number].source)}"
        self.note(Said(f"{what}: {text}", log_type))

    def _plain(self, text: str) -> str:
        """What is said of a URL, without what may be a signature in its query."""
        for item in sorted(self.items, key=lambda one: -len(one.source)):  # one may begin with another
            text = text.replace(item.source, without_query(item.source))
        return text

    def note(self, said: Said | None = None) -> None:
        """Into the record, and as a line of the log what is said of it."""
        self._lives.note(self._container_id, said, **{self._kind: [asdict(item) for item in self.items]})

    def _pause(self, seconds: float) -> None:
        end = self._clock() + seconds
        while self._clock() < end:
            self.check()
            self._sleep(min(0.2, seconds))
