"""The list of containers: those on the engine, and those that the table of tasks still remembers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from runtime_api.containers.engine import Summary
from runtime_api.containers.life_view import phase_of
from runtime_api.containers.ownership import Ours
from runtime_api.containers.plan import loaded
from runtime_api.containers.protocols import Choice, ContainerView
from runtime_api.containers.queueing import QUEUED, Limits, places
from runtime_api.containers.stats import Stats
from runtime_api.containers.tasks import Task, Tasks
from runtime_api.containers.usage import NO_MEMORY
from wholelog_base import labels, user_labels

RUNNING: Final = ("running", "paused")  # the states in which a container has figures
_PAGE: Final = 500  # rows of the table at a time


@dataclass(frozen=True, slots=True)
class _Item:
    """`summary` is None for a container that the engine has no more, `task` for one that the table does not know."""

    created_at: int
    container_id: str
    status: str
    summary: Summary | None
    task: Task | None

    @property
    def phase(self) -> str:
        if self.task is not None:
            return phase_of(self.task.phase, self.status)
        return "running" if self.status in RUNNING else "done"

    @property
    def labels(self) -> tuple[str, ...]:
        """Its user's, NAME=VALUE."""
        if self.summary is not None:
            return user_labels.texts_of(self.summary.labels)
        return loaded(self.task.plan).labels if self.task else ()


class Listing:
    def __init__(self, ours: Ours, tasks: Tasks, stats: Stats, limits: Limits) -> None:
        self._ours, self._tasks, self._stats, self._limits = ours, tasks, stats, limits

    def list(self, choice: Choice) -> list[ContainerView]:
        """Newest first."""
        summaries = self._ours.list()
        self._stats.keep(item.container_id for item in summaries if item.state in RUNNING)
        there = {item.container_id: item for item in summaries}
        removed = any(status in ("removed", "done") for status in choice.status)
        if removed:
            items = self._with_removed(there, choice.after)
        else:
            items = iter(sorted(self._living(there), key=_place, reverse=True))
        waiting = places(self._tasks.alive(), self._limits)
        fits = _fits(choice)
        views: list[ContainerView] = []
        for item in items:
            if choice.limit is not None and len(views) >= choice.limit:
                break
            if fits(item):
                views.append(self._view(item, waiting))
        return views

    def _living(self, there: dict[str, Summary]) -> Iterator[_Item]:
        known = self._tasks.of(list(there))
        for container_id, summary in there.items():
            yield _item(summary, known.get(container_id))

    def _with_removed(self, there: dict[str, Summary], after: tuple[int, str] | None) -> Iterator[_Item]:
        """From the table, page by page; containers that it does not know come last."""
        place = after
        while rows := self._tasks.newest(place, _PAGE):
            for task in rows:
                summary = there.get(task.container_id)
                yield (
                    _item(summary, task)
                    if summary
                    else _Item(task.created_at, task.container_id, "removed", None, task)
                )
            place = (rows[-1].created_at, rows[-1].container_id)
        known = self._tasks.of(list(there))
        strangers = [_item(summary, None) for key, summary in there.items() if key not in known]
        yield from sorted(strangers, key=_place, reverse=True)

    def _view(self, item: _Item, waiting: dict[str, int]) -> ContainerView:
        more: dict[str, Any] = {"phase": item.phase}
        if item.phase == QUEUED:
            more["queue_place"] = waiting.get(item.container_id)
        if item.summary is None:
            assert item.task is not None
            more |= {
                "name": item.task.container_name, "image": {"name": item.task.image}, "task_id": item.task.task_id,
                "type": item.task.type, "labels": user_labels.named(item.labels),
            }  # fmt: skip
            return ContainerView(
                item.container_id, 0.0, NO_MEMORY, item.status, item.task.uid, more, item.created_at
            )  # fmt: skip
        marks = item.summary.labels
        more |= {
            "name": item.summary.name, "image": {"name": item.summary.image}, "task_id": marks.get(labels.TASK_ID, ""), "type": marks.get(labels.TYPE, ""),
            "labels": user_labels.named(item.labels),
        }  # fmt: skip
        if item.summary.exit_code is not None:
            more["exit_code"] = item.summary.exit_code
        cpu, mem = self._stats.figures(item.container_id, running=item.summary.state in RUNNING)
        return ContainerView(item.container_id, cpu, mem, item.status, marks.get(labels.UID, ""), more, item.created_at)


def _item(summary: Summary, task: Task | None) -> _Item:
    going = task is not None and task.deletion_asked_at is not None and task.deleted_at is None
    status = "removing" if going and summary.state not in RUNNING else summary.state
    return _Item(task.created_at if task else 0, summary.container_id, status, summary, task)


def _place(item: _Item) -> tuple[int, str]:
    return item.created_at, item.container_id


def _fits(choice: Choice) -> Callable[[_Item], bool]:
    def fits(item: _Item) -> bool:
        marks = item.summary.labels if item.summary else {}
        kind = item.task.type if item.task else marks.get(labels.TYPE, "")
        uid = item.task.uid if item.task else marks.get(labels.UID, "")
        return (
            (not choice.status or item.status in choice.status or item.phase in choice.status)
            and (not choice.type or kind == choice.type)
            and (choice.uid is None or uid == choice.uid)
            and (not choice.labels or user_labels.fits(item.labels, choice.labels))
            and (choice.after is None or _place(item) < choice.after)
        )

    return fits
