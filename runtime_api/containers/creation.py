"""Starting a task: once for each request id, and with nothing left behind where it fails."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from runtime_api.containers.commands import command_lines, environment
from runtime_api.containers.engine import CommandNotFound, ContainerSpec, Details, Engine
from runtime_api.containers.images import Image, Images
from runtime_api.containers.ownership import Ours
from runtime_api.containers.protocols import Created
from runtime_api.containers.pulls import Pulls
from runtime_api.containers.tasks import Task, Tasks
from runtime_api.containers.turns import Twins
from runtime_api.errors import BadRequest, Conflict, NotFound, RuntimeApiError
from runtime_api.schemas.task import TaskRequest
from wholelog_base import labels

log = logging.getLogger(__name__)

NAME_PREFIX = "wholelog-"


class Starter:
    """Safe to use from several threads. `now`: ns since 1970; `new_id`: a task id that nobody else has."""

    def __init__(
        self, engine: Engine, ours: Ours, tasks: Tasks, images: Images, log_options: Callable[[], Mapping[str, str]],
        pulls: Pulls, *, now: Callable[[], int], new_id: Callable[[], str],
    ) -> None:  # fmt: skip
        self._engine, self._ours, self._tasks, self._images = engine, ours, tasks, images
        self._log_options, self._now, self._new_id = log_options, now, new_id
        self._pulls = pulls
        # With the fingerprint of what was asked. What takes a twin long is an image.
        self._twins: Twins[tuple[Created, str]] = Twins(pulls.turn)
        self._working: dict[str, int] = {}  # image id -> which of the command lines its programs fit

    def create(self, task: TaskRequest) -> Created:
        if not task.request_id:
            return self._start(task)
        mine = False

        def work() -> tuple[Created, str]:
            nonlocal mine
            mine = True
            return self._answer_once(task), task.fingerprint

        created, fingerprint = self._twins.run(task.request_id, work)
        if fingerprint != task.fingerprint:
            raise _another_body(task)
        return created if mine else replace(created, again=True)

    def _answer_once(self, task: TaskRequest) -> Created:
        request = self._tasks.request(task.request_id)
        if request is not None:
            there = request.task or self._left_by_crash(task)
            if there is not None:
                if request.fingerprint != task.fingerprint:
                    raise _another_body(task)
                if request.task is None:
                    self._tasks.started(there, task.request_id)
                return _created(there, again=True)
        self._tasks.begin(task.request_id, task.fingerprint)
        return self._start(task)

    def _left_by_crash(self, task: TaskRequest) -> Task | None:
        """The container that was started for this request before its answer could be kept."""
        started = None
        for summary in self._ours.list(labels.REQUEST_ID, task.request_id):
            details = self._engine.inspect(summary.container_id)
            if details is not None and details.started_at and started is None:
                started = task_of(details)
            elif details is not None and not details.started_at:
                self._engine.remove(summary.container_id, force=True)
        return started

    def _start(self, task: TaskRequest) -> Created:
        self._check_cpus(task)
        image = self._images.resolve(task)
        task_id = task.task_id or self._new_id()
        spec = self._spec(task, task_id, image)
        container_id = self._run(task, spec, image)
        row = Task(container_id, spec.name, task_id, task.type, "", image.name, image.digest, self._now())
        try:
            self._tasks.started(row, task.request_id)
        except RuntimeApiError:
            self._discard(container_id)  # nobody would ever learn its id
            raise
        return _created(row)

    def _run(self, task: TaskRequest, spec: ContainerSpec, image: Image) -> str:
        """The id of a started container. The first command line whose program the image has is remembered."""
        if not task.cmd:
            return self._run_once(spec)
        lines = command_lines(task.type, task.cmd)
        key = f"{task.type} {image.image_id}"
        first = self._working.get(key, 0)
        missing: CommandNotFound | None = None
        for number in range(first, len(lines)):
            entrypoint, *command = lines[number]
            try:
                started = self._run_once(replace(spec, entrypoint=(entrypoint,), command=tuple(command)))
            except CommandNotFound as error:
                missing = missing or error
                continue
            self._working[key] = number
            return started
        programs = " or ".join(repr(line[0]) for line in lines)
        raise CommandNotFound([f"task_desc.cmd: image {image.name!r} has no program {programs} to run it: {missing}"])

    def _run_once(self, spec: ContainerSpec) -> str:
        try:
            container_id = self._engine.create(spec)
        except Conflict as error:
            raise Conflict(
                f"task_desc.task_id: {spec.labels[labels.TASK_ID]!r} is taken by another task; name another or none"
            ) from error
        except NotFound as error:
            raise BadRequest([f"task_desc.image: {spec.image!r} is gone from the engine: {error}"]) from error
        try:
            self._engine.start(container_id)
        except BaseException:
            self._discard(container_id)
            raise
        return container_id

    def _spec(self, task: TaskRequest, task_id: str, image: Image) -> ContainerSpec:
        marks = {
            labels.TASK_ID: task_id,
            labels.TYPE: task.type,
            labels.UID: "",
            labels.INSTANCE: self._ours.instance,
        }
        if task.request_id:
            marks[labels.REQUEST_ID] = task.request_id
        if task.log is not None:
            marks[labels.LOG] = task.log.label()
        return ContainerSpec(
            name=NAME_PREFIX + task_id,
            image=image.name,
            labels=marks,
            log_options=self._log_options(),
            env=environment(task.type, task.env),
            working_dir=task.download_path,
            nano_cpus=task.nano_cpus,
            memory=task.mem_limit,
        )

    def _check_cpus(self, task: TaskRequest) -> None:
        if task.nano_cpus is None:
            return
        cpus = self._engine.facts().cpus
        if task.nano_cpus > cpus * 1_000_000_000:
            asked = f"{task.nano_cpus / 1e9:g}"
            raise BadRequest(
                [f"task_desc.cpu_limit: {asked!r} is more than the machine's {cpus} CPUs; ask for at most {cpus}"]
            )

    def _discard(self, container_id: str) -> None:
        try:
            self._engine.remove(container_id, force=True)
        except RuntimeApiError as error:
            # Another try with its request id finds it; without one it is listed as created.
            log.warning("container %s did not start and could not be removed: %s", container_id[:12], error)


def task_of(details: Details) -> Task:
    """What the engine knows of a container of ours."""
    marks = details.summary.labels
    return Task(
        details.summary.container_id, details.summary.name, marks.get(labels.TASK_ID, ""), marks.get(labels.TYPE, ""),
        marks.get(labels.UID, ""), details.summary.image, details.image_id, details.created_at,
    )  # fmt: skip


def _created(task: Task, *, again: bool = False) -> Created:
    image = {"name": task.image, "digest": task.digest}
    return Created(task.container_id, task.container_name, task.task_id, image, again)


def _another_body(task: TaskRequest) -> Conflict:
    return Conflict(f"request_id: {task.request_id!r} was used with another body; a new request needs a new id")
