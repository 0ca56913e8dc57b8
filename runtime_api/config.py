"""The settings of the API's process."""

from dataclasses import dataclass
from pathlib import Path

from runtime_api.access.algorithms import ALGORITHMS
from runtime_api.schemas.confinement import CAPABILITIES, network, networks
from runtime_api.storage.prefix_settings import prefixes_of
from wholelog_base.addresses import Address, tcp_or_unix
from wholelog_base.settings import (
    SharedSettings,
    amount,
    choice,
    duration,
    flag,
    path,
    setting,
    size,
    some_of,
    text,
    whole_number,
    words,
)


@dataclass(frozen=True, kw_only=True)
class ApiSettings(SharedSettings):
    listen: Address = setting(
        ("127.0.0.1", 8080), "address of the API, HOST:PORT or unix:///PATH of a socket", tcp_or_unix
    )
    listen_group: str = setting(
        "", "group whose members may use the unix socket of `listen`; empty: this service's user and root alone", text
    )
    access: str = setting(
        "none",
        "how callers are told apart: none (not at all), tokens, jwt (docs/access.md)",
        choice("none", "tokens", "jwt"),
    )
    listen_unprotected: bool = setting(
        False, "whether `listen` may be reached from other machines while access is none", flag
    )
    access_tokens: Path | None = setting(
        None, "access=tokens: file of hashed tokens, made by `wholelog token`; unset: tokens in the data folder", path
    )
    jwt_issuer: str = setting("", "access=jwt: what a token's `iss` must be", text)
    jwt_audience: str = setting("", "access=jwt: what a token's `aud` must have", text)
    jwt_keys: str = setting("", "access=jwt: the issuer's keys (JWKS), a file or an https URL", text)
    jwt_keys_for: float = setting(
        600.0, "access=jwt: how long the issuer's keys are used before they are fetched again", duration
    )
    jwt_algorithms: tuple[str, ...] = setting(
        ("RS256", "ES256", "EdDSA"), "access=jwt: signatures that are taken", some_of(*ALGORITHMS)
    )
    jwt_uid_claim: str = setting("sub", "access=jwt: the claim that says who it is", text)
    jwt_role_claim: str = setting("role", "access=jwt: the claim that says its role, one or a list", text)
    jwt_admin_role: str = setting("admin", "access=jwt: the value of that claim that makes an administrator", text)
    caller_rate: float = setting(
        50.0, "requests a second of one caller, over five seconds; 0: no limit; counts unless access is none", amount
    )
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
    image_logins: Path | None = setting(
        None, "Docker config file (config.json) with the logins of registries; unset: that of this process's user", path
    )
    image_allow: tuple[str, ...] = setting(
        (), "images that a task may name, patterns such as `python:* HOST:5000/team/*`; empty: any", words
    )
    cell_order: bool = setting(
        True, "whether what a code cell's Python writes to stdout and stderr keeps its order (docs/tasks.md)", flag
    )
    image_folder: Path | None = setting(None, "folder below which image tars (`file_path`) may lie; unset: none", path)
    image_code_cell: str = setting("python:3-slim", "image of a code_cell that names none; it has python3", text)
    image_bash_cell: str = setting("python:3-slim", "image of a bash_cell that names none; it has bash or sh", text)
    image_algorithm: str = setting("python:3-slim", "image of an algorithm that names none", text)
    finished_for: float = setting(
        7 * 86400.0,
        "how long an ended task's container is kept (its layer, and up to 100 MB of log); removed then, once its log is"
        " verified, while record and log stay; 0: until it is deleted",
        duration,
    )
    records_for: float = setting(90 * 86400.0, "how long GET tells of a container that is gone; 0: for ever", duration)
    queue_tasks: int = setting(
        0, "tasks at work at a time, others wait in a queue; 0: no limit", whole_number(0, 100_000)
    )
    queue_cpus: float = setting(
        0.0, "sum of the cpu limits of tasks at work (one without a limit counts as 1); 0: no limit", amount
    )
    queue_memory: int = setting(
        0, "sum of the memory limits of tasks at work (one without a limit counts as 1g); 0: no limit", size
    )
    owner_tasks: int = setting(
        0, "tasks of one owner at work at a time, others wait in a queue; 0: no limit", whole_number(0, 100_000)
    )
    owner_cpus: float = setting(0.0, "sum of the cpu limits of one owner's tasks at work; 0: no limit", amount)
    owner_memory: int = setting(0, "sum of the memory limits of one owner's tasks at work; 0: no limit", size)
    owner_queued: int = setting(
        0,
        "tasks of one owner that may wait in the queue, above which one is refused; 0: no limit",
        whole_number(0, 100_000),
    )
    input_prefixes: tuple[str, ...] = setting(
        (), "URLs below which inputs and repo_path may lie, such as `s3://bucket/in/{uid} file:///srv/in https://HOST/`, {uid} for"
        " the owner's; empty: none",
        prefixes_of(http=True, others=True),
    )  # fmt: skip
    output_prefixes: tuple[str, ...] = setting(
        (),
        "URLs below which outputs may be written, {uid} for the owner's; empty: none",
        prefixes_of(http=False, others=True),
    )
    storage_options: Path | None = setting(
        None, "JSON file of fsspec's options by protocol, with the keys of storage; unset: the environment's", path
    )
    output_limit: int = setting(
        100 << 30,
        "bytes that the outputs of a task may have together: a container can make files of holes that are larger than"
        " any disk; 0: no limit",
        size,
    )
    transfer_timeout: float = setting(3600.0, "how long all inputs, or all outputs, of a task may take", duration)
    output_wait: float = setting(
        30.0,
        "how long outputs wait for the log's audit, which cannot look at the container while they are copied",
        duration,
    )
    repo_limit: int = setting(2 << 30, "bytes that an archive of code (`repo_path`) may become", size)
    repo_git: bool = setting(
        False, "whether repo_path may be a git bundle, or a repository by HTTP (`https://HOST/NAME.git`)", flag
    )
    transfers: int = setting(4, "tasks at a time whose inputs or outputs are copied", whole_number(1, 256))
    callback_prefixes: tuple[str, ...] = setting(
        (),
        "URLs below which a task's callback_url may lie, with spaces between; empty: none",
        prefixes_of(http=True, others=False),
    )
    callback_secret: str = setting(
        "", "key of the signature in a callback's header X-Wholelog-Signature; empty: unsigned", text, secret=True
    )
    callback_wait: float = setting(
        30.0, "how long after a task's end its callback waits for the seal at most", duration
    )
    private_networks: bool = setting(
        False, "whether a host name in a caller's URL may lead to this machine or a private network", flag
    )
    pull_timeout: float = setting(600.0, "how long pulling or loading an image may take", duration)
    task_network: str = setting(
        "none", "network of tasks' containers: none, bridge, or the name of one of the engine's", network
    )
    task_networks: tuple[str, ...] = setting((), "networks that an algorithm may choose besides (`network`)", networks)
    task_capabilities: tuple[str, ...] = setting(
        CAPABILITIES, "capabilities of tasks' containers; all others are dropped; empty: none", words
    )
    task_pids: int = setting(1024, "processes and threads of a task at most; 0: no limit", whole_number(0, 4_194_304))
    task_open_files: int = setting(
        0,
        "open files of a process of a task, no more than the engine may have; 0: as many as that",
        whole_number(0, 1_048_576),
    )
    task_read_only: bool = setting(
        False, "whether a task's root is read-only; /tmp, download_path and upload_path stay writable", flag
    )
    task_users: bool = setting(False, "whether an algorithm may choose its user (`user`)", flag)
    task_gpus: bool = setting(False, "whether an algorithm may have GPUs (`gpus`)", flag)
    task_shm: int = setting(64 << 20, "bytes of /dev/shm that an algorithm may ask for at most (`shm_size`)", size)
    stop_grace: float = setting(10.0, "how long a stopped container may take to end before it is killed", duration)
    seal_wait: float = setting(10.0, "how long DELETE waits for the container's log to be verified", duration)
    wait_limit: float = setting(60.0, "how long /logs?wait=sealed waits for the seal at most", duration)

    @property
    def token_path(self) -> Path:
        return self.access_tokens or self.data / "tokens"
