"""Starting a task: once for each request id, and with nothing left behind where it fails."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from runtime_api.containers.claims import Claims
from runtime_api.containers.ending import Ends
from runtime_api.containers.engine import CommandNotFound, Engine
from runtime_api.containers.images import Image, Images
from runtime_api.containers.line_outbox import Said
from runtime_api.containers.making import Maker, container_name
from runtime_api.containers.ownership import Ours
from runtime_api.containers.plan import dumped, plan_of
from runtime_api.containers.policies import Rules
from runtime_api.containers.protocols import Created
from runtime_api.containers.pulls import Pulls
from runtime_api.containers.queueing import QUEUED, may_begin, may_wait
from runtime_api.containers.record import task_of
from runtime_api.containers.tasks import Task, Tasks, request_key
from runtime_api.containers.turns import Twins
from runtime_api.errors import BadRequest, Conflict, EngineUnavailable, NotFound, RuntimeApiError, TooManyTasks
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

        created, fingerprint = self._twins.run(_key(task), work)
        if fingerprint != task.fingerprint:
            raise _another_body(task)
        return created if mine else replace(created, again=True)

    def _answer_once(self, task: TaskRequest) -> Created:
        request = self._tasks.request(_key(task))
        if request is not None:
            there = request.task or self._left_by_crash(task)
            if there is not None:
                if request.fingerprint != task.fingerprint:
                    raise _another_body(task)
                if request.task is None:
                    self._tasks.created(there, _key(task))
                return _created(there, again=True)
        self._tasks.begin(_key(task), task.fingerprint)
        return self._begin(task)

    def _left_by_crash(self, task: TaskRequest) -> Task | None:
        """The container that was started for this request where the table knows nothing of it."""
        started = None
        for summary in self._ours.list(labels.REQUEST_ID, task.request_id):
            if summary.labels.get(labels.UID, "") != task.uid:
                continue
            details = self._engine.inspect(summary.container_id)
            if details is not None and details.started_at and started is None:
                started = task_of(details)
            elif details is not None and not details.started_at and not self._tasks.by_id(summary.container_id):
                self._engine.remove(summary.container_id, force=True)
        return started

    def _begin(self, task: TaskRequest) -> Created:
        self._rules.check(task, self._engine.facts())
        if self._rules.limits.any:
            self._phase(_asked(task), self._tasks.alive())  # before anything is made for it; and again when it is there
        began = time.monotonic()
        image = self._images.resolve(task)
        took = time.monotonic() - began
        fetched = [Said(f"image {image.name} was {image.fetched} in {took:.1f} s")] if image.fetched else []
        task_id = task.task_id or self._new_id()
        container_id = self._maker.make(task, task_id, image)
        plan = plan_of(task, image.name)
        row = Task(
            container_id, container_name(task_id, task.uid), task_id, task.type, task.uid, image.name, image.digest, self._now(),
            phase="inputs" if plan.fetches else "created", plan=dumped(plan), nano_cpus=task.nano_cpus or 0,
            memory=task.mem_limit or 0,
        )  # fmt: skip
        with self._claims.of(container_id):
            row = self._written(row, _key(task), fetched)
            if row.phase == "created":
                self._start(row, task, image)
        self._ends.wake()
        return _created(row)

    def _written(self, row: Task, request_id: str, fetched: list[Said]) -> Task:
        limited = self._rules.limits.any
        queued = Said("queued: it starts once it has a place")
        try:
            chosen = self._tasks.created(
                row, request_id, partial(self._phase, row) if limited else None,
                lambda phase: [*fetched, queued] if phase == QUEUED else fetched,
            )  # fmt: skip
        except RuntimeApiError:
            self._maker.discard(row.container_id)  # nobody would ever learn its id
            raise
        return replace(row, phase=chosen)

    def _phase(self, row: Task, alive: Sequence[Task]) -> str:
        """In which it begins. Raises TooManyTasks."""
        limits = self._rules.limits
        if may_begin(row, alive, limits):
            return row.phase
        if not may_wait(row, alive, limits):
            raise TooManyTasks(
                f"{limits.queued} of your tasks wait for a place, which is the most of one owner (setting owner_queued): "
                "wait for one to begin, or delete one"
            )
        return QUEUED

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
            self._failed(row, _key(task), error)
            raise

    def _program(self, task: TaskRequest) -> str:
        words = task.cmd.split()
        return repr(words[0]) if task.type == "algorithm" and words else "of its type"

    def _failed(self, row: Task, request_id: str, error: RuntimeApiError) -> None:
        """Marked first: if this process ends here, or the engine is away, the removal goes on later."""
        said = Said(f"did not start: {error}", "error")
        self._tasks.ask_deletion(row, "", self._now(), said)
        self._ends.unseen(row.container_id, said.text)
        if request_id:
            self._tasks.unbind(request_id)
        if isinstance(error, EngineUnavailable):
            return  # it may have started
        try:
            self._engine.remove(row.container_id, force=True)
            self._tasks.deleted(row.container_id, self._now())
        except RuntimeApiError as more:
            log.warning("container %s, which did not start, is removed later: %s", row.container_id[:12], more)


def _key(task: TaskRequest) -> str:
    return request_key(task.uid, task.request_id)


def _asked(task: TaskRequest) -> Task:
    """As it counts among others before it has a container."""
    return Task("", "", "", "", task.uid, "", "", 0, nano_cpus=task.nano_cpus or 0, memory=task.mem_limit or 0)


def _created(task: Task, *, again: bool = False) -> Created:
    image = {"name": task.image, "digest": task.digest}
    return Created(task.container_id, task.container_name, task.task_id, image, again, task.phase)


def _another_body(task: TaskRequest) -> Conflict:
    return Conflict(f"request_id: {task.request_id!r} was used with another body; a new request needs a new id")
