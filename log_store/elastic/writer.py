"""The Elasticsearch backend's writer.

Each document is sent with an external version: the server keeps the greatest and answers 409 for any other, so sending a
batch again is harmless, and a late retry undoes nothing. A bulk is not atomic: every item's outcome counts for itself.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from log_store.document import Absorbed, DocumentBatch
from log_store.elastic import document_rows, stored_seals
from log_store.elastic.bulk import PAUSES, WANTED, Fate, Outcome, Sent, Step, check_removed, next_step, outcome_of
from log_store.elastic.client import ElasticClient
from log_store.elastic.failures import Answer
from log_store.elastic.index import DEFAULT_PREFIX, IndexNames, put_templates
from log_store.elastic.unchanged import kept_seqs
from log_store.errors import StoreDamaged, StoreMisconfigured, StoreUnavailable
from log_store.options import StoreOptions
from log_store.protocols import Rejection, WriteResult
from log_store.seal import Seal

_TIMEOUT: Final = 150.0  # s; a bulk into an index that cannot be made is answered after 90
_REMOVED_AT_A_TIME: Final = 5_000
_LARGEST_BODY: Final = 8_000_000  # bytes; only a single document may be larger


class ElasticWriter:
    """A `LogWriter` on Elasticsearch; any number of processes may have one each."""

    def __init__(self, url: str, options: StoreOptions, sleep: Callable[[float], None] = time.sleep) -> None:
        """Connects to nothing yet. Raises StoreMisconfigured."""
        self._names = IndexNames(options.index_prefix or DEFAULT_PREFIX)
        self._client = ElasticClient(url, options, _TIMEOUT)
        self._sleep = sleep
        self._lock = threading.Lock()
        self._prepared = False

    def write(self, batch: DocumentBatch) -> WriteResult:
        """See `LogWriter`. What was stored before an error stays so: send the batch again."""
        self._prepare()
        if batch.repaired:
            seqs = kept_seqs(self._client, self._names, batch)
            batch = replace(batch, seq=[seqs.get(row, seq) for row, seq in enumerate(batch.seq)])
        documents, unfit = document_rows.encode(batch)
        result = Outcome(failed={row: (Fate.REFUSED, why) for row, why in unfit.items()})
        for day, rows in document_rows.by_day(batch).items():
            try:
                index = self._names.of_day(day)
            except ValueError:
                result.failed.update({row: (Fate.REFUSED, f"day {day!r:.40} is no partition") for row in rows})
                continue
            for part in _parts(documents, rows):
                self._send(index, documents, part, result)
        self._remove(batch.absorbed)
        rejections = [Rejection(row, fate is Fate.BUSY, why) for row, (fate, why) in sorted(result.failed.items())]
        return WriteResult(result.stored, result.present, rejections)

    def _remove(self, absorbed: Sequence[Absorbed]) -> None:
        """Raises StoreUnavailable where one could not be removed now: send the batch again."""
        for day in {one.day for one in absorbed}:
            gone = [one for one in absorbed if one.day == day]
            for start in range(0, len(gone), _REMOVED_AT_A_TIME):
                part = gone[start : start + _REMOVED_AT_A_TIME]
                answer = self._bulk(self._names.of_day(day), b"".join(map(document_rows.removal, part)))
                check_removed(self._client.place, answer, len(part))

    def write_seals(self, seals: Sequence[Seal]) -> None:
        """See `LogWriter`. Those before an error may be stored; sending all again is harmless."""
        if not seals:
            return
        self._prepare()
        body = b"".join(stored_seals.encode(seal) for seal in seals)
        answer = self._bulk(self._names.seals, body)
        if answer.status != 200:
            raise StoreUnavailable(f"{self._client.place} did not take a seal: {answer.status} {answer.reason}")
        for fate, why in outcome_of(self._client.place, answer, len(seals)).failed.values():
            kind = StoreUnavailable if fate is Fate.BUSY else StoreMisconfigured
            raise kind(f"{self._client.place} did not take a seal: {why}")

    def refresh(self) -> None:
        """See `LogWriter`. Raises StoreUnavailable, also where one shard could not."""
        path = f"/{self._names.logs},{self._names.seals}/_refresh"
        answer = self._client.request("POST", path, params={"ignore_unavailable": "true"})
        shards = answer.body.get("_shards") if isinstance(answer.body, dict) else None
        if not isinstance(shards, dict) or shards.get("failed") != 0:
            raise StoreUnavailable(f"{self._client.place}: not all shards were refreshed: {answer.body!r:.300}")

    def close(self) -> None:
        """Again: nothing. Afterwards every write raises StoreUnavailable."""
        self._client.close()

    def _prepare(self) -> None:
        """The templates must be there before the first index is."""
        if not self._prepared:
            with self._lock:
                if not self._prepared:
                    put_templates(self._client, self._names)
                    self._prepared = True

    def _bulk(self, index: str, body: bytes) -> Answer:
        params = {"filter_path": WANTED + ",error,status"}
        try:
            return self._client.request("POST", f"/{index}/_bulk", body=body, params=params, expected=(400, 413, 429))
        except StoreDamaged as error:
            raise StoreUnavailable(f"it is not known what became of a batch: {error}") from error

    def _send(self, index: str, documents: list[bytes], rows: Sequence[int], result: Outcome) -> None:
        """Send these rows, in halves where they are too much together, until each has a fate."""
        waiting: list[tuple[Sequence[int], int]] = [(rows, 0)]
        while waiting:
            part, tries = waiting.pop()
            body = b"".join([documents[row] for row in part])
            answer = self._bulk(index, body)
            if answer.status == 200:
                outcome = outcome_of(self._client.place, answer, len(part))
            elif answer.status == 400 and answer.kind != "action_request_validation_exception":
                raise StoreMisconfigured(f"{self._client.place} refuses a bulk: {answer.reason}")
            else:
                outcome = _one_fate_for_all(answer, len(part))
            result.stored += outcome.stored
            result.present += outcome.present
            split: list[int] = []
            for position, (fate, why) in outcome.failed.items():
                row = part[position]
                step = next_step(answer.status, fate, why, Sent(len(part), len(body), len(documents[row]), tries))
                if step is Step.HALVE:
                    split.append(row)
                elif step is Step.ALONE:
                    waiting.append(([row], 0))
                elif step is Step.AGAIN:
                    self._sleep(PAUSES[tries])
                    waiting.append(([row], tries + 1))
                else:
                    result.failed[row] = (Fate.BUSY if step is Step.LATER else Fate.REFUSED, why)
            # The first half first: what can be read must not have holes.
            waiting += [(half, 0) for half in reversed(_halves(split))]


def _one_fate_for_all(answer: Answer, count: int) -> Outcome:
    fate = Fate.BUSY if answer.status == 429 else Fate.REFUSED
    return Outcome(failed={position: (fate, f"{answer.status} {answer.reason}") for position in range(count)})


def _parts(documents: list[bytes], rows: Sequence[int]) -> Iterator[Sequence[int]]:
    """Neighbouring rows that make a body of _LARGEST_BODY bytes at most, or one row; without those that are b''."""
    if len(rows) == len(documents) and sum(map(len, documents)) <= _LARGEST_BODY and all(documents):
        yield rows
        return
    part: list[int] = []
    size = 0
    for row in rows:
        length = len(documents[row])
        if part and size + length > _LARGEST_BODY:
            yield part
            part, size = [], 0
        if length:
            part.append(row)
            size += length
    if part:
        yield part


def _halves(rows: list[int]) -> list[list[int]]:
    middle = (len(rows) + 1) // 2
    return [half for half in (rows[:middle], rows[middle:]) if half]
