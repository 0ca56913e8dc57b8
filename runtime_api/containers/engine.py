"""What the runtime asks of a container engine: one machine's Docker today, a node's agent later.

Every call may raise EngineUnavailable (no answer) and EngineFailed (an answer that is a fault of the engine's).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final, Protocol

from runtime_api.containers.usage import Usage
from runtime_api.errors import BadRequest

# What the engine sets where an image says nothing.
DEFAULT_PATH: Final = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


class CommandNotFound(BadRequest):
    """The image has no such program as the container's first word."""


@dataclass(frozen=True, slots=True)
class EngineFacts:
    version: str
    api_version: str
    cpus: int
    memory: int  # bytes of the machine


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """A container to create. Absent `entrypoint` and `command` leave the image's own; an entrypoint drops both."""

    name: str
    image: str
    labels: Mapping[str, str]
    log_options: Mapping[str, str]  # of the fluentd driver
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    working_dir: str = ""
    nano_cpus: int | None = None
    memory: int | None = None  # bytes; swap included
    network: str = "none"
    capabilities: tuple[str, ...] = ()  # all others are dropped
    pids: int = 0  # 0: no limit, here and below
    open_files: int = 0
    read_only: bool = False  # its root; /tmp stays writable, in memory
    volumes: tuple[str, ...] = ()  # anonymous ones, that go with it
    user: str = ""  # '': the image's
    gpus: str = ""  # how many, or 'all'
    shm: int = 0  # bytes; 0: the engine's default


@dataclass(frozen=True, slots=True)
class Summary:
    """A container as a list shows it."""

    container_id: str
    name: str
    image: str
    labels: Mapping[str, str]
    state: str  # Docker's: created, running, paused, restarting, removing, exited, dead
    exit_code: int | None = None  # of one that has ended, in a list


@dataclass(frozen=True, slots=True)
class Details:
    """A container as the engine knows it; times in ns since 1970 UTC, 0 for never."""

    summary: Summary
    image_id: str
    created_at: int
    started_at: int
    finished_at: int
    exit_code: int
    oom_killed: bool
    error: str
    pid: int  # on the engine's machine; 0 where it does not run
    stop_signal: str  # 'SIGTERM'
    nano_cpus: int
    memory: int
    command: tuple[str, ...]
    working_dir: str = "/"

    @property
    def running(self) -> bool:
        return self.summary.state in ("running", "paused", "restarting")


@dataclass(frozen=True, slots=True)
class ImageFacts:
    image_id: str  # sha256:…
    digests: tuple[str, ...]  # name@sha256:…, where it came from a registry
    path: tuple[str, ...] = DEFAULT_PATH  # where its programs are looked for


class Engine(Protocol):
    """Safe to use from several threads. Containers are named by their full id."""

    def facts(self) -> EngineFacts:
        """May be as first answered."""
        ...

    def ping(self) -> None:
        """Raises EngineUnavailable where it does not answer now."""
        ...

    def create(self, spec: ContainerSpec) -> str:
        """The id. Raises Conflict (the name is taken), NotFound (the image), BadRequest."""
        ...

    def start(self, container_id: str) -> None:
        """Raises CommandNotFound, BadRequest (what the spec asks for cannot be started), NotFound."""
        ...

    def stop(self, container_id: str, grace: float) -> None:
        """Returns once it has ended; killed after `grace` seconds. Nothing to do if it had. Raises NotFound."""
        ...

    def remove(self, container_id: str, *, force: bool = False) -> None:
        """With its anonymous volumes; `force` kills it first. Nothing to do if it is gone."""
        ...

    def inspect(self, container_id: str) -> Details | None:
        """None where the engine knows no such container."""
        ...

    def list(self, label: str, value: str = "", *, running: bool = False) -> list[Summary]:
        """All containers that carry the label (with that value, unless ''), newest first; ended ones too unless `running`."""
        ...

    def has_file(self, container_id: str, path: str) -> bool:
        """Whether the container, started or not, has something at the absolute path. Raises NotFound for no container."""
        ...

    def put(self, container_id: str, folder: str, tar: Iterator[bytes]) -> None:
        """Unpack a tar below a folder that is there. Raises NotFound, BadRequest."""
        ...

    def get(self, container_id: str, path: str) -> Iterator[bytes]:
        """A tar of the file or folder, its members named by its last component. Raises NotFound."""
        ...

    def image(self, reference: str) -> ImageFacts | None:
        """None where the engine has no such image."""
        ...

    def pull(self, reference: str, timeout: float) -> None:
        """Raises BadRequest with the engine's or the registry's reason."""
        ...

    def load(self, tar: BinaryIO, timeout: float) -> None:
        """Raises BadRequest with the engine's reason."""
        ...

    def tag(self, reference: str, other: str) -> None:
        """Let the image be known by `other` too. Raises NotFound."""
        ...

    def usage(self, container_id: str) -> Usage | None:
        """May take a second or two. None where it does not run."""
        ...

    def close(self) -> None: ...
