"""The spine: `wholelog up` on a real engine, asked by HTTP as a client asks, on each kind of store."""

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
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd
from tests.services.elasticsearch import own_prefix
from wholelog_base import labels

PYTHON = """
import sys
print("hello")
print("oops", file=sys.stderr)
for i in range(3):
    print(i)
print("ünïcode ✓ " + "x" * 20000)
1 / 0
"""
TRACE = "Traceback (most recent call last):"


class Spine:
    """One Wholelog on one store. Every answer must be an envelope."""

    def __init__(self, engine: str, data: Path, **settings: str) -> None:
        self.data, self.log = data, data / "log"
        self.token = ""  # of who asks
        self.api, self.shipper = free_address(), free_address()
        environ = {n: v for n, v in os.environ.items() if not n.startswith(("WHOLELOG_", "DOCKER_"))}
        given = {
            "data": str(data),
            "docker_host": engine,
            "listen": self.api,
            "shipper_listen": self.shipper,
            **settings,
        }
        self._environ = environ | {f"WHOLELOG_{name.upper()}": value for name, value in given.items()}
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "wholelog", "up"], env=self._environ,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + 90
        while self._ready() != 200:
            assert self._process.poll() is None and time.monotonic() < end, self.log.read_text()[-5000:]
            time.sleep(0.1)

    @property
    def environ(self) -> dict[str, str]:
        """In which commands find it."""
        return self._environ

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            assert self._process.wait(60) == 0, self.log.read_text()[-5000:]
        finally:
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:
        query = "?" + urllib.parse.urlencode(params) if params else ""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(f"http://{self.api}{path}{query}", content, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=100) as answer:
                status, read = answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            status, read = error.code, json.load(error)
        assert list(read) == ["timestamp", "status", "message", "data"] and read["status"] == status
        found: dict[str, Any] = read
        return found

    def run(self, task_type: str, cmd: str, request_id: str = "", **desc: Any) -> dict[str, Any]:
        body = {"request_id": request_id, "tags": {"type": task_type}, "task_desc": {"cmd": cmd, **desc}}
        answer = self.ask("POST", "/containers", body)
        assert answer["status"] == 200, answer
        data: dict[str, Any] = answer["data"]
        return data

    def sealed(self, name: str, **params: Any) -> dict[str, Any]:
        """`data` of /logs, once the container's end is verified; it must have been."""
        answer = self.ask("GET", "/logs", container_id=name, wait="sealed", **params)
        assert answer["status"] == 200 and answer["data"]["waited"]["sealed"], (answer, self.log.read_text()[-3000:])
        data: dict[str, Any] = answer["data"]
        return data

    def audit(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "wholelog", "audit", *arguments]
        return subprocess.run(command, env=self._environ, capture_output=True, text=True, timeout=100)

    def _ready(self) -> int:
        try:
            return int(self.ask("GET", "/readyz")["status"])
        except OSError:
            return 0


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


def texts(data: dict[str, Any], stream: str = "") -> list[str]:
    return [line["log_message"] for line in data["logs"] if stream in ("", line["stream"])]


@contextmanager
def running(dockerd: Dockerd, python_image: str, **settings: str) -> Iterator[Spine]:
    with tempfile.TemporaryDirectory(prefix="wl-", dir="/var/tmp") as folder:
        spine = Spine(
            dockerd.url, Path(folder), image_pull="false", image_code_cell=python_image, image_bash_cell=python_image,
            image_algorithm=BUSYBOX_IMAGE, seal_wait="30s", **settings,
        )  # fmt: skip
        try:
            yield spine
        finally:
            spine.stop()
            client = dockerd.client()
            for container in client.containers.list(all=True, filters={"label": labels.TASK_ID}, ignore_removed=True):
                container.remove(force=True)
            client.close()


@pytest.fixture(scope="module", params=["sqlite", "elasticsearch"])
def spine(request: pytest.FixtureRequest, dockerd: Dockerd, python_image: str) -> Iterator[Spine]:
    if request.param == "sqlite":
        with running(dockerd, python_image) as one:
            yield one
        return
    url = request.getfixturevalue("newest_elasticsearch_url")
    with own_prefix(url) as prefix, running(dockerd, python_image, store=url, index_prefix=prefix) as one:
        yield one


