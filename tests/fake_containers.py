"""Containers without an engine: a fake of `runtime_api.containers.protocols.Containers`."""

import threading

from runtime_api.access.caller import Caller
from runtime_api.containers.protocols import EVERY, Choice, ContainerView, Created, Deleted
from runtime_api.errors import Conflict, NotFound, RuntimeApiError
from runtime_api.schemas.task import TaskRequest

FULL_ID = "ab" * 32


class FakeContainers:
    """Knows one container at first. Set `error` and every call raises it; clear `go` and `create` waits for it."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.known = {FULL_ID: "first"}
        self.created: list[TaskRequest] = []
        self.deleted: list[tuple[str, str]] = []
        self.seal: dict[str, object] | None = None
        self.run = 0
        self.callers: list[Caller] = []
        self.good: dict[str, str] = {}
        self.choices: list[Choice] = []
        self.go = threading.Event()
        self.go.set()
        self.closed = False

    def of(self, caller: Caller) -> "FakeContainers":
        self.callers.append(caller)
        return self

    def create(self, task: TaskRequest) -> Created:
        self._check_error()
        self.go.wait(10)
        for other in self.created:
            if task.request_id and other.request_id == task.request_id and other.fingerprint != task.fingerprint:
                raise Conflict(f"request_id: {task.request_id!r} was used with another body")
        again = bool(task.request_id) and task in self.created
        if not again:
            self.created.append(task)
        return Created(FULL_ID, "task-1", task.task_id or "1", {"name": "a:1", "digest": "sha256:00"}, again)

    def delete(self, name: str, request_id: str) -> Deleted:
        container_id = self.resolve(name)
        self.deleted.append((container_id, request_id))
        return Deleted(container_id, "deleted", True, self.seal)

    def list(self, choice: Choice = EVERY) -> list[ContainerView]:
        self._check_error()
        self.choices.append(choice)
        return [self.get(container_id) for container_id in self.known][: choice.limit]

    def get(self, name: str) -> ContainerView:
        return ContainerView(self.resolve(name), 12.5, "1MiB / 2MiB", "running", "", {"name": "first", "cpu": "wrong"})

    def resolve(self, name: str) -> str:
        self._check_error()
        for container_id, known in self.known.items():
            if container_id.startswith(name) or known == name:
                return container_id
        raise NotFound(f"container_id: {name!r} is no container of this service")

    def last_good(self, container_id: str) -> str | None:
        return self.good.get(container_id)

    def newest_run(self, container_id: str) -> int:
        return self.run

    def check(self) -> str:
        self._check_error()
        return "an engine of the tests"

    def close(self) -> None:
        self.closed = True

    def _check_error(self) -> None:
        if self.error is not None:
            raise self.error


class OneError(RuntimeApiError):
    """An error class that no handler has heard of."""
