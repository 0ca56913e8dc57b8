"""The body of `/logs`, made page by page."""

import logging
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from log_store.errors import LogStoreError
from log_store.query import Page
from runtime_api.counters import Counters
from runtime_api.errors import StreamBroken
from runtime_api.reading.compression import gzipped
from runtime_api.reading.cut import Cut
from runtime_api.reading.forms import Form

_PIECE: Final = 500  # lines given their form at a time: a page of long lines is not held twice

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LogAnswer:
    """`first` are pages that have been read already, `rest` the ones to come.

    `title`: whose it is; `closing` are the members of `data` after the lines and their counts.
    """

    title: str
    form: Form
    gzip: bool
    first: list[Page]
    rest: Cut
    closing: dict[str, Any]


class LogStream:
    """An iterator of the answer's bytes, for WSGI; `close` calls `on_close`, at whichever end.

    Raises StreamBroken where the store does: what was sent until then has no end, and must be given none.
    """

    def __init__(self, answer: LogAnswer, counters: Counters, on_close: Callable[[], None]) -> None:
        self._answer = answer
        self._counters = counters
        self._on_close = on_close
        self._made = self._make()
        self._parts = gzipped(self._made) if answer.gzip else self._made

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._parts)
        except StopIteration:
            raise
        except LogStoreError as error:
            _log.error("%s: /logs broken off: %s", self._answer.title, error)
            self._counters.stream_broke()
            raise StreamBroken(str(error)) from error
        except Exception as error:
            _log.exception("%s: /logs broken off by an error of ours", self._answer.title)
            self._counters.stream_broke()
            self._counters.error("internal")
            raise StreamBroken("an error of ours") from error

    def close(self) -> None:
        self._made.close()
        self._answer.rest.close()
        self._on_close()

    def _make(self) -> Generator[bytes, None, None]:
        form = self._answer.form
        before = form.begin()
        count = lines = 0
        for page in chain(self._answer.first, self._answer.rest):
            for start in range(0, len(page), _PIECE):
                yield before + form.lines(page.piece(start, start + _PIECE), not (count or start))
                before = b""
            count += len(page)
            lines += page.count_lines()
            self._counters.lines(len(page))
        members = {"count": count, "lines": lines, **self._answer.closing}
        if self._answer.rest.more:
            members["cursor"] = self._answer.rest.more
        yield before + form.end(members)
