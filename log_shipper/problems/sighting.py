"""What the documents of a batch say of problems."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from log_shipper.problems.fingerprint import Fingerprint, fingerprint
from log_store.document import ContainerContext, DocumentBatch

ALARMING: Final = frozenset(("error", "critical"))


@dataclass(frozen=True, slots=True)
class Sighting:
    """One version of one document; `problem` None: it is no error, or is gone."""

    id: str
    version: int
    container: ContainerContext
    time: int  # ns, log_time
    problem: Fingerprint | None = None
    log_type: str = ""
    message: str = ""
    stream: str = ""
    row: int = -1
    absorbed: bool = False  # it goes although its version is no greater than the one that is known


def sightings(batch: DocumentBatch, known: Collection[str]) -> list[Sighting]:
    """Those of errors, and those that may be of messages that were errors before.

    `known`: ids of containers with errors. A batch without errors costs one look along a column.
    """
    found: list[Sighting] = []
    if not ALARMING.isdisjoint(batch.log_type):
        found += [_error(batch, row) for row, log_type in enumerate(batch.log_type) if log_type in ALARMING]
    if not known:
        return found
    if batch.repaired or (len(batch) and max(batch.lines) > 1):
        repaired, lines = batch.repaired, batch.lines
        found += [
            Sighting(batch.id[row], batch.version[row], context, batch.log_time[row])
            for row, context in enumerate(batch.container)
            if (lines[row] > 1 or row in repaired)
            and context.container_id in known
            and batch.log_type[row] not in ALARMING
        ]
    gone = (one for one in batch.absorbed if one.container.container_id in known)
    return found + [Sighting(one.id, one.version, one.container, one.log_time, absorbed=True) for one in gone]


def _error(batch: DocumentBatch, row: int) -> Sighting:
    message, log_type, context = batch.message[row], batch.log_type[row], batch.container[row]
    return Sighting(
        batch.id[row], batch.version[row], context, batch.log_time[row], fingerprint(message, log_type, context.uid),
        log_type, message, batch.stream[row], row,
    )  # fmt: skip
