"""The message that an alert is about, and what stands before it, as the log store has them by then."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import replace
from typing import Final

from log_shipper.alerting.notice import BEFORE, LONGEST_BEFORE, LONGEST_MESSAGE, About
from log_store.errors import LogStoreError
from log_store.protocols import LogReader
from log_store.query import LogQuery

log = logging.getLogger(__name__)

PATIENCE: Final = 1.5  # seconds; an alert must not wait for a store that is slow or away
_PAUSE: Final = 0.1  # seconds until a message that is not stored yet is looked for again

Found = tuple[About, tuple[str, ...]]


class StoredContext:
    """Called in one thread; the store is asked in another, which nobody waits for longer than PATIENCE."""

    def __init__(self, reader: LogReader, refresh: Callable[[], None]) -> None:
        self._reader, self._refresh = reader, refresh
        self._pool = ThreadPoolExecutor(1, "alert context")
        self._asked: Future[Found] | None = None

    def __call__(self, told: About) -> Found:
        if len(told.before) == BEFORE or not told.container_id:
            return told, told.before  # as in a burst: all that is wanted came with it
        if self._asked is not None and not self._asked.done():
            return told, told.before
        self._asked = self._pool.submit(self._read, told)
        try:
            return self._asked.result(PATIENCE)
        except TooSlow:
            return told, told.before
        except LogStoreError as error:
            log.info("an alert goes with what came with its message alone: %s", error)
            return told, told.before

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _read(self, told: About) -> Found:
        deadline = time.monotonic() + PATIENCE * 0.8
        self._refresh()
        query = LogQuery(told.container_id, descending=True, size=BEFORE)
        if told.id:
            found = self._reader.find(told.container_id, told.id)
            while found is None:
                if time.monotonic() > deadline:
                    return told, told.before
                time.sleep(_PAUSE)
                self._refresh()
                found = self._reader.find(told.container_id, told.id)
            told = replace(told, message=found.line["log_message"][:LONGEST_MESSAGE])
            query = replace(query, after=found.place)
        lines = [line["log_message"][:LONGEST_BEFORE] for page in self._reader.read(query) for line in page]
        return told, tuple(reversed(lines))
