"""Long answers of /logs as NDJSON: what is asked next, and what has come. No input and output here."""

from collections.abc import Sequence
from typing import Final, Protocol

from wholelog.client.answers import decoded
from wholelog.client.errors import Unreachable
from wholelog.client.models import End, Line, end_of, line_of, unreadable
from wholelog.client.request import Request, Selection

PAGE: Final = 10_000  # messages asked for at first
_LARGEST: Final = 16  # times as many at a time in the end: each page begins with a look at all that is left
_READ_SECONDS: Final = 60.0
_FOLLOW_SECONDS: Final = 35.0  # the API says something at least every 10
_NO_GZIP: Final = {"Accept": "application/x-ndjson", "Accept-Encoding": "identity"}


class Stream(Protocol):
    """Lines that come in one or several answers. Until `done`: make `request`, give each line of its answer to `take`,
    and call `answered` at the answer's end, or `broken`. `end`: the last that was said of the log."""

    done: bool
    end: End | None
    checkpoint: str

    def request(self) -> Request: ...

    def take(self, raw: bytes) -> Line | None:
        """None for what is no line, or was given before. Raises NotWholelog."""
        ...

    def answered(self, status: int) -> None:
        """Raises Unreachable where the end mark has not come."""
        ...

    def broken(self) -> None: ...


class Reading:
    """What is there, page by page; a page that broke off is asked for again, and of it what is new is given.

    `checkpoint`: the cursor behind the last page that came whole; '' before the first.
    """

    def __init__(
        self, names: str | Sequence[str], selection: Selection, cursor: str = "", page: int = PAGE
    ) -> None:  # fmt: skip
        """`names`: of a container or of several; (): as `selection` says."""
        self.done, self.checkpoint = False, cursor
        self.end: End | None = None
        named = [names] if isinstance(names, str) else names
        self._params = [*(("container_id", name) for name in named), *selection.params()]
        self._size = None if selection.tail is not None else page
        self._most = page * _LARGEST
        self._given: set[str] = set()
        self._again: set[str] = set()
        self._ended = False

    def request(self) -> Request:
        self._ended = False
        cursor = (("cursor", self.checkpoint),) if self.checkpoint else ()
        size = (("size", str(self._size)),) if self._size is not None else ()
        params = (*self._params, *size, *cursor, ("format", "ndjson"))
        return Request("GET", "/logs", params, headers={"Accept": "application/x-ndjson"}, timeout=_READ_SECONDS)

    def take(self, raw: bytes) -> Line | None:
        found = _record(raw)
        if isinstance(found, Line):
            if found.id in self._again:
                return None
            self._given.add(found.id)
            return found
        if found is not None:
            self._ended = True
            self.end = found
            self.done = not found.cursor
            self._given, self._again = set(), set()
            self.checkpoint = found.cursor or self.checkpoint
            if self._size is not None:
                self._size = min(2 * self._size, self._most)
        return None

    def answered(self, status: int) -> None:
        if not self._ended:
            raise Unreachable("the log broke off")

    def broken(self) -> None:
        self._again |= self._given


class Following:
    """What is there and what comes, until the log is sealed. Goes on behind the last line that came.

    `checkpoint`: the cursor of that line.
    """

    def __init__(self, name: str, selection: Selection, cursor: str = "") -> None:
        self.done, self.checkpoint = False, cursor
        self.end: End | None = None
        self._params = (("container_id", name), *selection.params(), ("follow", "true"), ("format", "ndjson"))

    def request(self) -> Request:
        last = {"Last-Event-ID": self.checkpoint} if self.checkpoint else {}
        return Request("GET", "/logs", self._params, headers={**_NO_GZIP, **last}, timeout=_FOLLOW_SECONDS)

    def take(self, raw: bytes) -> Line | None:
        found = _record(raw)
        if isinstance(found, Line):
            self.checkpoint = found.cursor or self.checkpoint
            return found
        if found is not None:
            self.end, self.done = found, True
            # Behind the last line, not behind the end: what is behind an end may be told to be nothing.
            self.checkpoint = self.checkpoint or found.cursor
        return None

    def answered(self, status: int) -> None:
        if status == 204:  # the seal had been given
            self.done = True
        elif not self.done:
            raise Unreachable("the stream of the log broke off before its end")

    def broken(self) -> None:
        pass


class Splitter:
    """Bytes as they come, cut into lines."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that have become whole, without their ends."""
        *whole, rest = chunk.split(b"\n")
        if whole and self._parts:
            self._parts.append(whole[0])
            whole[0] = b"".join(self._parts)
            self._parts = []
        if rest:
            self._parts.append(rest)
        return whole


def _record(raw: bytes) -> Line | End | None:
    if not raw.strip():
        return None  # a sign of life
    try:
        told = decoded(raw)
        if "log_message" in told:
            return line_of(told, raw)
        return end_of(told["end"]) if "end" in told else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise unreadable("a line of /logs", error) from error
