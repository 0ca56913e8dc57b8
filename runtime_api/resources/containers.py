"""`/containers` and `/containers/{container_id}`: start, show, stop and delete (contract, sections 1 to 4)."""

from dataclasses import replace
from typing import Any, Final

import falcon

from runtime_api.access.caller import caller_of
from runtime_api.body import read_object
from runtime_api.containers.protocols import Containers, ContainerView
from runtime_api.containers.secret_choice import SecretChoice
from runtime_api.envelope import MEDIA_TYPE, Clock, envelope
from runtime_api.errors import BadRequest
from runtime_api.params.containers import PARAMETERS, REPEATED, cursor_of, read_choice
from runtime_api.params.query import read_query
from runtime_api.schemas.members import Members, Problems
from runtime_api.schemas.task_body import parse_task

_BEGUN: Final = {
    "created": "started",
    "queued": "queued: it starts once it has a place (setting queue_*)",
    "inputs": "its inputs are fetched, then it starts",
}


class ContainerList:
    def __init__(self, containers: Containers, clock: Clock, body_limit: int, secrets: SecretChoice) -> None:
        self._containers = containers
        self._clock = clock
        self._body_limit = body_limit
        self._secrets = secrets

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        read_query(req.query_string, ())
        task = parse_task(read_object(req, self._body_limit, required=True))
        created = self._containers.of(caller_of(req)).create(task)
        message = "this request_id was answered before: nothing was started" if created.again else _BEGUN[created.phase]
        data: dict[str, Any] = {
            "container_id": created.container_id,
            "container_name": created.container_name,
            "log_path": f"/logs?container_id={created.container_id}",
            "task_id": created.task_id,
            "image": created.image,
            "phase": created.phase if created.phase in ("queued", "inputs") else "running",
        }
        if told := self._secrets.told(task):
            data["secrets"] = told
        _answer(resp, envelope(self._clock(), 200, message, data))

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        given = read_query(req.query_string, PARAMETERS, (), REPEATED)
        choice = read_choice(given)
        views = self._containers.of(caller_of(req)).list(
            replace(choice, limit=choice.limit + 1) if choice.limit else choice
        )
        more = choice.limit is not None and len(views) > choice.limit
        views = views[: choice.limit]
        data: dict[str, Any] = {"containers": [{**view.more, **_shown(view)} for view in views]}
        if choice.limit is not None:
            last = views[-1] if more else None
            data["cursor"] = cursor_of(last.created_at, last.container_id) if last else None
        _answer(resp, envelope(self._clock(), 200, f"{len(views)} containers", data))

    on_head = on_get


class OneContainer:
    def __init__(self, containers: Containers, clock: Clock, body_limit: int) -> None:
        self._containers = containers
        self._clock = clock
        self._body_limit = body_limit

    def on_get(self, req: falcon.Request, resp: falcon.Response, container_id: str) -> None:
        read_query(req.query_string, ())
        view = self._containers.of(caller_of(req)).get(_name(container_id))
        data = {"container": {**view.more, **_shown(view)}}
        _answer(resp, envelope(self._clock(), 200, view.status, data))

    on_head = on_get

    def on_delete(self, req: falcon.Request, resp: falcon.Response, container_id: str) -> None:
        read_query(req.query_string, ())
        request_id = _request_id(read_object(req, self._body_limit, required=False))
        deleted = self._containers.of(caller_of(req)).delete(_name(container_id), request_id)
        data: dict[str, Any] = {"container_id": deleted.container_id, "removed": deleted.removed}
        if deleted.seal is not None:
            data["seal"] = deleted.seal
        _answer(resp, envelope(self._clock(), 200, deleted.message, data))


def _answer(resp: falcon.Response, body: bytes) -> None:
    resp.data = body
    resp.content_type = MEDIA_TYPE


def _shown(view: ContainerView) -> dict[str, Any]:
    return {
        "container_id": view.container_id,
        "cpu": view.cpu,
        "mem": view.mem,
        "status": view.status,
        "user_info": {"uid": view.uid},
    }


def _name(container_id: str) -> str:
    if len(container_id) > 255 or not container_id.isprintable():
        raise BadRequest([f"container_id: {container_id!r:.100} must be at most 255 printable characters"])
    return container_id


def _request_id(body: dict[str, Any]) -> str:
    problems = Problems()
    request_id = Members(body, "", ("request_id",), problems).text("request_id", longest=256)
    if found := problems.all():
        raise BadRequest(found)
    return request_id
