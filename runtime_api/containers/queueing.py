"""Which tasks may run where the machine is full, and in which order the others come: fair between owners.

The next is the oldest task of the owner who has the fewest at work; of equals, the one that has waited longest. It waits
until it fits, and nobody passes it: a small task that always fits would keep a large one waiting for ever.
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
    """Of all tasks at work together; 0: none. One without a cpu limit counts as one CPU, one without `mem_limit` as `unbounded`."""

    tasks: int = 0
    nano_cpus: int = 0
    memory: int = 0
    unbounded: int = 1 << 30

    @property
    def any(self) -> bool:
        return bool(self.tasks or self.nano_cpus or self.memory)

    def fit(self, at_work: Sequence[Task]) -> bool:
        cpus = sum(task.nano_cpus or _CPU for task in at_work)
        memory = sum(task.memory or self.unbounded for task in at_work)
        return (
            (not self.tasks or len(at_work) <= self.tasks)
            and (not self.nano_cpus or cpus <= self.nano_cpus)
            and (not self.memory or memory <= self.memory)
        )


def order(alive: Sequence[Task]) -> list[Task]:
    """The waiting tasks in the order in which they come, if those at work stay. `alive`: oldest first."""
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


def admitted(alive: Sequence[Task], limits: Limits) -> list[Task]:
    """The waiting tasks that may begin now."""
    at_work = [task for task in alive if task.phase != QUEUED]
    chosen: list[Task] = []
    for task in order(alive):
        if not limits.fit([*at_work, *chosen, task]):
            break
        chosen.append(task)
    return chosen


def may_begin(task: Task, alive: Sequence[Task], limits: Limits) -> bool:
    """Whether a new task begins at once: nobody waits, and it fits."""
    return all(other.phase != QUEUED for other in alive) and limits.fit([*alive, task])


def places(alive: Sequence[Task]) -> dict[str, int]:
    """Container id -> its place in the queue, 1 for the next."""
    return {task.container_id: number for number, task in enumerate(order(alive), 1)}
