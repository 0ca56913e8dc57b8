"""Stores of the SQLite backend for its own tests."""

from contextlib import closing
from pathlib import Path

from log_store.document import DocumentBatch
from log_store.sqlite.reader import SqliteReader
from log_store.sqlite.writer import SqliteWriter
from tests.documents import Documents


def written(folder: Path, *batches: DocumentBatch) -> SqliteReader:
    """A reader, in pages of 10 rows, of a store with these documents whose writer has ended."""
    with closing(SqliteWriter(folder)) as writer:
        for batch in batches:
            writer.write(batch)
    return SqliteReader(folder, page_rows=10)


def hundred() -> Documents:
    return Documents().add_all((f"{number}" for number in range(100)), step=1000)
