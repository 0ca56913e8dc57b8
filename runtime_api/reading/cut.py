"""The first so many messages of a read, and whether there are more."""

from collections.abc import Callable, Iterator

from log_store.query import Page


class Cut:
    """An iterator of non-empty pages of at most `size` messages together; asked for one more, it knows of a rest.

    `more`, once it is at its end: the cursor of the last message given, if others come behind it; else ''.
    """

    def __init__(self, pages: Iterator[Page], size: int | None, cursor_at: Callable[[Page, int], str]) -> None:
        self._pages, self._left, self._cursor_at = pages, size, cursor_at
        self._last = self.more = ""

    def __iter__(self) -> Iterator[Page]:
        return self

    def __next__(self) -> Page:
        page = next(self._pages)
        if self._left is None:
            return page
        if len(page) > self._left:
            self.more = self._cursor_at(page, self._left - 1) if self._left else self._last
            page, self._left = page.first(self._left), 0
            if not page:
                raise StopIteration
        else:
            self._left -= len(page)
        self._last = self._cursor_at(page, len(page) - 1)
        return page

    def close(self) -> None:
        close = getattr(self._pages, "close", None)
        if close is not None:
            close()
