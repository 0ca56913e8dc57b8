"""The routes, and what each of them takes and gives."""

from typing import Any, Final

from runtime_api.following.wire import SSE_TYPE
from runtime_api.openapi import bodies, problems
from runtime_api.openapi.answers import envelope
from runtime_api.openapi.list_parameters import list_parameters
from runtime_api.openapi.log_parameters import parameters
from runtime_api.openapi.shapes import Shape, array, members, number, part, text, yes_or_no
from runtime_api.openapi.views import described
from runtime_api.reading.forms import MEDIA_TYPES

JSON: Final = "application/json"
_MEANINGS: Final = {
    400: "the body or a parameter does not fit; the message names every problem",
    401: "no token, or none that is good",
    403: "the caller is known, and may not ask this",
    404: "there is no such container or problem",
    408: "the request did not come whole in time",
    409: "the same request_id or task_id with another body",
    413: "the body is too large",
    415: "the body is of another type than JSON, or compressed",
    429: "as many requests of this kind, or of this caller, as may be are being worked on; see Retry-After",
    500: "a fault of ours, of the engine or of the store",
    503: "Docker or the log store cannot be reached; see Retry-After",
}
_GOES_ON: Final = {"showContainer": "path", "readLogs": "query", "deleteContainer": "path"}  # once a task is started
_ALWAYS: Final = (400, 408, 500, 503)  # 503: also where too many connections are open


def paths(wait_limit: float) -> dict[str, Any]:
    container_id = {
        "name": "container_id", "in": "path", "required": True,
        "description": "Full id, unambiguous beginning of it, the container's name or its task id.",
        "schema": text(minLength=1, maxLength=255),
    }  # fmt: skip
    one_container: dict[str, Any] = {"parameters": [container_id], "get": _show(), "delete": _delete()}
    return {
        "/containers": {"post": _start(), "get": _list()},
        "/containers/{container_id}": one_container,
        "/logs": {"get": _logs(wait_limit), "delete": _remove_log()},
        **_views(),
        "/problems": {"get": _problems()},
        "/problems/{problem_id}": {"parameters": [problems.problem_id()], "get": _problem(), "patch": _say()},
        "/healthz": {"get": _plain("isAlive", "Whether the API's process answers", "health")},
        "/readyz": {"get": _ready()},
        "/metrics": {"get": _other("metrics", "Counters in Prometheus' text format", "health", "text/plain")},
        "/openapi.json": {"get": _other("openapi", "This document", "about", JSON)},
        "/docs": {"get": _other("page", "This document as a page", "about", "text/html")},
        "/": {"get": _other("webPage", "The web page: containers and their logs", "about", "text/html")},
    }


def _start() -> dict[str, Any]:
    responses = _responses(part("Created"), 409, 413, 415, 429)
    responses["200"]["links"] = {name: _link(name, place) for name, place in _GOES_ON.items()}
    return {
        "operationId": "startTask",
        "summary": "Start a task and its container",
        "description": "Members that are empty count as absent, so callers may send the whole template.",
        "tags": ["containers"],
        "requestBody": {"required": True, "content": {JSON: {"schema": part("Task"), "examples": _EXAMPLES}}},
        "responses": responses,
    }


def _list() -> dict[str, Any]:
    cursor = {"anyOf": [text("to go on behind these"), {"type": "null"}]}
    data = members({"containers": array(part("Container"))}, {"cursor": cursor})
    found = _operation("listContainers", "The containers that are there", "containers", _responses(data))
    return {**found, "parameters": list_parameters()}


def _show() -> dict[str, Any]:
    data = members({"container": part("ContainerDetails")})
    return _operation("showContainer", "One container, there or removed", "containers", _responses(data, 404))


def _delete() -> dict[str, Any]:
    summary = "Stop the task and delete the container; its log stays"
    content = {JSON: {"schema": bodies.deletion()}}
    found = _operation("deleteContainer", summary, "containers", _responses(part("Deleted"), 404, 409, 413, 415))
    return {**found, "requestBody": {"required": False, "content": content}}


