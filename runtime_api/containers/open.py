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
from runtime_api.containers.ownership import Ours, instance_of
from runtime_api.containers.pulls import Pulls
from runtime_api.containers.removal import Remover
from runtime_api.containers.service import RUNNING, ContainerService
from runtime_api.containers.stats import Stats
from runtime_api.containers.tasks import Tasks
from runtime_api.shares import shares_of


def open_containers(
    settings: ApiSettings, reader: LogReader, environ: Mapping[str, str] = os.environ
) -> ContainerService:
    """Not started yet: call `start`. The engine need not be up.

    Raises SettingsError for an engine on another machine, RuntimeApiError where the table of tasks or the instance's id
    cannot be had.
    """
    return with_engine(DockerEngine(engine_url(settings.docker_host, environ)), settings, reader)


def with_engine(engine: Engine, settings: ApiSettings, reader: LogReader) -> ContainerService:
    tasks = Tasks(settings.data / "tasks.sqlite")
    ours = Ours(engine, instance_of(settings.data))
    pulls = Pulls(shares_of(settings.api_threads).pulls)
    lookup = Lookup(ours, tasks, reader)
    starter = Starter(
        engine,
        ours,
        tasks,
        Images(engine, image_policy(settings), pulls),
        lambda: driver_options(settings.socket_path, engine.facts().version),
        pulls,
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
    return ContainerService(engine, ours, tasks, reader, _stats(engine, ours), starter, remover, lookup)


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


def _stats(engine: Engine, ours: Ours) -> Stats:
    def pid_of(container_id: str) -> int:
        details = engine.inspect(container_id)
        return details.pid if details else 0

    def running() -> list[str]:
        return [item.container_id for item in ours.list() if item.state in RUNNING]

    return Stats(running, Cgroups(pid_of).usage, engine.usage)
