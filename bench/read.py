"""How quickly /logs answers from Elasticsearch, against Elasticsearch itself.

    python -m bench.read (http://127.0.0.1:9200 | --elasticsearch VERSION) [--documents 5000000] [--export 2000000] [--prefix PREFIX]

Writes so many documents into indices of a prefix of its own, --export of them of one container, which is read; with --prefix
it takes what an earlier run has written. First and last byte of `size` 100 and 10,000 are the medians of many requests,
beside those of the same query sent to Elasticsearch; a whole log is read as NDJSON and by `wholelog export`, beside
`elasticsearch.helpers.scan`. The processor time of a line is told, too: on a machine that others use only that can be compared; with
--elasticsearch, which starts a node of that version, it has the node's in it. --docker also times `docker logs` of as many
lines, on an engine of its own (root).
"""

import argparse
import http.client
import json
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docker.types import LogConfig
from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan

from log_store.document import ContainerContext, DocumentBatch
from log_store.open import open_reader, open_writer
from log_store.options import StoreOptions
from log_store.rfc3339 import day_name
from tests.api_server import running
from tests.fake_containers import FakeContainers
from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd, import_busybox
from tests.services.elasticsearch import running_node

BATCH = 5000
START = 1_795_478_400 * 10**9
STEP = 20_000  # ns
READ = "ab" * 32
SOURCE = ["log_time", "log_type", "log_message", "log_type_by", "stream", "lines", "raw"]
SORT = [{name: "asc"} for name in ("order_time", "stream", "ordinal")]
Timed = tuple[float, float]


def batches(documents: int, export: int) -> Iterator[DocumentBatch]:
    """Lines of 110 bytes, those of READ among those of ten others."""
    contexts = [ContainerContext(f"{n:02x}" * 32, f"name-{n}", f"task-{n}", "bash_cell", "uid") for n in range(10)]
    read, every = ContainerContext(READ, "read", "task", "bash_cell", "uid"), documents / export
    next_line: dict[str, int] = {}
    for number in range(documents // BATCH):
        mine = int((number + 1) / every) > int(number / every)
        context = read if mine else contexts[number % 10]
        first = next_line.get(context.container_id, 0)
        next_line[context.container_id] = first + BATCH
        times = [START + n * STEP for n in range(first, first + BATCH)]
        texts = [f"GET /things/{n} status=200 bytes={n * 7 % 9973} user=u{n % 331}".ljust(110, ".") for n in times]
        ids = [
            f"{context.container_id[:12]}o{t:016x}{sha256(x.encode()).hexdigest()[:16]}"
            for t, x in zip(times, texts, strict=True)
        ]
        yield DocumentBatch(
            "bench", [context] * BATCH, ["stdout"] * BATCH, ids, [17] * BATCH, [day_name(t) for t in times], times, times,
            [0] * BATCH, list(range(first, first + BATCH)), ["info"] * BATCH, ["default"] * BATCH, texts, [1] * BATCH, times,
        )  # fmt: skip


def write(url: str, options: StoreOptions, documents: int, export: int) -> None:
    writer, began = open_writer(url, options), time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        pending: list[Any] = []
        for batch in batches(documents, export):
            pending.append(pool.submit(writer.write, batch))
            if len(pending) > 4:
                pending.pop(0).result()
        for one in pending:
            one.result()
    writer.refresh()
    print(f"{documents} documents written in {time.monotonic() - began:.0f} s")


def serve(url: str, options: StoreOptions, ports: Any, stop: Any) -> None:
    """The API in a process of its own."""
    containers = FakeContainers()
    with running(containers, open_reader(url, options)) as port:
        ports.put(port)
        stop.wait()
        ports.put(resource.getrusage(resource.RUSAGE_SELF))


def timed(connection: http.client.HTTPConnection, method: str, path: str, body: str | None = None) -> Timed:
    """Seconds to the first byte of the body, and to the last."""
    began = time.perf_counter()
    connection.request(method, path, body, {"content-type": "application/json"})
    answer = connection.getresponse()
    answer.read(1)
    first = time.perf_counter() - began
    while answer.read(1 << 20):
        continue
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status}")
    return first, time.perf_counter() - began


def medians(times: list[Timed]) -> Timed:
    return statistics.median(first for first, _ in times), statistics.median(last for _, last in times)


def compare(size: int, rounds: int, ours: Callable[[], Timed], theirs: Callable[[], Timed]) -> None:
    pairs = [(ours(), theirs()) for _ in range(rounds)][2:]  # in turn: what else the machine does hits both
    mine, direct = medians([one for one, _ in pairs]), medians([one for _, one in pairs])
    for what, a, b in zip(("first", "last"), mine, direct, strict=True):
        print(f"size={size}, {what} byte: {a * 1000:.1f} ms, Elasticsearch {b * 1000:.1f} ms: {a / b:.2f} x")