def test_a_code_cell(spine: Spine) -> None:
    made = spine.run("code_cell", PYTHON, cpu_limit="0.5", mem_limit="128m", env=["A=b"])
    assert made["log_path"] == f"/logs?container_id={made['container_id']}"
    assert made["container_name"] == f"wholelog-{made['task_id']}" and made["image"]["name"] and made["image"]["digest"]
    data = spine.sealed(made["container_id"])
    assert texts(data, "stdout") == ["hello", "0", "1", "2", "ünïcode ✓ " + "x" * 20000]
    oops, *trace = "\n".join(texts(data, "stderr")).split("\n")
    assert (oops, trace[0], trace[-1]) == ("oops", TRACE, "ZeroDivisionError: division by zero")
    assert {line["log_type"] for line in data["logs"] if line["log_message"].startswith(TRACE)} == {"error"}
    assert data["seal"]["state"] == "sealed" and data["seal"]["gaps"] == []
    assert data["seal"]["lines"] == data["lines"] == 6 + len(trace)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", line["log_time"]) for line in data["logs"])
    shown = spine.ask("GET", f"/containers/{made['container_id']}")["data"]["container"]
    assert (shown["exit_code"], shown["status"], shown["cpu_limit"], shown["mem_limit"]) == (
        1,
        "exited",
        0.5,
        128 << 20,
    )
    assert shown["seal"]["state"] == "sealed" and shown["seal"]["lines"] == data["lines"]


def test_a_bash_cell(spine: Spine) -> None:
    made = spine.run("bash_cell", 'a=(x y); for i in "${a[@]}"; do echo $i; done; printf "no newline"; exit 3')
    data = spine.sealed(made["container_id"])
    assert texts(data) == ["x", "y", "no newline"] and data["seal"]["state"] == "sealed"
    shown = spine.ask("GET", f"/containers/{made['container_id']}")["data"]["container"]
    assert shown["exit_code"] == 3 and shown["type"] == "bash_cell"


def test_an_algorithm(spine: Spine) -> None:
    made = spine.run("algorithm", "echo 'a  b' $HOME")
    data = spine.sealed(made["container_id"])
    assert texts(data) == ["a  b $HOME"] and data["seal"]["lines"] == 1


def test_a_json_line_has_fields(spine: Spine) -> None:
    made = spine.run("algorithm", """echo '{"level":"warn","msg":"x","traceId":"ab","req":{"method":"GET"}}'""")
    (line,) = spine.sealed(made["container_id"])["logs"]
    assert (line["log_type"], line["log_type_by"]) == ("warning", "field")
    assert line["fields"] == {"log.level": "warn", "trace.id": "ab", "http.request.method": "GET"}


SLOW_ERROR = """
echo "Error: rows are wrong"; sleep 0.2; echo "row 1"; sleep 1.2; echo; echo "row 7"; sleep 0.7
echo "    at check (/app/rows.js:10:5)"; echo next
"""


def test_a_message_that_its_frames_show_to_be_one_however_slow_it_comes(spine: Spine) -> None:
    """Its lines may have been shown by then: who follows is told that they are part of it now."""
    made = spine.run("bash_cell", SLOW_ERROR)["container_id"]
    shown: dict[str, str] = {}
    with urllib.request.urlopen(
        f"http://{spine.api}/logs?container_id={made}&follow=true&format=ndjson", timeout=60
    ) as answer:
        for event in map(json.loads, filter(str.strip, map(bytes.decode, answer))):
            if "log_message" in event:
                shown[event["id"]] = event["log_message"]
                for name in event.get("gone", ()):
                    del shown[name]
    error = "Error: rows are wrong\nrow 1\n\nrow 7\n    at check (/app/rows.js:10:5)"
    assert list(shown.values()) == [error, "next"]
    data = spine.sealed(made)
    assert [(line["log_message"], line["log_type"]) for line in data["logs"]] == [(error, "error"), ("next", "info")]
    assert data["seal"]["state"] == "sealed" and data["seal"]["lines"] == 6


def test_lines_are_read_as_the_task_asks(spine: Spine) -> None:
    log = {"default_type": {"stderr": "error"}, "format": "json", "starts": ["^>"], "ansi": "drop"}
    cmd = r"""sh -c "printf '> \\033[1mone\\033[0m\\n more\\n> WARNING two\\n'; echo bad >&2" """
    data = spine.sealed(spine.run("algorithm", cmd, log=log)["container_id"])
    assert texts(data, "stdout") == ["> one\n more", "> WARNING two"] and data["seal"]["lines"] == 4
    assert [(line["log_type"], line["log_message"]) for line in data["logs"] if line["log_type"] != "info"] == [
        ("error", "bad")
    ]


