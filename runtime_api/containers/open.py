"""From the settings to the containers."""

import os
import secrets
import time
from collections.abc import Mapping
from functools import partial

from log_store.protocols import LogReader
from runtime_api.config import ApiSettings
from runtime_api.containers.callbacks import Callbacks
from runtime_api.containers.cgroup import Cgroups
from runtime_api.containers.claims import Claims
from runtime_api.containers.creation import Starter
from runtime_api.containers.docker_engine import DockerEngine, engine_url
from runtime_api.containers.ending import Ends
from runtime_api.containers.engine import Engine
from runtime_api.containers.housekeeping import Housekeeping, Keeping
from runtime_api.containers.images import Images
from runtime_api.containers.lifecycle import Clocks, Lifecycle
from runtime_api.containers.listing import RUNNING, Listing
from runtime_api.containers.lives import Lives
from runtime_api.containers.log_driver import driver_options
from runtime_api.containers.lookup import Lookup
from runtime_api.containers.making import Maker
from runtime_api.containers.own_lines import TaskLines
from runtime_api.containers.ownership import Ours, instance_of
from runtime_api.containers.policies import Rules, confinement, image_policy, limits, outbound, transfers
from runtime_api.containers.pulls import Pulls
from runtime_api.containers.removal import Remover
from runtime_api.containers.secret_choice import SecretChoice
from runtime_api.containers.service import ContainerService
from runtime_api.containers.stats import Stats
from runtime_api.containers.steps import Steps
from runtime_api.containers.tasks import Tasks
from runtime_api.data_lock import DataLock
from runtime_api.key_files import check_key_files
from runtime_api.outbound import post
from runtime_api.shares import shares_of
from wholelog_base.secret_files import SecretFiles
from wholelog_base.turns import Turns

_CALL_TIMEOUT = 20.0  # seconds that a callback's receiver may be silent


def open_containers(
    settings: ApiSettings, reader: LogReader, environ: Mapping[str, str] = os.environ
) -> ContainerService:
    """Not started yet: call `start`. The engine need not be up.

    Raises SettingsError for an engine on another machine, RuntimeApiError where the table of tasks or the instance's id
    cannot be had, or another process works on the data folder.
    """
    check_key_files(settings)
    return with_engine(DockerEngine(engine_url(settings.docker_host, environ), settings.image_logins), settings, reader)


def with_engine(engine: Engine, settings: ApiSettings, reader: LogReader) -> ContainerService:
    instance = instance_of(settings.data)
    lock = DataLock(settings.data)
    try:
        tasks = Tasks(settings.data / "tasks.sqlite")
        return _composed(engine, settings, reader, instance, tasks, lock)
    except Exception:
        lock.release()
        raise


def _composed(
    engine: Engine, settings: ApiSettings, reader: LogReader, instance: str, tasks: Tasks, lock: DataLock
) -> ContainerService:
    now = time.time_ns
    ours, lives = Ours(engine, instance), Lives(tasks.file)
    pulls, claims, turns, ends = Pulls(shares_of(settings.api_threads).pulls), Claims(), Turns(), Ends(lives, now)
    lookup, lines = Lookup(ours, tasks, reader), TaskLines(settings.socket_path, tasks)
    maker = Maker(
        engine, instance, lambda: driver_options(settings.socket_path, engine.facts().version),
        confinement(settings), SecretChoice(settings.secret_env), SecretFiles(settings.data), ordered=settings.cell_order,
    )  # fmt: skip
    starter = Starter(
        engine, ours, tasks, Images(engine, image_policy(settings), pulls), maker, pulls, ends, claims, Rules(settings),
        now=now, new_id=lambda: secrets.token_hex(8),
    )  # fmt: skip
    remover = Remover(
        engine, tasks, lives, ends, lookup, reader, turns, shipper=settings.socket_path, stop_grace=settings.stop_grace,
        seal_wait=settings.seal_wait, now=now,
    )  # fmt: skip
    steps = Steps(
        engine,
        tasks,
        lives,
        ends,
        transfers(settings, engine, lives, reader),
        turns,
        stop_grace=settings.stop_grace,
        now=now,
    )
    keeping = Keeping(settings.finished_for, settings.records_for)
    housekeeping = Housekeeping(engine, ours, tasks, lives, keeping, now=now, delete_soon=remover.wake)
    lifecycle = Lifecycle(
        ours, tasks, steps, claims, limits(settings), housekeeping, transfers=settings.transfers, clocks=Clocks()
    )
    callbacks = Callbacks(
        tasks, lives, reader, partial(post, outbound(settings, settings.callback_prefixes), timeout=_CALL_TIMEOUT),
        secret=settings.callback_secret, seal_patience=settings.callback_wait, now=now,
    )  # fmt: skip

    def wake() -> None:
        lifecycle.wake()
        remover.wake()
        callbacks.wake()

    ends.wake = wake
    stats = _stats(engine, ours)
    return ContainerService(
        engine, tasks, lives, reader, stats, starter, remover, lookup, Listing(ours, tasks, stats, limits(settings)), limits(settings),
        (lines, stats, remover, callbacks, lifecycle), lock.release,
    )  # fmt: skip


def _stats(engine: Engine, ours: Ours) -> Stats:
    def pid_of(container_id: str) -> int:
        details = engine.inspect(container_id)
        return details.pid if details else 0

    def running() -> list[str]:
        return [item.container_id for item in ours.list() if item.state in RUNNING]

    return Stats(running, Cgroups(pid_of).usage, engine.usage)
