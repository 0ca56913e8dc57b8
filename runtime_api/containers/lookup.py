"""Which container a caller means: by full id, by name or task id, or by an unambiguous prefix of the id."""

from dataclasses import dataclass

from log_store.errors import LogStoreError
from log_store.protocols import LogReader
from log_store.rfc3339 import format_ns
from runtime_api.access.caller import Caller
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
    uid: str
    living: bool = False


class Lookup:
    """Asks the engine, the table of tasks and, for containers that were deleted, the log store.

    What a caller may not see is left out before anything is chosen: no name, prefix or error tells of it.
    """

    def __init__(self, ours: Ours, tasks: Tasks, reader: LogReader) -> None:
        self._ours, self._tasks, self._reader = ours, tasks, reader

    def living(self, name: str, caller: Caller) -> str:
        """The full id of a container of ours that the engine has. Raises NotFound, BadRequest."""
        found = self.living_or_removed(name, caller)
        if isinstance(found, str):
            return found
        how = f"was deleted at {format_ns(found.deleted_at)}" if found.deleted_at else REMOVED_BY_OTHERS
        raise NotFound(f"container {found.container_id[:12]} ({found.container_name}) {how}; its logs stay at /logs")

    def living_or_removed(self, name: str, caller: Caller) -> str | Task:
        """The full id of a container of ours that the engine has, else what is known of one that it had.

        Of several removed ones with that name it is the newest. Raises NotFound, BadRequest.
        """
        if found := _choose(name, _seen([_of_summary(item) for item in self._ours.list()], caller)):
            return found
        removed = _choose(name, _seen(self._in_tasks(name), caller))
        task = self._tasks.by_id(removed) if removed else None
        if task is None:
            raise _not_found(name)
        return task

    def any(self, name: str, caller: Caller) -> str:
        """The full id of a container, one that was deleted included. A name means the living one, else the newest.

        Raises NotFound, BadRequest; EngineUnavailable or LogsUnavailable where the container may be known there alone.
        """
        if _is_id(name) and (task := self._tasks.by_id(name)) is not None and caller.sees(task.uid):
            return name
        away: list[RuntimeApiError] = []
        known = [*self._on_engine(away), *self._in_tasks(name), *self._in_store(name, caller, away)]
        if found := _choose(name, _seen(known, caller)):
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
        return [_Known(task.container_id, (task.container_name, task.task_id), task.uid) for task in found]

    def _in_store(self, name: str, caller: Caller, away: list[RuntimeApiError]) -> list[_Known]:
        try:
            return [
                _Known(ref.container_id, (ref.container_name, ref.task_id), ref.uid)
                for ref in self._reader.find_containers(name, None if caller.sees_all else caller.uid)
            ]
        except LogStoreError as error:
            away.append(LogsUnavailable(str(error)))
            return []


def _of_summary(item: Summary) -> _Known:
    marks = item.labels
    return _Known(item.container_id, (item.name, marks.get(labels.TASK_ID, "")), marks.get(labels.UID, ""), True)


def _seen(known: list[_Known], caller: Caller) -> list[_Known]:
    return [one for one in known if caller.sees(one.uid)]


def _choose(name: str, known: list[_Known]) -> str | None:
    """In Docker's order: the id, the name (the first in the list that has it), the only id that begins so."""
    if not name:
        return None
    if any(one.container_id == name for one in known):
        return name
    if named := [one for one in known if name in one.names]:
        _check_owners(name, [one for one in named if one.living] or named)
        return named[0].container_id
    fitting = {one.container_id: one.names[0] for one in known if one.container_id.startswith(name)}
    if len(fitting) > 1:
        shown = ", ".join(f"{key[: max(12, len(name) + 4)]} ({fitting[key]})" for key in sorted(fitting)[:_SHOWN])
        more = f" and {len(fitting) - _SHOWN} more" if len(fitting) > _SHOWN else ""
        raise BadRequest(
            [f"container_id: {name!r} begins the ids of {len(fitting)} containers: {shown}{more}; give more of it"]
        )
    return next(iter(fitting), None)


def _check_owners(name: str, named: list[_Known]) -> None:
    """Of an administrator's word: owners may have the same task ids. Raises BadRequest."""
    owners = {one.uid: one.container_id[:12] for one in reversed(named)}
    if len(owners) > 1:
        shown = ", ".join(f"{owners[uid]} (of {uid!r})" for uid in sorted(owners)[:_SHOWN])
        raise BadRequest([f"container_id: {name!r} is a name of {len(owners)} owners' containers: {shown}; give an id"])


def _is_id(name: str) -> bool:
    return len(name) == _ID_LENGTH and all(digit in "0123456789abcdef" for digit in name)


def _not_found(name: str) -> NotFound:
    return NotFound(
        f"container_id: there is no container {name[:80]!r}, and there was none; give an id, its beginning, or a name"
    )
