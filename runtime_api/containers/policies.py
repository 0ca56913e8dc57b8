"""From the settings to what the operator allows of a task, and the refusal of what it does not."""

from runtime_api.config import ApiSettings
from runtime_api.containers import prefixes
from runtime_api.containers.engine import EngineFacts
from runtime_api.containers.images import ImagePolicy
from runtime_api.containers.queueing import Limits
from runtime_api.containers.tasks import Task
from runtime_api.errors import BadRequest
from runtime_api.outbound import Outbound
from runtime_api.schemas.task import TaskRequest


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


def limits(settings: ApiSettings) -> Limits:
    return Limits(settings.queue_tasks, int(settings.queue_cpus * 1_000_000_000), settings.queue_memory)


def outbound(settings: ApiSettings, allowed: tuple[str, ...]) -> Outbound:
    return Outbound(allowed, settings.private_networks)


class Rules:
    """What a task may ask for here; all that is refused is named at once."""

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings
        self.limits = limits(settings)

    def check(self, task: TaskRequest, engine: EngineFacts) -> None:
        """Raises BadRequest."""
        problems = [*self._amounts(task, engine), *self._urls(task)]
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
        if not self.limits.fit([alone]):
            return [
                "task_desc.cpu_limit, task_desc.mem_limit: the task asks for more than all tasks together may have "
                "(settings queue_cpus, queue_memory; one without a limit counts as 1 CPU and 1 GiB)"
            ]
        return []

    def _urls(self, task: TaskRequest) -> list[str]:
        if not task.callback_url:
            return []
        said = prefixes.problem(task.callback_url, self._settings.callback_prefixes, "callback_prefixes")
        return [f"task_desc.callback_url: {task.callback_url!r:.200} {said}"] if said else []
