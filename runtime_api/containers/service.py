"""The containers of this service: protocols.Containers by an engine, a table of tasks and the log store's seals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from log_store.errors import LogStoreError
from log_store.protocols import LogReader
from runtime_api.access.caller import OPERATOR, Caller
from runtime_api.containers.creation import Starter
from runtime_api.containers.engine import Details, Engine
from runtime_api.containers.good_runs import GoodRuns
from runtime_api.containers.life_view import life_view
from runtime_api.containers.listing import RUNNING, Listing
from runtime_api.containers.lives import Lives
from runtime_api.containers.lookup import Lookup
from runtime_api.containers.protocols import EVERY, Choice, ContainerView, Created, Deleted, OwnContainers
from runtime_api.containers.queueing import QUEUED, Limits, places
from runtime_api.containers.record import record_of, record_of_removed
from runtime_api.containers.removal import Remover
from runtime_api.containers.stats import Stats
from runtime_api.containers.tasks import Task, Tasks
from runtime_api.errors import EngineUnavailable, NotFound
from runtime_api.schemas.task import TaskRequest
from runtime_api.seal_view import seal_view
from wholelog_base import labels

COPYING: Final = ("inputs", "outputs")


class Worker(Protocol):
    """Something that works beside the requests, in a thread of its own."""

    def start(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Own:
    """See OwnContainers."""

    service: "ContainerService"
    caller: Caller

    def create(self, task: TaskRequest) -> Created:
        return self.service.create(task, self.caller)

    def delete(self, name: str, request_id: str) -> Deleted:
        return self.service.delete(name, request_id, self.caller)

    def list(self, choice: Choice = EVERY) -> list[ContainerView]:
        return self.service.list(choice, self.caller)

    def get(self, name: str) -> ContainerView:
        return self.service.get(name, self.caller)

    def resolve(self, name: str) -> str:
        return self.service.resolve(name, self.caller)


class ContainerService:
    """Safe to use from several threads between `start` and `close`.

    `workers` are started in this order and closed in the other; `last` is called at the very end.
    """

    def __init__(
        self, engine: Engine, tasks: Tasks, lives: Lives, reader: LogReader, stats: Stats, starter: Starter,
        remover: Remover, lookup: Lookup, listing: Listing, limits: Limits, workers: Sequence[Worker], last: Callable[[], None],
    ) -> None:  # fmt: skip
        self._engine, self._tasks, self._lives, self._reader, self._stats = engine, tasks, lives, reader, stats
        self._starter, self._remover, self._lookup, self._listing = starter, remover, lookup, listing
        self._limits, self._workers, self._last = limits, workers, last
        self._good_runs = GoodRuns(tasks.file)

    def start(self) -> None:
        """Begin to keep figures, and go on with what an earlier process left."""
        for worker in self._workers:
            worker.start()

    def close(self) -> None:
        for worker in reversed(self._workers):
            worker.close()
        self._engine.close()
        self._tasks.close()
        self._last()

    def of(self, caller: Caller) -> OwnContainers:
        return _Own(self, caller)

    def create(self, task: TaskRequest, caller: Caller = OPERATOR) -> Created:
        created = self._starter.create(replace(task, uid=caller.uid))
        if not created.again and created.phase == "created":
            self._stats.watch(created.container_id)
        return created

    def delete(self, name: str, request_id: str, caller: Caller = OPERATOR) -> Deleted:
        deleted = self._remover.delete(name, request_id, caller)
        self._stats.forget(deleted.container_id)
        return deleted

    def list(self, choice: Choice = EVERY, caller: Caller = OPERATOR) -> list[ContainerView]:
        if not caller.sees_all:
            if choice.uid is not None and not caller.sees(choice.uid):
                return []
            choice = replace(choice, uid=caller.uid)
        return self._listing.list(choice)

    def get(self, name: str, caller: Caller = OPERATOR) -> ContainerView:
        found = self._lookup.living_or_removed(name, caller)
        if isinstance(found, Task):
            return self._removed(found)
        if (copied := self._being_copied(found)) is not None:
            return self._shown_without_engine(copied)
        details = self._engine.inspect(found)
        if details is None:  # just now
            task = self._tasks.by_id(found)
            if task is None:
                raise NotFound(f"container {found[:12]} has just been removed; its logs stay at /logs")
            return self._removed(task)
        return self._living(details)

    def resolve(self, name: str, caller: Caller = OPERATOR) -> str:
        return self._lookup.any(name, caller)

    def last_good(self, container_id: str) -> str | None:
        return self._good_runs.before(container_id)

    def newest_run(self, container_id: str) -> int:
        life = self._lives.of(container_id)
        if life is not None and life.phase in COPYING:
            return life.started_at
        try:
            details = self._engine.inspect(container_id)
        except EngineUnavailable:
            return 0
        return details.started_at if details else 0

    def check(self) -> str:
        self._engine.ping()
        facts = self._engine.facts()
        return f"Docker {facts.version}, API {facts.api_version}, {facts.cpus} CPUs"

    def _being_copied(self, container_id: str) -> Task | None:
        """While files are copied to or from a container the engine keeps everybody waiting who asks about it."""
        task = self._tasks.by_id(container_id)
        return task if task is not None and task.phase in COPYING else None

    def _shown_without_engine(self, task: Task) -> ContainerView:
        status = "created" if task.phase == "inputs" else "exited"
        more = {
            **record_of_removed(task, None),
            **self._life(task.container_id, None),
            **self._seal(task.container_id, 0),
        }
        del more["deleted"]
        cpu, mem = self._stats.figures(task.container_id, running=False)
        return ContainerView(task.container_id, cpu, mem, status, task.uid, more, task.created_at)

    def _living(self, details: Details) -> ContainerView:
        container_id, state = details.summary.container_id, details.summary.state
        if state in RUNNING:
            self._stats.watch(container_id)
        task = self._tasks.by_id(container_id)
        record = record_of(details, task)
        more = {**record, **self._life(container_id, details), **self._seal(container_id, details.started_at)}
        cpu, mem = self._stats.figures(container_id, running=state in RUNNING)
        # Stopped, and kept only until its log has been verified.
        going = task is not None and task.deletion_asked_at is not None and state not in RUNNING
        uid = details.summary.labels.get(labels.UID, "")
        status = "removing" if going else state
        return ContainerView(container_id, cpu, mem, status, uid, more, task.created_at if task else 0)

    def _removed(self, task: Task) -> ContainerView:
        """Of a container that the engine has no more."""
        record = record_of_removed(task, self._tasks.record(task.container_id))
        more = {**record, **self._life(task.container_id, None), **self._seal(task.container_id, 0)}
        cpu, mem = self._stats.figures(task.container_id, running=False)
        return ContainerView(task.container_id, cpu, mem, "removed", task.uid, more, task.created_at)

    def _life(self, container_id: str, details: Details | None) -> dict[str, Any]:
        life = self._lives.of(container_id)
        waiting = places(self._tasks.alive(), self._limits) if life is not None and life.phase == QUEUED else {}
        return life_view(life, self._lives.callback(container_id), waiting.get(container_id), details)

    def _seal(self, container_id: str, newest_run: int) -> dict[str, Any]:
        """`seal`, as /logs shows it; null with the reason beside it where the store cannot say."""
        try:
            return {"seal": seal_view(self._reader.seals(container_id), newest_run=newest_run)}
        except LogStoreError as error:
            return {"seal": None, "seal_problem": f"the log store cannot say: {error}"}
