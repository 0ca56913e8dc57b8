"""Which container a caller means: by full id, by name or task id, or by an unambiguous prefix of the id."""

from dataclasses import dataclass

from log_store.errors import LogStoreError
from log_store.protocols import LogReader
from log_store.rfc3339 import format_ns
from runtime_api.containers.engine import Summary
from runtime_api.containers.ownership import Ours
from runtime_api.containers.tasks import Task, Tasks
from runtime_api.errors import BadRequest, EngineUnavailable, LogsUnavailable, NotFound, RuntimeApiError
from wholelog_base import labels

_ID_LENGTH = 64
_SHOWN = 5  # candidates in an error

REMOVED_BY_OTHERS = "was removed from the engine by another hand"


@dataclass(frozen=True, slots=True)
class _Known:
    container_id: str
    names: tuple[str, ...]


class Lookup:
    """Asks the engine, the table of tasks and, for containers that were deleted, the log store."""

    def __init__(self, ours: Ours, tasks: Tasks, reader: LogReader) -> None:
        self._ours, self._tasks, self._reader = ours, tasks, reader

    def living(self, name: str) -> str:
        """The full id of a container of ours that the engine has. Raises NotFound, BadRequest."""
        found = self.living_or_removed(name)
        if isinstance(found, str):
            return found
        how = f"was deleted at {format_ns(found.deleted_at)}" if found.deleted_at else REMOVED_BY_OTHERS
        raise NotFound(f"container {found.container_id[:12]} ({found.container_name}) {how}; its logs stay at /logs")

    def living_or_removed(self, name: str) -> str | Task:
        """The full id of a container of ours that the engine has, else what is known of one that it had.

        Of several removed ones with that name it is the newest. Raises NotFound, BadRequest.
        """
        if found := _choose(name, [_of_summary(item) for item in self._ours.list()]):
            return found
        removed = _choose(name, self._in_tasks(name))
        task = self._tasks.by_id(removed) if removed else None
        if task is None:
            raise _not_found(name)
        return task

    def any(self, name: str) -> str:
        """The full id of a container, one that was deleted included. A name means the living one, else the newest.

        Raises NotFound, BadRequest; EngineUnavailable or LogsUnavailable where the container may be known there alone.
        """
        if _is_id(name) and self._tasks.by_id(name) is not None:
            return name
        away: list[RuntimeApiError] = []
        known = [*self._on_engine(away), *self._in_tasks(name), *self._in_store(name, away)]
        if found := _choose(name, known):
            return found
        raise away[0] if away else _not_found(name)

    def _on_engine(self, away: list[RuntimeApiError]) -> list[_Known]:
        try:
            return [_of_summary(item) for item in self._ours.list()]
        except EngineUnavailable as error:
            away.append(error)
            return []

    def _in_tasks(self, name: str) -> list[_Known]:
        found = self._tasks.find(name)
        found.sort(key=lambda task: (task.deleted_at is not None, -task.created_at))
        return [_Known(task.container_id, (task.container_name, task.task_id)) for task in found]

    def _in_store(self, name: str, away: list[RuntimeApiError]) -> list[_Known]:
        try:
            return [
                _Known(ref.container_id, (ref.container_name, ref.task_id))
                for ref in self._reader.find_containers(name)
            ]
        except LogStoreError as error:
            away.append(LogsUnavailable(str(error)))
            return []


def _of_summary(item: Summary) -> _Known:
    return _Known(item.container_id, (item.name, item.labels.get(labels.TASK_ID, "")))


def _choose(name: str, known: list[_Known]) -> str | None:
    """In Docker's order: the id, the name (the first in the list that has it), the only id that begins so."""
    if not name:
        return None
    if any(one.container_id == name for one in known):
        return name
    for one in known:
        if name in one.names:
            return one.container_id
    fitting = {one.container_id: one.names[0] for one in known if one.container_id.startswith(name)}
    if len(fitting) > 1:
        shown = ", ".join(f"{key[: max(12, len(name) + 4)]} ({fitting[key]})" for key in sorted(fitting)[:_SHOWN])
        more = f" and {len(fitting) - _SHOWN} more" if len(fitting) > _SHOWN else ""
        raise BadRequest(
            [f"container_id: {name!r} begins the ids of {len(fitting)} containers: {shown}{more}; give more of it"]
        )
    return next(iter(fitting), None)


def _is_id(name: str) -> bool:
    return len(name) == _ID_LENGTH and all(digit in "0123456789abcdef" for digit in name)


def _not_found(name: str) -> NotFound:
    return NotFound(
        f"container_id: there is no container {name[:80]!r}, and there was none; give an id, its beginning, or a name"
    )
