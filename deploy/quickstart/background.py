"""A program that runs beside us, with its own log file, and ends when we do."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # prctl(2)


class Background:
    """Started at once, in a session of its own: Ctrl-C reaches us alone. It gets SIGTERM if we die. Raises OSError."""

    def __init__(self, name: str, command: Sequence[str], environ: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        prctl = ctypes.CDLL(None).prctl  # loaded here: little may be done between fork and exec
        with open(log, "ab") as out:
            self._log_start = out.tell()
            self._process = subprocess.Popen(
                command, env=dict(environ), stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                preexec_fn=lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGTERM),
            )  # fmt: skip

    def ended(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.poll()

    def stop(self, seconds: float) -> bool:
        """SIGTERM, and after `seconds` SIGKILL for its whole group; whether it ended by itself."""
        self._process.terminate()
        try:
            self._process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            return False

    def last_lines(self, count: int = 12) -> str:
        """Of what it wrote since this start."""
        with open(self.log, "rb") as file:
            file.seek(self._log_start)
            lines = file.read().decode(errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-count:])
