"""What the store refuses for good: kept in a file, never dropped in silence."""

import os
import threading
from pathlib import Path

import orjson

from log_store.document import COLUMNS, DocumentBatch
from log_store.protocols import Rejection


class DeadLetters:
    """Appends one JSON object a document, with the store's reason, to a file; durable when `write` returns."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()

    def write(self, batch: DocumentBatch, rejections: list[Rejection]) -> None:
        lines = b"".join(orjson.dumps(_letter(batch, rejection)) + b"\n" for rejection in rejections)
        with self._lock, open(self._file, "ab") as out:
            out.write(lines)
            out.flush()
            os.fsync(out.fileno())


def _letter(batch: DocumentBatch, rejection: Rejection) -> dict[str, object]:
    row = rejection.row
    document = {name: getattr(batch, name)[row] for name in COLUMNS if name != "container"}
    context = batch.container[row]
    return {"reason": rejection.reason, "container_id": context.container_id, "task_id": context.task_id, **document}
