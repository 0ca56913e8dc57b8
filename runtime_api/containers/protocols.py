"""What the resources ask of the containers: implemented by `service.ContainerService`, faked in the tests of the app."""

from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from runtime_api.access.caller import Caller
from runtime_api.schemas.task import TaskRequest


@dataclass(frozen=True, slots=True)
class Created:
    """A task that has been started. `again`: the answer to a request_id that was answered before."""

    container_id: str  # the full id
    container_name: str
    task_id: str
    image: dict[str, str]  # name: as the engine knows it; digest: of the image that was used
    again: bool = False
    phase: str = field(default="created", compare=False)  # queued, inputs; else it was started


@dataclass(frozen=True, slots=True)
class Deleted:
    """`message` says whether the container is gone, or is stopped and goes once its log is verified."""

    container_id: str
    message: str
    removed: bool
    seal: dict[str, Any] | None = None  # as /logs shows it


@dataclass(frozen=True, slots=True)
class ContainerView:
    """A container as it is shown; `more` are the extra members of GET /containers/{id}."""

    container_id: str
    cpu: float  # percent of one CPU, as `docker stats`
    mem: str  # "12.3MiB / 512MiB", as `docker stats`
    status: str  # Docker's states; removing: kept until its log is verified; removed: what is known of one that is gone
    uid: str
    more: dict[str, Any]
    created_at: int = 0  # ns since 1970 UTC


@dataclass(frozen=True, slots=True)
class Choice:
    """Of the list of containers. `status`: Docker's, removed, or a phase of a task; none: all that are there.

    `after`: (created_at, container id) of the last one that was seen.
    """

    status: tuple[str, ...] = ()
    type: str = ""
    uid: str | None = None
    limit: int | None = None
    after: tuple[int, str] | None = None
    labels: tuple[str, ...] = ()  # all of them: NAME=VALUE, or NAME with any value


EVERY: Final = Choice()


class OwnContainers(Protocol):
    """As one caller sees them: what is another's is not there, by whatever name. Safe to use from several threads.

    Every call may raise EngineUnavailable and EngineFailed.
    """

    def create(self, task: TaskRequest) -> Created:
        """Raises Conflict, BadRequest (an image that can't be had, a member that the engine refuses), TooManyTasks."""
        ...

    def delete(self, name: str, request_id: str) -> Deleted:
        """`name`: full id, unambiguous prefix, or name. Raises NotFound, BadRequest (a prefix of several)."""
        ...

    def list(self, choice: Choice = EVERY) -> list[ContainerView]:
        """Newest first."""
        ...

    def get(self, name: str) -> ContainerView:
        """One that is gone from the engine included. Raises NotFound, BadRequest."""
        ...

    def resolve(self, name: str) -> str:
        """The full id of a container, one that was deleted included. Raises NotFound, BadRequest."""
        ...


class Containers(Protocol):
    """Those of everybody. Safe to use from several threads; `newest_run` and `check` raise as OwnContainers do."""

    def of(self, caller: Caller) -> OwnContainers:
        """All that a route asks by a caller's word goes through this."""
        ...

    def last_good(self, container_id: str) -> str | None:
        """The container of the same owner's newest earlier task of the same type, image and cmd that ended with exit code 0."""
        ...

    def newest_run(self, container_id: str) -> int:
        """When its last run began, ns since 1970 UTC, as the engine says now; 0 where it cannot say."""
        ...

    def check(self) -> str:
        """One line that says which engine answers. Raises EngineUnavailable."""
        ...

    def close(self) -> None: ...
