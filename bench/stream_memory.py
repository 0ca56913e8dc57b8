"""What streaming a long log costs: `python bench/stream_memory.py [--lines N] [--store made|sqlite] [--readers N]`.

Starts the API's real server in a process of its own, reads `/logs` without `size` over HTTP, checks that every line
came and that the answer is whole, and prints lines a second and how far the server's memory rose above idle (peak
resident size, Linux' VmHWM; what is shared with no other process). `made`: a store whose pages are made while they
are read, so that what is measured is the API alone; `sqlite`: the embedded store, filled first.
"""

import argparse
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from log_store.document import ContainerContext, DocumentBatch
from log_store.open import open_problems, open_reader, open_writer
from log_store.protocols import LogReader
from log_store.query import ContainerRef, LogLine, LogQuery, Page
from log_store.rfc3339 import day_name, format_all
from log_store.seal import Seal
from runtime_api.assembly import assemble
from runtime_api.config import ApiSettings
from runtime_api.containers.protocols import ContainerView, Created, Deleted
from runtime_api.schemas.task import TaskRequest

CONTAINER = "ab" * 32
START = 1_764_000_000_000_000_000
TEXT = "a line as a busy program writes it, about as long as log lines are on average: 110 bytes of it in al"
PAGE, BATCH = 1000, 5000
MARK = b'"log_message":'


class Made:
    """A `LogReader` of `lines` lines that are nowhere until they are read."""

    def __init__(self, lines: int) -> None:
        self._lines = lines

    def read(self, query: LogQuery) -> Iterator[Page]:
        for first in range(0, self._lines, PAGE):
            numbers = range(first, min(first + PAGE, self._lines))
            times = format_all([START + number * 1000 for number in numbers])
            lines: list[LogLine] = [
                {
                    "log_time": time, "log_type": "info", "log_message": f"{number:08d} {TEXT}", "log_type_by": "default",
                    "stream": "stdout", "id": f"{number:032x}", "lines": 1,
                }
                for number, time in zip(numbers, times, strict=True)
            ]  # fmt: skip
            yield Page(
                lines, lambda row, first=first: (START + (first + row) * 1000, "stdout", 0, f"{first + row:032x}")
            )  # type: ignore[misc]

    def seals(self, container_id: str) -> list[Seal]:
        return []

    def count_lines(self, container_id: str) -> int:
        return self._lines

    def find_containers(self, name: str, uid: str | None = None) -> list[ContainerRef]:
        return []

    def check(self) -> str:
        return "made"

    def close(self) -> None:
        """Nothing to close."""


class OneContainer:
    """`Containers` that only know the one whose log is read."""

    def of(self, caller: object) -> "OneContainer":
        return self

    def create(self, task: TaskRequest) -> Created:
        self._refuse()

    def delete(self, name: str, request_id: str) -> Deleted:
        self._refuse()

    def list(self, choice: object = None) -> list[ContainerView]:
        self._refuse()

    def get(self, name: str) -> ContainerView:
        self._refuse()

    def resolve(self, name: str) -> str:
        return CONTAINER

    def newest_run(self, container_id: str) -> int:
        return 0

    def check(self) -> str:
        return "none"

    def close(self) -> None:
        """Nothing to close."""

    def _refuse(self) -> NoReturn:
        raise NotImplementedError("only /logs is measured")


def serve(store: str, lines: int) -> None:
    reader: LogReader = Made(lines) if store == "made" else open_reader(store)
    server = assemble(ApiSettings(listen=("127.0.0.1", 0)), OneContainer(), reader, open_problems("sqlite:///nowhere"))
    print(server.port, flush=True)
    server.run()


def fill(url: str, lines: int) -> None:
    writer = open_writer(url)
    context = ContainerContext(CONTAINER, "bench")
    for first in range(0, lines, BATCH):
        numbers = range(first, min(first + BATCH, lines))
        count = len(numbers)
        times = [START + number * 1000 for number in numbers]
        writer.write(
            DocumentBatch(
                "bench", [context] * count, ["stdout"] * count, [f"{number:032x}" for number in numbers], [1] * count,
                [day_name(time) for time in times], times, times, [0] * count, list(numbers), ["info"] * count,
                ["default"] * count, [f"{number:08d} {TEXT}" for number in numbers], [1] * count, times,
            )
        )  # fmt: skip
    writer.close()


def download(port: int, lines: int) -> int:
    """Bytes of the answer. Ends the process where it is not whole."""
    count = size = 0
    tail = b""
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        connection.sendall(f"GET /logs?container_id={CONTAINER} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        while part := connection.recv(1 << 18):
            size += len(part)
            kept = tail[-(len(MARK) - 1) :]  # a mark that the border of two parts cuts is counted with the second
            count += (kept + part).count(MARK)
            tail = (tail + part)[-1000:]
    if count != lines or f'"count":{lines},'.encode() not in tail or not tail.endswith(b"\r\n0\r\n\r\n"):
        sys.exit(f"the answer is not whole: {count} of {lines} lines")
    return size


def memory(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


def measure(store: str, lines: int, readers: int) -> None:
    command = [sys.executable, __file__, "--serve", store, "--lines", str(lines)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            port = int(server.stdout.readline())
            time.sleep(1)
            idle = memory(server.pid, "VmRSS")
            sizes: list[int] = []
            threads = [threading.Thread(target=lambda: sizes.append(download(port, lines))) for _ in range(readers)]
            begun = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            seconds = time.perf_counter() - begun
            if len(sizes) != readers:
                sys.exit("not every reader got the whole answer")
            grown = memory(server.pid, "VmHWM") - idle
        finally:
            server.terminate()
    kind = store.partition(":")[0]
    print(
        f"{kind}: {readers} x {lines} lines, {sum(sizes) / 1e6:.0f} MB in {seconds:.1f} s: "
        f"{readers * lines / seconds:,.0f} lines/s; memory {idle / 1e6:.0f} MB idle, +{grown / 1e6:.1f} MB at its peak"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=2_000_000)
    parser.add_argument("--store", choices=("made", "sqlite"), action="append")
    parser.add_argument("--readers", type=int, default=1)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve, asked.lines)
        return
    for store in asked.store or ("made", "sqlite"):
        if store == "made":
            measure(store, asked.lines, asked.readers)
            continue
        with tempfile.TemporaryDirectory() as folder:
            fill(f"sqlite://{folder}/logs", asked.lines)
            measure(f"sqlite://{folder}/logs", asked.lines, asked.readers)


if __name__ == "__main__":
    main()
