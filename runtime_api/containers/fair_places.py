"""Whose turn it is at a few places that something slow, a storage or a receiver, may hold for long: fair between owners."""

from collections import Counter
from collections.abc import Sequence

from runtime_api.containers.tasks import Task


def fair_next(waiting: Sequence[Task], under_way: Sequence[Task], places: int) -> list[Task]:
    """Those whose turn it is, so that no more than `places` are under way. `waiting`: the first to come first.

    Half of the places are one owner's at most; what has the uid '' is nobody's. The next is the first of the owner who
    has the fewest under way.
    """
    busy = Counter(task.uid for task in under_way)
    left, chosen = list(waiting), list[Task]()
    share = max(1, places // 2)
    while len(under_way) + len(chosen) < places:
        fitting = [task for task in left if not task.uid or busy[task.uid] < share]
        if not fitting:
            break
        task = min(fitting, key=lambda one: busy[one.uid])  # the first of equals
        left.remove(task)
        chosen.append(task)
        busy[task.uid] += 1
    return chosen
