"""What the service itself has to say of a task, as lines of the task's own log.

They go to the shipper beside the work that they speak of, which never waits for them. What is said while the shipper is
away is sent when it is back; what this process has not sent when it is killed is lost, and stands in the task's record all
the same.
"""

import itertools
import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from runtime_api.containers.tasks import Task
from runtime_api.errors import RuntimeApiError
from wholelog_base.forward_client import ForwardClient
from wholelog_base.own_lines import OwnLine, OwnLines, worded

log = logging.getLogger(__name__)

_MOST: Final = 10_000  # that wait; the oldest go first
_AT_ONCE: Final = 500
_TIMEOUT: Final = 10.0  # seconds until an ack
_PAUSE: Final = 1.0  # seconds before the same is sent again
_LAST_WORDS: Final = 2.0  # seconds in which the rest is sent at the end


class Say(Protocol):
    def __call__(self, container_id: str, text: str, log_type: str = "info") -> None:
        """`log_type`: info, warning or error. Never waits, and raises nothing."""
        ...


def unsaid(container_id: str, text: str, log_type: str = "info") -> None:
    """For who has nobody to tell."""


class TaskLines:
    """`say` from any thread; `start` and `close` frame the one that sends."""

    def __init__(self, shipper: Path, task_of: Callable[[str], Task | None], now: Callable[[], int]) -> None:
        self._client, self._task_of, self._now = ForwardClient(shipper, _TIMEOUT), task_of, now
        self._waiting: deque[tuple[str, OwnLine]] = deque()
        self._changed, self._closing = threading.Condition(), False
        self._last_time = 0
        self._thread: threading.Thread | None = None
        self.lost = 0

    def say(self, container_id: str, text: str, log_type: str = "info") -> None:
        with self._changed:
            # Never the same time twice: one that is said again is another line.
            self._last_time = max(self._now(), self._last_time + 1)
            self._waiting.append((container_id, OwnLine(self._last_time, worded(text, log_type))))
            if len(self._waiting) > _MOST:
                self._waiting.popleft()
                self._lose(1, "too many wait for the shipper")
            self._changed.notify_all()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="own lines", daemon=True)
        self._thread.start()

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(_LAST_WORDS)
        with self._changed:
            if self._waiting:
                self._lose(len(self._waiting), "the shipper did not take them before our end")
                self._waiting.clear()

    def _run(self) -> None:
        while lines := self._next():
            try:
                sent = self._send(*lines)
            except Exception:  # whatever becomes of one, the next ones are sent
                log.exception("what is said of container %s cannot be sent", lines[0][:12])
                sent = True
            if not sent:
                break
            with self._changed:
                for line in lines[1]:
                    if self._waiting and self._waiting[0][1] is line:
                        self._waiting.popleft()
        self._client.close()

    def _next(self) -> tuple[str, tuple[OwnLine, ...]] | None:
        """Of one container, in the order in which they were said; None where there is none and we end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            if not self._waiting:
                return None
            container_id = self._waiting[0][0]
            same = itertools.takewhile(lambda row: row[0] == container_id, self._waiting)
            return container_id, tuple(line for _, line in itertools.islice(same, _AT_ONCE))

    def _send(self, container_id: str, lines: tuple[OwnLine, ...]) -> bool:
        """Returns when the shipper has them, or nobody wants them; False where we end before."""
        chunk, said = uuid.uuid4().hex, False
        while True:
            try:
                task = self._task_of(container_id)
                if task is None:
                    self._lose(len(lines), f"nothing is known of container {container_id[:12]}")
                else:
                    whose = (container_id, task.container_name, task.task_id, task.type, task.uid)
                    self._client.send(OwnLines(chunk, *whose, lines).message(), chunk)
                return True
            except (OSError, RuntimeApiError) as error:
                if not said:
                    log.info("what is said of container %s waits for the shipper: %s", container_id[:12], error)
                said = True
            with self._changed:
                if self._changed.wait_for(lambda: self._closing, _PAUSE):
                    return False

    def _lose(self, count: int, why: str) -> None:
        self.lost += count
        log.warning("%d lines of ours about tasks are lost: %s", count, why)


def seconds(began: float) -> str:
    """Since a time of the monotonic clock."""
    return f"{time.monotonic() - began:.1f} s"
