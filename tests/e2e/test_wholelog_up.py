"""`wholelog up`: all processes under one supervisor, on a real engine."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd

WAIT_SECONDS = 60


class Up:
    """Its settings come from a TOML file, as an operator gives them."""

    def __init__(self, engine: str, data: Path) -> None:
        self.data = data
        self.address = free_address()
        self.config = data / "w.toml"
        self.log = data / "log"
        lines = {
            "data": str(data), "docker_host": engine, "listen": self.address, "shipper_listen": free_address(),
            "image_bash_cell": BUSYBOX_IMAGE, "watchdog": "2s",
        }  # fmt: skip
        self.config.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items()))
        self.process = self.start()

    def start(self) -> "subprocess.Popen[bytes]":
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "wholelog", "up", "--config", str(self.config)], env=clean(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        eventually(lambda: self.ask("/readyz")[0] == 200, self)
        return self.process

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def wholelog(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "wholelog", *arguments, "--config", str(self.config)]
        return subprocess.run(command, env=clean(), capture_output=True, text=True, timeout=60)

    def ask(
        self, path: str, body: dict[str, Any] | None = None, method: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://{self.address}{path}", content, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, {}

    def child(self, name: str) -> int:
        """Its process id."""
        for place in Path("/proc").glob("[0-9]*"):
            try:
                words = (place / "cmdline").read_bytes().decode().split("\0")[:-1]
                parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it has ended
            if parent == self.process.pid and words[-1:] == [name]:
                return int(place.name)
        return 0

    def run(self, script: str) -> str:
        """The id of a bash_cell's container."""
        status, answer = self.ask("/containers", {"tags": {"type": "bash_cell"}, "task_desc": {"cmd": script}})
        assert status in (200, 201), answer
        return str(answer["data"]["container_id"])

    def sealed(self, container: str) -> list[str]:
        """Its lines, once the seal is there; the seal must count them."""
        found: dict[str, Any] = {}

        def sealed() -> bool:
            nonlocal found
            status, answer = self.ask(f"/logs?container_id={container}")
            found = answer["data"] if status == 200 else {}
            return bool(found) and found["seal"]["state"] not in ("open",)

        eventually(sealed, self)
        assert found["seal"]["state"] == "sealed", found["seal"]
        assert found["seal"]["lines"] == len(found["logs"])
        return [line["log_message"] for line in found["logs"]]


@pytest.fixture
def up(dockerd: Dockerd) -> Iterator[Up]:
    with tempfile.TemporaryDirectory(prefix="wl-", dir="/var/tmp") as folder:
        running = Up(dockerd.url, Path(folder))
        try:
            yield running
        finally:
            if running.process.poll() is None:
                running.stop()
            client = dockerd.client()
            for container in client.containers.list(
                all=True, filters={"label": "wholelog.task_id"}, ignore_removed=True
            ):
                container.remove(force=True)
            client.close()


def clean() -> dict[str, str]:
    return {n: v for n, v in os.environ.items() if not n.startswith(("WHOLELOG_", "DOCKER_"))}


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


def eventually(holds: Callable[[], bool], up: Up) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < end, up.log.read_text()[-3000:]
        time.sleep(0.05)


def test_a_task_is_read_back_deleted_and_read_again_after_a_restart(up: Up) -> None:
    container = up.run("for i in 1 2 3; do echo line $i; done; printf 'no newline'")
    lines = ["line 1", "line 2", "line 3", "no newline"]
    assert up.sealed(container) == lines
    others = [
        place for place in up.data.rglob("*") if place.lstat().st_mode & 0o077 and place not in (up.config, up.log)
    ]
    assert not others, "logs are for their owner alone"
    assert up.ask(f"/containers/{container}", method="DELETE")[0] == 200
    assert up.sealed(container) == lines
    assert up.stop() == 0
    assert up.child("acceptor") == 0
    up.start()
    assert up.sealed(container) == lines


@pytest.mark.parametrize("name", ["acceptor", "processor", "runtime_api"])
def test_a_process_that_is_killed_is_started_again_and_no_line_is_lost(up: Up, name: str) -> None:
    container = up.run(
        "for i in $(seq 2000); do echo line $i; done; sleep 2; for i in $(seq 2000); do echo more $i; done"
    )
    first = up.child(name)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: up.child(name) not in (0, first), up)
    assert up.sealed(container) == [f"line {i}" for i in range(1, 2001)] + [f"more {i}" for i in range(1, 2001)]


def test_a_frozen_acceptor_is_killed_and_started_again(up: Up) -> None:
    first = up.child("acceptor")
    os.kill(first, signal.SIGSTOP)
    eventually(lambda: up.child("acceptor") not in (0, first), up)
    assert up.sealed(up.run("echo still here")) == ["still here"]


def test_check_finds_all_well_and_driver_options_fit_a_container_of_ones_own(up: Up, dockerd: Dockerd) -> None:
    done = up.wholelog("check")
    assert done.returncode == 0, done.stdout
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["ok"] * 6
    options = json.loads(up.wholelog("driver-options", "--format", "json").stdout)
    client = dockerd.client()
    container = client.containers.run(
        BUSYBOX_IMAGE, ["echo", "of my own"], detach=True,
        log_config={"type": options["log-driver"], "config": options["log-opts"]},
    )  # fmt: skip
    try:
        assert up.sealed(container.id) == ["of my own"]
    finally:
        container.remove(force=True)
        client.close()


def test_a_second_one_on_the_same_folder_is_refused(up: Up) -> None:
    done = up.wholelog("up", "--listen", free_address(), "--shipper-listen", free_address())
    assert done.returncode == 1
    assert f"process {up.process.pid}" in done.stderr and "--data DIR" in done.stderr


def test_the_calls_of_the_readme_work(up: Up) -> None:
    text = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    calls = re.findall(r"^    (curl .*(?:\n      .*)*)", text, re.MULTILINE)
    assert len(calls) > 5
    container = ""
    for call in calls:
        call = (
            call.replace("127.0.0.1:8080", up.address).replace("/ID", f"/{container}").replace("=ID", f"={container}")
        )
        done = subprocess.run(call, shell=True, capture_output=True, timeout=60)
        if "format=text" in call:
            assert done.returncode == 0 and b"line 3" in done.stdout, (call, done)
            continue
        answer = json.loads(done.stdout)
        assert answer["status"] in (200, 201), (call, answer)
        container = container or answer["data"]["container_id"]
