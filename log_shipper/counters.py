"""What the shipper counts, by name; kept in memory, left in a file for the process that serves them."""

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import orjson
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

MEANINGS: Final = {
    "connections": "connections of senders accepted",
    "connections_refused": "connections refused at the limit",
    "connections_open": "connections of senders that are open",
    "bytes_received": "bytes received of senders",
    "records_received": "records received of senders",
    "records_dropped": "records dropped because the disk was too slow or full; Docker's copy still has them",
    "protocol_errors": "connections closed for what their sender sent",
    "senders_too_slow": "connections closed because a message took too long, or acks were not read",
    "spool_errors": "records that the spool did not take",
    "spool_bytes": "bytes of the spool that wait for the store",
    "spool_damage": "ranges of the spool that could not be read",
    "entries_bad": "spooled records that could not be decoded",
    "documents_stored": "documents that the store has taken",
    "documents_present": "documents that the store had already",
    "documents_retried": "documents that the store was too busy for",
    "store_retries": "writes tried again because the store was away",
    "dead_letters": "documents that the store refuses for good",
    "audits": "containers whose log was compared with Docker's copy",
    "audits_so_far": "times that the log of a running container was compared with Docker's copy",
    "copies_not_held": "times that the files of Docker's copy could not be kept from being rotated away or removed",
    "outages": "times that the acceptor did not read: it was away, or stood still",
    "lines_missing": "lines that the store does not have, though they were handed to it",
    "audits_failed": "containers whose log could not be compared",
    "lines_put_back": "lines that the live path had lost and the audit put back",
    "problem_errors": "batches whose errors could not be counted",
    "alerts_sent": "notices of alerts that their receivers have taken",
    "alerts_retried": "notices of alerts that a receiver did not take, and that are tried again",
    "alerts_lost": "notices of alerts that were given up: refused, or too old",
    "alerts_failed": "times that an error of ours kept alerts from going on",
    "days_dropped": "partitions that retention removed whole",
    "lines_removed": "lines that retention, or somebody's request, removed from the store",
    "engine_reconnects": "times that the engine's events broke off",
}
GAUGES: Final = ("connections_open", "spool_bytes")


class Counters:
    """Safe to use from several threads. Raises KeyError for a name without a meaning."""

    def __init__(self, names: Iterable[str] = MEANINGS) -> None:
        self._lock = threading.Lock()
        self._values = {name: 0 for name in names}

    def count(self, name: str, by: int = 1) -> None:
        with self._lock:
            self._values[name] += by

    def set(self, name: str, value: int) -> None:
        with self._lock:
            self._values[name] = value

    def values(self) -> dict[str, int]:
        with self._lock:
            return dict(self._values)

    def save(self, file: Path) -> None:
        """Leave the values for another process; atomic."""
        new = file.with_suffix(".new")
        new.write_bytes(orjson.dumps(self.values()))
        os.replace(new, file)


def read_values(file: Path) -> dict[str, int]:
    """What `save` left; {} where nothing is there yet."""
    try:
        read: dict[str, int] = orjson.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    return read


class Collector:
    """Both processes' counters for prometheus-client: `values()` for each place."""

    def __init__(self, own: Counters, acceptor: Path) -> None:
        self._own, self._acceptor = own, acceptor

    def collect(self) -> Iterable[Metric]:
        left = read_values(self._acceptor)
        for name, value in self._own.values().items():
            family = GaugeMetricFamily if name in GAUGES else CounterMetricFamily
            metric = family(f"wholelog_shipper_{name}", MEANINGS[name])
            metric.add_metric([], value + left.get(name, 0))
            yield metric
