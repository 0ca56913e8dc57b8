"""A code cell's stdout and stderr by one pipe: what is written, and what the shipper makes of it, live and from the copy."""

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from log_shipper.audit.frames import HEADER, FrameParser
from log_shipper.stages.runs import runs_of
from runtime_api.containers import cell_streams
from runtime_api.containers.cell_streams import Pipe, Stream
from runtime_api.containers.commands import command_of
from wholelog_base.streams import STDERR_MARK


def run(source: str, *, stdin: str = "") -> tuple[int, list[tuple[str, str]], str]:
    """Exit code, (stream, line) by the one pipe in order, and what came by the other."""
    _, *words = command_of("code_cell", source).lines[0]
    done = subprocess.run([sys.executable, *words], capture_output=True, timeout=60)
    return done.returncode, told(done.stdout), done.stderr.decode()


def told(written: bytes) -> list[tuple[str, str]]:
    lines = written.split(b"\n")
    assert lines.pop() == b"", "an open line at the end"
    mark = STDERR_MARK
    return [("err", line[len(mark) :].decode()) if line.startswith(mark) else ("out", line.decode()) for line in lines]


def test_the_mark_is_the_shippers() -> None:
    assert cell_streams.MARK == STDERR_MARK


def test_a_print_before_a_traceback_comes_before_it() -> None:
    code, lines, other = run("import sys\nfor n in range(500):\n print(n)\n print('e', n, file=sys.stderr)\n1/0")
    assert code == 1 and other == ""
    assert lines[:1000] == [pair for n in range(500) for pair in (("out", str(n)), ("err", f"e {n}"))]
    assert [line for _, line in lines[1000:]] == [
        "Traceback (most recent call last):", '  File "<string>", line 5, in <module>', "ZeroDivisionError: division by zero",
    ]  # fmt: skip
    assert {stream for stream, _ in lines[1000:]} == {"err"}


@pytest.mark.parametrize(
    ("source", "code"),
    [("import sys; sys.exit(3)", 3), ("raise SystemExit('bye')", 1), ("x = (", 1), ("import os; os._exit(9)", 9)],
)
def test_ends_as_python_ends(source: str, code: int) -> None:
    assert run(source)[0] == code


def test_the_cell_is_the_main_module() -> None:
    source = """
import dataclasses, pickle, sys, threading, multiprocessing
@dataclasses.dataclass
class A:
    x: int
assert pickle.loads(pickle.dumps(A(1))) == A(1)
print(__name__, sys.argv, sorted(name for name in globals() if not name.startswith('_')))
print(sys.stdout.encoding, sys.stdout.fileno(), sys.stderr.fileno(), sys.stdout.isatty(), sys.stdout.name)
sys.stdout.buffer.write(b'bytes\\n'); sys.stdout.flush()
"""
    _, lines, other = run(source)
    names = ["A", "dataclasses", "multiprocessing", "pickle", "sys", "threading"]
    assert lines == [("out", f"__main__ ['-c'] {names}"), ("out", "utf-8 1 2 False <stdout>"), ("out", "bytes")]
    assert other == ""


def test_threads_and_forks_do_not_tear_lines() -> None:
    source = """
import os, sys, threading
def work(n):
    for i in range(200):
        sys.stdout.write(f'o{n} {i}\\n'); sys.stderr.write(f'e{n} {i}\\n')
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
[t.start() for t in threads]
pid = os.fork()
if not pid:
    sys.stderr.write('child\\n'); os._exit(0)
os.waitpid(pid, 0)
[t.join() for t in threads]
"""
    code, lines, _ = run(source)
    assert code == 0 and ("err", "child") in lines
    for n in range(4):
        assert [line for _, line in lines if line.startswith((f"o{n}", f"e{n}"))] == [
            f"{kind}{n} {i}" for i in range(200) for kind in "oe"
        ]


def test_a_line_that_is_interrupted_is_two_and_a_long_one_of_stderr_is_whole_beside() -> None:
    _, lines, other = run(
        "import sys\nprint('a', end='')\nsys.stderr.write('b\\n')\nprint('c')\nsys.stderr.write('x' * 99999 + '\\n')"
    )
    assert lines == [("out", "a"), ("err", "b"), ("out", "c")] and other == "x" * 99999 + "\n"


def test_a_progress_bar_is_one_line() -> None:
    _, lines, _ = run("import sys\nfor n in range(1000): sys.stdout.write(f'\\r{n}%')\nprint()")
    assert len(lines) == 1 and lines[0][1].count("\r") == 1000
    _, lines, _ = run("import sys\nfor n in range(10000): sys.stderr.write(f'\\r{n:05d}%')\nsys.stderr.write('\\n')")
    assert len(lines) <= 5 and "".join(line for _, line in lines).count("\r") == 10000


class _Sent:
    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.by: dict[int, bytearray] = {1: bytearray(), 2: bytearray()}
        patch.setattr(cell_streams, "send", lambda number, data: self.by[number].extend(data))


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.lists(st.sampled_from(["a", "b\n", "\n", "c\rd"]), max_size=4))))
def test_nothing_is_lost_and_each_stream_keeps_its_bytes(writes: list[tuple[int, list[str]]]) -> None:
    """Whatever is written in which pieces; only a newline may be added, where the other stream interrupts."""
    with pytest.MonkeyPatch.context() as patch:
        sent, pipe = _Sent(patch), Pipe()
        streams: dict[int, Any] = {number: Stream(pipe, number) for number in (1, 2)}
        for number, pieces in writes:
            streams[number].write("".join(pieces).encode())
    wanted = {number: "".join("".join(p) for n, p in writes if n == number) for number in (1, 2)}
    lines = bytes(sent.by[1]).split(b"\n")
    got = {1: b"", 2: b""}
    for line in lines:
        marked = line.startswith(STDERR_MARK)
        got[2 if marked else 1] += line[len(STDERR_MARK) :] if marked else line
    for number in (1, 2):
        assert got[number].decode() == wanted[number].replace("\n", "")


def test_the_shipper_gives_a_marked_line_its_stream_live_and_from_the_copy() -> None:
    texts = [b"one", STDERR_MARK + b"two", b"three", STDERR_MARK]
    record = {b"container_id": b"c" * 64, b"container_name": b"/n", b"source": b"stdout"}
    entries: Any = [(b"t", number, {**record, b"log": text}, {}) for number, text in enumerate(texts)]
    live = {run.stream: (run.time, run.text) for run in runs_of([(0, entries)], trusted=True)}
    stamps = [b"2023-11-14T22:13:20.%09dZ " % number for number in range(len(texts))]
    copy = b"".join(
        HEADER.pack(1, len(stamp + text) + 1) + stamp + text + b"\n" for stamp, text in zip(stamps, texts, strict=True)
    )
    frames = FrameParser().receive(copy)
    assert live == {"stdout": ([0, 2], [b"one", b"three"]), "stderr": ([1, 3], [b"two", b""])}
    assert list(zip(frames.stream, frames.text, strict=True)) == [
        ("stdout", b"one"), ("stderr", b"two"), ("stdout", b"three"), ("stderr", b"")
    ]  # fmt: skip
