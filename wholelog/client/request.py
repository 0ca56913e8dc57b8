"""What is asked of the API, before it is put on a wire."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Request:
    """`timeout`: seconds of silence that are too long."""

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What to run; the members are those of `POST /containers`, '' and () are left out.

    A request_id is made up where none is given, so that a repeated request starts nothing twice.
    """

    type: str = "algorithm"
    cmd: str = ""
    image: str | Mapping[str, str] = ""
    task_id: str = ""
    cpu_limit: str = ""
    mem_limit: str = ""
    env: Sequence[str] = ()
    secrets: Sequence[str] = ()  # names of those whose values are masked in the log
    download_path: str = ""
    upload_path: str = ""
    request_id: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    """Other members of `task_desc`, as they are."""

    def body(self) -> dict[str, Any]:
        given = {
            "image": self.image, "task_id": self.task_id, "cmd": self.cmd, "cpu_limit": self.cpu_limit,
            "mem_limit": self.mem_limit, "env": list(self.env), "secrets": list(self.secrets), "download_path": self.download_path,
            "upload_path": self.upload_path, **self.more,
        }  # fmt: skip
        body: dict[str, Any] = {"request_id": self.request_id} if self.request_id else {}
        return {
            **body,
            "tags": {"type": self.type, **({"labels": dict(self.labels)} if self.labels else {})},
            "task_desc": {name: value for name, value in given.items() if value not in ("", [], {}, None)},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which lines; the members are the parameters of `/logs` (docs/logs.md), '' and () are left out."""

    start_time: str = ""
    end_time: str = ""
    log_type: Sequence[str] = ()
    stream: Sequence[str] = ()
    q: str = ""
    regex: str = ""
    descending: bool = False
    tail: int | None = None
    task_id: Sequence[str] = ()
    type: Sequence[str] = ()
    uid: Sequence[str] = ()
    label: Sequence[str] = ()  # NAME=VALUE, or NAME for any value; all of them
    more: Mapping[str, str] = field(default_factory=dict)

    def params(self) -> list[tuple[str, str]]:
        found = [("start_time", self.start_time), ("end_time", self.end_time), ("q", self.q)]
        found += [("regex", self.regex)]
        found += [("log_type", one) for one in self.log_type] + [("stream", one) for one in self.stream]
        for name, values in (("task_id", self.task_id), ("type", self.type), ("uid", self.uid), ("label", self.label)):
            found += [(name, one) for one in values]
        found += [("order", "desc" if self.descending else ""), ("tail", "" if self.tail is None else str(self.tail))]
        return [(name, value) for name, value in [*found, *self.more.items()] if value]


EVERYTHING = Selection()


def new_request_id() -> str:
    return uuid.uuid4().hex


def problem_path(problem: str) -> str:
    return "/problems/" + quote(problem, safe="")


def container_path(name: str) -> str:
    return "/containers/" + quote(name, safe="")
