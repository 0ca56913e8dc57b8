"""Who a container is: looked up once on the engine, then remembered for replays and after its removal."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from log_shipper.errors import EngineUnavailable
from log_shipper.stages.runs import is_sender
from log_store.document import ContainerContext

Lookup = Callable[[str], ContainerContext | None]
"""Full container id -> what the engine knows of it; None where it knows none. Raises EngineUnavailable."""

RETRY_AFTER = 30.0  # seconds until an engine that did not answer is asked again for the same container


class Containers:
    """A registry of contexts, kept in an append-only file; an id's entry never changes."""

    def __init__(self, file: Path, lookup: Lookup, clock: Callable[[], float] = time.monotonic) -> None:
        self._file, self._lookup, self._clock = file, lookup, clock
        self._known: dict[str, ContainerContext] = dict(_read(file))
        self._unknown: dict[str, tuple[float, ContainerContext]] = {}

    def context(self, container_id: str, shown_name: str) -> ContainerContext:
        """The container's context; where the engine cannot tell now, one with the name that the record carries."""
        known = self._known.get(container_id)
        if known is not None:
            return known
        asked, context = self._unknown.get(container_id, (-RETRY_AFTER, ContainerContext(container_id, shown_name)))
        if self._clock() - asked < RETRY_AFTER:
            return context
        try:
            found = None if is_sender(container_id) else self._lookup(container_id)
        except EngineUnavailable:
            self._unknown[container_id] = (self._clock(), context)
            return context
        self._remember(found or context)
        return self._known[container_id]

    def _remember(self, context: ContainerContext) -> None:
        self._known[context.container_id] = context
        entry = [
            context.container_id, context.container_name, context.task_id, context.type, context.uid, context.log, context.labels,
        ]  # fmt: skip
        with open(self._file, "ab") as out:
            out.write(orjson.dumps(entry) + b"\n")
            out.flush()
            os.fsync(out.fileno())


def known_contexts(file: Path) -> dict[str, ContainerContext]:
    """By full id: those of the file's entries that are whole. Writes nothing, so anybody may ask."""
    return dict(_entries(file.read_bytes())) if file.exists() else {}


def _read(file: Path) -> list[tuple[str, ContainerContext]]:
    """The file's entries; a last line that a crash cut short is cut off, so that the next one stands on its own."""
    if not file.exists():
        return []
    stored = file.read_bytes()
    size = stored.rfind(b"\n") + 1
    if size < len(stored):
        os.truncate(file, size)
    return _entries(stored)


def _entries(stored: bytes) -> list[tuple[str, ContainerContext]]:
    whole = stored[: stored.rfind(b"\n") + 1]
    return [(members[0], _context(*members)) for members in map(orjson.loads, whole.splitlines())]


def _context(*members: Any) -> ContainerContext:
    """Before 0.1 an entry had no labels."""
    texts, labels = members[:6], members[6:]
    return ContainerContext(*texts, *map(tuple, labels))
