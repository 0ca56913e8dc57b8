"""From the settings to the containers."""

import os
import secrets
import time
from collections.abc import Mapping

from log_store.protocols import LogReader
from runtime_api.config import ApiSettings
from runtime_api.containers.cgroup import Cgroups
from runtime_api.containers.creation import Starter
from runtime_api.containers.docker_engine import DockerEngine, engine_url
from runtime_api.containers.engine import Engine
from runtime_api.containers.images import ImagePolicy, Images
from runtime_api.containers.log_driver import driver_options
from runtime_api.containers.lookup import Lookup
from runtime_api.containers.removal import Remover
from runtime_api.containers.service import RUNNING, ContainerService
from runtime_api.containers.stats import Stats
from runtime_api.containers.tasks import Tasks
from wholelog_base import labels


def open_containers(
    settings: ApiSettings, reader: LogReader, environ: Mapping[str, str] = os.environ
) -> ContainerService:
    """Not started yet: call `start`. The engine need not be up.

    Raises SettingsError for an engine on another machine, RuntimeApiError where the table of tasks cannot be opened.
    """
    return with_engine(DockerEngine(engine_url(settings.docker_host, environ)), settings, reader)


def with_engine(engine: Engine, settings: ApiSettings, reader: LogReader) -> ContainerService:
    tasks = Tasks(settings.data / "tasks.sqlite")
    lookup = Lookup(engine, tasks, reader)
    starter = Starter(
        engine,
        tasks,
        Images(engine, image_policy(settings)),
        lambda: driver_options(settings.socket_path, engine.facts().version),
        now=time.time_ns,
        new_id=lambda: secrets.token_hex(8),
    )
    remover = Remover(
        engine,
        tasks,
        lookup,
        reader,
        shipper=settings.socket_path,
        stop_grace=settings.stop_grace,
        seal_wait=settings.seal_wait,
        now=time.time_ns,
    )
    return ContainerService(engine, tasks, _stats(engine), starter, remover, lookup)


def image_policy(settings: ApiSettings) -> ImagePolicy:
    return ImagePolicy(
        defaults={
            "code_cell": settings.image_code_cell,
            "bash_cell": settings.image_bash_cell,
            "algorithm": settings.image_algorithm,
        },
        registry=settings.image_registry,
        folder=settings.image_folder,
        pull=settings.image_pull,
        timeout=settings.pull_timeout,
    )


def _stats(engine: Engine) -> Stats:
    def pid_of(container_id: str) -> int:
        details = engine.inspect(container_id)
        return details.pid if details else 0

    def running() -> list[str]:
        return [item.container_id for item in engine.list(labels.TASK_ID) if item.state in RUNNING]

    return Stats(running, Cgroups(pid_of).usage, engine.usage)
