"""How a task ended, said in one place for all who see it end: the life cycle, a deletion, a start that failed."""

import signal
from collections.abc import Callable
from typing import Any, Final

from log_store.rfc3339 import format_ns
from runtime_api.containers.engine import Details
from runtime_api.containers.line_outbox import Said
from runtime_api.containers.lives import Life, Lives

_BY_SIGNAL: Final = 128  # an exit code above is, by the shells' convention, that and the signal's number


def run_of(details: Details, *, timeout: float | None = None, timed_out: bool = False) -> dict[str, Any]:
    """How its last run ended: `exit_code`, `signal`, `oom_killed`, `timed_out`, `reason`, JSON's types."""
    code = details.exit_code
    name = _signal(code)
    if timed_out:
        reason = f"stopped after its timeout of {timeout or 0:g} seconds"
    elif details.oom_killed:
        reason = "killed: it needed more memory than its mem_limit, or than the machine has"
    elif details.error:
        reason = details.error
    else:
        reason = f"ended by {name} (exit code {code})" if name else f"ended with exit code {code}"
    return {
        "exit_code": code, "signal": name, "oom_killed": details.oom_killed, "timed_out": timed_out,
        "started": _time(details.started_at), "finished": _time(details.finished_at), "reason": reason,
    }  # fmt: skip


def never_ran(reason: str) -> dict[str, Any]:
    return {
        "exit_code": None, "signal": None, "oom_killed": False, "timed_out": False, "started": None, "finished": None,
        "reason": reason,
    }  # fmt: skip


class Ends:
    """Writes a task's end into its row, once. `wake` is called after it: a place is free, a callback may be due."""

    def __init__(self, lives: Lives, now: Callable[[], int]) -> None:
        self._lives, self._now = lives, now
        self.wake: Callable[[], None] = lambda: None

    def of_run(self, life: Life, details: Details, why: str = "") -> None:
        """`why` stands before how the run ended: who stopped it."""
        run = run_of(details, timeout=life.plan.timeout, timed_out=life.timed_out)
        self.say(life.container_id, {**run, "reason": f"{why}; {run['reason']}" if why else run["reason"]})

    def unseen(self, container_id: str, reason: str, said: Said | None = None) -> None:
        """It never ran, or nobody saw how its run ended. `said`: for the task's log."""
        self.say(container_id, never_ran(reason), said)

    def say(self, container_id: str, result: dict[str, Any], said: Said | None = None) -> None:
        if self._lives.done(container_id, self._now(), result, said):
            self.wake()


def _signal(code: int) -> str | None:
    try:
        return signal.Signals(code - _BY_SIGNAL).name if code > _BY_SIGNAL else None
    except ValueError:
        return None


def _time(time: int) -> str | None:
    return format_ns(time) if time else None
