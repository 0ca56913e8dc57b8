"""A program on a terminal of its own."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class OnTerminal:
    """`written`: all that it has shown so far. It is killed where the block ends before it does."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], columns: int = 200) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env={**environ, "TERM": "xterm-256color"},
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(slave)
        self.written = ""
        self._bytes = b""

    def __enter__(self) -> "OnTerminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
        os.close(self._master)

    def until(self, text: str | Callable[[], bool], seconds: float = 60) -> str:
        """All that it has written, once `text` is in it or holds."""
        deadline = time.monotonic() + seconds
        while not (text in self.written if isinstance(text, str) else text()):
            assert time.monotonic() < deadline, (text, self.written[-3000:])
            assert self._read() or self.process.poll() is None, (text, self.written[-3000:])
        return self.written

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def end(self, seconds: float = 60) -> int:
        """Its exit code."""
        deadline = time.monotonic() + seconds
        while self._read() or self.process.poll() is None:
            assert time.monotonic() < deadline, self.written[-3000:]
        return self.process.wait(5)

    @property
    def lines(self) -> list[str]:
        """Without what moves the cursor and gives colours."""
        return _ESCAPES.sub("", self.written).replace("\r\n", "\n").splitlines()

    def _read(self) -> bool:
        """Whether something came within a moment."""
        if not select.select([self._master], [], [], 0.2)[0]:
            return False
        try:
            part = os.read(self._master, 1 << 16)
        except OSError:  # EIO: who wrote has ended
            return False
        self._bytes += part
        self.written = self._bytes.decode("utf-8", "replace")
        return bool(part)
