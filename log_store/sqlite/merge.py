"""Sorted pages of several partitions as one sorted run of pages."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import attrgetter

from log_store.sqlite.order import MESSAGE, Key, Row

Pages = Iterator[list[Row]]
Low = Key | tuple[int]


@dataclass(frozen=True, slots=True)
class Source:
    """Pages that are made when they are needed: none of their rows sorts before `(low,)`."""

    low: int
    start: Callable[[], Pages]


@dataclass(slots=True)
class _Started:
    """A page of a source, and how much of it is out."""

    pages: Pages
    page: list[Row]
    at: int = 0

    @property
    def head(self) -> Key:
        return _key(self.page[self.at])


def merge(sources: list[Source]) -> Pages:
    """All rows in order, in non-empty pages. A source is started only when the rows before its `low` are out.

    Memory: a page of each source that is started and not at its end.
    """
    pending = sorted(sources, key=attrgetter("low"), reverse=True)
    started: list[_Started] = []
    while pending or started:
        if pending and (not started or (pending[-1].low,) <= started[0].head):
            _add(started, pending.pop().start())
            continue
        first = started.pop(0)
        bounds: list[Low] = [one.head for one in started[:1]]
        if pending:
            bounds.append((pending[-1].low,))
        end = bisect_left(first.page, min(bounds), first.at, key=_key) if bounds else len(first.page)
        end = max(end, first.at + 1)  # should two sources have the same row
        yield first.page[first.at : end]
        if end < len(first.page):
            first.at = end
            _insert(started, first)
        else:
            _add(started, first.pages)


def in_pages(rows: Iterator[Row], most: int, characters: int) -> Pages:
    """Rows one by one as pages of at most `most`, ended earlier where their texts have more than so many characters."""
    page: list[Row] = []
    size = 0
    for row in rows:
        page.append(row)
        size += len(row[MESSAGE])
        if len(page) >= most or size > characters:
            yield page
            page, size = [], 0
    if page:
        yield page


def _add(started: list[_Started], pages: Pages) -> None:
    page = next(pages, None)
    if page is not None:
        _insert(started, _Started(pages, page))


def _insert(started: list[_Started], one: _Started) -> None:
    started.insert(bisect_left(started, one.head, key=attrgetter("head")), one)


def _key(row: Row) -> Key:
    return row[:4]
