"""A checked task: what `POST /containers` asks for, after its body has been found to fit the contract."""

from dataclasses import dataclass, field
from typing import Literal

from wholelog_base.log_settings import LogSettings

TaskType = Literal["code_cell", "algorithm", "bash_cell"]
TASK_TYPES: tuple[TaskType, ...] = ("code_cell", "algorithm", "bash_cell")


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """The image as named by the caller; `name` is '' where only `file_path` was given."""

    name: str = ""
    tag: str = ""  # or a digest, `sha256:…`
    auth: str = ""  # the repository namespace, not a credential
    file_path: str = ""


@dataclass(frozen=True, slots=True)
class InputRequest:
    """A file or folder of storage to be put into the container: `from_path` below the URL `bucket`."""

    bucket: str
    from_path: str = ""


@dataclass(frozen=True, slots=True)
class OutputRequest:
    """A file or folder of the container to be copied to the storage URL `to_path` after its end."""

    to_path: str
    from_path: str = ""


@dataclass(frozen=True, slots=True)
class TaskRequest:
    type: TaskType
    request_id: str = ""
    task_id: str = ""
    image: ImageRequest | None = None
    cmd: str = ""
    nano_cpus: int | None = None  # 1e9 is one CPU
    mem_limit: int | None = None  # bytes
    env: tuple[str, ...] = ()  # NAME=value
    secrets: tuple[str, ...] = ()  # names of those of env whose values are masked in the log
    log: LogSettings | None = None  # how its lines are to be read
    download_path: str = ""  # absolute, the working directory; '' is the image's own
    upload_path: str = ""
    repo_path: str = ""
    inputs: tuple[InputRequest, ...] = ()
    outputs: tuple[OutputRequest, ...] = ()
    timeout: float | None = None  # seconds that a run may take
    retries: int = 0  # runs after the first, where that one fails
    callback_url: str = ""
    network: str = ""
    user: str = ""
    gpus: str = ""  # how many, or 'all'
    shm_size: int | None = None  # bytes
    labels: tuple[str, ...] = ()  # NAME=VALUE, in order
    uid: str = ""  # whose it is; the service says so, never the body
    fingerprint: str = field(default="", compare=False)
    """The same for two bodies that ask for the same; decides between "again" and 409."""
