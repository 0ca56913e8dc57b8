# Runs in the container, in any Python from 3.6 on: its text is handed to `python3 -c` (commands.py), and imports nothing of ours.
"""A code cell's stdout and stderr by one pipe, in the order in which Python wrote, each line of stderr with a mark.

What other programs and C code write to descriptor 2 goes its own way.
"""

import io
import os
import sys
import threading

TYPE_CHECKING = False  # importing typing costs each cell some milliseconds
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

MARK = b"\x1ewl:2\x1f"
LONGEST = 16000  # bytes of a marked line: Docker parts lines at 16,384, and only the first part would have the mark


class Pipe:
    """Who has a line open on descriptor 1, and how long it is."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.open: Stream | None = None
        self.length = 0
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.forked)

    def forked(self) -> None:
        self.lock = threading.RLock()  # another thread may have held it

    def write(self, stream: "Stream", data: bytes) -> None:
        with self.lock:
            if not stream.marked and (self.open is None or self.open is stream):
                self.open = None if data[-1:] == b"\n" else stream
                send(1, data)
                return
            for line in data.splitlines(True) if b"\r" not in data else split(data):
                self.piece(stream, line)

    def piece(self, stream: "Stream", line: bytes) -> None:
        out = b""
        if self.open not in (None, stream):
            out, self.open = b"\n", None  # the other stream's line is interrupted, as on a terminal
        if stream.marked and self.open is None and len(line) > LONGEST:
            send(1, out)
            send(2, line)  # whole, and in order only by its time
            return
        if stream.marked and self.open is stream and self.length + len(line) > LONGEST:
            out, self.open = out + b"\n", None
        if self.open is None:
            out += MARK if stream.marked else b""
            self.length = 0
        self.open = None if line.endswith(b"\n") else stream
        self.length += len(line)
        send(1, out + line)


class Stream(io.RawIOBase):
    """What Python's text layer writes to, as to the file of a descriptor."""

    def __init__(self, pipe: Pipe, number: int) -> None:
        self.pipe, self.number, self.marked = pipe, number, number == 2
        self.name, self.mode = "<stderr>" if self.marked else "<stdout>", "wb"

    def write(self, data: "Any") -> int:
        self.pipe.write(self, data if data.__class__ is bytes else bytes(data))
        return len(data)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.number

    def isatty(self) -> bool:
        return os.isatty(self.number)


def split(data: bytes) -> "list[bytes]":
    r"""At \n alone: splitlines parts at \r too."""
    lines = data.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def send(number: int, data: bytes) -> None:
    sent = os.write(number, data) if data else 0
    while sent < len(data):
        sent += os.write(number, data[sent:])


def text(stream: Stream, old: "Any") -> io.TextIOWrapper:
    return io.TextIOWrapper(stream, encoding=old.encoding, errors=old.errors, newline="\n", write_through=True)


def install() -> None:
    pipe = Pipe()
    sys.stdout = vars(sys)["__stdout__"] = text(Stream(pipe, 1), sys.stdout)
    sys.stderr = vars(sys)["__stderr__"] = text(Stream(pipe, 2), sys.stderr)


def run(source: "Any", names: "dict[str, Any]") -> None:
    """As `python3 -c` would, in the names of `__main__`; a traceback begins with the cell's own frame."""
    install()
    shown = sys.excepthook

    def hook(kind: "type[BaseException]", error: BaseException, frames: "TracebackType | None") -> None:
        for _ in range(2):  # of the words of `-c`, and this one
            frames = frames and frames.tb_next
        shown(kind, error.with_traceback(frames), frames)

    sys.excepthook = hook
    sys.argv[:] = ["-c"]
    for name in [name for name in names if not name.startswith("__")]:
        del names[name]
    exec(compile(source, "<string>", "exec"), names)
