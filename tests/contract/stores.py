"""An empty store of each backend, with factories for what reads and writes it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from log_store.open import open_reader, open_writer
from log_store.protocols import LogReader, LogWriter


class Store:
    """An empty store that a writer has set up. What the factories make is closed when the test ends."""

    def __init__(self, open_one_writer: Callable[[], LogWriter], open_one_reader: Callable[[], LogReader]) -> None:
        self._open_writer = open_one_writer
        self._open_reader = open_one_reader
        self._opened = ExitStack()
        self.writer()

    def writer(self) -> LogWriter:
        writer = self._open_writer()
        self._opened.callback(writer.close)
        return writer

    def reader(self) -> LogReader:
        reader = self._open_reader()
        self._opened.callback(reader.close)
        return reader

    def close(self) -> None:
        self._opened.close()


@contextmanager
def sqlite_store(folder: Path) -> Iterator[Store]:
    url = f"sqlite://{folder}"
    store = Store(lambda: open_writer(url), lambda: open_reader(url))
    try:
        yield store
    finally:
        store.close()
