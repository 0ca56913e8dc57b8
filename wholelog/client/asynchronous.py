"""The client for asyncio; the same methods as `blocking.Client`, each to be awaited or iterated with `async for`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, TypeVar

import httpx

from wholelog.client import calls
from wholelog.client.answers import Call, refusal
from wholelog.client.errors import Busy, Unreachable
from wholelog.client.models import Container, Deleted, End, Line, Started
from wholelog.client.patience import Retries
from wholelog.client.request import EVERYTHING, Selection, Task
from wholelog.client.streams import PAGE, Following, Reading, Splitter, Stream
from wholelog.client.wire import Target, base_url, checked_token, checked_url, options, prepared, unreachable

T = TypeVar("T")


class AsyncLines(AsyncIterator[Line]):
    """Messages as they come. `end` is there once the last has been taken; `checkpoint` is a cursor to go on from."""

    def __init__(self, stream: Stream, made: Callable[[Stream], AsyncIterator[Line]]) -> None:
        self._stream = stream
        self._lines = made(stream)

    async def __anext__(self) -> Line:
        return await anext(self._lines)

    @property
    def end(self) -> End | None:
        return self._stream.end

    @property
    def checkpoint(self) -> str:
        return self._stream.checkpoint

    async def aclose(self) -> None:
        """Hang up."""
        close = getattr(self._lines, "aclose", None)
        if close is not None:
            await close()


class AsyncClient:
    """One Wholelog, by its API. See `blocking.Client`."""

    def __init__(
        self, url: str = "http://127.0.0.1:8080", *, token: str = "", retries: Retries | None = None,
        http: httpx.AsyncClient | None = None, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        self._url = checked_url(url)
        self._target = Target(base_url(self._url), checked_token(token))
        self._retries = retries or Retries()
        self._own = http is None
        self._http = http or httpx.AsyncClient(**options(self._url, httpx.AsyncHTTPTransport))
        self._sleep = sleep
        self._met = False

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._own:
            await self._http.aclose()

    async def containers(self, label: Sequence[str] = ()) -> list[Container]:
        return await self._ask(calls.list_containers(label))

    async def container(self, name: str) -> Container:
        return await self._ask(calls.show_container(name))

    async def start(self, task: Task) -> Started:
        return await self._ask(calls.start_task(task))

    async def delete(self, name: str, request_id: str = "") -> Deleted:
        return await self._ask(calls.delete_container(name, request_id))

    async def problems(self, state: str = "", container: str = "", size: int = 1000) -> list[dict[str, Any]]:
        """Errors that are alike, as `GET /problems` has them; `state`: one or more with commas."""
        return await self._ask(calls.list_problems(state, container, size))

    async def problem(self, problem: str) -> dict[str, Any]:
        """With its last message and the lines before that."""
        return await self._ask(calls.show_problem(problem))

    async def say_of_problem(self, problem: str, state: str, note: str = "") -> dict[str, Any]:
        """`state`: resolved, ignored or open."""
        return await self._ask(calls.say_of_problem(problem, state, note))

    async def end(
        self, names: str | Sequence[str], selection: Selection = EVERYTHING, wait_seconds: int | None = None
    ) -> End:
        return await self._ask(calls.read_end(names, selection, wait_seconds))

    def read(
        self, names: str | Sequence[str], selection: Selection = EVERYTHING, *, cursor: str = "", page: int = PAGE
    ) -> AsyncLines:
        return AsyncLines(Reading(names, selection, cursor, page), self._lines)

    def follow(self, name: str, selection: Selection = EVERYTHING, *, cursor: str = "") -> AsyncLines:
        return AsyncLines(Following(name, selection, cursor), self._lines)

    async def _ask(self, call: Call[T]) -> T:
        patience = self._retries.begin()
        while True:
            try:
                return await self._once(call)
            except (Busy, Unreachable) as error:
                await self._sleep(patience.after(error, self._met))

    async def _once(self, call: Call[T]) -> T:
        try:
            answer = await self._http.send(prepared(self._http, self._target, call.request))
        except httpx.TransportError as error:
            raise unreachable(self._url, error) from error
        self._met = True
        return call.answer(answer.status_code, answer.headers, answer.content)

    async def _lines(self, stream: Stream) -> AsyncIterator[Line]:
        patience = self._retries.begin()
        while not stream.done:
            try:
                async for raw in self._answer(stream):
                    line = stream.take(raw)
                    if line is not None:
                        patience.alive()
                        yield line
            except (Busy, Unreachable) as error:
                stream.broken()
                await self._sleep(patience.after(error, self._met))

    async def _answer(self, stream: Stream) -> AsyncIterator[bytes]:
        """The lines of one answer. Raises ClientError."""
        answer = None
        try:
            answer = await self._http.send(prepared(self._http, self._target, stream.request()), stream=True)
            self._met = True
            if answer.status_code not in (200, 204):
                raise refusal(answer.status_code, answer.headers, await answer.aread())
            splitter = Splitter()
            async for chunk in answer.aiter_bytes():
                for raw in splitter.feed(chunk):
                    yield raw
            stream.answered(answer.status_code)
        except httpx.TransportError as error:
            raise unreachable(self._url, error) from error
        finally:
            if answer is not None:
                await answer.aclose()
