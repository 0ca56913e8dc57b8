"""The API as the client sees it, played by a list of prepared answers: no socket, no time."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx

FULL_ID = "cd" * 32
SEAL: dict[str, Any] = {
    "state": "sealed", "reason": "", "lines": 5, "put_back": 1, "gaps": [], "runs": 1,
    "started": "2026-11-24T00:00:00.000000000Z", "finished": None, "verified_until": None,
}  # fmt: skip
CONTAINER: dict[str, Any] = {
    "container_id": FULL_ID, "cpu": 12.5, "mem": "1MiB / 2MiB", "status": "exited", "user_info": {"uid": ""},
    "name": "wholelog-one", "image": {"name": "busybox:1", "digest": "sha256:0"}, "type": "algorithm", "task_id": "one",
    "exit_code": 3, "seal": SEAL,
}  # fmt: skip
Answer = httpx.Response | Exception
Handler = Callable[[httpx.Request], Answer]


class Broken(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that is cut off."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


class FakeApi:
    """Answers with what is prepared, in order, the last of it for ever; `asked` is what came."""

    def __init__(self, *answers: Answer | Handler) -> None:
        self._answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if not isinstance(answer, Exception | httpx.Response):
            answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer.stream, Broken):
            return answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)  # one that is new

    async def awaited(self, request: httpx.Request) -> httpx.Response:
        return self(request)

    def http(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self))

    def async_http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self.awaited))

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def async_sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def enveloped(data: dict[str, Any], status: int = 200, message: str = "done", **headers: str) -> httpx.Response:
    told = {"timestamp": "2026-11-24T00:00:00.000Z", "status": status, "message": message, "data": data}
    return httpx.Response(status, json=told, headers={n.replace("_", "-"): v for n, v in headers.items()})


def line(number: int, message: str = "", **more: Any) -> bytes:
    told = {
        "log_time": f"2026-11-24T00:00:00.{number:09}Z", "log_type": "info", "log_message": message or f"line {number}",
        "log_type_by": "default", "stream": "stdout", "id": f"id{number}", "lines": 1, **more,
    }  # fmt: skip
    return json.dumps(told).encode() + b"\n"


def end(count: int, cursor: str = "", **seal: Any) -> bytes:
    told: dict[str, Any] = {"count": count, "lines": count, "seal": {**SEAL, **seal}}
    return json.dumps({"end": {**told, **({"cursor": cursor} if cursor else {})}}).encode() + b"\n"


def ndjson(*parts: bytes, cut: bool = False) -> httpx.Response:
    content = b"".join(parts)
    kind = {"content-type": "application/x-ndjson"}
    return (
        httpx.Response(200, stream=Broken(content), headers=kind)
        if cut
        else httpx.Response(200, content=content, headers=kind)
    )
