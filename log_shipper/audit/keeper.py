"""Has the files of Docker's copy held of containers that write faster than they can be compared."""

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from log_shipper.audit.held import HeldFiles
from log_shipper.errors import CopyDamaged, EngineUnavailable

log = logging.getLogger(__name__)

EVERY = 0.1  # seconds; a file of 20 MB lasts half a second where one processor does nothing but write
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

    def __init__(self, held: HeldFiles, progress: Progress, count: Callable[[str, int], None]) -> None:
        self._held, self._progress, self._count = held, progress, count
        self._stop = threading.Event()
        self._refused: set[str] = set()

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
        if not heavy and not self._held.containers():
            return
        awaited = self._progress.awaited()
        for container_id in awaited.intersection({*heavy, *self._held.containers()}):
            self._hold(container_id)
        for container_id in self._held.containers():
            if container_id not in awaited:
                self._held.drop(container_id)
        self._refused &= awaited

    def _hold(self, container_id: str) -> None:
        try:
            if not self._held.hold(container_id):
                raise OSError("the limit of what is held is reached (setting held_limit)")
            self._refused.discard(container_id)
        except (EngineUnavailable, CopyDamaged, OSError) as error:
            if container_id not in self._refused:
                self._refused.add(container_id)
                self._count("copies_not_held", 1)
                log.warning("the copy of %s may rotate away before it is compared: %s", container_id[:12], error)
