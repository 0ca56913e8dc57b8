"""The way into the store for all but retention itself: what was removed on purpose does not come back, and is stated."""

from collections.abc import Sequence
from dataclasses import replace

from log_shipper.retention.removed import Removed
from log_store.document import DocumentBatch
from log_store.protocols import LogWriter, WriteResult
from log_store.seal import Seal


class RetainingWriter:
    """A `LogWriter` before another. Rows that were removed before count as `present`."""

    def __init__(self, writer: LogWriter, removed: Removed) -> None:
        self._writer, self._removed = writer, removed

    def write(self, batch: DocumentBatch) -> WriteResult:
        rows = self._removed.kept(batch)
        if rows is None:
            return self._writer.write(batch)
        chosen = batch.select(rows)
        chosen.absorbed = batch.absorbed
        result = self._writer.write(chosen)
        rejections = [replace(one, row=rows[one.row]) for one in result.rejections]
        return WriteResult(result.stored, result.present + len(batch) - len(rows), rejections)

    def write_seals(self, seals: Sequence[Seal]) -> None:
        self._writer.write_seals([self._removed.stated(seal) for seal in seals])

    def refresh(self) -> None:
        self._writer.refresh()

    def close(self) -> None:
        self._writer.close()
