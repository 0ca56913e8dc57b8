"""A batch in the order and in the sizes in which it goes to the store."""

from collections.abc import Iterator
from operator import le

from log_store.document import DocumentBatch


def by_seq(batch: DocumentBatch) -> DocumentBatch:
    """What was received first is written first, across the streams: a reader of half of it misses nothing in between."""
    seqs = batch.seq
    if all(map(le, seqs, seqs[1:])):
        return batch
    ordered = batch.select(sorted(range(len(batch)), key=seqs.__getitem__))
    ordered.absorbed = batch.absorbed
    return ordered


def slices(batch: DocumentBatch, size: int) -> Iterator[DocumentBatch]:
    """Batches of at most `size` rows; what is absorbed goes with the last, when all that absorb it are on their way."""
    if len(batch) <= size:
        yield batch
        return
    for start in range(0, len(batch), size):
        part = batch.part(start, start + size)
        if start + size >= len(batch):
            part.absorbed = batch.absorbed
        yield part
