"""The client for programs without asyncio."""

import time
from collections.abc import Callable, Iterator, Sequence
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


class Lines(Iterator[Line]):
    """Messages as they come. `end` is there once the last has been taken; `checkpoint` is a cursor to go on from."""

    def __init__(self, stream: Stream, made: Callable[[Stream], Iterator[Line]]) -> None:
        self._stream = stream
        self._lines = made(stream)

    def __next__(self) -> Line:
        return next(self._lines)

    @property
    def end(self) -> End | None:
        return self._stream.end

    @property
    def checkpoint(self) -> str:
        return self._stream.checkpoint

    def close(self) -> None:
        """Hang up."""
        close = getattr(self._lines, "close", None)
        if close is not None:
            close()


class Client:
    """One Wholelog, by its API. Safe to use from several threads. Every method may raise ClientError.

    What is busy or away is asked again as `retries` says, also in the middle of lines: none is given twice or missed.
    Starting and deleting are repeated safely, since each carries a request_id.
    """

    def __init__(
        self, url: str = "http://127.0.0.1:8080", *, token: str = "", retries: Retries | None = None,
        http: httpx.Client | None = None, sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        """`token`: says who asks, where the API wants one. `http`: one of the caller's own, for certificates, proxies or headers; it stays the caller's to close."""
        self._url = checked_url(url)
        self._target = Target(base_url(self._url), checked_token(token))
        self._retries = retries or Retries()
        self._own = http is None
        self._http = http or httpx.Client(**options(self._url, httpx.HTTPTransport))
        self._sleep = sleep
        self._met = False

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def has_token(self) -> bool:
        return bool(self._target.token)

    def close(self) -> None:
        if self._own:
            self._http.close()

    def containers(self, label: Sequence[str] = ()) -> list[Container]:
        """Those that are there; `label`: NAME=VALUE, or NAME for any value, all of them."""
        return self._ask(calls.list_containers(label))

    def container(self, name: str) -> Container:
        """By id, prefix, name or task id; a removed one too."""
        return self._ask(calls.show_container(name))

    def start(self, task: Task) -> Started:
        return self._ask(calls.start_task(task))

    def delete(self, name: str, request_id: str = "") -> Deleted:
        """Stop the task and delete the container; its log stays."""
        return self._ask(calls.delete_container(name, request_id))

    def end(
        self, names: str | Sequence[str], selection: Selection = EVERYTHING, wait_seconds: int | None = None
    ) -> End:
        """What is said of a log, or of several; with `wait_seconds` once they are sealed, or after so long."""
        return self._ask(calls.read_end(names, selection, wait_seconds))

    def read(
        self, names: str | Sequence[str], selection: Selection = EVERYTHING, *, cursor: str = "", page: int = PAGE
    ) -> Lines:
        """Every line that is there, of one container or of several in one order; (): of those that `selection` says.

        `cursor`: go on behind an earlier reading's `checkpoint`.
        """
        return Lines(Reading(names, selection, cursor, page), self._lines)

    def follow(self, name: str, selection: Selection = EVERYTHING, *, cursor: str = "") -> Lines:
        """Every line that is there, and those that come, until the log is sealed."""
        return Lines(Following(name, selection, cursor), self._lines)

    def problems(self, state: str = "", container: str = "", size: int = 1000) -> list[dict[str, Any]]:
        """Errors that are alike, as `GET /problems` has them; `state`: one or more with commas."""
        return self._ask(calls.list_problems(state, container, size))

    def problem(self, problem: str) -> dict[str, Any]:
        """With its last message and the lines before that."""
        return self._ask(calls.show_problem(problem))

    def say_of_problem(self, problem: str, state: str, note: str = "") -> dict[str, Any]:
        """`state`: resolved, ignored or open."""
        return self._ask(calls.say_of_problem(problem, state, note))

    def _ask(self, call: Call[T]) -> T:
        patience = self._retries.begin()
        while True:
            try:
                return self._once(call)
            except (Busy, Unreachable) as error:
                self._sleep(patience.after(error, self._met))

    def _once(self, call: Call[T]) -> T:
        try:
            answer = self._http.send(prepared(self._http, self._target, call.request))
        except httpx.TransportError as error:
            raise unreachable(self._url, error) from error
        self._met = True
        return call.answer(answer.status_code, answer.headers, answer.content)

    def _lines(self, stream: Stream) -> Iterator[Line]:
        patience = self._retries.begin()
        while not stream.done:
            try:
                for raw in self._answer(stream):
                    line = stream.take(raw)
                    if line is not None:
                        patience.alive()
                        yield line
            except (Busy, Unreachable) as error:
                stream.broken()
                self._sleep(patience.after(error, self._met))

    def _answer(self, stream: Stream) -> Iterator[bytes]:
        """The lines of one answer. Raises ClientError."""
        answer = None
        try:
            answer = self._http.send(prepared(self._http, self._target, stream.request()), stream=True)
            self._met = True
            if answer.status_code not in (200, 204):
                raise refusal(answer.status_code, answer.headers, answer.read())
            splitter = Splitter()
            for chunk in answer.iter_bytes():
                yield from splitter.feed(chunk)
            stream.answered(answer.status_code)
        except httpx.TransportError as error:
            raise unreachable(self._url, error) from error
        finally:
            if answer is not None:
                answer.close()
