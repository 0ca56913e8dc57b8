"""The containers of this service: protocols.Containers by an engine, a table of tasks and the log store's seals."""

from typing import Any

from log_store.errors import LogStoreError
from log_store.protocols import LogReader
from runtime_api.containers.creation import Starter
from runtime_api.containers.engine import Engine, Summary
from runtime_api.containers.lookup import Lookup
from runtime_api.containers.ownership import Ours
from runtime_api.containers.protocols import ContainerView, Created, Deleted
from runtime_api.containers.record import record_of, record_of_removed
from runtime_api.containers.removal import Remover
from runtime_api.containers.stats import Stats
from runtime_api.containers.tasks import Task, Tasks
from runtime_api.errors import EngineUnavailable, NotFound
from runtime_api.schemas.task import TaskRequest
from runtime_api.seal_view import seal_view
from wholelog_base import labels

RUNNING = ("running", "paused")  # the states in which a container has figures


class ContainerService:
    """Safe to use from several threads between `start` and `close`."""

    def __init__(
        self, engine: Engine, ours: Ours, tasks: Tasks, reader: LogReader, stats: Stats, starter: Starter,
        remover: Remover, lookup: Lookup,
    ) -> None:  # fmt: skip
        self._engine, self._ours, self._tasks, self._reader, self._stats = engine, ours, tasks, reader, stats
        self._starter, self._remover, self._lookup = starter, remover, lookup

    def start(self) -> None:
        """Begin to keep figures, and to remove what an earlier process was asked to delete."""
        self._stats.start()
        self._remover.start()

    def close(self) -> None:
        self._remover.close()
        self._stats.close()
        self._engine.close()
        self._tasks.close()

    def create(self, task: TaskRequest) -> Created:
        created = self._starter.create(task)
        if not created.again:
            self._stats.watch(created.container_id)
        return created

    def delete(self, name: str, request_id: str) -> Deleted:
        deleted = self._remover.delete(name, request_id)
        self._stats.forget(deleted.container_id)
        return deleted

    def list(self) -> list[ContainerView]:
        ours = self._ours.list()
        going = set(self._tasks.to_delete())
        self._stats.keep(item.container_id for item in ours if item.state in RUNNING)
        return [self._view(item, going, {}) for item in ours]

    def get(self, name: str) -> ContainerView:
        found = self._lookup.living_or_removed(name)
        if isinstance(found, Task):
            return self._removed(found)
        details = self._engine.inspect(found)
        if details is None:  # just now
            task = self._tasks.by_id(found)
            if task is None:
                raise NotFound(f"container {found[:12]} has just been removed; its logs stay at /logs")
            return self._removed(task)
        if details.summary.state in RUNNING:
            self._stats.watch(details.summary.container_id)
        record = record_of(details, self._tasks.by_id(found))
        more = {**record, **self._seal(found, details.started_at)}
        return self._view(details.summary, set(self._tasks.to_delete()), more)

    def resolve(self, name: str) -> str:
        return self._lookup.any(name)

    def newest_run(self, container_id: str) -> int:
        try:
            details = self._engine.inspect(container_id)
        except EngineUnavailable:
            return 0
        return details.started_at if details else 0

    def check(self) -> str:
        self._engine.ping()
        facts = self._engine.facts()
        return f"Docker {facts.version}, API {facts.api_version}, {facts.cpus} CPUs"

    def _view(self, item: Summary, going: set[str], more: dict[str, Any]) -> ContainerView:
        cpu, mem = self._stats.figures(item.container_id, running=item.state in RUNNING)
        # Stopped, and kept only until its log has been verified.
        status = "removing" if item.container_id in going and item.state not in RUNNING else item.state
        return ContainerView(item.container_id, cpu, mem, status, item.labels.get(labels.UID, ""), more)

    def _removed(self, task: Task) -> ContainerView:
        """Of a container that the engine has no more."""
        record = record_of_removed(task, self._tasks.record(task.container_id))
        more = {**record, **self._seal(task.container_id, 0)}
        cpu, mem = self._stats.figures(task.container_id, running=False)
        return ContainerView(task.container_id, cpu, mem, "removed", task.uid, more)

    def _seal(self, container_id: str, newest_run: int) -> dict[str, Any]:
        """`seal`, as /logs shows it; null with the reason beside it where the store cannot say."""
        try:
            return {"seal": seal_view(self._reader.seals(container_id), newest_run=newest_run)}
        except LogStoreError as error:
            return {"seal": None, "seal_problem": f"the log store cannot say: {error}"}
