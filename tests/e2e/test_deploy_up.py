"""`./deploy/up`, the first command of the README, from a clean copy of this checkout."""

import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd
from tests.services.registry import registry

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 240  # the first start installs; a bound, not an expectation
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def checkout() -> Iterator[Path]:
    """What git has of this checkout, in a folder of its own that any user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="wl-up-", dir="/var/tmp"))
    folder.chmod(0o755)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    yield folder
    shutil.rmtree(folder)


def environment(**more: str) -> dict[str, str]:
    """As in a terminal of a newcomer: nothing of the tests'."""
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("WHOLELOG_", "DOCKER_", "VIRTUAL_ENV"))}
    return {**clean, "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **more}


def run(checkout: Path, *arguments: str, user: int | None = None, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [checkout / "deploy/up", *arguments], env=environment(**environ), cwd="/", user=user, group=user,
        extra_groups=None if user is None else [], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=START_SECONDS,
    )  # fmt: skip


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


def answers(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def assert_sample_is_whole(output: str) -> None:
    *lines, seal = answers(output)
    assert sorted(line["log_type"] for line in lines) == ["debug", "error", "info", "info"]
    assert sorted(line["log_message"] for line in lines)[-1] == "and this is the last one"
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", line["log_time"]) for line in lines)
    assert seal["seal"]["state"] == "sealed" and seal["seal"]["lines"] == 4


def left_behind(data: Path) -> list[str]:
    """Processes and mounts that have to do with this data folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            command += (process / "environ").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended
        if str(data) in command:
            found.append(command)
    return found + [mount for mount in Path("/proc/mounts").read_text().splitlines() if str(data) in mount]


def test_once_on_a_machine_without_an_engine_and_again(checkout: Path) -> None:
    """The engine is started here, the image made here; nothing stays but the data folder and the environment."""
    runs_before = set(Path("/run").glob("wholelog-*"))
    for address in (free_address(), f"unix://{checkout}/api.sock"):
        done = run(checkout, "--once", "--listen", address)
        assert done.returncode == 0, done.stdout + done.stderr
        assert_sample_is_whole(done.stdout)
        assert str(checkout / ".venv") in done.stdout and str(checkout / "wholelog-data") in done.stdout
    assert left_behind(checkout / "wholelog-data") == []
    assert set(Path("/run").glob("wholelog-*")) == runs_before and not (checkout / "api.sock").exists()


def test_a_registry_that_never_answers_does_not_hold_the_start(checkout: Path) -> None:
    """The engine that is started here takes the proxy from our environment; this one accepts and is silent."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxy = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = run(checkout, "--once", "--listen", free_address(), HTTPS_PROXY=proxy, HTTP_PROXY=proxy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no registry answered within 5 s" in done.stdout
    assert_sample_is_whole(done.stdout)


def test_an_image_that_was_named_is_never_replaced(checkout: Path) -> None:
    done = run(checkout, "--once", "--listen", free_address(), WHOLELOG_IMAGE_BASH_CELL="127.0.0.1:9/none/such:1")
    assert done.returncode == 1
    assert "WHOLELOG_IMAGE_BASH_CELL: image '127.0.0.1:9/none/such:1'" in done.stderr and "docker load" in done.stderr


def test_an_image_of_a_registry_that_answers_is_pulled_and_listed(
    checkout: Path, dockerd: Dockerd, tmp_path: Path
) -> None:
    client = dockerd.client()
    with registry() as image:
        named = {f"WHOLELOG_IMAGE_{use}": image for use in ("CODE_CELL", "BASH_CELL", "ALGORITHM")}
        done = run(
            checkout,
            "--once",
            "--data",
            str(tmp_path / "d"),
            "--listen",
            free_address(),
            DOCKER_HOST=dockerd.url,
            **named,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pulling it" in done.stdout and f"docker rmi {image}" in done.stdout
    assert_sample_is_whole(done.stdout)
    client.images.remove(image)
    client.close()


def test_it_stays_up_until_ctrl_c_beside_an_engine_that_runs(checkout: Path, dockerd: Dockerd, tmp_path: Path) -> None:
    """The two curl lines work as printed; at Ctrl-C its own containers go and another's stays."""
    client = dockerd.client()
    theirs = client.containers.run(BUSYBOX_IMAGE, ["sleep", "600"], detach=True)
    data, address = Path(tempfile.mkdtemp(prefix="wl-d-", dir="/var/tmp")), free_address()
    output = tmp_path / "out"
    with open(output, "wb") as out:
        process = subprocess.Popen(
            [checkout / "deploy/up", "--data", str(data), "--listen", address], env=environment(DOCKER_HOST=dockerd.url),
            cwd="/", stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        wait_for(output, "Try:", process)
        curls = [line for line in output.read_text().splitlines() if line.startswith("curl ")]
        started, logs = (
            json.loads(subprocess.run(c, shell=True, capture_output=True, timeout=60).stdout) for c in curls
        )
        assert started["status"] in (200, 201) and started["data"]["container_name"]
        assert len(logs["data"]["logs"]) == 4
        long = post(f"http://{address}/containers", {"tags": {"type": "bash_cell"}, "task_desc": {"cmd": "sleep 600"}})
        mine = [long["data"]["container_id"], started["data"]["container_id"]]
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)  # a second one changes nothing
        assert process.wait(120) == 0, output.read_text()
        assert_sample_is_whole(output.read_text())
        here = {container.id for container in client.containers.list(all=True, ignore_removed=True)}
        assert theirs.id in here and not here & set(mine)
        theirs.reload()
        assert theirs.status == "running"
        assert left_behind(data) == []
        socket.create_server(tuple_of(address)).close()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(120)
        theirs.remove(force=True)
        client.close()
        shutil.rmtree(data)


def test_an_elasticsearch_as_the_store(
    checkout: Path, dockerd: Dockerd, elasticsearch_url: str, tmp_path: Path
) -> None:
    address, prefix = free_address(), f"up{os.getpid()}"
    done = run(
        checkout, "--once", "--store", elasticsearch_url, "--data", str(tmp_path / "d"), "--listen", address,
        DOCKER_HOST=dockerd.url, WHOLELOG_INDEX_PREFIX=prefix,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert_sample_is_whole(done.stdout)
    with urllib.request.urlopen(f"{elasticsearch_url}/_cat/indices/{prefix}*?format=json", timeout=30) as answer:
        assert json.load(answer)


@pytest.mark.parametrize("host", ["tcp://10.0.0.1:2375", "ssh://user@10.0.0.1"])
def test_an_engine_elsewhere_is_refused_before_anything_is_made(checkout: Path, tmp_path: Path, host: str) -> None:
    done = run(checkout, "--data", str(tmp_path / "data"), "--listen", free_address(), DOCKER_HOST=host)
    assert done.returncode == 1
    assert "must be on this machine" in done.stderr and "unix:///PATH.sock" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_port_in_use_is_told(checkout: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run(checkout, "--once", "--data", str(tmp_path / "data"), "--listen", address)
    assert done.returncode == 1
    assert address in done.stderr and "--listen" in done.stderr


def test_a_named_engine_that_does_not_answer_is_told(checkout: Path, tmp_path: Path) -> None:
    done = run(
        checkout, "--data", str(tmp_path / "d"), "--listen", free_address(), DOCKER_HOST=f"unix://{tmp_path}/no.sock"
    )
    assert done.returncode == 1
    assert "no.sock" in done.stderr and "start Docker's engine" in done.stderr


def test_without_root_it_says_what_is_missing(checkout: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="wl-nobody-", dir="/var/tmp"))
    try:
        os.chown(folder, 65534, 65534)
        done = run(
            checkout, "--data", str(folder / "data"), "--listen", free_address(), user=65534, HOME=str(folder),
            DOCKER_HOST="", XDG_RUNTIME_DIR="",
        )  # fmt: skip
    finally:
        shutil.rmtree(folder)
    assert done.returncode == 1
    assert "docker" in done.stderr and "usermod -aG docker" in done.stderr


def test_without_root_on_an_engine_that_the_user_may_use(checkout: Path, dockerd: Dockerd) -> None:
    folder = Path(tempfile.mkdtemp(prefix="wl-nobody-", dir="/var/tmp"))
    before = dockerd.folder.stat().st_mode, dockerd.socket.stat().st_mode
    try:
        dockerd.folder.chmod(0o711)
        dockerd.socket.chmod(0o666)
        subprocess.run(["chown", "-R", "65534:65534", folder, checkout], check=True, timeout=60)
        done = run(
            checkout, "--once", "--data", str(folder / "data"), "--listen", free_address(), user=65534, HOME=str(folder),
            DOCKER_HOST=dockerd.url,
        )  # fmt: skip
    finally:
        dockerd.folder.chmod(before[0])
        dockerd.socket.chmod(before[1])
        shutil.rmtree(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_sample_is_whole(done.stdout)


def test_a_data_folder_in_use_is_told(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "deploy.lock").touch()
    with open(tmp_path / "deploy.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run(checkout, "--data", str(tmp_path), "--listen", free_address())
    assert done.returncode == 1
    assert "in use by another" in done.stderr and "--data DIR" in done.stderr


@pytest.mark.parametrize(("arguments", "says"), [(["--lisen=x"], "--lisen"), (["--listen", "x"], "HOST:PORT")])
def test_a_bad_flag_is_told(checkout: Path, arguments: list[str], says: str) -> None:
    done = run(checkout, *arguments)
    assert done.returncode == 2
    assert says in done.stderr and "Traceback" not in done.stderr


def wait_for(output: Path, text: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_SECONDS
    while text not in output.read_text() or not output.read_text().rpartition(text)[2].count("curl ") == 2:
        assert process.poll() is None and time.monotonic() < end, output.read_text()
        time.sleep(0.1)


def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        envelope: dict[str, Any] = json.load(answer)
    return envelope


def tuple_of(address: str) -> tuple[str, int]:
    host, port = address.rsplit(":", 1)
    return host, int(port)
