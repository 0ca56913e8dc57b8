"""Documents for tests, made as the shipper makes them: ids of container, stream, time and text; order as it was written."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from log_store.document import ContainerContext, DocumentBatch
from log_store.protocols import LogReader
from log_store.query import LogLine, LogQuery
from log_store.rfc3339 import day_name

SECOND = 10**9
NOON = 1_795_521_600 * SECOND  # 2026-11-24T12:00:00Z
MIDNIGHT = NOON + 12 * 3600 * SECOND  # the end of that day


def container(letter: str = "a", name: str = "", task_id: str = "") -> ContainerContext:
    """A context with a full id of one letter, 64 times."""
    return ContainerContext(letter * 64, name or f"name-{letter}", task_id or f"task-{letter}", "bash_cell", "uid-1")


@dataclass
class Documents:
    """Builds a batch row by row; `place` overrides are for tests of order."""

    context: ContainerContext = field(default_factory=container)
    shipper: str = "shipper-1"
    batch: DocumentBatch = field(init=False)

    def __post_init__(self) -> None:
        self.batch = DocumentBatch(self.shipper)
        self._last: dict[str, tuple[int, int]] = {}

    def add(
        self,
        time: int,
        message: str,
        stream: str = "stdout",
        *,
        day: str | None = None,
        version: int = 1,
        lines: int = 1,
        log_type: str = "info",
        raw: bytes | None = None,
        fields: dict[str, Any] | None = None,
        first: str | None = None,
        place: tuple[int, int] | None = None,
    ) -> "Documents":
        """`first`: the text that the id is made of, if it is not the message; `place`: order_time and ordinal."""
        order_time, ordinal = place or self._next_place(stream, time)
        text = message if first is None else first
        digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        batch = self.batch
        if raw is not None:
            batch.raw[len(batch)] = raw
        if fields is not None:
            batch.fields[len(batch)] = json.dumps(fields, separators=(",", ":")).encode()
        batch.container.append(self.context)
        batch.stream.append(stream)
        batch.id.append(
            f"{self.context.container_id[:12]}{'w' if stream == 'wholelog' else stream[3]}{time:016x}{digest}"
        )
        batch.version.append(version)
        batch.day.append(day or day_name(time))
        batch.log_time.append(time)
        batch.order_time.append(order_time)
        batch.ordinal.append(ordinal)
        batch.seq.append(len(batch))
        batch.log_type.append(log_type)
        batch.log_type_by.append("level_word" if log_type != "info" else "default")
        batch.message.append(message)
        batch.lines.append(lines)
        batch.last_time.append(time + lines - 1)
        return self

    def add_all(self, texts: Iterable[str], start: int = NOON, step: int = 1000, stream: str = "stdout") -> "Documents":
        for number, text in enumerate(texts):
            self.add(start + number * step, text, stream)
        return self

    def _next_place(self, stream: str, time: int) -> tuple[int, int]:
        order_time, ordinal = self._last.get(stream, (-1, 0))
        place = (time, 0) if time > order_time else (order_time, ordinal + 1)
        self._last[stream] = place
        return place


def lines_of(reader: LogReader, query: LogQuery) -> list[LogLine]:
    return [line for page in reader.read(query) for line in page]


def messages_of(reader: LogReader, query: LogQuery) -> list[str]:
    return [line["log_message"] for line in lines_of(reader, query)]
