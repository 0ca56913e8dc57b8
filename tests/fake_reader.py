"""A log that is made while it is read: a fake of `log_store.protocols.LogReader`."""

import threading
from collections.abc import Iterator

from log_store.errors import LogStoreError
from log_store.query import Arrival, ContainerRef, Counts, LogLine, LogOwner, LogQuery, Page, Whose
from log_store.rfc3339 import format_all
from log_store.seal import Seal

START = 1_795_478_400_000_000_000


class MadeReader:
    """`pages` pages of `rows` lines of `width` characters. Raises `error` before the page of number `break_at`.

    `reading`: reads that have begun and have not been closed. Clear `go` and every page from the third on waits for it.
    """

    def __init__(self, pages: int, rows: int = 1000, width: int = 100) -> None:
        self.pages, self.rows, self.width = pages, rows, width
        self.error: LogStoreError | None = None
        self.break_at = 0
        self.state: list[Seal] = []
        self.queries: list[LogQuery] = []
        self.reading = 0
        self.made = 0  # pages
        self.go = threading.Event()
        self.go.set()
        self.closed = False

    def read(self, query: LogQuery) -> Iterator[Page]:
        self.queries.append(query)
        self.reading += 1
        try:
            for page in range(self.pages):
                if self.error is not None and page >= self.break_at:
                    raise self.error
                if page > 1:
                    self.go.wait(10)
                self.made += 1
                yield self._page(page)
        finally:
            self.reading -= 1

    def _page(self, page: int) -> Page:
        first = page * self.rows
        times = format_all(range(START + first, START + first + self.rows))
        text = "x" * self.width
        lines: list[LogLine] = [
            {
                "log_time": time,
                "log_type": "info",
                "log_message": f"{number} {text}",
                "log_type_by": "default",
                "stream": "stdout",
                "id": f"{number:032x}",
                "lines": 1,
            }
            for number, time in enumerate(times, first)
        ]
        return Page(lines, lambda index: (START + first + index, "stdout", 0, f"{first + index:032x}"))

    def heads(self, container_id: str) -> dict[str, int]:
        return {}

    def read_since(self, container_id: str, shipper: str, after: int, until: int, most: int) -> list[Arrival]:
        return []

    def find(self, container_id: str, name: str) -> Arrival | None:
        return None

    def count_by_time(self, query: LogQuery, width: int, seconds: float) -> Counts:
        return {}

    def owners(self, whose: Whose, start: int | None, end: int | None, most: int) -> list[LogOwner]:
        return [LogOwner(name, f"name-{name[:2]}") for name in sorted(whose.container_ids)[:most]]

    def count_since(self, container_id: str, shipper: str, after: int, until: int) -> int:
        return 0

    def seals(self, container_id: str) -> list[Seal]:
        if self.error is not None and not self.break_at:
            raise self.error
        return self.state

    def count_lines(self, container_id: str) -> int:
        return self.pages * self.rows

    def find_containers(self, name: str, uid: str | None = None) -> list[ContainerRef]:
        return []

    def check(self) -> str:
        if self.error is not None:
            raise self.error
        return "a store of the tests"

    def close(self) -> None:
        self.closed = True
