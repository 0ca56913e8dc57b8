"""Telling a URL of a task's end: signed, tried again, and after the seal where that comes in time."""

import hashlib
import hmac
import http.client
import json
import logging
import threading
from collections.abc import Callable
from typing import Any, Final

from log_store.errors import LogStoreError
from log_store.protocols import LogReader
from runtime_api.containers.fair_places import fair_next
from runtime_api.containers.lives import Callback, Life, Lives
from runtime_api.containers.round_thread import RoundThread
from runtime_api.containers.tasks import Task, Tasks
from runtime_api.errors import BadRequest, RuntimeApiError
from runtime_api.seal_view import seal_view

log = logging.getLogger(__name__)

SIGNATURE: Final = "X-Wholelog-Signature"
_NS: Final = 1_000_000_000
_PAUSES: Final = (1, 5, 15, 60, 300, 900, 3600, 3600, 3600, 3600, 3600)  # seconds before the next try
_SEAL_LOOK: Final = 1.0  # seconds between looks at a seal that has not come
_PLACES: Final = 8  # callbacks at a time
_IDLE: Final = 30.0  # seconds between looks while nothing is due

Send = Callable[[str, bytes, dict[str, str]], int]
"""URL, body, headers -> the answer's status. Raises OSError, http.client.HTTPException, BadRequest."""


class Callbacks:
    """`start` and `close` frame its thread. `seal_patience`: seconds after a task's end that its seal is waited for."""

    def __init__(
        self, tasks: Tasks, lives: Lives, reader: LogReader, send: Send, *, secret: str, seal_patience: float,
        now: Callable[[], int],
    ) -> None:  # fmt: skip
        self._tasks, self._lives, self._reader, self._send = tasks, lives, reader, send
        self._secret, self._patience, self._now = secret, int(seal_patience * _NS), now
        self._thread = RoundThread("callbacks", self._round_or_later)
        self._sending: dict[str, Task] = {}

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._thread.wake()

    def close(self) -> None:
        self._thread.close()

    def _round_or_later(self) -> float:
        try:
            return self.round()
        except RuntimeApiError as error:
            log.warning("callbacks wait: %s", error)
        except Exception:
            log.exception("the round of callbacks failed, and is made again")
        return _IDLE

    def round(self) -> float:
        """Begin what is due, as far as there is room; seconds until the next look."""
        due = {one.container_id: one for one in self._lives.due(self._now()) if one.container_id not in self._sending}
        known = self._tasks.of(list(due))
        waiting = [known[container_id] for container_id in due if container_id in known]
        for task in fair_next(waiting, list(self._sending.values()), _PLACES):
            self._sending[task.container_id] = task
            name = f"callback {task.container_id[:12]}"
            threading.Thread(target=self._send_one, args=(due[task.container_id],), name=name, daemon=True).start()
        return _SEAL_LOOK if self._lives.due(1 << 62) else _IDLE

    def _send_one(self, callback: Callback) -> None:
        """In a thread of its own: a receiver that is slow keeps no other waiting."""
        done = False
        try:
            life = self._lives.of(callback.container_id)
            if life is not None:
                self._make(callback, life)
            done = True
        except RuntimeApiError as error:
            if not self._thread.closing:
                log.warning("the callback of container %s waits: %s", callback.container_id[:12], error)
        except Exception:
            log.exception("the callback of container %s failed, and is made again", callback.container_id[:12])
        finally:
            self._sending.pop(callback.container_id, None)
        if done:
            self._thread.wake()

    def _make(self, callback: Callback, life: Life) -> None:
        seal, final = self._seal(life)
        now = self._now()
        if not final and now < (life.ended_at or 0) + self._patience:
            self._lives.called(callback.container_id, "waiting", "waits for the seal", now + _NS // 2, tried=False)
            return
        body = json.dumps(self._body(life, seal)).encode()
        said, state = self._try(callback, body)
        if state == "waiting" and callback.tries >= len(_PAUSES):
            state = "given up"
        pause = _PAUSES[min(callback.tries, len(_PAUSES) - 1)]
        self._lives.called(callback.container_id, state, said, self._now() + pause * _NS)
        if state == "given up":
            log.warning("the callback of container %s is given up: %s", callback.container_id[:12], said)

    def _try(self, callback: Callback, body: bytes) -> tuple[str, str]:
        """What came of it, and the state that follows."""
        headers = {"Content-Type": "application/json"}
        if self._secret:
            headers[SIGNATURE] = signature(self._secret, body)
        try:
            status = self._send(callback.url, body, headers)
        except BadRequest as error:
            return str(error), "given up"
        except (OSError, http.client.HTTPException) as error:
            return f"no answer: {error}", "waiting"
        if 200 <= status < 300:
            return f"answered {status}", "delivered"
        return f"answered {status}", "waiting" if status >= 500 or status in (408, 429) else "given up"

    def _seal(self, life: Life) -> tuple[dict[str, Any] | None, bool]:
        """As /logs shows it, and whether it may be told: closed, or there will be none."""
        if life.result.get("started") is None:
            return None, True
        try:
            seals = self._reader.seals(life.container_id)
        except LogStoreError:
            return None, False
        view = seal_view(seals, newest_run=life.started_at)
        return view, view["state"] not in ("open",)

    def _body(self, life: Life, seal: dict[str, Any] | None) -> dict[str, Any]:
        task = self._tasks.by_id(life.container_id)
        shown = ("exit_code", "signal", "oom_killed", "timed_out", "started", "finished", "reason", "outputs")
        return {
            "container_id": life.container_id,
            "container_name": task.container_name if task else "",
            "task_id": task.task_id if task else "",
            "attempts": life.attempts + 1,
            **{name: life.result.get(name) for name in shown},
            "seal": seal,
        }


def signature(secret: str, body: bytes) -> str:
    """`sha256=` and the HMAC of the body, as the receiver computes it with the same secret."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
