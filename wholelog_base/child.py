"""A process of ours that is started again when it ends by itself."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from wholelog_base import heartbeat

_PR_SET_PDEATHSIG = 1  # prctl(2)
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 30.0  # seconds
_HEALTHY = 60.0  # seconds that a process must have run for its next failure to count as the first
_START_SECONDS = 30.0  # until the first heartbeat


class Child:
    """Not safe for threads. `clock` is monotonic, in seconds.

    With a `watchdog` (seconds) the process is given a pipe (see `heartbeat`) and is `frozen` once it has been silent
    for longer than that: a frozen receiver of logs is worse than a dead one (moby#40063).
    """

    def __init__(
        self, name: str, command: Sequence[str], environ: Mapping[str, str], clock: Callable[[], float],
        watchdog: float | None = None, reloads: bool = False,
    ) -> None:  # fmt: skip
        self.name = name
        self.watchdog = watchdog
        self._reloads = reloads
        self.restart_at: float | None = None  # set while it waits to be started again
        self._command = list(command)
        self._environ = dict(environ)
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._wait = _FIRST_WAIT
        self._beats = -1  # the reading end of the heartbeat's pipe
        self._silent_after = 0.0

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """In a session of its own, so that Ctrl-C on a terminal reaches the parent alone. Raises OSError."""
        self.restart_at = None
        self._started = self._clock()
        if self.watchdog is None:
            self._process = self._spawn(self._environ, ())
            return
        self._silent_after = self._started + max(self.watchdog, _START_SECONDS)
        self._beats, write_end = os.pipe()
        os.set_blocking(self._beats, False)
        try:
            self._process = self._spawn({**self._environ, heartbeat.NAME: str(write_end)}, (write_end,))
        finally:
            os.close(write_end)

    def frozen(self) -> bool:
        """Whether it runs and has been silent for too long."""
        if self._process is None or self.watchdog is None:
            return False
        if _drained(self._beats):
            self._silent_after = self._clock() + self.watchdog
        return self._clock() > self._silent_after

    def _spawn(self, environ: Mapping[str, str], pass_fds: tuple[int, ...]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command, env=environ, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_tether(),
            pass_fds=pass_fds,
        )  # fmt: skip

    def ended(self) -> int | None:
        """Its exit code (negative: the signal) once after it has ended; None while it runs or waits."""
        if self._process is None or (code := self._process.poll()) is None:
            return None
        self.kill()  # what it may have left in its group would hold its sockets and files
        self._process = None
        if self._beats >= 0:
            os.close(self._beats)
            self._beats = -1
        return code

    def back_off(self) -> float:
        """Plan the next start; seconds until then."""
        now = self._clock()
        if now - self._started >= _HEALTHY:
            self._wait = _FIRST_WAIT
        wait, self._wait = self._wait, min(self._wait * 2, _LONGEST_WAIT)
        self.restart_at = now + wait
        return wait

    def reload(self) -> None:
        """Have it read its files again, if it does that."""
        if self._process is not None and self._reloads:
            self._process.send_signal(signal.SIGUSR1)

    def terminate(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def kill(self) -> None:
        """Its whole group."""
        if self._process is not None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return  # nothing of it is left


def python_module(arguments: Sequence[str]) -> list[str]:
    """The command `python -m …` with this Python; the working folder is on its path only where it is on ours."""
    here = "" in sys.path or os.getcwd() in sys.path
    return [sys.executable, *([] if here else ["-P"]), "-m", *arguments]


def _tether() -> Callable[[], None]:
    """What the child does before exec: take SIGTERM when the parent dies, and no blocked signals."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def tether() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the call above
            os._exit(1)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])

    return tether


def _drained(pipe: int) -> bool:
    """Whether there was anything in it."""
    try:
        return bool(os.read(pipe, 4096))
    except BlockingIOError:
        return False