def test_without_any_output(spine: Spine) -> None:
    data = spine.sealed(spine.run("algorithm", "true")["container_id"])
    assert (data["logs"], data["seal"]["state"], data["seal"]["lines"]) == ([], "sealed", 0)


def test_ids_prefixes_and_names(spine: Spine) -> None:
    made = spine.run("algorithm", "seq 1 5")
    for name in (made["container_id"], made["container_id"][:20], made["container_name"], made["task_id"]):
        assert texts(spine.sealed(name)) == ["1", "2", "3", "4", "5"]
        assert spine.ask("GET", f"/containers/{name}")["data"]["container"]["container_id"] == made["container_id"]
    assert spine.ask("GET", "/logs", container_id="nosuch", wait="sealed")["status"] == 404
    assert made["container_id"] in [
        one["container_id"] for one in spine.ask("GET", "/containers")["data"]["containers"]
    ]


def test_sizes_and_ranges(spine: Spine) -> None:
    made = spine.run("algorithm", "seq 1 3000")["container_id"]
    whole = spine.sealed(made)["logs"]
    assert [line["log_message"] for line in whole] == [str(number) for number in range(1, 3001)]
    for size in (1, 7, 2999, 3000, 5000):
        data = spine.sealed(made, size=size)
        assert data["logs"] == whole[:size] and data["seal"]["state"] == "sealed"
    first, last = whole[1000]["log_time"], whole[2000]["log_time"]
    asked = [line for line in whole if first <= line["log_time"] <= last]
    assert spine.sealed(made, start_time=first, end_time=last)["logs"] == asked
    assert spine.sealed(made, start_time=first, end_time=last, size=5)["logs"] == asked[:5]
    assert spine.sealed(made, end_time=first)["logs"] == [line for line in whole if line["log_time"] <= first]
    assert spine.sealed(made, start_time="1h")["logs"] == whole
    assert spine.sealed(made, end_time="1h")["logs"] == []
    assert spine.ask("GET", "/logs", container_id=made, start_time=last, end_time=first)["status"] == 400


def test_the_same_request_twice(spine: Spine) -> None:
    one = spine.run("algorithm", "echo once", "twice-1")
    assert spine.run("algorithm", "echo once", "twice-1") == one
    assert texts(spine.sealed(one["container_id"])) == ["once"]
    body = {"request_id": "twice-1", "tags": {"type": "algorithm"}, "task_desc": {"cmd": "echo another"}}
    assert spine.ask("POST", "/containers", body)["status"] == 409


def test_a_wait_lasts_until_the_end(spine: Spine) -> None:
    """What is written while it waits is in the answer."""
    made = spine.run("bash_cell", "echo first; sleep 2; echo last")["container_id"]
    data = spine.sealed(made)
    assert texts(data) == ["first", "last"] and data["waited"]["seconds"] > 0.5
    running = spine.run("bash_cell", "echo up; sleep 300")["container_id"]
    answer = spine.ask("GET", "/logs", container_id=running, wait="sealed", wait_seconds=2)
    assert answer["status"] == 200 and "not sealed after 2 s" in answer["message"]
    assert answer["data"]["waited"]["sealed"] is False and answer["data"]["seal"]["state"] == "open"
    assert texts(answer["data"]) == ["up"]
    assert spine.ask("DELETE", f"/containers/{running}")["data"]["removed"]


def test_a_container_that_is_started_again(spine: Spine, dockerd: Dockerd) -> None:
    """A wait right after the start is for the new run, though the old one's seal is there."""
    made = spine.run("algorithm", "seq 1 1000")["container_id"]
    assert spine.sealed(made)["seal"]["runs"] == 1
    client = dockerd.client()
    client.containers.get(made).start()
    client.close()
    data = spine.sealed(made)
    assert texts(data) == [str(number) for number in range(1, 1001)] * 2
    assert (data["seal"]["state"], data["seal"]["runs"], data["seal"]["lines"]) == ("sealed", 2, 2000)


