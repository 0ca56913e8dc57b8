"""The settings of the API's process."""

from dataclasses import dataclass
from pathlib import Path

from wholelog_base.settings import (
    SharedSettings,
    address,
    duration,
    flag,
    path,
    setting,
    size,
    text,
    whole_number,
)


@dataclass(frozen=True, kw_only=True)
class ApiSettings(SharedSettings):
    listen: tuple[str, int] = setting(("127.0.0.1", 8080), "address of the API, HOST:PORT", address)
    api_threads: int = setting(
        16,
        "requests that are worked on at a time; half of them may be long answers of /logs, and as many again may wait for seals",
        whole_number(4, 512),
    )
    follow_limit: int = setting(64, "requests that may follow a log at a time", whole_number(1, 2000))
    follow_keep_alive: float = setting(
        8.0, "how long a follower hears nothing at most, where there is nothing", duration
    )
    api_connections: int = setting(500, "open connections at most", whole_number(10, 10_000))
    request_timeout: float = setting(
        60.0, "how long a client may take to send a request, stand still while it reads, or be silent", duration
    )
    body_limit: int = setting(4 << 20, "bytes of a request's body at most", size)
    image_registry: str = setting("", "registry put before an image's `auth` as REGISTRY/auth/name:tag", text)
    image_pull: bool = setting(True, "whether an image that the engine lacks may be pulled", flag)
    image_folder: Path | None = setting(None, "folder below which image tars (`file_path`) may lie; unset: none", path)
    image_code_cell: str = setting("python:3-slim", "image of a code_cell that names none; it has python3", text)
    image_bash_cell: str = setting("python:3-slim", "image of a bash_cell that names none; it has bash or sh", text)
    image_algorithm: str = setting("python:3-slim", "image of an algorithm that names none", text)
    pull_timeout: float = setting(600.0, "how long pulling or loading an image may take", duration)
    stop_grace: float = setting(10.0, "how long a stopped container may take to end before it is killed", duration)
    seal_wait: float = setting(10.0, "how long DELETE waits for the container's log to be verified", duration)
    wait_limit: float = setting(60.0, "how long /logs?wait=sealed waits for the seal at most", duration)
