"""Which tasks may run where the machine is full, and in which order the others come: fair between owners.

The next is the oldest task of the owner who has the fewest at work; of equals, the one that has waited longest. It waits
until it fits, and nobody passes it: a small task that always fits would keep a large one waiting for ever. Only what an
owner's own bounds hold back is passed, by the tasks of others.
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from runtime_api.containers.tasks import Task

QUEUED: Final = "queued"
_CPU: Final = 1_000_000_000  # nano cpus that a task without a limit counts as


@dataclass(frozen=True, slots=True)
class Limits:
    """Of all tasks at work together; 0: none. One without a cpu limit counts as one CPU, one without `mem_limit` as `unbounded`.

    `each`: of the tasks of one owner; `queued`: how many of those may wait. What has the uid '' is nobody's.
    """

    tasks: int = 0
    nano_cpus: int = 0
    memory: int = 0
    unbounded: int = 1 << 30
    each: "Limits | None" = None
    queued: int = 0

    @property
    def any(self) -> bool:
        return bool(self.tasks or self.nano_cpus or self.memory or self.each is not None)

    def fit(self, at_work: Sequence[Task]) -> bool:
        cpus = sum(task.nano_cpus or _CPU for task in at_work)
        memory = sum(task.memory or self.unbounded for task in at_work)
        return (
            (not self.tasks or len(at_work) <= self.tasks)
            and (not self.nano_cpus or cpus <= self.nano_cpus)
            and (not self.memory or memory <= self.memory)
        )


def order(alive: Sequence[Task], limits: Limits = Limits()) -> list[Task]:  # noqa: B008  # it is frozen
    """The waiting tasks in the order in which they come, if those at work stay. `alive`: oldest first.

    At last those that their owners' own bounds hold back.
    """
    ready, held = _ready(alive, limits)
    return [*ready, *held]


def admitted(alive: Sequence[Task], limits: Limits) -> list[Task]:
    """The waiting tasks that may begin now."""
    at_work = [task for task in alive if task.phase != QUEUED]
    chosen: list[Task] = []
    for task in _ready(alive, limits)[0]:
        if not limits.fit([*at_work, *chosen, task]):
            break
        chosen.append(task)
    return chosen


def may_begin(task: Task, alive: Sequence[Task], limits: Limits) -> bool:
    """Whether a new task begins at once: nobody waits but for an end of their own tasks, and it fits."""
    if task.uid and limits.each is not None:
        own = [other for other in alive if other.uid == task.uid]
        if any(other.phase == QUEUED for other in own) or not limits.each.fit([*own, task]):
            return False
    at_work = [other for other in alive if other.phase != QUEUED]
    return not _ready(alive, limits)[0] and limits.fit([*at_work, task])


def may_wait(task: Task, alive: Sequence[Task], limits: Limits) -> bool:
    """Whether a new task of this owner may wait beside those that wait."""
    waiting = sum(other.phase == QUEUED and other.uid == task.uid for other in alive)
    return not task.uid or not limits.queued or waiting < limits.queued


def places(alive: Sequence[Task], limits: Limits) -> dict[str, int]:
    """Container id -> its place in the queue, 1 for the next."""
    return {task.container_id: number for number, task in enumerate(order(alive, limits), 1)}


def _ready(alive: Sequence[Task], limits: Limits) -> tuple[list[Task], list[Task]]:
    """The waiting tasks in a fair order: those that only wait for the machine, and those that wait for their owners' own."""
    queue = _fair(alive)
    if limits.each is None:
        return queue, []
    taken: dict[str, list[Task]] = {}
    for task in alive:
        if task.phase != QUEUED:
            taken.setdefault(task.uid, []).append(task)
    ready: list[Task] = []
    held: list[Task] = []
    full: set[str] = set()
    for task in queue:
        own = taken.setdefault(task.uid, [])
        if task.uid and (task.uid in full or not limits.each.fit([*own, task])):
            full.add(task.uid)
            held.append(task)
        else:
            own.append(task)
            ready.append(task)
    return ready, held


def _fair(alive: Sequence[Task]) -> list[Task]:
    busy = Counter(task.uid for task in alive if task.phase != QUEUED)
    lines: dict[str, deque[Task]] = {}
    for task in alive:
        if task.phase == QUEUED:
            lines.setdefault(task.uid, deque()).append(task)
    ordered = []
    while lines:
        uid = min(lines, key=lambda owner: (busy[owner], lines[owner][0].created_at, lines[owner][0].container_id))
        ordered.append(lines[uid].popleft())
        busy[uid] += 1
        if not lines[uid]:
            del lines[uid]
    return ordered
