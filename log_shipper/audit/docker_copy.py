"""The engine, as the audit needs it: who a container is, what happens to containers, and Docker's copy of a log."""

import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import docker
import docker.errors
import requests.exceptions
import urllib3.exceptions

from log_shipper.errors import ContainerBusy, CopyDamaged, CopyGone, EngineUnavailable
from log_store.document import ContainerContext
from log_store.rfc3339 import parse_ns
from wholelog_base import labels, user_labels
from wholelog_base.turns import Turns

NEVER = "0001-01-01T00:00:00Z"
BLOCK = 1 << 20
FACTS_TIMEOUT = 4  # seconds that one container's facts may take
EVENTS_TIMEOUT = 86_400  # seconds without an event; then the stream is opened anew


@dataclass(frozen=True, slots=True)
class Facts:
    """What the engine says of a container now; times in ns since 1970 UTC, 0 for never."""

    context: ContainerContext
    started_at: int
    finished_at: int
    running: bool
    address: str  # of its log driver, '' for another driver than fluentd
    env: tuple[str, ...] = ()  # NAME=value
    exit_code: int = 0
    out_of_memory: bool = False


class Engine:
    """`base_url` is a unix socket's. Every call raises EngineUnavailable where the engine does not answer."""

    def __init__(self, base_url: str, timeout: int = 10) -> None:
        self._path = base_url.removeprefix("unix://")
        self._timeout = timeout
        self._base_url = base_url
        self._clients: dict[int, Any] = {}  # by timeout
        self._turns = Turns()
        self._root: Path | None = None

    def facts(self, container: str) -> Facts | None:
        """None where the engine knows no such container. Raises ContainerBusy where it says nothing in time.

        While files are copied to or from a container the engine keeps everybody waiting who asks about it.
        """
        try:
            return _facts(self._api(FACTS_TIMEOUT).inspect_container(container))
        except docker.errors.NotFound:
            return None
        except requests.exceptions.ReadTimeout as error:
            raise ContainerBusy(f"Docker says nothing of container {container[:12]}: {error}") from error
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            raise EngineUnavailable(f"Docker does not answer: {error}") from error

    def ping(self) -> None:
        """Return where the engine answers."""
        try:
            self._api().ping()
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            raise EngineUnavailable(f"Docker does not answer: {error}") from error

    def container_ids(self) -> list[str]:
        """All containers, ended ones too."""
        try:
            return [c["Id"] for c in self._api().containers(all=True)]
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            raise EngineUnavailable(f"Docker does not answer: {error}") from error

    def events(self) -> "Events":
        """Events `start`, `oom`, `die` and `destroy` of containers from now on."""
        try:
            client = docker.APIClient(self._base_url, version="auto", timeout=EVENTS_TIMEOUT)
            filters = {"type": "container", "event": ["start", "oom", "die", "destroy"]}
            return Events(client.events(decode=True, filters=filters))
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            raise EngineUnavailable(f"Docker does not answer: {error}") from error

    def past_events(self, container_id: str) -> list[dict[str, Any]]:
        """A container's among the last events that the engine remembers: 256 of all (moby: daemon/events)."""
        try:
            filters = {"type": "container", "container": container_id, "event": ["start", "oom", "die"]}
            return list(self._api().events(since=0, until=time.time(), decode=True, filters=filters))
        except (docker.errors.DockerException, requests.exceptions.RequestException, ValueError) as error:
            raise EngineUnavailable(f"Docker does not answer: {error}") from error

    def copy(self, container_id: str, since: int = 0) -> Iterator[bytes]:
        """Docker's copy of the log from a time (ns) on, as it streams its frames. Raises CopyGone, CopyDamaged.

        Asked for as HTTP/1.0: dockerd flushes each frame as an HTTP chunk of its own, and cutting those costs more
        than the frames. Without chunks a stream that broke off ends like a whole one: compare its end with `tail`.
        """
        # A decimal number with nine digits: docker-py would cut it to seconds, a float to microseconds.
        which = f"tail=all&since={since // 10**9}.{since % 10**9:09d}" if since else "tail=all"
        # One reader at a time: up to Engine 20.10 a second one is given rotated files as the first has unpacked them,
        # by their old numbers, and so may lack 20 MB in the middle (moby: loggerutils/logfile.go, filesRefCounter).
        with self._turns.of(container_id):
            yield from self._stream(container_id, which)

    def tail(self, container_id: str) -> bytes:
        """The copy's last frame; b'' where there is none. Raises as `copy`."""
        return b"".join(self._stream(container_id, "tail=1"))

    def root(self) -> Path:
        """The folder in which the engine keeps its containers."""
        if self._root is None:
            try:
                self._root = Path(self._api().info()["DockerRootDir"])
            except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
                raise EngineUnavailable(f"Docker does not answer: {error}") from error
        return self._root

    def identity(self) -> str:
        """The same as long as the same dockerd answers; '' where that cannot be told (systemd listens for it)."""
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(self._path)
                pid, _, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
                stat = Path(f"/proc/{pid}/stat").read_text()
            except OSError as error:
                raise EngineUnavailable(f"Docker does not answer at {self._path}: {error}") from error
        started = stat.rpartition(")")[2].split()[19]  # proc(5): field 22, the start in clock ticks
        return f"{pid}.{started}" if pid > 1 else ""

    def _stream(self, container_id: str, which: str) -> Iterator[bytes]:
        query = f"stdout=1&stderr=1&timestamps=1&{which}"
        path = f"/containers/{quote(container_id, safe='')}/logs?{query}"
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                # The kernel's own timeout, not settimeout: with that recv would come back after every frame.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", self._timeout, 0))
                connection.connect(self._path)
                connection.sendall(f"GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
                head, block = _head(connection)
                status = head.split(b" ", 2)[1:2]
                if status in ([b"404"], [b"409"]):  # 409: its removal is under way (moby: daemon/logs.go)
                    raise CopyGone(f"container {container_id[:12]} is not there any more")
                if status != [b"200"]:
                    raise CopyDamaged(f"Docker's copy of {container_id[:12]} cannot be read: {block[:200]!r}")
                while block:
                    yield block
                    block = connection.recv(BLOCK, socket.MSG_WAITALL)
            except OSError as error:
                raise EngineUnavailable(f"Docker does not answer at {self._path}: {error}") from error

    def _api(self, timeout: int = 0) -> Any:
        timeout = timeout or self._timeout
        client = self._clients.get(timeout)
        if client is None:
            client = self._clients[timeout] = docker.APIClient(self._base_url, version="auto", timeout=timeout)
        return client


class Events:
    """Iterate for decoded events; raises EngineUnavailable when the stream breaks off. `close` from any thread."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[dict[str, Any]]:
        try:
            yield from self._stream
        except (docker.errors.DockerException, requests.exceptions.RequestException, urllib3.exceptions.HTTPError,
                OSError, ValueError) as error:  # fmt: skip
            raise EngineUnavailable(f"the engine's events broke off: {error}") from error

    def close(self) -> None:
        self._stream.close()


def _head(connection: socket.socket) -> tuple[bytes, bytes]:
    """The response's head, and what came of its body with it."""
    received = b""
    while b"\r\n\r\n" not in received:
        block = connection.recv(BLOCK)
        if not block or len(received) > 1 << 16:
            raise EngineUnavailable("Docker closed the connection before it answered")
        received += block
    head, _, body = received.partition(b"\r\n\r\n")
    return head, body or connection.recv(BLOCK)


def _facts(inspected: dict[str, Any]) -> Facts:
    state, config = inspected["State"], inspected["Config"].get("Labels") or {}
    driver = inspected["HostConfig"]["LogConfig"]
    address = (driver.get("Config") or {}).get("fluentd-address", "") if driver.get("Type") == "fluentd" else ""
    context = ContainerContext(
        inspected["Id"], inspected["Name"].removeprefix("/"),
        config.get(labels.TASK_ID, ""), config.get(labels.TYPE, ""), config.get(labels.UID, ""), config.get(labels.LOG, ""),
        user_labels.texts_of(config),
    )  # fmt: skip
    # "Running" is said of what waits to be started again, too (moby: State.SetRestarting); of a container that runs
    # FinishedAt is the end of the run before.
    running = bool(state["Running"]) and not state.get("Restarting")
    # A short run may have ended before its start by these: the one is containerd's stamp, the other dockerd's.
    return Facts(
        context, _time(state["StartedAt"]), 0 if running else _time(state["FinishedAt"]), running, address,
        tuple(inspected["Config"].get("Env") or ()), int(state.get("ExitCode") or 0), bool(state.get("OOMKilled")),
    )  # fmt: skip


def _time(text: str) -> int:
    return 0 if text == NEVER else parse_ns(text)
