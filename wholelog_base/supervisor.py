"""The parent of the processes: it restarts what ends, kills what is frozen, and ends all when it is told to."""

import logging
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from wholelog_base.child import Child
from wholelog_base.service_manager import ServiceManager

UNUSABLE: Final = 2  # exit code of a process whose settings do not fit: starting it again would not help
_STOP_SECONDS: Final = 20.0
_LOOK_SECONDS: Final = 1.0  # between two looks at the heartbeats

_log = logging.getLogger(__name__)


def supervise(
    children: Sequence[Child], stop_seconds: float = _STOP_SECONDS, manager: ServiceManager | None = None
) -> int:
    """Run all until SIGTERM, SIGINT or SIGHUP; SIGUSR1 is handed on to those that read files of theirs again; the exit code: 0, 1 where one had to be killed, 2 as UNUSABLE.

    A signal that was ignored at our start (nohup, a shell's background job) stays so. `stop_seconds` bounds the end.
    """
    manager = manager or ServiceManager({})
    ends = {signal.SIGTERM} | {s for s in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(s) is not signal.SIG_IGN}
    with _blocked(ends | {signal.SIGCHLD, signal.SIGUSR1}):
        for child in children:
            child.start()
        manager.ready()
        try:
            unusable = _watch(children, ends, manager)
        finally:
            manager.stopping()
            whole = _stop(children, ends, stop_seconds)
    if unusable:
        return UNUSABLE
    return 0 if whole else 1


def _watch(children: Sequence[Child], ends: set[signal.Signals], manager: ServiceManager) -> bool:
    """Until a signal ends us (False), or a process says that its settings do not fit (True)."""
    while True:
        manager.alive()
        due = [child.restart_at for child in children if child.restart_at is not None]
        if any(child.watchdog is not None for child in children):
            due.append(time.monotonic() + _LOOK_SECONDS)
        came = _await(ends | {signal.SIGCHLD, signal.SIGUSR1}, min(due) if due else None)
        if came in ends:
            return False
        if came == signal.SIGUSR1:
            for child in children:
                child.reload()
        for child in children:
            if child.frozen():
                _log.error("%s has not moved for %g s and is killed", child.name, child.watchdog)
                child.kill()
            code = child.ended()
            if code == UNUSABLE:
                _log.error("%s cannot run with these settings; see its last line", child.name)
                return True
            if code is not None:
                _log.error("%s ended with %s; starting it again in %g s", child.name, _ending(code), child.back_off())
            elif child.restart_at is not None and child.restart_at <= time.monotonic():
                child.start()
                _log.info("%s started again", child.name)


def _stop(children: Sequence[Child], ends: set[signal.Signals], seconds: float) -> bool:
    """End all, at the latest after `seconds`, or at once at a second signal; whether none had to be killed."""
    deadline = time.monotonic() + seconds
    for child in children:
        child.terminate()
    while _left(children) and time.monotonic() < deadline:
        if _await(ends | {signal.SIGCHLD}, deadline) in ends:
            break
    left = _left(children)
    for child in left:
        _log.error("%s did not end in time and is killed", child.name)
        child.kill()
    return not left


def _left(children: Sequence[Child]) -> list[Child]:
    for child in children:
        child.ended()
    return [child for child in children if child.running]


def _await(signals: set[signal.Signals], until: float | None) -> int | None:
    if until is None:
        return signal.sigwaitinfo(signals).si_signo
    found = signal.sigtimedwait(signals, max(0.0, until - time.monotonic()))
    return None if found is None else found.si_signo


@contextmanager
def _blocked(signals: set[signal.Signals]) -> Iterator[None]:
    # Blocked, a signal waits to be fetched: none can come between a look at the children and the wait for them.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
