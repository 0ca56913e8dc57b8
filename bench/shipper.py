"""From a container's write to a document that can be searched: rate, delay and CPU of the shipper.

    python -m bench.shipper [--lines 200000] [--small 30] [--bursts 1] [--store URL | --elasticsearch VERSION]

Needs root and Docker's engine, of which it starts one of its own. Ratios are against a bare reader of the same socket
that only counts, in the same run. Without --store the embedded SQLite store is used; --elasticsearch 9.5.3 starts a node
of that version, as the tests do. CPU is told of a burst, of which the log driver throws away most at the container's end
and the audit puts it back, and of the same lines written at some 20,000 a second.
"""

import argparse
import shutil
import socket
import statistics
import tempfile
import threading
import time
from pathlib import Path

import docker
from docker.models.containers import Container

from log_store.open import open_reader
from log_store.protocols import LogReader
from log_store.query import LogQuery
from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd, import_busybox
from tests.services.elasticsearch import running_node
from tests.services.shipper import Shipper

LINE = "some line of a log that is one hundred and ten bytes long, padded with words until it is full, 0123456789abcde"


class BareReader:
    """Accepts on a unix socket and reads: what a receiver can reach at most."""

    def __init__(self, path: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        while connection.recv(1 << 18):
            continue


def start(client: docker.DockerClient, config: dict[str, object], command: str) -> Container:
    container = client.containers.create(BUSYBOX_IMAGE, ["sh", "-c", command], log_config=config)
    container.start()
    return container


def until_sealed(reader: LogReader, container_id: str) -> None:
    end = time.monotonic() + 300
    while not any(seal.state != "open" for seal in reader.seals(container_id)):
        if time.monotonic() > end:
            raise SystemExit(f"{container_id[:12]} was not sealed in 300 s")
        time.sleep(0.005)


def burst(lines: int) -> str:
    return f"yes '{LINE}' | head -n {lines}"


def steady(lines: int) -> str:
    """In a hundred pieces with pauses between them, such that some 20,000 lines come a second."""
    return f"for i in $(seq 100); do yes '{LINE}' | head -n {lines // 100}; usleep {lines * 2 // 5}; done"


def measure_burst(client: docker.DockerClient, shipper: Shipper, reader: LogReader, lines: int, bare: Path) -> None:
    config = shipper.log_config(client.version()["Version"])
    BareReader(bare)
    bare_config = {**config, "Config": {**config["Config"], "fluentd-address": f"unix://{bare}"}}  # type: ignore[dict-item]
    began = time.monotonic()
    start(client, bare_config, burst(lines)).wait()
    limit = time.monotonic() - began
    took, ended = measure_cpu(client, shipper, reader, burst(lines), lines, "a burst")
    print(f"  the container ran {ended:.2f} s, with a bare reader {limit:.2f} s: ratio {ended / limit:.2f}")
    print(f"  from start to sealed {took:.2f} s: {took / limit:.2f} x the bare run")


def measure_cpu(
    client: docker.DockerClient, shipper: Shipper, reader: LogReader, command: str, lines: int, name: str
) -> tuple[float, float]:
    """Seconds from the start to the seal, and to the container's end."""
    config = shipper.log_config(client.version()["Version"])
    before, began = shipper.cpu_seconds(), time.monotonic()
    container = start(client, config, command)
    container.wait()
    ended = time.monotonic() - began
    until_sealed(reader, container.id)
    took = time.monotonic() - began
    stored = reader.count_lines(container.id)
    used = {part: after - before[part] for part, after in shipper.cpu_seconds().items()}
    put_back = sum(seal.put_back for seal in reader.seals(container.id))
    print(f"{name} of {lines}: {stored} stored, {put_back} of them put back, {lines / took:,.0f} lines/s until all can be "
          f"searched and are sealed, {took - ended:.2f} s after the container's end")  # fmt: skip
    shown = ", ".join(f"{part} {seconds / lines * 1e6:.1f}" for part, seconds in used.items())
    print(f"  CPU seconds per million records: {sum(used.values()) / lines * 1e6:.1f} ({shown})")
    return took, ended


def measure_small(client: docker.DockerClient, shipper: Shipper, reader: LogReader, count: int) -> None:
    config = shipper.log_config(client.version()["Version"])
    delays = []
    for _ in range(count):
        container = start(client, config, "seq 1 20")
        container.wait()
        ended = time.monotonic()
        until_sealed(reader, container.id)
        if sum(len(page) for page in reader.read(LogQuery(container.id))) != 20:
            raise SystemExit("lines are missing")
        delays.append(time.monotonic() - ended)
    delays.sort()
    print(f"{count} small containers, end to sealed: median {statistics.median(delays) * 1000:.0f} ms, "
          f"longest {delays[-1] * 1000:.0f} ms")  # fmt: skip


def measure_life(client: docker.DockerClient, shipper: Shipper, count: int) -> None:
    """A container's life must not depend on us."""
    config = shipper.log_config(client.version()["Version"])

    def life() -> float:
        began = time.monotonic()
        container = start(client, config, "echo up; sleep 30")
        container.kill()
        container.remove()
        return time.monotonic() - began

    up = statistics.median(life() for _ in range(count))
    shipper.stop()
    down = statistics.median(life() for _ in range(count))
    print(f"a container's start, kill and removal: {up * 1000:.0f} ms with the shipper up, {down * 1000:.0f} ms down: "
          f"ratio {up / down:.2f}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--small", type=int, default=30)
    parser.add_argument("--bursts", type=int, default=1)
    parser.add_argument("--store", default="")
    parser.add_argument("--elasticsearch", default="", metavar="VERSION")
    given = parser.parse_args()
    if given.elasticsearch:
        with running_node(given.elasticsearch, lasting=True) as node:
            measure(given, node.url)
    else:
        measure(given, given.store)


def measure(given: argparse.Namespace, store: str) -> None:
    folder = Path(tempfile.mkdtemp(prefix="wl-bench-", dir="/var/tmp"))
    engine = Dockerd(folder)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = {"store": store} if store else {}
    shipper = Shipper(folder / "data", engine.url, port, **settings)
    try:
        engine.start()
        client = engine.client()
        import_busybox(client)
        shipper.start()
        reader = open_reader(store or f"sqlite://{folder}/data/logs")
        print(f"store: {reader.check()}")
        measure_small(client, shipper, reader, given.small)
        for number in range(given.bursts):
            measure_burst(client, shipper, reader, given.lines, folder / f"bare-{number}.sock")
        measure_cpu(client, shipper, reader, steady(given.lines), given.lines, "a steady log")
        measure_life(client, shipper, 10)
    finally:
        shipper.stop()
        engine.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
