"""A process of ours that is started again when it ends by itself."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

_PR_SET_PDEATHSIG = 1  # prctl(2)
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0  # seconds
_HEALTHY = 60.0  # seconds that a process must have run for its next failure to count as the first


class Child:
    """Not safe for threads. `clock` is monotonic, in seconds."""

    def __init__(
        self, name: str, command: Sequence[str], environ: Mapping[str, str], clock: Callable[[], float]
    ) -> None:
        self.name = name
        self.restart_at: float | None = None  # set while it waits to be started again
        self._command = list(command)
        self._environ = dict(environ)
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._wait = _FIRST_WAIT

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """In a session of its own, so that Ctrl-C on a terminal reaches the parent alone. Raises OSError."""
        self.restart_at = None
        self._started = self._clock()
        self._process = subprocess.Popen(
            self._command, env=self._environ, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_tether()
        )

    def ended(self) -> int | None:
        """Its exit code (negative: the signal) once after it has ended; None while it runs or waits."""
        if self._process is None or (code := self._process.poll()) is None:
            return None
        self.kill()  # what it may have left in its group would hold its sockets and files
        self._process = None
        return code

    def back_off(self) -> float:
        """Plan the next start; seconds until then."""
        now = self._clock()
        if now - self._started >= _HEALTHY:
            self._wait = _FIRST_WAIT
        wait, self._wait = self._wait, min(self._wait * 2, _LONGEST_WAIT)
        self.restart_at = now + wait
        return wait

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