def test_deletion_and_what_stays(spine: Spine) -> None:
    made = spine.run("bash_cell", "for i in $(seq 5000); do echo line $i; done; exec sleep 300")
    container_id = made["container_id"]
    end = time.monotonic() + 60
    while spine.ask("GET", "/logs", container_id=container_id)["data"]["count"] < 4000:
        assert time.monotonic() < end
        time.sleep(0.1)
    answer = spine.ask("DELETE", f"/containers/{container_id[:20]}", {"request_id": f"del-{container_id[:8]}"})
    assert answer["status"] == 200 and answer["data"]["container_id"] == container_id, answer
    assert answer["message"] == f"container {container_id[:12]} is deleted; sealed: 5000 lines"
    assert answer["data"]["removed"] and answer["data"]["seal"]["state"] == "sealed"
    again = spine.ask("DELETE", f"/containers/{container_id}", {"request_id": f"del-{container_id[:8]}"})
    assert again["data"] == answer["data"]
    assert spine.ask("DELETE", f"/containers/{container_id}")["status"] == 404
    for name in (container_id, container_id[:20], made["container_name"], made["task_id"]):
        data = spine.sealed(name)
        assert texts(data) == [f"line {number}" for number in range(1, 5001)]
        assert data["seal"]["state"] == "sealed"
        shown = spine.ask("GET", f"/containers/{name}")["data"]["container"]
        assert (shown["status"], shown["container_id"], shown["type"]) == ("removed", container_id, "bash_cell")
        assert shown["seal"]["lines"] == 5000 and shown["deleted"] and shown["image"] == made["image"]
        assert shown["exit_code"] == 137 and shown["started"] < shown["finished"] < shown["deleted"]
    assert container_id not in [one["container_id"] for one in spine.ask("GET", "/containers")["data"]["containers"]]


def test_a_log_is_removed_on_request_and_stays_away(spine: Spine) -> None:
    """While it grows it is not; then its lines go, its seal says so, and the audit does not put them back."""
    grows = spine.run("bash_cell", "trap 'exit 0' TERM; echo first; while :; do sleep 0.1; done")["container_id"]
    assert spine.ask("DELETE", "/logs", container_id=grows)["status"] == 409
    spine.ask("DELETE", f"/containers/{grows}")
    task = spine.run("bash_cell", "seq 1 300")
    assert spine.sealed(task["task_id"])["count"] == 300
    answer = spine.ask("DELETE", "/logs", container_id=task["task_id"])
    assert (answer["status"], answer["data"]["removed"]) == (200, True), answer
    assert spine.audit(task["container_id"], "--repair").returncode == 1  # since there is a gap
    left = spine.ask("GET", "/logs", container_id=task["container_id"])["data"]
    assert left["logs"] == [] and left["seal"]["state"] == "gaps"
    (gap,) = left["seal"]["gaps"]
    assert gap["lines"] == 300 and gap["why"].startswith("removed by an administrator at ")
    assert spine.ask("DELETE", "/logs", container_id=task["container_id"])["data"]["removed"] is True


def test_audit_by_hand(spine: Spine) -> None:
    made = spine.run("algorithm", "seq 1 100")
    spine.sealed(made["container_id"])
    for more in ((), ("--repair",)):
        done = spine.audit(made["container_name"], *more)
        assert done.returncode == 0, (done, spine.log.read_text()[-3000:])
        row = done.stdout.splitlines()[1].split()
        assert (row[0], row[1]) == (made["container_name"], made["container_id"][:12])
        assert row[3:5] == ["sealed", "100"]
    assert texts(spine.sealed(made["container_id"])) == [str(number) for number in range(1, 101)]
    missing = spine.audit("nosuch")
    assert missing.returncode == 1 and "nosuch" in missing.stderr and "Traceback" not in missing.stderr


def test_bad_requests_name_what_is_wrong(spine: Spine) -> None:
    answer = spine.ask(
        "POST",
        "/containers",
        {"tags": {"type": "x"}, "task_desc": {"cpu_limit": "-1", "mem_limit": "1x", "env": ["1"]}},
    )
    assert answer["status"] == 400
    assert all(name in answer["message"] for name in ("tags.type", "cpu_limit", "mem_limit", "env"))
    answer = spine.ask("POST", "/containers", {"tags": {"type": "algorithm"}, "task_desc": {"cmd": "nosuch 1"}})
    assert answer["status"] == 400 and "nosuch" in answer["message"]
