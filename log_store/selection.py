"""What no backend does by itself: messages chosen by their words, and how many of them are given."""

from collections.abc import Callable, Iterator

from log_store.query import LogQuery, Page

Read = Callable[[LogQuery, int | None], Iterator[Page]]
"""query, how many messages are expected to be wanted (None: all) -> pages in one direction, maybe more than so many"""


def sized(query: LogQuery, forwards: Read, backwards: Read) -> Iterator[Page]:
    """At most `size` messages that have the words, in the order asked for; pages are not empty."""
    if query.size is not None and query.size < 1:
        return
    if query.newest and not query.descending and query.size is not None and query.text is not None:
        yield from _turned(query, query.size, backwards)
        return
    direction = backwards if query.descending else forwards
    # With words nobody knows how many messages must be read to find so many.
    pages = direction(query, None if query.text is not None else query.size)
    yield from _first(query.size, _with_words(query, pages))


def is_text(text: str) -> bool:
    """False for a text with half a surrogate pair, which no store can hold: nothing is found by it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _turned(query: LogQuery, size: int, backwards: Read) -> Iterator[Page]:
    """The last `size` messages, found from the end, the first of them first."""
    after = query.after
    found: list[Page] = []
    whole = LogQuery(
        query.container_id, query.start, query.end, log_types=query.log_types, streams=query.streams, text=query.text,
        arrived=query.arrived,
    )  # fmt: skip
    for page in _first(size, _with_words(query, backwards(whole, None))):
        rows = [row for row in reversed(range(len(page))) if after is None or page.place(row) > after]
        if rows:
            found.append(page.select(rows))
        if len(rows) < len(page):
            break
    yield from reversed(found)


def _with_words(query: LogQuery, pages: Iterator[Page]) -> Iterator[Page]:
    text = query.text
    if text is None:
        yield from pages
        return
    for page in pages:
        rows = [row for row, line in enumerate(page) if text.matches(line["log_message"])]
        if rows:
            yield page if len(rows) == len(page) else page.select(rows)


def _first(size: int | None, pages: Iterator[Page]) -> Iterator[Page]:
    left = size
    for page in pages:
        if left is None:
            yield page
            continue
        yield page.first(left)
        left -= len(page)
        if left <= 0:
            return