class Processors:
    """Seconds of a processor that some processes take, with the children of ours that have ended."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self._before = self._now()

    def since(self) -> float:
        return self._now() - self._before

    def _now(self) -> float:
        found = 0
        for pid in self._pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            found += int(fields[11]) + int(fields[12])  # proc(5): utime, stime
        own, children = os.times()[:2], os.times()[2:4]
        return found / os.sysconf("SC_CLK_TCK") + sum(own) + sum(children)


def told(name: str, count: int, took: float, used: float, beside: float | None = None) -> float:
    """Prints it; gives seconds a line. `beside`: those of what it is compared with."""
    ratio = f": {beside / (took / count):.2f} x as many a second" if beside is not None else ""
    print(
        f"{name}: {count} lines in {took:.1f} s, {count / took:,.0f}/s, {used / count * 1e6:.1f} us of the processors a line{ratio}"
    )
    return took / count


def by_command(port: int) -> tuple[int, float]:
    """`wholelog export` into a file in memory, as a process."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        file, began = Path(folder, "log.ndjson"), time.perf_counter()
        command = [sys.executable, "-m", "wholelog", "export", READ, str(file), "--api-url", f"http://127.0.0.1:{port}"]
        subprocess.run(command, check=True, capture_output=True)
        took = time.perf_counter() - began
        with open(file, "rb") as lines:
            return sum(1 for _ in lines), took


def exported(port: int) -> tuple[int, float]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    began = time.perf_counter()
    connection.request("GET", f"/logs?container_id={READ}&format=ndjson")
    answer, last, count = connection.getresponse(), b"", 0
    while part := answer.read(1 << 20):
        count += part.count(b"\n")
        last = (last + part)[-2000:]
    took = time.perf_counter() - began
    end = json.loads(last.splitlines()[-1])["end"]
    if end["count"] != count - 1:
        raise SystemExit("lines are missing")
    return count - 1, took


def scanned(url: str, indices: str, **more: Any) -> tuple[int, float]:
    client, began = Elasticsearch(url), time.perf_counter()
    body = {"query": {"bool": {"filter": [{"term": {"container_id": READ}}]}}, "_source": SOURCE}
    count = sum(1 for _ in scan(client, index=indices, query=body, **more))
    return count, time.perf_counter() - began


def docker_logs(lines: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="wl-bench-", dir="/var/tmp"))
    engine = Dockerd(folder)
    try:
        engine.start()
        import_busybox(engine.client())
        line = "GET /things/1795478400000000000 status=200 bytes=6664 user=u77".ljust(110, ".")
        made = engine.client().containers.run(
            BUSYBOX_IMAGE, ["sh", "-c", f"yes '{line}' | head -n {lines}"], detach=True,
            log_config=LogConfig(type="local", config={"max-size": "1g", "compress": "false"}),
        )  # fmt: skip
        made.wait()
        processors, began, count = Processors(engine.pid), time.perf_counter(), 0
        with subprocess.Popen(
            ["docker", "-H", engine.url, "logs", "-t", str(made.id)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            while part := process.stdout.read(1 << 20):
                count += part.count(b"\n")
        told("docker logs", count, time.perf_counter() - began, processors.since())
    finally:
        engine.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", nargs="?", default="")
    parser.add_argument("--elasticsearch", default="", metavar="VERSION")
    parser.add_argument("--documents", type=int, default=5_000_000)
    parser.add_argument("--export", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=22)
    parser.add_argument("--prefix", default="")
    parser.add_argument("--docker", action="store_true")
    given = parser.parse_args()
    if bool(given.url) == bool(given.elasticsearch):
        parser.error("give a URL, or --elasticsearch VERSION")
    if given.elasticsearch:
        with running_node(given.elasticsearch, heap="1g", lasting=True) as node:
            given.url = node.url
            measure(given, node.process.pid)
    else:
        measure(given)


def measure(given: argparse.Namespace, *pids: int) -> None:
    """`pids`: of the server."""
    options = StoreOptions(index_prefix=given.prefix or f"bench-{uuid.uuid4().hex[:8]}")
    print(f"indices {options.index_prefix}-*")
    if not given.prefix:
        write(given.url, options, given.documents, given.export)
    stop, ports = multiprocessing.Event(), multiprocessing.Queue()  # type: ignore[var-annotated]
    api = multiprocessing.Process(target=serve, args=(given.url, options, ports, stop))
    api.start()
    try:
        port, indices = ports.get(timeout=30), f"{options.index_prefix}-logs-*"
        ours = http.client.HTTPConnection("127.0.0.1", port)
        theirs = http.client.HTTPConnection(urlsplit(given.url).netloc)
        for size in (100, 10_000):
            query = {"query": {"bool": {"filter": [{"term": {"container_id": READ}}]}}, "sort": SORT, "size": size}
            body = json.dumps({**query, "_source": SOURCE, "track_total_hits": False})
            compare(
                size, given.rounds, lambda size=size: timed(ours, "GET", f"/logs?container_id={READ}&size={size}"),  # type: ignore[misc]
                lambda body=body: timed(theirs, "POST", f"/{indices}/_search", body),  # type: ignore[misc]
            )  # fmt: skip
        scans = []
        for more in ({}, {"size": 5000}):
            processors = Processors(*pids)
            found, seconds = scanned(given.url, indices, **more)
            scans.append(told(f"helpers.scan {more or '(as it comes)'}", found, seconds, processors.since()))
        for name, read in (("/logs", exported), ("wholelog export", by_command)):
            assert api.pid is not None
            processors = Processors(*pids, api.pid)
            count, took = read(port)
            told(name, count, took, processors.since(), scans[0])
    finally:
        stop.set()
        used = ports.get(timeout=20)
        api.join(20)
    seconds = used.ru_utime + used.ru_stime
    print(f"the API's process: {seconds:.1f} s of a processor in all, {used.ru_maxrss // 1024} MiB at most")
    if given.docker:
        docker_logs(given.export)


if __name__ == "__main__":
    main()
