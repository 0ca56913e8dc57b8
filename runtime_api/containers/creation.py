"""Starting a task: once for each request id, and with nothing left behind where it fails."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from runtime_api.containers.claims import Claims
from runtime_api.containers.ending import Ends
from runtime_api.containers.engine import CommandNotFound, Engine
from runtime_api.containers.images import Image, Images
from runtime_api.containers.making import NAME_PREFIX, Maker
from runtime_api.containers.ownership import Ours
from runtime_api.containers.plan import dumped, plan_of
from runtime_api.containers.policies import Rules
from runtime_api.containers.protocols import Created
from runtime_api.containers.pulls import Pulls
from runtime_api.containers.queueing import QUEUED, may_begin
from runtime_api.containers.record import task_of
from runtime_api.containers.tasks import Task, Tasks
from runtime_api.containers.turns import Twins
from runtime_api.errors import BadRequest, Conflict, EngineUnavailable, NotFound, RuntimeApiError
from runtime_api.schemas.task import TaskRequest
from wholelog_base import labels

log = logging.getLogger(__name__)


class Starter:
    """Safe to use from several threads. `now`: ns since 1970; `new_id`: a task id that nobody else has."""

    def __init__(
        self, engine: Engine, ours: Ours, tasks: Tasks, images: Images, maker: Maker, pulls: Pulls, ends: Ends,
        claims: Claims, rules: Rules, *, now: Callable[[], int], new_id: Callable[[], str],
    ) -> None:  # fmt: skip
        self._engine, self._ours, self._tasks, self._images, self._maker = engine, ours, tasks, images, maker
        self._ends, self._claims, self._rules, self._now, self._new_id = ends, claims, rules, now, new_id
        # With the fingerprint of what was asked. What takes a twin long is an image.
        self._twins: Twins[tuple[Created, str]] = Twins(pulls.turn)

    def create(self, task: TaskRequest) -> Created:
        if not task.request_id:
            return self._begin(task)
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
                    self._tasks.created(there, task.request_id)
                return _created(there, again=True)
        self._tasks.begin(task.request_id, task.fingerprint)
        return self._begin(task)

    def _left_by_crash(self, task: TaskRequest) -> Task | None:
        """The container that was started for this request where the table knows nothing of it."""
        started = None
        for summary in self._ours.list(labels.REQUEST_ID, task.request_id):
            details = self._engine.inspect(summary.container_id)
            if details is not None and details.started_at and started is None:
                started = task_of(details)
            elif details is not None and not details.started_at and not self._tasks.by_id(summary.container_id):
                self._engine.remove(summary.container_id, force=True)
        return started

    def _begin(self, task: TaskRequest) -> Created:
        self._rules.check(task, self._engine.facts())
        image = self._images.resolve(task)
        task_id = task.task_id or self._new_id()
        container_id = self._maker.make(task, task_id, image)
        plan = plan_of(task, image.name)
        row = Task(
            container_id, NAME_PREFIX + task_id, task_id, task.type, "", image.name, image.digest, self._now(),
            phase="inputs" if plan.fetches else "created", plan=dumped(plan), nano_cpus=task.nano_cpus or 0,
            memory=task.mem_limit or 0,
        )  # fmt: skip
        with self._claims.of(container_id):
            row = self._written(row, task.request_id)
            if row.phase == "created":
                self._start(row, task, image)
        self._ends.wake()
        return _created(row)

    def _written(self, row: Task, request_id: str) -> Task:
        def phase(alive: Sequence[Task]) -> str:
            return row.phase if may_begin(row, alive, self._rules.limits) else QUEUED

        try:
            chosen = self._tasks.created(row, request_id, phase if self._rules.limits.any else None)
        except RuntimeApiError:
            self._maker.discard(row.container_id)  # nobody would ever learn its id
            raise
        return replace(row, phase=chosen)

    def _start(self, row: Task, task: TaskRequest, image: Image) -> None:
        """Raises what the caller is told; the task has then ended, its record says why, and its request may be tried again."""
        try:
            try:
                self._engine.start(row.container_id)
            except CommandNotFound as error:
                program = self._program(task)
                raise CommandNotFound(
                    [f"task_desc.cmd: image {image.name!r} has no program {program} to run it: {error}"]
                ) from error
            except NotFound as error:
                raise BadRequest([f"task_desc: its container was removed before it started: {error}"]) from error
        except RuntimeApiError as error:
            self._failed(row, task.request_id, error)
            raise

    def _program(self, task: TaskRequest) -> str:
        words = task.cmd.split()
        return repr(words[0]) if task.type == "algorithm" and words else "of its type"

    def _failed(self, row: Task, request_id: str, error: RuntimeApiError) -> None:
        """Marked first: if this process ends here, or the engine is away, the removal goes on later."""
        self._tasks.ask_deletion(row, "", self._now())
        self._ends.unseen(row.container_id, f"did not start: {error}")
        if request_id:
            self._tasks.unbind(request_id)
        if isinstance(error, EngineUnavailable):
            return  # it may have started
        try:
            self._engine.remove(row.container_id, force=True)
            self._tasks.deleted(row.container_id, self._now())
        except RuntimeApiError as more:
            log.warning("container %s, which did not start, is removed later: %s", row.container_id[:12], more)


def _created(task: Task, *, again: bool = False) -> Created:
    image = {"name": task.image, "digest": task.digest}
    return Created(task.container_id, task.container_name, task.task_id, image, again, task.phase)


def _another_body(task: TaskRequest) -> Conflict:
    return Conflict(f"request_id: {task.request_id!r} was used with another body; a new request needs a new id")
