"""Hands what the service has to say of tasks to the shipper, beside the work that it speaks of, which never waits for it.

What is said while the shipper is away, and what this process has not sent when it ends or is killed, is sent when both are
back: once, since it keeps its chunk, by which the shipper knows it again.
"""

import logging
import threading
import uuid
from pathlib import Path
from typing import Final

from runtime_api.containers.line_outbox import LineOutbox, Outgoing
from runtime_api.containers.tasks import Task, Tasks
from runtime_api.errors import RuntimeApiError
from wholelog_base.forward_client import ForwardClient
from wholelog_base.own_lines import OwnLines

log = logging.getLogger(__name__)

MOST: Final = 100_000  # that wait; the oldest go first
_TIMEOUT: Final = 10.0  # seconds until an ack
_PAUSE: Final = 1.0  # seconds before the same is sent again
_LAST_WORDS: Final = 2.0  # seconds in which the rest is sent at the end


class TaskLines:
    """`start` and `close` frame the thread that sends. `lost`: how many had to be thrown away since the start."""

    def __init__(self, shipper: Path, tasks: Tasks, most: int = MOST) -> None:
        self._client, self._task_of = ForwardClient(shipper, _TIMEOUT), tasks.by_id
        self._outbox, self._said = LineOutbox(tasks.file, most), tasks.file.said
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="own lines", daemon=True)
        self.lost = 0

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._said.set()
        if self._thread.is_alive():
            self._thread.join(_LAST_WORDS)

    def _run(self) -> None:
        said = ""
        while True:
            self._said.clear()
            try:
                if not self._send_next() and self._closing.is_set():
                    break
                said = ""
            except (OSError, RuntimeApiError) as error:
                if not said:
                    log.info("what is said of tasks waits for the shipper: %s", error)
                said = str(error)
            if said and self._closing.wait(_PAUSE):
                break
        self._client.close()
        self._say_what_waits()

    def _send_next(self) -> bool:
        """Whether there was anything to send; else waits for it. Raises OSError, RuntimeApiError."""
        if lost := self._outbox.trim():
            self._lose(lost, "too many wait for the shipper")
        outgoing = self._outbox.next(uuid.uuid4().hex)
        if outgoing is None:
            if not self._closing.is_set():
                self._said.wait()
            return False
        try:
            self._send(outgoing)
        except (OSError, RuntimeApiError):
            raise
        except Exception:  # whatever becomes of one, the next ones are sent
            log.exception("what is said of container %s cannot be sent", outgoing.container_id[:12])
            self._lose(len(outgoing.lines), "they cannot be sent")
        self._outbox.done(outgoing)
        return True

    def _send(self, outgoing: Outgoing) -> None:
        """Returns when the shipper has them, or nobody wants them. Raises OSError, RuntimeApiError."""
        container_id = outgoing.container_id
        task: Task | None = self._task_of(container_id)
        if task is None:
            self._lose(len(outgoing.lines), f"nothing is known of container {container_id[:12]}")
            return
        whose = (container_id, task.container_name, task.task_id, task.type, task.uid)
        self._client.send(OwnLines(outgoing.chunk, *whose, outgoing.lines).message(), outgoing.chunk)

    def _say_what_waits(self) -> None:
        try:
            waiting = self._outbox.count()
        except RuntimeApiError as error:  # its file is closed, or fails: it has been said before
            log.info("how many lines of ours wait is not known: %s", error)
            return
        if waiting:
            log.info("%d lines of ours about tasks wait for the next start", waiting)

    def _lose(self, count: int, why: str) -> None:
        self.lost += count
        log.warning("%d lines of ours about tasks are lost: %s", count, why)