def _logs(wait_limit: float) -> dict[str, Any]:
    responses = _responses(part("Logs"), 404, 429)
    good = responses["200"]
    for name, kind in MEDIA_TYPES.items():
        if name != "json":
            good["content"][kind.partition(";")[0]] = {"schema": text()}
    good["content"][SSE_TYPE] = {"schema": text("with follow: events `line`, then one `seal`")}
    responses["204"] = {"description": "with follow, behind the end of a log that has not gone on since"}
    good["headers"] = {
        "Wholelog-End": {
            "description": "What the last line begins with (text), or has as its first field (csv).",
            "schema": {"type": "string"},
        }
    }
    found = _operation("readLogs", "The lines of a container, and whether they are all there", "logs", responses)
    return {**found, "parameters": parameters(wait_limit)}


def _remove_log() -> dict[str, Any]:
    data = members(
        {"container_id": text(), "removed": yes_or_no("false: as soon as the shipper can"), "seal": part("Seal")}
    )
    what = "Full id, unambiguous beginning of it, the container's name or its task id."
    container = {"name": "container_id", "in": "query", "required": True, "description": what}
    found = _operation("removeLog", "Remove the log of a container that has ended, as an administrator", "logs",
                       _responses(data, 403, 404, 409))  # fmt: skip
    return {**found, "parameters": [{**container, "schema": text(minLength=1, maxLength=255)}]}


def _views() -> dict[str, Any]:
    return {
        path: {"get": {**_operation(name, summary, "logs", _responses(data, 404, 429)), "parameters": taken}}
        for path, name, summary, taken, data in described()
    }


def _problems() -> dict[str, Any]:
    data = members({"problems": array(part("Problem")), "count": number("how many fit", minimum=0)})
    found = _operation("listProblems", "Errors that are alike", "problems", _responses(data, 404))
    return {**found, "parameters": problems.problem_parameters()}


def _problem() -> dict[str, Any]:
    data = members({"problem": part("Problem")})
    return _operation("showProblem", "One, with its last message", "problems", _responses(data, 404))


def _say() -> dict[str, Any]:
    data = members({"problem": part("Problem")})
    found = _operation("sayOfProblem", "Resolve, ignore, reopen", "problems", _responses(data, 404, 413, 415))
    return {**found, "requestBody": {"required": True, "content": {JSON: {"schema": part("ProblemSaid")}}}}


def _plain(name: str, summary: str, tag: str) -> dict[str, Any]:
    return _operation(name, summary, tag, _responses({"type": "object"}))


def _ready() -> dict[str, Any]:
    data = members({name: part("Dependency") for name in ("engine", "store", "socket")})
    responses = _responses(data)
    unready = {"anyOf": [envelope(data), part("Error")]}
    responses["503"]["content"] = {JSON: {"schema": unready}}
    return _operation("isReady", "Whether Docker and the log store answer", "health", responses)


def _other(name: str, summary: str, tag: str, kind: str) -> dict[str, Any]:
    responses = _responses({})
    shape: Shape = {"type": "object"} if kind == JSON else {"type": "string"}
    responses["200"]["content"] = {kind: {"schema": shape}}
    return _operation(name, summary, tag, responses)


def _operation(name: str, summary: str, tag: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {"operationId": name, "summary": summary, "tags": [tag], "responses": responses}


def _link(operation: str, place: str) -> dict[str, Any]:
    return {"operationId": operation, "parameters": {f"{place}.container_id": "$response.body#/data/container_id"}}


def _responses(data: Shape, *errors: int) -> dict[str, Any]:
    """200 with this `data`, and the errors, those that any route may give included."""
    found: dict[str, Any] = {"200": {"description": "done", "content": {JSON: {"schema": envelope(data)}}}}
    for status in sorted({*errors, *_ALWAYS}):
        found[str(status)] = error_answer(status)
    return found


def error_answer(status: int) -> dict[str, Any]:
    found: dict[str, Any] = {"description": _MEANINGS[status], "content": {JSON: {"schema": part("Error")}}}
    if status in (429, 503):
        retry = {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 0}}
        found["headers"] = {"Retry-After": retry}
    return found


_EXAMPLES: Final = {
    "bash_cell": {
        "value": {
            "request_id": "demo-1",
            "tags": {"type": "bash_cell"},
            "task_desc": {"cmd": "for i in 1 2 3; do echo line $i; done", "cpu_limit": "0.5", "mem_limit": "256m"},
        }
    },
    "algorithm": {"value": {"tags": {"type": "algorithm"}, "task_desc": {"cmd": "echo 'a  b'", "env": ["A=b"]}}},
}
