"""A container engine of dictionaries (`runtime_api.containers.engine.Engine`)."""

import hashlib
import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from runtime_api.containers.engine import CommandNotFound, ContainerSpec, Details, EngineFacts, ImageFacts, Summary
from runtime_api.containers.usage import Usage
from runtime_api.errors import BadRequest, Conflict, EngineUnavailable, NotFound, RuntimeApiError


@dataclass
class FakeContainer:
    spec: ContainerSpec
    details: Details


class FakeEngine:
    """`programs`: what every image has. Set `error` and every call raises it. `on_start` is called before a start."""

    def __init__(self) -> None:
        self.images: dict[str, ImageFacts] = {}
        self.registry: dict[str, ImageFacts] = {}
        self.tar: dict[str, ImageFacts] = {}  # what the next load brings
        self.programs = {"python3", "sh", "bash", "true"}
        self.containers: dict[str, FakeContainer] = {}
        self.calls: list[str] = []
        self.files: dict[str, dict[str, bytes]] = {}  # container -> folder -> the tars that were put there
        self.error: RuntimeApiError | None = None
        self.on_start: Callable[[], None] = lambda: None
        self.closed = False
        self._ids = (hashlib.sha256(str(number).encode()).hexdigest() for number in itertools.count())
        self._lock = threading.RLock()
        self._time = 1_700_000_000_000_000_000

    def add(self, spec: ContainerSpec, container_id: str = "") -> str:
        """A container as it is created, with an id of the test's choice."""
        with self._lock:
            container_id = container_id or next(self._ids)
            summary = Summary(container_id, spec.name, spec.image, dict(spec.labels), "created")
            command = (*spec.entrypoint, *spec.command)
            self.containers[container_id] = FakeContainer(
                spec,
                Details(summary, "sha256:" + "1" * 64, self._tick(), 0, 0, 0, False, "", 0, "SIGTERM",
                        spec.nano_cpus or 0, spec.memory or 0, command),
            )  # fmt: skip
            return container_id

    def facts(self) -> EngineFacts:
        self._called("facts")
        return EngineFacts("20.10.24", "1.41", 2, 8 << 30)

    def ping(self) -> None:
        self._called("ping")

    def create(self, spec: ContainerSpec) -> str:
        self._called("create")
        with self._lock:
            if spec.image not in self.images:
                raise NotFound(f"No such image: {spec.image}")
            if any(one.spec.name == spec.name for one in self.containers.values()):
                raise Conflict(f"the name {spec.name} is in use")
            return self.add(spec)

    def start(self, container_id: str) -> None:
        self._called("start")
        self.on_start()
        program = self.containers[container_id].spec.entrypoint[:1]
        if program and program[0] not in self.programs:
            raise CommandNotFound([f'exec: "{program[0]}": executable file not found in $PATH'])
        if self.containers[container_id].details.running:
            return
        self.change(container_id, "running", started_at=self._tick(), pid=1 << 30)

    def change(self, container_id: str, state: str, **members: int) -> None:
        with self._lock:
            one = self.containers[container_id]
            summary = replace(one.details.summary, state=state)
            one.details = replace(one.details, summary=summary, **members)  # type: ignore[arg-type]

    def stop(self, container_id: str, grace: float) -> None:
        self._called("stop")
        if container_id not in self.containers:
            raise NotFound(f"No such container: {container_id}")
        self.change(container_id, "exited", finished_at=self._tick(), pid=0)

    def remove(self, container_id: str, *, force: bool = False) -> None:
        self._called("remove")
        one = self.containers.get(container_id)
        if one is not None and one.details.running and not force:
            raise Conflict("it is running")
        self.containers.pop(container_id, None)

    def inspect(self, container_id: str) -> Details | None:
        self._called("inspect")
        one = self.containers.get(container_id)
        return one.details if one else None

    def list(self, label: str, value: str = "", *, running: bool = False) -> list[Summary]:
        self._called("list")
        with self._lock:
            found = [
                one.details.summary for one in reversed(self.containers.values()) if one.details.running or not running
            ]
        return [one for one in found if label in one.labels and value in ("", one.labels[label])]

    def has_file(self, container_id: str, path: str) -> bool:
        self._called("has_file")
        return path.startswith("/usr/bin/") and path.removeprefix("/usr/bin/") in self.programs

    def put(self, container_id: str, folder: str, tar: Iterator[bytes]) -> None:
        self._called("put")
        files = self.files.setdefault(container_id, {})
        files[folder] = files.get(folder, b"") + b"".join(tar)

    def get(self, container_id: str, path: str) -> Iterator[bytes]:
        self._called("get")
        raise NotFound(f"no {path} in the container")

    def image(self, reference: str) -> ImageFacts | None:
        self._called("image")
        return self.images.get(reference)

    def pull(self, reference: str, timeout: float) -> None:
        self._called("pull")
        if reference not in self.registry:
            raise NotFound(f"pull access denied for {reference}")
        self.images[reference] = self.registry[reference]

    def load(self, tar: BinaryIO, timeout: float) -> None:
        self._called("load")
        if not tar.read(1):
            raise BadRequest(["an empty tar"])
        self.images.update(self.tar)

    def tag(self, reference: str, other: str) -> None:
        self._called("tag")
        self.images[other] = self.images[reference]

    def usage(self, container_id: str) -> Usage | None:
        self._called("usage")
        one = self.containers.get(container_id)
        return Usage(0, 0, 2, 1 << 20, 64 << 20) if one and one.details.running else None

    def close(self) -> None:
        self.closed = True

    def go_away(self) -> None:
        self.error = EngineUnavailable("Docker cannot be reached")

    def _called(self, name: str) -> None:
        with self._lock:
            self.calls.append(name)
        if self.error is not None:
            raise self.error

    def _tick(self) -> int:
        self._time += 1_000_000_000
        return self._time
