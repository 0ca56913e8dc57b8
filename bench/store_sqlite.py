"""How fast the SQLite store takes and gives lines, and in how much memory.

    python bench/store_sqlite.py [--lines 2000000] [--batch 5000] [--folder DIR]

Lines of 110 bytes of one container, both streams, increasing times. Figures go to standard output, one a line. The writing
and the reading are processes of their own, so that the memory of one is not counted with the other's.
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from log_store.document import ContainerContext, DocumentBatch
from log_store.query import LogQuery
from log_store.rfc3339 import day_name
from log_store.sqlite.reader import SqliteReader
from log_store.sqlite.writer import SqliteWriter

CONTAINER = ContainerContext("ab" * 32, "burst", "task-1", "bash_cell", "uid-1")
NOON = 1_795_521_600 * 10**9
STEP = 7_000  # ns between lines
MIB = 1024 * 1024


def batch_of(first: int, count: int) -> DocumentBatch:
    """Lines number first, first + 1, …: the same number is the same document."""
    times = [NOON + number * STEP for number in range(first, first + count)]
    streams = ["stderr" if number % 4 == 0 else "stdout" for number in range(first, first + count)]
    batch = DocumentBatch("bench")
    batch.container = [CONTAINER] * count
    batch.stream = streams
    batch.id = [
        f"{CONTAINER.container_id[:12]}{stream[3]}{t:016x}{t * 0x9E3779B97F4A7C15 & (1 << 64) - 1:016x}"
        for stream, t in zip(streams, times, strict=True)
    ]
    batch.version = [17] * count
    batch.day = [day_name(times[0])] * count
    batch.log_time = batch.order_time = batch.last_time = times
    batch.ordinal = [0] * count
    batch.seq = list(range(first, first + count))
    batch.log_type = ["info"] * count
    batch.log_type_by = ["default"] * count
    batch.message = [
        f"INFO worker-{n % 7} request {n:09d} done in 12 ms with status 200 for ".ljust(110, "x") for n in batch.seq
    ]
    batch.lines = [1] * count
    return batch


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def say(what: str, lines: int, wall: float, cpu: float) -> None:
    print(f"{what:34} {lines / wall:9,.0f} lines/s {cpu / lines * 1e6:6.2f} CPU s per million lines", flush=True)


def write(folder: Path, lines: int, size: int, what: str) -> None:
    wall = cpu = 0.0
    with closing(SqliteWriter(folder)) as writer:
        for first in range(0, lines, size):
            batch = batch_of(first, min(size, lines - first))
            wall, cpu = wall - time.perf_counter(), cpu - time.process_time()
            writer.write(batch)
            wall, cpu = wall + time.perf_counter(), cpu + time.process_time()
    say(what, lines, wall, cpu)


def read(folder: Path, query: LogQuery, what: str) -> None:
    idle = peak_mib()
    with closing(SqliteReader(folder)) as reader:
        wall, cpu = time.perf_counter(), time.process_time()
        lines = sum(len(page) for page in reader.read(query))
        say(what, lines, time.perf_counter() - wall, time.process_time() - cpu)
    print(f"{'':34} peak memory {idle:.0f} MiB before, {peak_mib():.0f} MiB after", flush=True)


def count(folder: Path) -> None:
    with closing(SqliteReader(folder)) as reader:
        wall, cpu = time.perf_counter(), time.process_time()
        lines = reader.count_lines(CONTAINER.container_id)
        say("count_lines", lines, time.perf_counter() - wall, time.process_time() - cpu)


def tail(folder: Path) -> None:
    query = LogQuery(CONTAINER.container_id, size=100, newest=True)
    with closing(SqliteReader(folder)) as reader:
        start = time.perf_counter()
        for _ in range(50):
            list(reader.read(query))
        print(f"{'read, the newest 100':34} {(time.perf_counter() - start) / 50 * 1000:9.2f} ms")


def apart(what: Callable[..., None], *arguments: object) -> None:
    process = multiprocessing.get_context("spawn").Process(target=what, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{what.__name__} ended with {process.exitcode}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lines", type=int, default=2_000_000)
    parser.add_argument("--batch", type=int, default=5_000)
    parser.add_argument("--folder", type=Path, help="where the store is made; a temporary folder unless given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wholelog-bench-", dir=options.folder) as temporary:
        folder = Path(temporary)
        apart(write, folder, options.lines, options.batch, f"write, batches of {options.batch}")
        apart(write, folder, options.lines, options.batch, "write, the same again")
        size = sum(path.stat().st_size for path in folder.iterdir())
        print(f"{'on disk':34} {size / MIB:9,.0f} MiB, {size / options.lines:.0f} bytes a line", flush=True)
        whole = LogQuery(CONTAINER.container_id)
        apart(read, folder, whole, "read, all")
        newest = LogQuery(CONTAINER.container_id, size=options.lines // 2, newest=True)
        apart(read, folder, newest, "read, the newest half")
        apart(tail, folder)
        apart(count, folder)


if __name__ == "__main__":
    main()
