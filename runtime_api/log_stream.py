"""The body of `/logs`, made page by page."""

import json
import logging
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import orjson

from log_store.errors import LogStoreError
from log_store.query import LogLine
from runtime_api.counters import Counters
from runtime_api.envelope import closing
from runtime_api.errors import StreamBroken

_PIECE: Final = 500  # lines made into JSON at a time: a page of long lines is not held twice

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LogAnswer:
    """`opening` begins the envelope; `first` are pages that have been read already, `rest` the ones to come.

    `closing` are the members of `data` after the lines and their counts.
    """

    container_id: str
    opening: bytes
    first: list[list[LogLine]]
    rest: Iterator[list[LogLine]]
    closing: dict[str, Any]


class LogStream:
    """An iterator of the answer's bytes, for WSGI; `close` calls `on_close`, at whichever end.

    Raises StreamBroken where the store does: what was sent until then has no end, and must be given none.
    """

    def __init__(self, answer: LogAnswer, counters: Counters, on_close: Callable[[], None]) -> None:
        self._answer = answer
        self._counters = counters
        self._on_close = on_close
        self._parts = self._make()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._parts)
        except StopIteration:
            raise
        except LogStoreError as error:
            _log.error("/logs of %s broken off: %s", self._answer.container_id, error)
            self._counters.stream_broke()
            raise StreamBroken(str(error)) from error
        except Exception as error:
            _log.exception("/logs of %s broken off by an error of ours", self._answer.container_id)
            self._counters.stream_broke()
            self._counters.error("internal")
            raise StreamBroken("an error of ours") from error

    def close(self) -> None:
        self._parts.close()
        close_pages(self._answer.rest)
        self._on_close()

    def _make(self) -> Generator[bytes, None, None]:
        before = self._answer.opening
        count = lines = 0
        for page in chain(self._answer.first, self._answer.rest):
            for start in range(0, len(page), _PIECE):
                yield before + _items(page[start : start + _PIECE])
                before = b","
            count += len(page)
            lines += sum(line["lines"] for line in page)
            self._counters.lines(len(page))
        if not count:
            yield before
        yield closing({"count": count, "lines": lines, **self._answer.closing})


def _items(lines: list[LogLine]) -> bytes:
    """JSON of the lines, comma between them."""
    try:
        return orjson.dumps(lines)[1:-1]
    except orjson.JSONEncodeError:
        # Half a surrogate pair, which a foreign writer may have stored: JSON can carry it by an escape, UTF-8 cannot.
        return json.dumps(lines)[1:-1].encode()


def close_pages(pages: Iterator[list[LogLine]]) -> None:
    """A reader's generator holds connections until it is closed; other iterators have nothing to close."""
    close = getattr(pages, "close", None)
    if close is not None:
        close()
