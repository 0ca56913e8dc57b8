"""What moves a task on by one step. Each may be cut short by a crash at any line, and is then done again."""

import logging
from collections.abc import Callable
from typing import Final, Protocol

from runtime_api.containers.ending import Ends, run_of
from runtime_api.containers.engine import Details, Engine
from runtime_api.containers.line_outbox import Said
from runtime_api.containers.lives import Life, Lives
from runtime_api.containers.lookup import REMOVED_BY_OTHERS
from runtime_api.containers.stop_signal import heeds
from runtime_api.containers.tasks import Task, Tasks
from runtime_api.errors import BadRequest, Ending, EngineFailed, NotFound, RuntimeApiError
from wholelog_base.turns import Turns

log = logging.getLogger(__name__)

NEVER: Final = 1 << 62  # ns since 1970: no deadline
_NS: Final = 1_000_000_000


class Transfers(Protocol):
    """What is put into a container before its start, and copied from it after its end.

    `cancelled` is asked between the pieces; once it is true the rest is left.
    """

    def fetch(self, life: Life, cancelled: Callable[[], bool]) -> str:
        """'' or why it failed. May raise EngineUnavailable: try again later."""
        ...

    def deliver(self, life: Life, cancelled: Callable[[], bool]) -> str:
        """'' or what of it failed. May raise EngineUnavailable: try again later."""
        ...


class Steps:
    """Safe to use from several threads, for one container by one at a time. `turns` are those of deletions."""

    def __init__(
        self, engine: Engine, tasks: Tasks, lives: Lives, ends: Ends, transfers: Transfers, turns: Turns, *,
        stop_grace: float, now: Callable[[], int],
    ) -> None:  # fmt: skip
        self._engine, self._tasks, self._lives, self._ends = engine, tasks, lives, ends
        self._transfers, self._turns, self._stop_grace, self._now = transfers, turns, stop_grace, now
        self._closing = False

    def close(self) -> None:
        """Transfers under way are left, and made again by the next process."""
        self._closing = True

    def admit(self, task: Task) -> None:
        """From the queue to its beginning."""
        life = self._lives.of(task.container_id)
        if life is not None:
            said = Said("its turn in the queue has come")
            self._lives.move(task.container_id, "inputs" if life.plan.fetches else "created", said)

    def transfer(self, task: Task) -> None:
        """Of a task in the phase `inputs` or `outputs`: all of it, then on to the next phase. Raises Ending after `close`."""
        life = self._lives.of(task.container_id)
        if life is None or life.phase not in ("inputs", "outputs"):
            return
        if life.phase == "inputs":
            problem = self._transfers.fetch(life, lambda: self._cancelled(life.container_id))
            if self._unwanted(life.container_id):
                return  # the deletion says how it ended
            if problem:
                self._give_up(task, problem)
            else:
                self._lives.move(life.container_id, "created")
            return
        problem = self._transfers.deliver(life, lambda: self._cancelled(life.container_id))
        if not self._unwanted(life.container_id):
            reason = str(life.result.get("reason", ""))
            self._ends.say(life.container_id, {"reason": f"{reason}; {problem}" if problem else reason})

    def look(self, task: Task) -> int:
        """Of a task that is to run or runs: start it, note its end; when to look again at the latest, ns since 1970."""
        life = self._lives.of(task.container_id)
        if life is None or life.phase not in ("created", "running"):
            return NEVER
        details = self._engine.inspect(life.container_id)
        if details is None:
            self._ends.unseen(life.container_id, f"its container {REMOVED_BY_OTHERS}")
            return NEVER
        if life.phase == "created" and details.started_at == life.started_at:
            return self._start(task)
        if life.phase == "created" or details.started_at != life.started_at:
            self._lives.runs(life.container_id, details.started_at)
        if details.running:
            return self._running(life, details)
        self._ended(task, life, details)
        return self._now()

    def _start(self, task: Task) -> int:
        """At once after it the container is looked at again."""
        with self._turns.of(task.container_id):
            if self._unwanted(task.container_id):
                return NEVER
            try:
                self._engine.start(task.container_id)
            except (BadRequest, EngineFailed) as error:
                self._give_up(task, f"did not start: {error}")
            except NotFound:
                self._ends.unseen(task.container_id, f"its container {REMOVED_BY_OTHERS}")
        return self._now()

    def _running(self, life: Life, details: Details) -> int:
        if life.plan.timeout is None:
            return NEVER
        deadline = details.started_at + int(life.plan.timeout * _NS)
        if self._now() < deadline:
            return deadline
        said = Said(f"stopped: its timeout of {life.plan.timeout:g} s is over", "warning")
        self._lives.time_is_over(life.container_id, said)  # first: whoever sees its end knows why
        log.info("container %s is stopped: its timeout of %g s is over", life.container_id[:12], life.plan.timeout)
        graceful = heeds(life.container_id, details.pid, details.stop_signal)
        try:
            self._engine.stop(life.container_id, self._stop_grace if graceful else 0)
        except NotFound:
            log.info("container %s ended by itself meanwhile", life.container_id[:12])
        return self._now()

    def _ended(self, task: Task, life: Life, details: Details) -> None:
        failed = bool(details.exit_code or details.error or life.timed_out)
        if failed and life.attempts < life.plan.retries and not self._unwanted(life.container_id):
            reason = run_of(details, timeout=life.plan.timeout, timed_out=life.timed_out)["reason"]
            runs = life.plan.retries + 1
            said = Said(f"run {life.attempts + 1} of {runs} {reason}; it is started again", "warning")
            self._lives.again(life.container_id, details.started_at, said)
            log.info("container %s failed and is started again", life.container_id[:12])
            return
        if life.plan.outputs:
            run = run_of(details, timeout=life.plan.timeout, timed_out=life.timed_out)
            self._lives.note(life.container_id, **run)
            self._lives.move(life.container_id, "outputs")
            self._ends.wake()
            return
        self._ends.of_run(life, details)

    def _give_up(self, task: Task, reason: str) -> None:
        """A task that could not begin; a container that never ran is not kept."""
        said = Said(reason, "error")
        details = self._engine.inspect(task.container_id)
        ran = details is not None and bool(details.started_at)
        if not ran:
            self._tasks.ask_deletion(task, "", self._now(), said)
        self._ends.unseen(task.container_id, reason, said if ran else None)
        if not ran:
            try:
                self._engine.remove(task.container_id, force=True)
                self._tasks.deleted(task.container_id, self._now())
            except RuntimeApiError as error:
                log.warning("container %s, which did not start, is removed later: %s", task.container_id[:12], error)

    def _cancelled(self, container_id: str) -> bool:
        if self._closing:
            raise Ending("the API ends; what is copied goes on at its next start")
        return self._unwanted(container_id)

    def _unwanted(self, container_id: str) -> bool:
        task = self._tasks.by_id(container_id)
        return task is None or task.deletion_asked_at is not None
