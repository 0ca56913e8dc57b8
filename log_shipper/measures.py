"""What the shipper measures for Prometheus, beside what it counts (`counters`). No label grows with what is sent."""

import shutil
import time
from collections import Counter as Tally
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from log_shipper.statements import NO_COPY
from log_store.document import DocumentBatch
from log_store.fields import LOG_TYPES
from log_store.protocols import LogWriter, WriteResult
from log_store.seal import Seal

DEPENDENCIES: Final = ("engine", "store", "socket")
_SECONDS: Final = (0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10, 30, 120)
_STATES: Final = ("sealed", "gaps", "unverified", "no_copy")


class Measures:
    """Registers itself in `registry`; safe to use from several threads."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._messages = Counter(
            "wholelog_shipper_messages", "messages handed to the store, those that it had included", ("log_type",),
            registry=registry,
        )  # fmt: skip
        self._writes = Histogram(
            "wholelog_shipper_store_write_seconds", "time that the store took for a batch", buckets=_SECONDS,
            registry=registry,
        )  # fmt: skip
        self._seals = Counter(
            "wholelog_shipper_seals", "runs whose end was stated, by what was stated", ("state",), registry=registry
        )
        self._looks = Histogram(
            "wholelog_shipper_look_seconds", "time that a look at what we depend on took", ("dependency",),
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        # A counter that is first seen at 1 has not increased, for Prometheus.
        for log_type in LOG_TYPES:
            self._messages.labels(log_type)
        for state in _STATES:
            self._seals.labels(state)

    def looked(self, dependency: str, seconds: float) -> None:
        self._looks.labels(dependency).observe(seconds)

    def wrote(self, batch: DocumentBatch, seconds: float) -> None:
        self._writes.observe(seconds)
        for log_type, count in Tally(batch.log_type).items():
            self._messages.labels(log_type if log_type in LOG_TYPES else "other").inc(count)

    def stated(self, seal: Seal) -> None:
        if seal.state != "open":
            self._seals.labels("no_copy" if seal.reason == NO_COPY else seal.state).inc()

    def watch(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        Gauge(f"wholelog_shipper_{name}", meaning, registry=self._registry).set_function(value)

    def watch_ready(self, ready: Callable[[str], float]) -> None:
        """1, 0, or NaN before the first look."""
        gauge = Gauge(
            "wholelog_shipper_ready", "whether what we depend on answers", ("dependency",), registry=self._registry
        )
        for name in DEPENDENCIES:
            gauge.labels(name).set_function(lambda name=name: ready(name))  # type: ignore[misc]

    def watch_disk(self, folder: Path) -> None:
        self.watch("disk_bytes", "bytes of the data folder's disk", lambda: shutil.disk_usage(folder).total)
        self.watch("disk_free_bytes", "bytes of it that are free", lambda: shutil.disk_usage(folder).free)


class MeasuredWriter:
    """A `LogWriter` before another. Written twice, by a replay, a seal is counted twice."""

    def __init__(self, writer: LogWriter, measures: Measures) -> None:
        self._writer, self._measures = writer, measures

    def write(self, batch: DocumentBatch) -> WriteResult:
        began = time.monotonic()
        result = self._writer.write(batch)
        self._measures.wrote(batch, time.monotonic() - began)
        return result

    def write_seals(self, seals: Sequence[Seal]) -> None:
        self._writer.write_seals(seals)
        for seal in seals:
            self._measures.stated(seal)

    def refresh(self) -> None:
        self._writer.refresh()

    def close(self) -> None:
        self._writer.close()
