"""Who did what: each call that changes something, as a line of the log `wholelog-audit`, by fluent-logger and our own shipper."""

import contextlib
import json
import logging
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import falcon
import orjson
from fluent.sender import EventTime, FluentSender

from runtime_api.envelope import Clock
from wholelog_base.own_lines import AUDIT

log = logging.getLogger(__name__)

_MOST: Final = 10_000  # that wait for the shipper; those that come then are lost
_TIMEOUT: Final = 3.0  # seconds that the shipper may take
_PAUSE: Final = 1.0  # seconds before the same is sent again
_LAST_WORDS: Final = 2.0  # seconds in which the rest is sent at the end
_LONGEST: Final = 500  # characters of what came from outside

STRANGERS: Final = 60  # calls a minute of nobody known that are noted

CHANGING: Final = frozenset(("POST", "PUT", "PATCH", "DELETE"))
Note = Callable[[dict[str, Any]], None]


def nowhere(record: dict[str, Any]) -> None:
    """For who keeps no trail."""


class AuditTrail:
    """`note` from any thread, which never waits; `start` and `close` frame the one that sends.

    `lost` are those that could not be sent. What the shipper has read from its socket and not yet written when it is killed is
    lost too, and not counted: fluent-logger asks for no acks.
    """

    def __init__(self, shipper: Path) -> None:
        self._shipper = shipper
        self._waiting: queue.Queue[tuple[int, str] | None] = queue.Queue(_MOST)
        self._closing, self._thread = (
            threading.Event(),
            threading.Thread(target=self._run, name="audit trail", daemon=True),
        )
        self.lost = 0

    def note(self, record: dict[str, Any]) -> None:
        """JSON's types."""
        try:
            self._waiting.put_nowait((time.time_ns(), json.dumps(record, ensure_ascii=False)))
        except queue.Full:
            self._lose(1, "too many wait for the shipper")

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._end = time.monotonic() + _LAST_WORDS
        self._closing.set()
        with contextlib.suppress(queue.Full):  # then it does not wait for anything
            self._waiting.put_nowait(None)
        self._thread.join(_LAST_WORDS + 2 * _TIMEOUT)

    def _run(self) -> None:
        sender = self._sender()
        while (item := self._waiting.get()) is not None:
            time_ns, text = item
            stamp = EventTime.from_unix_nano(time_ns)
            while not sender.emit_with_time(None, stamp, {"message": text}):
                # Another sender: this one would send what it has kept together with what comes next, and never alone.
                sender = self._sender()
                if self._is_over():
                    self._lose(self._left() + 1, "the shipper did not take them before our end")
                    return
        sender.close()

    def _is_over(self) -> bool:
        """After a pause."""
        if not self._closing.wait(_PAUSE):
            return False
        time.sleep(0.05)
        return time.monotonic() > self._end

    def _left(self) -> int:
        count = 0
        while not self._waiting.empty():
            count += self._waiting.get() is not None
        return count

    def _sender(self) -> FluentSender:
        return FluentSender(AUDIT, host=f"unix://{self._shipper}", port=0, timeout=_TIMEOUT, nanosecond_precision=True)

    def _lose(self, count: int, why: str) -> None:
        self.lost += count
        log.warning("%d records of the audit trail are lost: %s", count, why)


class Trail:
    """A middleware that notes each call that changes something, or was refused to.

    Of callers who are nobody known at most STRANGERS a minute, the first of the next minute with how many were left out:
    else anybody could fill the store without a token.
    """

    def __init__(self, note: Note, clock: Clock) -> None:
        self._note, self._clock = note, clock
        self._lock = threading.Lock()
        self._minute, self._noted, self._left_out = 0, 0, 0

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, req_succeeded: bool
    ) -> None:
        if req.method not in CHANGING:
            return
        if getattr(req.context, "caller", None) is not None:
            self._note(record_of(req, resp))
        elif (left_out := self._admitted()) is not None:
            self._note(record_of(req, resp) | ({"left_out": left_out} if left_out else {}))

    def _admitted(self) -> int | None:
        """How many strangers were left out before this one; None for one more of them."""
        with self._lock:
            minute = self._clock() // (60 * 10**9)
            if minute != self._minute:
                self._minute, self._noted = minute, 0
            self._noted += 1
            if self._noted > STRANGERS:
                self._left_out += 1
                return None
            left_out, self._left_out = self._left_out, 0
            return left_out


def record_of(req: falcon.Request, resp: falcon.Response) -> dict[str, Any]:
    """Named as the Elastic Common Schema has it; what came from outside is cut short."""
    answer = orjson.loads(resp.data) if resp.data else {}
    caller = getattr(req.context, "caller", None)  # None: whoever it was, it could not say so
    status, data = resp.status_code, answer.get("data") or {}
    who = "nobody known" if caller is None else caller.uid or "everybody"
    record = {
        "level": "error" if status >= 500 else "warning" if status >= 400 else "info",
        "message": f"{who}: {req.method} {req.path[:_LONGEST]}: {status} {str(answer.get('message', ''))[:_LONGEST]}",
        "user.id": caller and caller.uid,
        "user.roles": caller and caller.role,
        "action": f"{req.method} {req.uri_template or 'no route'}",
        "event.outcome": "success" if status < 400 else "failure",
        "path": req.path[:_LONGEST],
        "status_code": status,
        "client_ip": req.remote_addr,
        "user_agent": (req.user_agent or "")[:_LONGEST] or None,
        "container.id": data.get("container_id"),
        "container.name": data.get("container_name"),
        "task.id": data.get("task_id"),
    }
    return {name: value for name, value in record.items() if value is not None}
