"""Has further files of Docker's copy held of containers that write faster than they can be compared, and lets go of others."""

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from log_shipper.audit.copies import Copies

log = logging.getLogger(__name__)

EVERY = 0.1  # seconds; a file of 20 MB lasts half a second where one processor does nothing but write
ASKS_EVERY = 0.5  # seconds between two looks at what the processor has
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
    """`run` and `ask` until `close`, each in a thread of its own.

    The processor answers late just when files come fast: its lock is taken again and again.
    """

    def __init__(self, copies: Copies, progress: Progress, count: Callable[[str, int], None]) -> None:
        self._copies, self._progress, self._count = copies, progress, count
        self._stop = threading.Event()

    def run(self) -> None:
        """Blocks; holds what comes of a copy of which files are held already."""
        self._every(EVERY, lambda: self._keep(self._copies.outdated()))

    def ask(self) -> None:
        """Blocks; begins to hold where much came and nothing is held, and lets go of what nobody needs."""
        self._every(ASKS_EVERY, self._asked)

    def close(self) -> None:
        self._stop.set()

    def _every(self, seconds: float, look: Callable[[], None]) -> None:
        while not self._stop.wait(seconds):
            try:
                look()
            except Exception:  # one container's trouble must not end what is done for all
                self._count("copies_not_held", 1)
                log.exception("files of Docker's copy could not be held")

    def _asked(self) -> None:
        # What waits in the spool may all be of one container.
        heavy = self._progress.heavy(max(0, AT_LEAST - self._progress.backlog()))
        awaited = self._progress.awaited()
        self._keep(awaited.intersection(heavy))
        self._copies.let_go_unless(awaited)

    def _keep(self, containers: Iterable[str]) -> None:
        for container_id in containers:
            self._copies.keep(container_id, ours=True)
