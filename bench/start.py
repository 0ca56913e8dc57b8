"""POST to started beside docker-py alone; a list with 20 running; start and delete with and without the shipper.

    python -m bench.start [--docker-host unix:///path.sock] [--rounds 40]

Without --docker-host it starts an engine of its own, as the tests do. Prints one JSON object: medians in seconds, the
median of the ratios of neighbouring pairs, what a list and a look take with 20 containers running, and what starting
and deleting a container takes while the shipper is up (the container's log is verified first) and while it is down.
"""

import argparse
import json
import socket
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import docker

from log_store.sqlite.reader import SqliteReader
from runtime_api.config import ApiSettings
from runtime_api.containers.log_driver import driver_options
from runtime_api.containers.open import open_containers
from runtime_api.containers.service import ContainerService
from runtime_api.schemas.task_body import parse_task
from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd, import_busybox
from tests.services.shipper import Shipper

RUNNING = 20


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def measure(url: str, rounds: int) -> dict[str, float]:
    client = docker.APIClient(url, version="auto")
    with tempfile.TemporaryDirectory(prefix="wl-", dir="/var/tmp") as folder:
        settings = ApiSettings(data=Path(folder), docker_host=url, image_bash_cell=BUSYBOX_IMAGE)
        reader = SqliteReader(Path(folder) / "logs")
        service = open_containers(settings, reader, {})
        service.start()
        try:
            alone = {**_starts(service, client, settings, rounds), **_lists(service, client)}
            return {**alone, **_deletes(service, settings, rounds // 2)}
        finally:
            service.close()
            reader.close()
            client.close()


def _deletes(service: ContainerService, settings: ApiSettings, rounds: int) -> dict[str, float]:
    desc = {"image": BUSYBOX_IMAGE, "cmd": "seq 1000; sleep 600"}
    task = parse_task({"tags": {"type": "bash_cell"}, "task_desc": desc})

    def round_trips(word: str, removed: bool) -> dict[str, float]:
        starts, deletes = [], []
        for _ in range(rounds):
            spent, made = seconds(lambda: service.create(task))
            starts.append(spent)
            time.sleep(0.3)  # so that it has written its lines
            spent, deleted = seconds(partial(service.delete, made.container_id, ""))
            deletes.append(spent)
            assert deleted.removed == removed, deleted.message
        return {
            f"start_shipper_{word}_median_s": statistics.median(starts),
            f"delete_shipper_{word}_median_s": statistics.median(deletes),
            f"delete_shipper_{word}_worst_s": max(deletes),
        }

    down = round_trips("down", False)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    shipper = Shipper(settings.data, settings.docker_host, port)
    shipper.start()
    try:
        end = time.monotonic() + 60
        while service.list() and time.monotonic() < end:
            time.sleep(0.1)  # those that waited for the shipper
        return {**down, **round_trips("up", True)}
    finally:
        shipper.stop()


def _starts(service: ContainerService, client: Any, settings: ApiSettings, rounds: int) -> dict[str, float]:
    options = driver_options(settings.socket_path, client.version()["Version"])

    def alone(number: int) -> str:
        host = client.create_host_config(
            nano_cpus=500_000_000,
            mem_limit="64m",
            memswap_limit="64m",
            log_config={"Type": "fluentd", "Config": options},
            network_mode=settings.task_network,  # a sandbox without network takes the engine some 0.1 s
        )
        made = client.create_container(
            BUSYBOX_IMAGE, ["sh", "-c", "sleep 600"], name=f"alone-{number}", environment=["A=1"], host_config=host
        )
        client.start(made["Id"])
        return str(made["Id"])

    def ours(number: int) -> str:
        desc = {"image": BUSYBOX_IMAGE, "cmd": "sleep 600", "cpu_limit": "0.5", "mem_limit": "64m", "env": ["A=1"]}
        body = {"request_id": f"bench-{number}", "tags": {"type": "bash_cell"}, "task_desc": desc}
        return service.create(parse_task(body)).container_id

    times: list[tuple[float, float]] = []
    for number in range(-2, rounds):
        order = (alone, ours) if number % 2 else (ours, alone)
        spent = {}
        for way in order:
            spent[way], container_id = seconds(lambda way=way, number=number: way(number + 10))  # type: ignore[misc]
            client.remove_container(container_id, force=True)
        if number >= 0:  # the first ones warm both up
            times.append((spent[alone], spent[ours]))
    return {
        "docker_py_median_s": statistics.median(one for one, _ in times),
        "post_median_s": statistics.median(one for _, one in times),
        "ratio_median": statistics.median(our / one for one, our in times),
    }


def _lists(service: ContainerService, client: Any) -> dict[str, float]:
    body = {"tags": {"type": "bash_cell"}, "task_desc": {"image": BUSYBOX_IMAGE, "cmd": "sleep 600"}}
    made = [service.create(parse_task(body)).container_id for _ in range(RUNNING)]
    try:
        first, _ = seconds(service.list)
        time.sleep(2)
        lists = [seconds(service.list)[0] for _ in range(50)]
        gets = [seconds(lambda: service.get(made[0]))[0] for _ in range(50)]
        began = time.process_time()
        time.sleep(5)
        return {
            "list_20_first_s": first,
            "list_20_median_s": statistics.median(lists),
            "list_20_worst_s": max(lists),
            "get_median_s": statistics.median(gets),
            "cpu_share_of_keeping_20_figures": (time.process_time() - began) / 5,
        }
    finally:
        for container_id in made:
            client.remove_container(container_id, force=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    options.add_argument("--docker-host", default="")
    options.add_argument("--rounds", type=int, default=40)
    chosen = options.parse_args()
    if chosen.docker_host:
        client = docker.DockerClient(chosen.docker_host)
        import_busybox(client)
        client.close()
        print(json.dumps(measure(chosen.docker_host, chosen.rounds)))
        return
    with tempfile.TemporaryDirectory(prefix="wl-dockerd-", dir="/var/tmp", ignore_cleanup_errors=True) as folder:
        engine = Dockerd(Path(folder))
        engine.start()
        try:
            import_busybox(engine.client())
            print(json.dumps(measure(engine.url, chosen.rounds)))
        finally:
            engine.stop()


if __name__ == "__main__":
    main()
