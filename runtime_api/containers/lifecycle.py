"""One thread that sees what is due for which task, and threads that do it: start, note the end, copy, start again.

It knows nothing that is not in the table of tasks or on the engine, so another process goes on where this one was cut off.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from runtime_api.containers.claims import Claims
from runtime_api.containers.fair_places import fair_next
from runtime_api.containers.housekeeping import Housekeeping
from runtime_api.containers.ownership import Ours
from runtime_api.containers.queueing import QUEUED, Limits, admitted
from runtime_api.containers.round_thread import RoundThread
from runtime_api.containers.steps import NEVER, Steps
from runtime_api.containers.tasks import Task, Tasks
from runtime_api.errors import Ending, EngineUnavailable, RuntimeApiError

log = logging.getLogger(__name__)

_ROUND, _LONGEST_ROUND = 1.0, 30.0  # seconds between rounds while tasks live; while none does or the engine is away
_STEPS: Final = 8  # at a time, of those that take no longer than the engine
_COPIED: Final = ("inputs", "outputs")
_LEAVE: Final = 2.5  # seconds at the end for what is copied to be left
_PAUSE: Final = 30.0  # seconds until a step is tried again that failed by a fault of ours


@dataclass(frozen=True, slots=True)
class Clocks:
    now: Callable[[], int] = time.time_ns  # ns since 1970
    monotonic: Callable[[], float] = time.monotonic  # seconds


class Lifecycle:
    """`start` and `close` frame its threads; `wake` when something may be due."""

    def __init__(
        self, ours: Ours, tasks: Tasks, steps: Steps, claims: Claims, limits: Limits, housekeeping: Housekeeping, *,
        transfers: int, clocks: Clocks,
    ) -> None:  # fmt: skip
        self._ours, self._tasks, self._steps, self._claims = ours, tasks, steps, claims
        self._limits, self._housekeeping, self._clocks = limits, housekeeping, clocks
        self._look_at: dict[str, int] = {}  # running containers -> when to look at the latest
        self._pause_until: dict[str, float] = {}
        self._pool = ThreadPoolExecutor(_STEPS, "task step")
        self._transfers, self._places = ThreadPoolExecutor(transfers, "transfer"), transfers
        self._copying: dict[str, Task] = {}
        self._said, self._pause = "", _ROUND
        self._thread = RoundThread("tasks", self._round_or_later)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._thread.wake()

    def close(self) -> None:
        self._steps.close()
        self._thread.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._transfers.shutdown(wait=False, cancel_futures=True)
        end = time.monotonic() + _LEAVE
        while self._copying and time.monotonic() < end:  # they see it within a second, but where a storage hangs
            time.sleep(0.02)

    @property
    def closing(self) -> bool:
        return self._thread.closing

    def _round_or_later(self) -> float:
        try:
            self._pause, self._said = (_ROUND if self.round() else self._housekeeping.interval), ""
        except RuntimeApiError as error:
            if str(error) != self._said:
                log.warning("tasks wait, and go on later: %s", error)
            self._said, self._pause = str(error), min(max(self._pause, _ROUND) * 2, _LONGEST_ROUND)
        except Exception:
            log.exception("the round of tasks failed, and is made again in %.0f s", _LONGEST_ROUND)
            self._pause = _LONGEST_ROUND
        return self._pause

    def round(self) -> bool:
        """Begin what is due; whether a task lives. Raises EngineUnavailable, RuntimeApiError."""
        self._housekeeping.round()
        alive = self._tasks.alive()
        self._forget(alive)
        if not alive:
            return False
        running = self._ours.running()
        now = self._clocks.now()
        for task in admitted(alive, self._limits):
            self._do(self._pool, task, self._steps.admit)
        copies = [task for task in alive if task.phase in _COPIED]
        self._copy([task for task in copies if task.container_id not in self._copying and not self._pauses(task)])
        for task in alive:
            if task.phase not in (*_COPIED, QUEUED) and self._due(task, running, now):
                self._do(self._pool, task, self._look)
        return True

    def _copy(self, waiting: Sequence[Task]) -> None:
        for task in fair_next(waiting, list(self._copying.values()), self._places):
            self._copying[task.container_id] = task
            if not self._do(self._transfers, task, self._transfer):
                self._copying.pop(task.container_id, None)

    def _transfer(self, task: Task) -> None:
        try:
            self._steps.transfer(task)
        finally:
            self._copying.pop(task.container_id, None)

    def _due(self, task: Task, running: set[str], now: int) -> bool:
        known = self._look_at.get(task.container_id)
        return task.phase == "created" or task.container_id not in running or known is None or known <= now

    def _look(self, task: Task) -> None:
        look_at = self._steps.look(task)
        self._look_at[task.container_id] = look_at
        if look_at != NEVER:
            self.wake()  # for a deadline: the next round finds it is not due yet

    def _pauses(self, task: Task) -> bool:
        return self._pause_until.get(task.container_id, 0.0) > self._clocks.monotonic()

    def _do(self, pool: ThreadPoolExecutor, task: Task, step: Callable[[Task], None]) -> bool:
        """Whether it is done now, by a thread of the pool."""
        if self._pauses(task) or not self._claims.take(task.container_id):
            return False
        try:
            pool.submit(self._step, task, step)
        except RuntimeError:  # closing
            self._claims.give(task.container_id)
            return False
        return True

    def _step(self, task: Task, step: Callable[[Task], None]) -> None:
        try:
            step(task)
            self._pause_until.pop(task.container_id, None)
            done = True
        except EngineUnavailable as error:
            log.info("container %s goes on when the engine is there: %s", task.container_id[:12], error)
            done = False
        except Ending as error:
            log.info("container %s: %s", task.container_id[:12], error)
            done = False
        except Exception as error:
            if self.closing and isinstance(error, RuntimeApiError):
                log.info("container %s is left in the middle of a step: %s", task.container_id[:12], error)
                return
            log.exception("a step of container %s failed, and is tried again", task.container_id[:12])
            self._pause_until[task.container_id] = self._clocks.monotonic() + _PAUSE
            done = False
        finally:
            self._claims.give(task.container_id)
        if done and step != self._look:
            self.wake()

    def _forget(self, alive: Sequence[Task]) -> None:
        ids = {task.container_id for task in alive}
        for table in (self._look_at, self._pause_until):
            for container_id in [one for one in table if one not in ids]:
                table.pop(container_id, None)
