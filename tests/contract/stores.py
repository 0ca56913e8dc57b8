"""An empty store of each backend, with factories for what reads and writes it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from log_store.document import DocumentBatch
from log_store.open import open_problems, open_reader, open_remover, open_retyper, open_writer
from log_store.options import StoreOptions
from log_store.problem import ProblemStore
from log_store.protocols import LogReader, LogWriter, WriteResult
from log_store.removal import LogRemover
from log_store.retyping import LogRetyper
from tests.services.elasticsearch import free_port, own_prefix


@dataclass
class Store:
    """An empty store that a writer has set up. What its methods give is closed when the test ends."""

    open_writer: Callable[[], LogWriter]
    open_reader: Callable[[], LogReader]
    away_writer: Callable[
        [], LogWriter
    ]  # a writer (not closed for the test) to a place where no store answers any more
    away_reader: Callable[[], LogReader]  # a reader of a place where no store answers
    open_retyper: Callable[[], LogRetyper]
    open_remover: Callable[[], LogRemover]
    open_problems: Callable[[], ProblemStore]
    away_problems: Callable[[], ProblemStore]  # of a place where no store answers
    _opened: ExitStack = field(default_factory=ExitStack)

    def writer(self) -> LogWriter:
        writer = self.open_writer()
        self._opened.callback(writer.close)
        return writer

    def reader(self) -> LogReader:
        reader = self.open_reader()
        self._opened.callback(reader.close)
        return reader

    def problems(self) -> ProblemStore:
        problems = self.open_problems()
        self._opened.callback(problems.close)
        return problems

    def close(self) -> None:
        self._opened.close()


@contextmanager
def sqlite_store(folder: Path) -> Iterator[Store]:
    """A store in FOLDER/logs."""
    url = f"sqlite://{folder}/logs"

    def away_writer() -> LogWriter:
        writer = open_writer(f"sqlite://{folder}/gone")
        (folder / "gone").rename(folder / "elsewhere")
        return writer

    store = Store(
        lambda: open_writer(url),
        lambda: open_reader(url),
        away_writer,
        lambda: open_reader(f"sqlite://{folder}/nowhere"),
        lambda: open_retyper(url),
        lambda: open_remover(url),
        lambda: open_problems(url),
        lambda: open_problems(f"sqlite://{folder}/nowhere"),
    )
    try:
        store.writer()
        yield store
    finally:
        store.close()


@contextmanager
def elastic_store(url: str) -> Iterator[Store]:
    """A store whose indices nobody else has; removed at the end."""
    with own_prefix(url) as prefix:
        options = StoreOptions(index_prefix=prefix)
        nowhere = f"http://127.0.0.1:{free_port()}"
        store = Store(
            lambda: open_writer(url, options),
            lambda: open_reader(url, options),
            lambda: open_writer(nowhere, options),
            lambda: open_reader(nowhere, options),
            lambda: open_retyper(url, options),
            lambda: open_remover(url, options),
            lambda: open_problems(url, options),
            lambda: open_problems(nowhere, options),
        )
        try:
            yield store
        finally:
            store.close()


def write(store: Store, *batches: DocumentBatch) -> list[WriteResult]:
    """Write them and make them readable; no row may be rejected."""
    writer = store.writer()
    results = [writer.write(batch) for batch in batches]
    writer.refresh()
    assert [result.rejections for result in results] == [[] for _ in results]
    return results
