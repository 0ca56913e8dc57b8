"""Has further files of Docker's copy held of containers that write faster than they can be compared, and lets go of others."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from log_shipper.audit.copies import Copies

log = logging.getLogger(__name__)

EVERY = 0.1  # seconds; a file of 20 MB lasts half a second where one processor does nothing but write
LETS_GO_EVERY = 2.0  # seconds between two looks at what is not needed any more
AT_LEAST = 4 << 20
"""Bytes received of a container after which its files are held. Of what was written the driver may have sent us a tenth, and
the copy keeps 80 MiB."""


class Progress(Protocol):
    """What the keeper asks of the processor. Safe to use from several threads."""

    def backlog(self) -> int:
        """Bytes of the spool that are not processed."""
        ...

    def heavy(self, size: int) -> list[str]: ...

    def awaited(self) -> set[str]:
        """Containers whose copy is still needed."""
        ...


class Keeper:
    """`run` until `close`."""

    def __init__(self, copies: Copies, progress: Progress, count: Callable[[str, int], None]) -> None:
        self._copies, self._progress, self._count = copies, progress, count
        self._stop = threading.Event()
        self._let_go_at = 0.0

    def run(self) -> None:
        """Blocks; for a thread of its own."""
        while not self._stop.wait(EVERY):
            try:
                self._round()
            except Exception:  # one container's trouble must not end what is done for all
                self._count("copies_not_held", 1)
                log.exception("files of Docker's copy could not be held")

    def close(self) -> None:
        self._stop.set()

    def _round(self) -> None:
        # What waits in the spool may all be of one container.
        heavy = self._progress.heavy(max(0, AT_LEAST - self._progress.backlog()))
        lets_go = time.monotonic() >= self._let_go_at
        if not heavy and not lets_go:
            return
        awaited = self._progress.awaited()
        for container_id in awaited.intersection(heavy):
            self._copies.keep(container_id, ours=True)
        if lets_go:
            self._copies.let_go_unless(awaited)
            self._let_go_at = time.monotonic() + LETS_GO_EVERY
