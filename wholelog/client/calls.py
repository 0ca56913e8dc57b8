"""The requests that are answered by one envelope."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from wholelog.client.answers import Call
from wholelog.client.models import (
    Container,
    Deleted,
    End,
    Started,
    container_of,
    deleted_of,
    end_of,
    started_of,
)  # fmt: skip
from wholelog.client.request import Request, Selection, Task, container_path, new_request_id, problem_path

_START_SECONDS: Final = 900.0  # an image may have to be pulled
_DELETE_SECONDS: Final = 300.0  # it is stopped, and its log verified


def list_containers(label: Sequence[str]) -> Call[list[Container]]:
    request = Request("GET", "/containers", tuple(("label", one) for one in label))
    return Call(request, lambda data, _: [container_of(one) for one in data["containers"]])


def show_container(name: str) -> Call[Container]:
    return Call(Request("GET", container_path(name)), lambda data, _: container_of(data["container"]))


def start_task(task: Task) -> Call[Started]:
    named = task if task.request_id else replace(task, request_id=new_request_id())
    request = Request("POST", "/containers", body=named.body(), timeout=_START_SECONDS)
    return Call(request, started_of)


def delete_container(name: str, request_id: str) -> Call[Deleted]:
    body = {"request_id": request_id or new_request_id()}
    return Call(Request("DELETE", container_path(name), body=body, timeout=_DELETE_SECONDS), deleted_of)


def list_problems(state: str, container: str, size: int) -> Call[list[dict[str, Any]]]:
    given = (("state", state), ("container_id", container), ("size", str(size)))
    request = Request("GET", "/problems", tuple((name, value) for name, value in given if value))
    return Call(request, lambda data, _: list(data["problems"]))


def show_problem(problem: str) -> Call[dict[str, Any]]:
    return Call(Request("GET", problem_path(problem)), lambda data, _: dict(data["problem"]))


def say_of_problem(problem: str, state: str, note: str) -> Call[dict[str, Any]]:
    request = Request("PATCH", problem_path(problem), body={"state": state, "note": note})
    return Call(request, lambda data, _: dict(data["problem"]))


def read_end(names: str | Sequence[str], selection: Selection, wait_seconds: int | None) -> Call[End]:
    """What is said of a log, with one line of it at most. `wait_seconds`: for the seal; None: not at all."""
    named = [names] if isinstance(names, str) else names
    params = [*(("container_id", name) for name in named), *selection.params(), ("size", "1")]
    if wait_seconds is not None:
        params += [("wait", "sealed"), ("wait_seconds", str(wait_seconds))]
    request = Request("GET", "/logs", tuple(params), timeout=60.0 + (wait_seconds or 0))
    return Call(request, lambda data, _: end_of(data))
