"""`/problems` and `/problems/{problem_id}`: errors that are alike, and what is said of them."""

from dataclasses import replace
from typing import Any, Final

import falcon

from log_store.problem import Occurrence, Problem, ProblemStore, Triage, merged, state_of
from log_store.protocols import LogReader
from log_store.query import LogLine, LogQuery
from log_store.rfc3339 import format_ns
from runtime_api.access.caller import Caller, caller_of
from runtime_api.body import read_object
from runtime_api.containers.protocols import Containers
from runtime_api.envelope import MEDIA_TYPE, Clock
from runtime_api.errors import NotFound
from runtime_api.params.problems import ID, PARAMETERS, read_problem_choice, read_said
from runtime_api.params.query import read_query
from runtime_api.reading.forms import envelope_of_lines

BEFORE: Final = 10  # lines that a sample has before it


class ProblemViews:
    """What both resources need."""

    def __init__(self, store: ProblemStore, containers: Containers, reader: LogReader, clock: Clock) -> None:
        self.store, self.containers, self.clock, self._reader = store, containers, clock, reader

    def answer(self, resp: falcon.Response, message: str, data: dict[str, Any]) -> None:
        resp.content_type = MEDIA_TYPE
        resp.data = envelope_of_lines(self.clock(), message, data)

    def found(self, problem_id: str, caller: Caller) -> Problem:
        """Raises NotFound."""
        if ID.fullmatch(problem_id):
            of_this = merged(one for one in self.seen(caller) if one.id == problem_id)
            if of_this:
                return of_this[0]
        raise NotFound(
            f"problem_id: there is no problem {problem_id!r:.100}; it must be an id that GET /problems shows"
        )

    def seen(self, caller: Caller) -> list[Problem]:
        """What is another's is not there. A problem has one owner: its fingerprint says whose."""
        return [one for one in self.store.problems() if caller.sees(one.uid)]

    def sample(self, place: Occurrence) -> dict[str, Any] | None:
        """The message as it is stored, and the lines before it; None where its log is gone."""
        found = self._reader.find(place.container_id, place.id)
        if found is None:
            return None
        query = LogQuery(place.container_id, after=found.place, descending=True, size=BEFORE)
        before: list[LogLine] = [line for page in self._reader.read(query) for line in page]
        return {"container_id": place.container_id, "line": found.line, "before": before[::-1]}


class ProblemList:
    """`data`: `problems`, the last seen first, and how many fit."""

    def __init__(self, views: ProblemViews) -> None:
        self._views = views

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        views, asked = self._views, read_problem_choice(read_query(req.query_string, PARAMETERS))
        container = views.containers.of(caller_of(req)).resolve(asked.container) if asked.container else ""
        said = views.store.triages()
        found = [
            (problem, said.get(problem.id))
            for problem in merged(views.seen(caller_of(req)))
            if not container or any(one.container_id == container for one in problem.containers)
        ]
        fitting = [shown(*one) for one in found if not asked.states or state_of(*one) in asked.states]
        views.answer(resp, f"{len(fitting)} problems", {"problems": fitting[: asked.size], "count": len(fitting)})

    on_head = on_get


class OneProblem:
    """`data`: `problem`, with the message that it was seen in last, and the lines before that."""

    def __init__(self, views: ProblemViews, body_limit: int) -> None:
        self._views, self._body_limit = views, body_limit

    def on_get(self, req: falcon.Request, resp: falcon.Response, problem_id: str) -> None:
        read_query(req.query_string, ())
        problem = self._views.found(problem_id, caller_of(req))
        view = shown(problem, self._views.store.triages().get(problem.id))
        data = {"problem": {**view, "sample": self._views.sample(problem.last)}}
        self._views.answer(resp, f"{view['state']}: {problem.title}", data)

    on_head = on_get

    def on_patch(self, req: falcon.Request, resp: falcon.Response, problem_id: str) -> None:
        read_query(req.query_string, ())
        state, note = read_said(read_object(req, self._body_limit, required=True))
        problem = self._views.found(problem_id, caller_of(req))
        # What is resolved is so up to the last line that is known of: a clock of another machine may go ahead.
        triage = Triage(problem.id, state, max(self._views.clock(), problem.last.log_time), note)
        known = self._views.store.triages().get(problem.id)
        if known is not None and known.at >= triage.at:
            triage = replace(triage, at=known.at + 1)
        self._views.store.write_triage(triage)
        view = shown(problem, triage)
        self._views.answer(resp, f"{view['state']}: {problem.title}", {"problem": view})


def shown(problem: Problem, triage: Triage | None) -> dict[str, Any]:
    """As the answers have it."""
    containers = [
        {
            "container_id": one.container_id, "name": one.container_name, "task_id": one.task_id, "count": one.count,
            "last_seen": format_ns(one.last_seen),
        }
        for one in problem.containers
    ]  # fmt: skip
    return {
        "id": problem.id, "title": problem.title, "kind": problem.kind, "log_type": problem.log_type,
        "state": state_of(problem, triage), "count": problem.count, "first_seen": format_ns(problem.first.log_time),
        "last_seen": format_ns(problem.last.log_time), "containers": containers,
        "last_message": {"container_id": problem.last.container_id, "id": problem.last.id},
        "note": triage.note if triage else "", "said_at": format_ns(triage.at) if triage else None,
    }  # fmt: skip
