"""The files of Docker's copy of each container that runs, open from its start on, so that they outlive its removal."""

import logging
import threading
from collections.abc import Callable

from log_shipper.audit.docker_copy import Facts
from log_shipper.audit.held import HeldFiles
from log_shipper.errors import CopyDamaged, EngineUnavailable

log = logging.getLogger(__name__)

GRACE = 60.0  # seconds from when a container's files are opened until its start has been stated for sure
MOST_TOLD = 1000  # containers of which it is remembered that their files cannot be held


class Copies:
    """Safe to use from several threads."""

    def __init__(self, held: HeldFiles, count: Callable[[str, int], None]) -> None:
        self._held, self._count = held, count
        self._facts: dict[str, Facts] = {}
        self._told: set[str] = set()
        self._lock = threading.Lock()

    def keep(self, container_id: str, facts: Facts | None = None, *, ours: bool = False) -> None:
        """Open what is not open yet. `facts`: what the engine says of a container of ours as long as it is there."""
        try:
            if not self._held.hold(container_id):
                raise OSError("the limit of what is held is reached (setting held_limit)")
            if facts is not None:
                self._facts[container_id] = facts
        except (EngineUnavailable, CopyDamaged, OSError) as error:
            if facts is None and not ours and isinstance(error, FileNotFoundError):
                return  # another log driver's container
            self._tell(container_id, error)

    def facts(self, container_id: str) -> Facts | None:
        """As they were said last."""
        return self._facts.get(container_id)

    def has(self, container_id: str) -> bool:
        return self._held.get(container_id) is not None

    def outdated(self) -> list[str]:
        """Containers that have files which are not open yet, or will have in a moment. Cheap."""
        return self._held.outdated()

    def let_go(self, container_id: str) -> None:
        self._held.drop(container_id)
        self._facts.pop(container_id, None)

    def let_go_unless(self, awaited: set[str]) -> None:
        """Of all whose copy is not needed any more."""
        for container_id in self._held.containers():
            if container_id not in awaited and self._held.seconds(container_id) > GRACE:
                self.let_go(container_id)

    def _tell(self, container_id: str, error: Exception) -> None:
        """Once a container."""
        with self._lock:
            if container_id in self._told:
                return
            if len(self._told) >= MOST_TOLD:
                self._told.clear()
            self._told.add(container_id)
        self._count("copies_not_held", 1)
        log.warning(
            "the copy of %s may rotate away or be removed before it is compared: %s", container_id[:12], error
        )  # fmt: skip
