"""`wholelog run`."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from wholelog.client.calls import start_task
from wholelog.client.errors import ClientError, NotFound
from wholelog.client.models import Container, End, Line
from wholelog.commands.containers import ACTIVE
from wholelog.commands.context import Context, shortcoming
from wholelog.commands.curl import as_curl
from wholelog.commands.names import DONE, NOT_WHOLE, RUN_FAILED, SIGNALLED
from wholelog.commands.run_flags import task_of
from wholelog.terminal.colours import wanted
from wholelog.terminal.lines import TextLook, formatter

_LOOK_SECONDS: Final = 0.5  # between two looks at a task that is sealed and not over


def run(context: Context) -> int:
    asked = context.asked
    task = task_of(asked, context.environ, context.stdin)
    if asked.print:
        print(as_curl(context.url, start_task(task).request, token=context.client.has_token), file=context.stdout)
        return DONE
    try:
        started = context.client.start(task)
    except ClientError as error:
        context.say(f"not started: {error}")
        return RUN_FAILED
    if asked.detach:
        print(started.container_id, file=context.stdout)
        return DONE
    try:
        return _attached(context, started.container_id)
    except BrokenPipeError:
        context.say(f"nobody reads any more; container {started.container_id[:12]} goes on")
        raise
    except ClientError as error:
        context.say(f"{error}; the task may go on: container {started.container_id[:12]}")
        return RUN_FAILED


class _Stop:
    """The first signal has the container stopped, in a thread of its own, while its lines go on; the second ends us."""

    def __init__(self, context: Context, container_id: str) -> None:
        self._context, self._container_id = context, container_id
        self._thread: threading.Thread | None = None
        self._number = 0

    @property
    def asked(self) -> int:
        """The number of the signal; 0: none has come."""
        return self._number

    def __call__(self, number: int, frame: Any) -> None:
        if self._thread is not None:
            raise KeyboardInterrupt
        self._number = number
        self._thread = threading.Thread(target=self._stop, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Until the API has answered."""
        if self._thread is not None:
            self._thread.join()

    def _stop(self) -> None:
        self._context.say(f"stopping container {self._container_id[:12]}; once more leaves it to itself")
        try:
            self._context.client.delete(self._container_id)
        except NotFound:
            return  # another hand has deleted it
        except ClientError as error:
            self._context.say(f"container {self._container_id[:12]} could not be stopped: {error}")


def _attached(context: Context, container_id: str) -> int:
    stop = _Stop(context, container_id)
    with _signals(stop):
        end, container = _show(context, container_id)
        stop.wait()
    if stop.asked:
        container = context.client.container(container_id)
    code = container.exit_code
    if context.asked.rm and not stop.asked:
        context.client.delete(container_id)
    whole = _told(context, end)
    if stop.asked:
        return SIGNALLED + stop.asked
    if code is None:
        context.say(str(container.more.get("reason") or "the task's exit code is not known"))
        return RUN_FAILED
    return NOT_WHOLE if context.asked.strict and not whole and code == 0 else code


def _show(context: Context, container_id: str) -> tuple[End | None, Container]:
    """Every line, stderr's to stderr, until the log is sealed and no other run of the task is to come."""
    asked = context.asked
    shown = {
        name: formatter(
            "text", TextLook(stream.isatty() and not asked.raw, wanted(asked.color, stream, context.environ))
        )
        for name, stream in (("stdout", context.stdout), ("stderr", context.stderr), ("wholelog", context.stderr))
    }
    late, cursor, end = 0, "", None
    while True:
        lines = context.client.follow(container_id, cursor=cursor)
        for line in lines:
            cursor = line.cursor
            if not asked.in_order:
                _write(context, line, shown[line.stream](line, 0))
                late += line.late
        end = lines.end or end
        container = context.client.container(container_id)
        if _is_over(container):
            break
        time.sleep(_LOOK_SECONDS)
    if asked.in_order:
        for line in context.client.read(container_id):
            _write(context, line, shown[line.stream](line, 0))
    if late:
        context.say(
            f"{late} messages came late and stand out of order; `wholelog logs {container_id[:12]}` has them in order"
        )
    return end, container


def _is_over(container: Container) -> bool:
    """A task with retries is sealed between its runs, too."""
    phase = container.more.get("phase")
    return container.status == "removed" or (container.status not in ACTIVE if phase is None else phase == "done")


def _write(context: Context, line: Line, content: bytes) -> None:
    out = context.out if line.stream == "stdout" else context.err
    out.write(content)
    out.flush()


def _told(context: Context, end: End | None) -> bool:
    """Whether the log is whole; says so to who looks on, and always where it is not."""
    if end is None or not end.seal.whole:
        context.say(shortcoming(end.seal) if end else "nothing is known of whether the log is whole")
        return False
    if context.stderr.isatty() and not context.asked.quiet:
        context.say(f"sealed: {end.seal.lines} lines, all of them are there")
    return True


@contextmanager
def _signals(handler: _Stop) -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, handler) for number in numbers]
    try:
        yield
    finally:
        for number, old in zip(numbers, before, strict=True):
            signal.signal(number, old)
