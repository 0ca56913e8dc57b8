"""The engine by docker-py."""

import json
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import docker

from runtime_api.containers.docker_answers import details, facts, image_facts, summary, usage
from runtime_api.containers.docker_archives import Archives
from runtime_api.containers.docker_confinement import confined
from runtime_api.containers.docker_errors import asking, looking, starting
from runtime_api.containers.engine import ContainerSpec, Details, EngineFacts, ImageFacts, Summary
from runtime_api.containers.log_driver import DRIVER
from runtime_api.containers.usage import Usage
from runtime_api.errors import BadRequest, Conflict, EngineFailed, NotFound
from wholelog_base.settings import SettingsError

DEFAULT_URL: Final = "unix:///var/run/docker.sock"
QUICK: Final = 10.0  # seconds that a look may take
SLOW: Final = 60.0  # seconds that a change may take


def engine_url(docker_host: str, environ: Mapping[str, str]) -> str:
    """The setting, else DOCKER_HOST, else Docker's default. Raises SettingsError for an engine on another machine."""
    given = docker_host or environ.get("DOCKER_HOST", "") or DEFAULT_URL
    path = given.removeprefix("unix://")
    if path.startswith("/"):
        return "unix://" + path
    name = "docker_host" if docker_host else "DOCKER_HOST"
    raise SettingsError(
        [
            f"{name}: {given!r} must be a unix socket such as {DEFAULT_URL}: the log driver's socket and Docker's own copy"
            " of a log are on the engine's machine, so run Wholelog there"
        ]
    )


class DockerEngine:
    """Connects when it is first asked; `base_url` is a unix socket's.

    `logins`: a Docker config file with the logins of registries; None: that of this process's user, where there is one.
    """

    def __init__(self, base_url: str, logins: Path | None = None) -> None:
        self._base_url, self._logins = base_url, logins
        self._clients: dict[float, Any] = {}
        self._facts: EngineFacts | None = None
        self._version = ""  # that answered last
        self._lock = threading.Lock()
        self._archives = Archives(self._api)

    def facts(self) -> EngineFacts:
        """As first answered; `ping` notices when another version answers."""
        known = self._facts
        if known is None:
            with asking("about the engine"):
                known = self._facts = facts(self._api().info(), self._api().version())
            self._version = known.version
        return known

    def ping(self) -> None:
        """Raises EngineUnavailable. Connects anew where another version answers than before: it may speak another API."""
        with asking("for a sign of life"):
            version = self._api().version(api_version=False)["Version"]
        if version != self._version:
            if self._version:
                self.close()
                self._facts = None
            self._version = version

    def create(self, spec: ContainerSpec) -> str:
        with asking(f"to create {spec.name}"):
            api = self._api(SLOW)
            host = api.create_host_config(
                nano_cpus=spec.nano_cpus, mem_limit=spec.memory, memswap_limit=spec.memory,
                log_config={"Type": DRIVER, "Config": dict(spec.log_options)}, **confined(spec),
            )  # fmt: skip
            answer = api.create_container(
                spec.image, list(spec.command) or None, name=spec.name, entrypoint=list(spec.entrypoint) or None,
                environment=list(spec.env), labels=dict(spec.labels), working_dir=spec.working_dir or None,
                host_config=host, volumes=list(spec.volumes) or None, user=spec.user or None,
            )  # fmt: skip
        return str(answer["Id"])

    def start(self, container_id: str) -> None:
        with starting(f"to start {container_id[:12]}"):
            self._api(SLOW).start(container_id)

    def stop(self, container_id: str, grace: float) -> None:
        with asking(f"to stop {container_id[:12]}"):
            self._api(SLOW).stop(container_id, timeout=round(grace))

    def remove(self, container_id: str, *, force: bool = False) -> None:
        try:
            with asking(f"to remove {container_id[:12]}"):
                self._api(SLOW).remove_container(container_id, v=True, force=force)
        except NotFound:
            return
        except Conflict as error:
            if "already in progress" not in str(error):
                raise

    def inspect(self, container_id: str) -> Details | None:
        try:
            with looking(container_id):
                return details(self._api().inspect_container(container_id))
        except NotFound:
            return None

    def list(self, label: str, value: str = "", *, running: bool = False) -> list[Summary]:
        with asking("for its containers"):
            found = self._api().containers(all=not running, filters={"label": f"{label}={value}" if value else label})
            return [summary(item) for item in found]

    def has_file(self, container_id: str, path: str) -> bool:
        return self._archives.has_file(container_id, path)

    def put(self, container_id: str, folder: str, tar: Iterator[bytes]) -> None:
        self._archives.put(container_id, folder, tar)

    def get(self, container_id: str, path: str) -> Iterator[bytes]:
        return self._archives.get(container_id, path)

    def image(self, reference: str) -> ImageFacts | None:
        try:
            with asking(f"about image {reference}"):
                return image_facts(self._api().inspect_image(reference))
        except NotFound:
            return None

    def pull(self, reference: str, timeout: float) -> None:
        at = "@" if "@" in reference else ":"
        name, _, tag = reference.rpartition(at)
        with asking(f"to pull {reference}"):
            api = self._api(timeout)
            self._read_logins(api)
            answers = api.pull(name, tag=tag, stream=True, decode=True)
            _follow(answers, f"{reference} cannot be pulled", timeout)

    def _read_logins(self, api: Any) -> None:
        """Anew for each pull, so that a changed login counts at once. Raises EngineFailed for a file that does not fit."""
        if self._logins is None:
            return
        try:
            if not isinstance(json.loads(self._logins.read_text()), dict):
                raise ValueError("it is no JSON object")
            api.reload_config(str(self._logins))
        except (OSError, ValueError, docker.errors.DockerException) as error:
            # Its content, which may stand in the error, is not shown.
            raise EngineFailed(
                f"the file with the logins of registries (setting image_logins) cannot be read: {type(error).__name__}"
            ) from None

    def load(self, tar: BinaryIO, timeout: float) -> None:
        with asking("to load an image"):
            _follow(self._api(timeout).load_image(tar), "the image cannot be loaded", timeout)

    def tag(self, reference: str, other: str) -> None:
        name, _, tag = other.rpartition(":")
        with asking(f"to tag {reference}"):
            self._api().tag(reference, name, tag)

    def usage(self, container_id: str) -> Usage | None:
        try:
            with asking(f"for the figures of {container_id[:12]}"):
                return usage(self._api().stats(container_id, stream=False))
        except NotFound:
            return None

    def close(self) -> None:
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients = {}

    def _api(self, timeout: float = QUICK) -> Any:
        """A client whose requests wait so long for an answer; made with a look at the engine's API version."""
        client = self._clients.get(timeout)
        if client is None:
            made: Any = docker.APIClient(self._base_url, version="auto", timeout=max(1, round(timeout)))
            with self._lock:  # not held while the engine is waited for
                client = self._clients.setdefault(timeout, made)
            if client is not made:
                made.close()
        return client


def _follow(answers: Iterable[dict[str, Any]], what: str, timeout: float) -> None:
    end = time.monotonic() + timeout
    for answer in answers:
        if "error" in answer:
            raise BadRequest([f"{what}: {answer['error']}"])
        if time.monotonic() > end:
            raise BadRequest([f"{what}: it took longer than the {timeout:g} seconds of setting pull_timeout"])
