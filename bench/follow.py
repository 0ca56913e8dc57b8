"""Time from a line that a container writes to the same line seen by who follows its log.

    python bench/follow.py [--rate 1000] [--seconds 30] [--followers 1] [--store URL]

Needs root and Docker's engine, of which it starts one of its own. The delay is that between the time which Docker stamped
and the moment at which the follower has read the line. Without --store the embedded SQLite store is used.
"""

import argparse
import json
import multiprocessing
import shutil
import socket
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from docker.models.containers import Container

from bench.shipper import LINE
from log_store.open import open_reader
from log_store.rfc3339 import parse_ns
from tests.api_server import running
from tests.fake_containers import FakeContainers
from tests.follow_client import follow
from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd, import_busybox
from tests.services.shipper import Shipper

AT_ONCE = 10  # lines
SHOWN = (50, 90, 99, 99.9, 100)


def serve(store: str, container_id: str, ports: Any, stop: Any) -> None:
    """The API in a process of its own."""
    containers = FakeContainers()
    containers.known = {container_id: "bench"}
    with running(containers, open_reader(store), follow_limit=200) as port:
        ports.put(port)
        stop.wait()


class Follower(threading.Thread):
    def __init__(self, port: int, container_id: str) -> None:
        super().__init__(daemon=True)
        self._client = follow(port, container=container_id)
        self.delays: list[float] = []
        self.odd = 0

    def run(self) -> None:
        while (block := self._client.block()) is not None:
            now = time.time_ns()
            if block.get("event") == "line":
                data = json.loads(block["data"])
                self.delays.append((now - parse_ns(data["log_time"])) / 1e6)
                self.odd += "late" in data or "grown" in data


def percentiles(values: list[float]) -> str:
    values = sorted(values)
    return ", ".join(f"p{p:g} {values[min(len(values) - 1, int(len(values) * p / 100))]:,.0f} ms" for p in SHOWN)


def command(rate: int, seconds: int) -> str:
    """A shell's loop that writes a little slower than the rate."""
    lines = "\n".join([LINE] * AT_ONCE)
    turns = rate * seconds // AT_ONCE
    return f"i=0; while [ $i -lt {turns} ]; do echo '{lines}'; sleep {0.9 * AT_ONCE / rate:.4f}; i=$((i+1)); done"


def measure(container: Container, port: int, followers: int) -> None:
    following = [Follower(port, str(container.id)) for _ in range(followers)]
    for one in following:
        one.start()
    began = time.monotonic()
    container.start()
    container.wait()
    took = time.monotonic() - began
    for one in following:
        one.join(120)
    count = len(following[0].delays)
    print(
        f"{count} lines in {took:.1f} s ({count / took:,.0f}/s), {followers} followers, {sum(o.odd for o in following)} late or grown"
    )
    print(f"  written to seen: {percentiles(following[0].delays)}")
    if followers > 1:
        print(f"  of all followers: {percentiles([delay for one in following for delay in one.delays])}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--followers", type=int, default=1)
    parser.add_argument("--store", default="")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="wl-bench-", dir="/var/tmp"))
    engine = Dockerd(folder)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free = probe.getsockname()[1]
    shipper = Shipper(folder / "data", engine.url, free, **({"store": given.store} if given.store else {}))
    stop, ports = multiprocessing.Event(), multiprocessing.Queue()  # type: ignore[var-annotated]
    try:
        engine.start()
        client = engine.client()
        import_busybox(client)
        shipper.start()
        store = given.store or f"sqlite://{folder}/data/logs"
        print(f"store: {open_reader(store).check()}")
        config = shipper.log_config(client.version()["Version"])
        container = client.containers.create(
            BUSYBOX_IMAGE, ["sh", "-c", command(given.rate, given.seconds)], log_config=config
        )
        api = multiprocessing.Process(target=serve, args=(store, container.id, ports, stop))
        api.start()
        measure(container, ports.get(timeout=30), given.followers)
        stop.set()
        api.join(20)
    finally:
        stop.set()
        shipper.stop()
        engine.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
