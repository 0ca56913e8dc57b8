"""The processor: spool → stages → store → checkpoint. All that is clever, slow, or may crash."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

import msgpack

from log_shipper.audit.baseline import Baseline
from log_shipper.audit.entries import about_of, end_in, gap_in, repair_in, runs_in, seal_in
from log_shipper.checkpoint import Checkpoint
from log_shipper.delivery.delivery import Delivery
from log_shipper.delivery.slices import by_seq, slices
from log_shipper.forward.errors import ProtocolError
from log_shipper.forward.records import entries, messages, option_of
from log_shipper.losses import Claim, Losses
from log_shipper.pipeline import Pipeline
from log_shipper.places import private
from log_shipper.secret_masks import SecretMasks
from log_shipper.spool.reader import SpoolReader
from log_shipper.spool.segment import ENTRIES, OUTAGE, REPAIR, SpoolRecord
from log_store.document import DocumentBatch
from log_store.protocols import LogWriter
from log_store.seal import Seal
from wholelog_base.own_lines import own_lines_in

log = logging.getLogger(__name__)

READ = 1 << 20  # bytes of the spool at a time
BATCH_BYTES = 4 << 20  # of spooled records, after which a batch is full
LINGER = 0.05  # seconds that a row waits for more to come
BUSY_PAUSE, IDLE_PAUSE = 0.01, 0.04  # seconds between two looks at a spool with nothing new
MOST_BEGUN = 4  # checkpoints that wait for a slow store: one after the other saves what a crash would do again
SHOW_OPEN = 0.5  # seconds after which a line without an end is shown as far as it came


@dataclass(frozen=True, slots=True)
class Pace:
    batch_size: int  # documents
    checkpoint_interval: float  # seconds
    inflated_limit: int  # bytes
    checkpoint_bytes: int  # of the spool, after which a checkpoint need not wait for its time: a small spool fills soon


@dataclass(frozen=True, slots=True)
class _Begun:
    """A checkpoint that waits for what was on its way. `oldest`: received (ns), of what it covers."""

    position: int
    state: dict[str, Any]
    mark: frozenset[Any]
    oldest: int | None


class Observer(Protocol):
    """Is shown what goes to the store. Raises nothing: lines count more."""

    def batch(self, batch: DocumentBatch) -> None:
        """On its way now; after a crash the same documents come again."""
        ...

    def seals(self, seals: Sequence[Seal]) -> None:
        """Stored."""
        ...

    def reached(self, time: int) -> None:
        """All that was received until then (ns) has been shown: where the store holds us up, the rest says nothing yet."""
        ...


class Processor:
    """`run` in one thread; what the audit asks (`audit.watcher.Received`, `account`) may come from others."""

    def __init__(
        self, reader: SpoolReader, pipeline: Pipeline, delivery: Delivery, writer: LogWriter, checkpoint: Checkpoint,
        pace: Pace, losses: Losses, count: Callable[[str, int], None], bad_folder: Path, masks: SecretMasks,
        observer: Observer,
    ) -> None:  # fmt: skip
        self._reader, self._pipeline, self._delivery, self._writer = reader, pipeline, delivery, writer
        self._checkpoint, self._pace, self._losses = checkpoint, pace, losses
        self._count, self._bad_folder, self._masks, self._observer = count, bad_folder, masks, observer
        self._batch = pipeline.new_batch()
        self._batch_bytes = 0
        self._batch_since = 0.0
        self._seals: list[Claim] = []
        self._stating = delivery.mark()  # the last that were handed over
        self.disturbed = threading.Event()  # set where lines may have been lost: time for the audit to look around
        self._reached = threading.Condition()
        self._processed = reader.position
        self._saved = reader.position
        self._oldest: int | None = None  # received (ns): of what the next checkpoint covers
        self._begun: list[_Begun] = []
        self._save_due = self._show_due = 0.0

    def run(self, beat: Callable[[], None], stop: threading.Event) -> None:
        """Until `stop`. Raises Stopping where the store does not take what is on its way."""
        while not stop.is_set():
            beat()
            now, records = time.time_ns(), self._reader.read(READ)
            if records and self._oldest is None:
                self._oldest = records[0].received
            for run in _runs(records):
                self._process(run)
            self._report_damage()
            self._show_open_lines()
            state = bool(self._seals) and self._delivery.passed(self._stating)
            if self._due(at_once=state and not records):
                self._hand_over()
            if state and not len(self._batch):
                self._write_seals()
            self._advance(self._reader.position)
            if not len(self._batch):
                self._observer.reached(records[-1].received if records else now)
            self._save_when_due()
            if not records:
                stop.wait(BUSY_PAUSE if len(self._batch) else IDLE_PAUSE)
        self._hand_over()
        self._write_seals()
        self._delivery.drain()
        self._begin_checkpoint()
        self._finish_checkpoint()

    def reached(self, seconds: float) -> bool:
        target = self._reader.tail()
        with self._reached:
            return self._reached.wait_for(lambda: self._processed >= target, seconds)

    def baseline(self, container_id: str) -> Baseline:
        with self._pipeline.lock:
            return self._pipeline.baseline(container_id)

    def backlog(self) -> int:
        """Bytes of the spool that are not processed."""
        return max(0, self._reader.tail() - self._processed)

    def lag(self) -> float:
        """Seconds since the oldest record was received that no checkpoint covers yet; 0 where there is none."""
        oldest = next((one.oldest for one in list(self._begun) if one.oldest is not None), self._oldest)
        return 0.0 if oldest is None else max(0.0, time.time() - oldest / 1e9)

    def runs_stated(self, container_id: str) -> set[int]:
        with self._pipeline.lock:
            return self._pipeline.statements.starts(container_id)

    def is_sealed(self, container_id: str, started_at: int) -> bool:
        with self._pipeline.lock:
            return self._pipeline.statements.is_sealed(container_id, started_at)

    def open_runs(self) -> list[Seal]:
        with self._pipeline.lock:
            return self._pipeline.statements.open_runs()

    def known_containers(self) -> set[str]:
        with self._pipeline.lock:
            return self._pipeline.known_containers() | self._masks.containers()

    def claims_to_mend(self) -> list[Claim]:
        return self._losses.short()

    def awaited(self) -> set[str]:
        """Containers whose copy is still needed."""
        return {*(run.container_id for run in self.open_runs()), *(c.seal.container_id for c in self._losses.short())}

    def heavy(self, size: int) -> list[str]:
        with self._pipeline.lock:
            return self._pipeline.heavy(size)

    def has_unstated_lines(self, container_id: str) -> bool:
        with self._pipeline.lock:
            account = self._pipeline.ledger.accounts.get(container_id)
            stated = container_id in self._pipeline.statements.containers()
            return account is not None and account.latest > 0 and not stated

    def forget(self, container_id: str) -> None:
        with self._pipeline.lock:
            self._pipeline.forget(container_id)
        self._masks.forget(container_id)

    def _process(self, records: list[SpoolRecord]) -> None:
        """Records of one kind and trust: together they cost less than one by one."""
        if not len(self._batch):
            self._batch_since = time.monotonic()
        self._batch_bytes += sum(len(record.body) for record in records)
        try:
            with self._pipeline.lock:
                self._add(records)
        except Exception as error:  # a record that breaks a stage must not stop all that come after it, for ever
            if len(records) > 1:
                for record in records:
                    self._process([record])
                return
            if not isinstance(error, ProtocolError):
                log.exception("a stage failed")
            self._set_aside(records[0], error)
        if self._due():
            self._hand_over()

    def _add(self, records: list[SpoolRecord]) -> None:
        first, limit = records[0], self._pace.inflated_limit
        if first.kind == ENTRIES:
            parts = [(record.position, entries(record.body, limit)) for record in records]
            self._pipeline.add(self._batch, parts, first.received, trusted=first.trusted)
            self._seals += [Claim(seal) for seal in self._pipeline.statements.take_new()]
        elif first.kind == REPAIR:
            for record in records:
                self._repair(record)
        elif first.kind == OUTAGE:
            for record in records:
                start, end = msgpack.unpackb(record.body)
                self._pipeline.statements.add_outage(start, end)
                self._count("outages", 1)
                self.disturbed.set()

    def _repair(self, record: SpoolRecord) -> None:
        for message in messages(record.body):
            about = about_of(option_of(message))
            if (own := own_lines_in(about)) is not None:
                self._pipeline.tell(self._batch, own, record.position, record.received)
                continue
            seal, gap = seal_in(about), gap_in(about)
            last_word = gap is not None or about.get("last_word", False)
            if seal is not None:
                stated = self._pipeline.seal(self._batch, seal, about["surplus"], record.received)
            elif gap is not None:
                stated = self._pipeline.statements.add_gap(*gap)
            elif (end := end_in(about)) is not None:
                stated = self._pipeline.statements.end(*end)
            else:
                runs = runs_in(about, record.position)
                self._pipeline.repair(self._batch, runs, record.position, record.received, repair_in(about))
                continue
            if stated is not None:
                total = self._pipeline.statements.lines_sealed(stated.container_id)
                self._seals.append(Claim(stated, *total, about.get("surplus", 0), last_word))

    def _set_aside(self, record: SpoolRecord, error: Exception) -> None:
        self._bad_folder.mkdir(exist_ok=True, mode=0o700)
        file = self._bad_folder / f"{record.position}.msgpack"
        with open(file, "wb", opener=private) as out:
            out.write(record.body)
        self._count("entries_bad", record.count)
        log.error("%d spooled records could not be processed and are kept in %s: %s", record.count, file, error)

    def _report_damage(self) -> None:
        for first, last in self._reader.damage:
            self.disturbed.set()
            self._count("spool_damage", 1)
            log.error("the spool is damaged from %d to %d; Docker's copy still has what was there", first, last)
        self._reader.damage.clear()

    def _show_open_lines(self) -> None:
        if time.monotonic() < self._show_due:
            return
        self._show_due = time.monotonic() + SHOW_OPEN
        before = len(self._batch)
        with self._pipeline.lock:
            self._pipeline.show_open_lines(self._batch, time.time_ns())
        if not before:
            self._batch_since = time.monotonic()

    def _due(self, *, at_once: bool = False) -> bool:
        """Whether the batch must go: it is full, or it has waited, or it is wanted at once, since seals wait for it."""
        if len(self._batch) >= self._pace.batch_size or self._batch_bytes >= BATCH_BYTES:
            return True
        return bool(len(self._batch)) and (at_once or time.monotonic() - self._batch_since >= LINGER)

    def _hand_over(self) -> None:
        if len(self._batch):
            batch, self._batch, self._batch_bytes = self._batch, self._pipeline.new_batch(), 0
            self._observer.batch(batch)
            if batch.absorbed:
                # What is to go must not be on its way still.
                self._delivery.drain()
            for part in slices(by_seq(batch), self._pace.batch_size):
                self._delivery.submit(part)

    def _write_seals(self) -> None:
        """A seal follows the lines that it speaks of: they are stored, and can be read. The stream does not wait for it."""
        if not self._seals:
            return
        seals, self._seals = self._seals, []

        def attempt() -> None:
            self._writer.refresh()
            stated = self._losses.stated(seals)
            self._writer.write_seals(stated)
            self._writer.refresh()
            self._observer.seals(stated)

        self._stating = self._delivery.call_after(attempt)

    def _advance(self, position: int) -> None:
        with self._reached:
            self._processed = position
            self._reached.notify_all()

    def _save_when_due(self) -> None:
        self._finish_checkpoint()
        now = time.monotonic()
        unsaved = self._reader.position - (self._begun[-1].position if self._begun else self._saved)
        due = now >= self._save_due or unsaved > self._pace.checkpoint_bytes
        if due and unsaved > 0 and len(self._begun) < MOST_BEGUN:
            self._hand_over()
            self._write_seals()
            self._begin_checkpoint()
            self._save_due = now + self._pace.checkpoint_interval

    def _begin_checkpoint(self) -> None:
        """Remember where we are; saved once all that was handed over is stored."""
        with self._pipeline.lock:
            begun = _Begun(self._reader.position, self._pipeline.snapshot(), self._delivery.mark(), self._oldest)
            self._begun.append(begun)
            self._oldest = None

    def _finish_checkpoint(self) -> None:
        done: _Begun | None = None
        while self._begun and self._delivery.passed(self._begun[0].mark):
            done = self._begun.pop(0)
        if done is None:
            return
        self._reader.sync()
        # Of what was on its way at that time more may have been refused since.
        self._checkpoint.save(done.position, {**done.state, "losses": self._losses.snapshot()})
        self._saved = done.position
        self._reader.release(done.position)


def _runs(records: list[SpoolRecord]) -> Iterator[list[SpoolRecord]]:
    """Neighbours of one kind and trust; a repair, which is no small thing, alone."""
    for (kind, _), run in groupby(records, key=lambda record: (record.kind, record.trusted)):
        if kind == REPAIR:
            yield from ([record] for record in run)
        else:
            yield list(run)
