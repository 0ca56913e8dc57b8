"""What is done now and then: what a crash left is taken up, ended containers and old records go when their time is over."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from runtime_api.containers.engine import Engine
from runtime_api.containers.lives import Lives
from runtime_api.containers.ownership import Ours
from runtime_api.containers.record import task_of
from runtime_api.containers.tasks import Tasks
from wholelog_base import labels

log = logging.getLogger(__name__)

_NS: Final = 1_000_000_000
_LONGEST: Final = 30.0  # seconds between two looks


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long, in seconds; 0: for ever."""

    finished: float  # a container after its task's end
    records: float  # what is known of a container that is gone


class Housekeeping:
    """For one thread. `delete_soon` is called after containers have been marked for their removal."""

    def __init__(
        self, engine: Engine, ours: Ours, tasks: Tasks, lives: Lives, keeping: Keeping, *, now: Callable[[], int],
        delete_soon: Callable[[], None], clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._engine, self._ours, self._tasks, self._lives, self._keeping = engine, ours, tasks, lives, keeping
        self._now, self._clock, self._delete_soon = now, clock, delete_soon
        self._began, self._adopted, self._next = now(), False, 0.0
        shortest = min((each for each in (keeping.finished, keeping.records) if each), default=_LONGEST)
        self.interval = max(1.0, min(_LONGEST, shortest / 10))

    def round(self) -> None:
        """Raises EngineUnavailable until what a crash left has been looked for."""
        if not self._adopted:
            self._adopt()
            self._adopted = True
        if self._clock() < self._next:
            return
        self._next = self._clock() + self.interval
        if self._keeping.finished:
            self._let_go(self._now() - int(self._keeping.finished * _NS))
        if self._keeping.records:
            gone = self._lives.forget(self._now() - int(self._keeping.records * _NS))
            if gone:
                log.info("the records of %d removed containers were kept long enough, and are removed", gone)

    def _adopt(self) -> None:
        """Containers that were made before this process and of which the table knows nothing.

        One that never ran was being made when a process ended, and nobody has got its id.
        """
        for item in self._ours.list():
            if item.labels.get(labels.INSTANCE) != self._ours.instance or self._tasks.by_id(item.container_id):
                continue
            details = self._engine.inspect(item.container_id)
            if details is None or details.created_at >= self._began:
                continue
            if details.started_at:
                self._tasks.created(task_of(details), "")
            else:
                self._engine.remove(item.container_id, force=True)
                log.info("container %s was left by a crash before its start, and is removed", item.container_id[:12])

    def _let_go(self, ended_before: int) -> None:
        marked = False
        for container_id in self._lives.kept_too_long(ended_before):
            task = self._tasks.by_id(container_id)
            if task is not None:
                self._tasks.ask_deletion(task, "", self._now())
                marked = True
        if marked:
            self._delete_soon()
