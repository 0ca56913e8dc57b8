"""From the settings to what the operator allows of a task, and the refusal of what it does not."""

from typing import Final

from log_store.protocols import LogReader
from runtime_api.config import ApiSettings
from runtime_api.containers.confinement import Confinement
from runtime_api.containers.engine import Engine, EngineFacts
from runtime_api.containers.images import ImagePolicy
from runtime_api.containers.lives import Lives
from runtime_api.containers.queueing import Limits
from runtime_api.containers.tasks import Task
from runtime_api.containers.transfers import ContainerTransfers, TransferRules, input_url
from runtime_api.errors import BadRequest
from runtime_api.key_files import storage_options
from runtime_api.outbound import Outbound
from runtime_api.schemas.task import TaskRequest
from runtime_api.storage import prefixes
from runtime_api.storage.code_archive import Bounds
from runtime_api.storage.fsspec_storage import FsspecStorage
from runtime_api.storage.http_storage import HttpStorage

_CPU: Final = 1_000_000_000


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
        allow=settings.image_allow,
    )


def confinement(settings: ApiSettings) -> Confinement:
    return Confinement(
        network=settings.task_network,
        networks=settings.task_networks,
        capabilities=settings.task_capabilities,
        pids=settings.task_pids,
        open_files=settings.task_open_files,
        read_only=settings.task_read_only,
        users=settings.task_users,
        gpus=settings.task_gpus,
        shm=settings.task_shm,
    )


def limits(settings: ApiSettings) -> Limits:
    each = Limits(settings.owner_tasks, int(settings.owner_cpus * _CPU), settings.owner_memory)
    return Limits(
        settings.queue_tasks, int(settings.queue_cpus * _CPU), settings.queue_memory,
        each=each if each.any else None, queued=settings.owner_queued,
    )  # fmt: skip


def outbound(settings: ApiSettings, allowed: tuple[str, ...]) -> Outbound:
    return Outbound(allowed, settings.private_networks)


def transfers(settings: ApiSettings, engine: Engine, lives: Lives, reader: LogReader) -> ContainerTransfers:
    options = storage_options(settings.storage_options)
    rules = TransferRules(
        settings.transfer_timeout,
        settings.data / "transfers",
        Bounds(settings.repo_limit),
        settings.repo_git,
        outbound(settings, settings.input_prefixes).addresses,
        settings.output_wait,
        settings.output_limit,
    )
    return ContainerTransfers(
        engine, lives, reader, HttpStorage(outbound(settings, settings.input_prefixes)),
        FsspecStorage(settings.input_prefixes, options), FsspecStorage(settings.output_prefixes, options), rules,
    )  # fmt: skip


class Rules:
    """What a task may ask for here; all that is refused is named at once."""

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings
        self.limits = limits(settings)
        self._confinement = confinement(settings)

    def check(self, task: TaskRequest, engine: EngineFacts) -> None:
        """Raises BadRequest."""
        problems = [*self._amounts(task, engine), *self._urls(task), *self._confinement.problems(task)]
        if problems:
            raise BadRequest(problems)

    def _amounts(self, task: TaskRequest, engine: EngineFacts) -> list[str]:
        if task.nano_cpus is not None and task.nano_cpus > engine.cpus * 1_000_000_000:
            asked = f"{task.nano_cpus / 1e9:g}"
            return [
                f"task_desc.cpu_limit: {asked!r} is more than the machine's {engine.cpus} CPUs;"
                f" ask for at most {engine.cpus}"
            ]
        alone = Task("", "", "", "", "", "", "", 0, nano_cpus=task.nano_cpus or 0, memory=task.mem_limit or 0)
        bounds = [(self.limits, "all tasks", "queue")]
        if task.uid and self.limits.each is not None:
            bounds.append((self.limits.each, "an owner's tasks", "owner"))
        return [
            f"task_desc.cpu_limit, task_desc.mem_limit: the task asks for more than {whose} together may have "
            f"(settings {name}_cpus, {name}_memory; one without a limit counts as 1 CPU and 1 GiB)"
            for bound, whose, name in bounds
            if not bound.fit([alone])
        ]

    def _urls(self, task: TaskRequest) -> list[str]:
        given = self._settings
        asked = [
            ("callback_url", task.callback_url, given.callback_prefixes, "callback_prefixes"),
            ("repo_path", task.repo_path, given.input_prefixes, "input_prefixes"),
        ]
        for number, one in enumerate(task.inputs):
            url = input_url(one.bucket, one.from_path)
            asked.append((f"inputs[{number}]", url, given.input_prefixes, "input_prefixes"))
        for number, out in enumerate(task.outputs):
            asked.append((f"outputs[{number}].to_path", out.to_path, given.output_prefixes, "output_prefixes"))
        problems = []
        for member, url, allowed, setting in asked:
            if url and (said := prefixes.problem(url, prefixes.of_owner(allowed, task.uid), setting)):
                problems.append(f"task_desc.{member}: {prefixes.shown(url)} {said}")
        problems += [
            f"task_desc.outputs[{number}].to_path: {prefixes.shown(one.to_path)} cannot be written to: HTTP is for reading"
            for number, one in enumerate(task.outputs)
            if prefixes.is_http(one.to_path)
        ]
        return problems
