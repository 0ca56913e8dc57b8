"""Whose logs a request is about. All that /logs and its views read is chosen here, so here a caller's rights belong."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from log_store.protocols import LogReader
from log_store.query import LogOwner, LogQuery, Page, SharedPlace, Whose
from log_store.seal import Seal
from log_store.several import MOST_CONTAINERS, read_several
from runtime_api.access.caller import Caller
from runtime_api.containers.protocols import Containers
from runtime_api.errors import BadRequest
from runtime_api.params.logs import LogParameters
from runtime_api.seal_view import EVER, Span, joint_view, seal_view, with_owner
from wholelog_base import user_labels


@dataclass(frozen=True, slots=True)
class Chosen:
    """`owners`: by id; `together`: whether several were asked for, though it may be one that was found."""

    owners: tuple[LogOwner, ...]
    together: bool

    @property
    def title(self) -> str:
        if not self.together:
            return f"the log of container {self.owners[0].container_id}"
        return f"the logs of {len(self.owners)} containers"

    def read(self, reader: LogReader, query: LogQuery, after: SharedPlace | None = None) -> Iterator[Page]:
        """`query`: its container_id is that of the only one; `after`: of several."""
        return read_several(reader, self.owners, query, after) if self.together else reader.read(query)

    def statement(
        self, reader: LogReader, span: Span = EVER, newest_runs: dict[str, int] | None = None
    ) -> dict[str, Any]:
        """`seal`; of several also `seals`, each with whose it is."""
        runs = newest_runs or {}
        views = [
            seal_view(reader.seals(owner.container_id), span, runs.get(owner.container_id, 0)) for owner in self.owners
        ]
        if not self.together:
            return {"seal": views[0]}
        seals = [with_owner(owner, view) for owner, view in zip(self.owners, views, strict=True)]
        return {"seal": joint_view(seals), "seals": seals}


class Choosing:
    """Safe to use from several threads."""

    def __init__(self, containers: Containers, reader: LogReader) -> None:
        self._containers, self._reader = containers, reader

    def one(self, name: str, caller: Caller) -> str:
        """The full id of one that the caller sees. Raises NotFound, BadRequest."""
        return self._containers.of(caller).resolve(name)

    def of(self, asked: LogParameters, caller: Caller) -> Chosen:
        """Those of the caller that are named and known, or have written in the range.

        Raises NotFound, BadRequest, LogStoreError.
        """
        named = tuple(dict.fromkeys(self.one(name, caller) for name in asked.containers))
        if asked.alone:
            return Chosen((LogOwner(named[0]),), together=False)
        whose, end = replace(asked.whose, container_ids=named), asked.end if asked.ends else None
        if not caller.sees_all:
            if not all(map(caller.sees, whose.uids or (caller.uid,))):
                return Chosen((), together=True)
            whose = replace(whose, uids=(caller.uid,))
        start = None if named else asked.start
        found = self._reader.owners(whose, start, None if named else end, MOST_CONTAINERS + 1)
        if len(found) > MOST_CONTAINERS:
            raise BadRequest(
                [
                    f"task_id, type, uid, label: more than {MOST_CONTAINERS} containers that fit have written in this range, and at "
                    "most so many are read together: give a shorter range by start_time and end_time, or name containers "
                    "by container_id"
                ]
            )
        known = {owner.container_id: owner for owner in found}
        for container_id in named:
            if container_id not in known and (owner := self._silent(container_id, asked.whose)) is not None:
                known[container_id] = owner
        return Chosen(tuple(known[name] for name in sorted(known)), together=True)

    def _silent(self, container_id: str, whose: Whose) -> LogOwner | None:
        """One that has not written, if what its seal says of it fits."""
        seals = self._reader.seals(container_id)
        newest = seals[-1] if seals else Seal(container_id, 0)
        owner = LogOwner(container_id, newest.container_name, newest.task_id, newest.type, newest.uid)
        return owner if fits(owner, whose) and user_labels.fits(newest.labels, whose.labels) else None


def fits(owner: LogOwner, whose: Whose) -> bool:
    return (
        (not whose.task_ids or owner.task_id in whose.task_ids)
        and (not whose.types or owner.type in whose.types)
        and (not whose.uids or owner.uid in whose.uids)
    )
