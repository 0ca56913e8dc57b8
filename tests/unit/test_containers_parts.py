"""The small pieces: the log driver's options, the engine's address, figures, control groups, signals, turns."""

import sqlite3
import threading
import time
from pathlib import Path

import docker.errors
import pytest
import requests

from runtime_api.containers.cgroup import Cgroups
from runtime_api.containers.docker_answers import usage
from runtime_api.containers.docker_engine import engine_url
from runtime_api.containers.docker_errors import asking, starting
from runtime_api.containers.engine import CommandNotFound
from runtime_api.containers.log_driver import driver_options
from runtime_api.containers.stats import Stats
from runtime_api.containers.stop_signal import heeds
from runtime_api.containers.task_file import _FROM_1, _FROM_2
from runtime_api.containers.tasks import Task, Tasks
from runtime_api.containers.turns import Twins
from runtime_api.containers.usage import Usage, bytes_size, cpu_percent, memory_text
from runtime_api.errors import BadRequest, Conflict, EngineFailed, EngineUnavailable, NotFound, RuntimeApiError
from wholelog_base.settings import SettingsError
from wholelog_base.turns import Turns

ID = "c" * 64


def test_driver_options() -> None:
    assert driver_options(Path("/run/s.sock"), "20.10.24+dfsg1") == {
        "fluentd-address": "unix:///run/s.sock",
        "fluentd-async": "true",
        "fluentd-sub-second-precision": "true",
        "mode": "blocking",
        "fluentd-max-retries": "1",
        "fluentd-retry-wait": "1ms",
        "tag": "{{.ID}}",
    }


@pytest.mark.parametrize(
    ("version", "known"), [("27.5.1", False), ("28.0.0", True), ("v29.1", True), ("dev", False), ("", False)]
)
def test_write_timeout_where_the_engine_knows_it(version: str, known: bool) -> None:
    assert ("fluentd-write-timeout" in driver_options(Path("/s"), version)) is known


def test_engine_url() -> None:
    assert engine_url("unix:///a.sock", {"DOCKER_HOST": "tcp://x"}) == "unix:///a.sock"
    assert engine_url("", {"DOCKER_HOST": "unix:///b.sock"}) == "unix:///b.sock"
    assert engine_url("", {"DOCKER_HOST": ""}) == engine_url("", {}) == "unix:///var/run/docker.sock"
    with pytest.raises(SettingsError, match="docker_host: 'tcp://10.0.0.1:2375' must be a unix socket"):
        engine_url("tcp://10.0.0.1:2375", {})
    with pytest.raises(SettingsError, match="DOCKER_HOST: 'ssh://me@host' must be a unix socket"):
        engine_url("", {"DOCKER_HOST": "ssh://me@host"})


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0B"), (1023, "1023B"), (1024, "1KiB"), (626688, "612KiB"), (12_900_000, "12.3MiB"), (536870912, "512MiB"),
     (1073741823, "1GiB"), (25_275_000_000, "23.54GiB"), (1 << 80, "1YiB")],
)  # fmt: skip
def test_sizes_as_docker_writes_them(size: int, text: str) -> None:
    assert bytes_size(size) in (text, text.replace("1GiB", "1024MiB"))


def test_figures() -> None:
    before, after = Usage(10**9, 10**10, 4, 0, 0), Usage(10**9 + 5 * 10**8, 10**10 + 4 * 10**9, 4, 5 << 20, 512 << 20)
    assert cpu_percent(before, after) == 50.0
    assert cpu_percent(after, before) == cpu_percent(after, after) == 0.0
    assert memory_text(after) == "5MiB / 512MiB"


def test_usage_of_an_answer() -> None:
    answer = {
        "cpu_stats": {"cpu_usage": {"total_usage": 7, "percpu_usage": [3, 4]}, "system_cpu_usage": 9},
        "memory_stats": {"usage": 100, "limit": 200, "stats": {"total_inactive_file": 40, "inactive_file": 1}},
    }
    assert usage(answer) == Usage(7, 9, 2, 60, 200)
    answer["memory_stats"]["stats"] = {"inactive_file": 10}
    answer["cpu_stats"]["online_cpus"] = 8
    assert usage(answer) == Usage(7, 9, 8, 90, 200)
    assert usage({"cpu_stats": {"cpu_usage": {"total_usage": 0}}, "memory_stats": {}}) is None


STAT = "cpu  100 0 50 800 50 0 0 7 0 0\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5\n"


def machine(root: Path, mountinfo: str, groups: str, files: dict[str, str]) -> Cgroups:
    """A tree such as /proc and /sys/fs/cgroup, with one container of process 77."""
    texts = {
        "proc/self/mountinfo": mountinfo, "proc/77/cgroup": groups, "proc/stat": STAT,
        "proc/meminfo": "MemTotal:       1000 kB\nMemFree: 5 kB\n", **files,
    }  # fmt: skip
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return Cgroups(lambda container_id: 77 if container_id == ID else 0, root)


def test_cgroup_v1(tmp_path: Path) -> None:
    mounts = (
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
    )
    memory = f"sys/fs/cgroup/memory/docker/{ID}"
    cgroups = machine(
        tmp_path, mounts, f"9:name=systemd:/docker/{ID}\n4:memory:/docker/{ID}\n2:cpu,cpuacct:/docker/{ID}\n0::/docker/{ID}\n",
        {
            f"sys/fs/cgroup/cpu,cpuacct/docker/{ID}/cpuacct.usage": "74544178\n",
            f"{memory}/memory.usage_in_bytes": "626688\n",
            f"{memory}/memory.limit_in_bytes": "65536\n",
            f"{memory}/memory.stat": "inactive_file 9\ntotal_inactive_file 20480\n",
        },
    )  # fmt: skip
    assert cgroups.usage(ID) == Usage(74544178, 10**10, 2, 606208, 65536)
    (tmp_path / memory / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    found = cgroups.usage(ID)
    assert found is not None and found.limit == 1000 * 1024
    assert cgroups.usage("d" * 64) is None


def test_cgroup_v2(tmp_path: Path) -> None:
    group = f"sys/fs/cgroup/system.slice/docker-{ID}.scope"
    cgroups = machine(
        tmp_path, "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", f"0::/system.slice/docker-{ID}.scope\n",
        {
            f"{group}/cpu.stat": "usage_usec 2500\nuser_usec 1\n", f"{group}/memory.current": "5000\n",
            f"{group}/memory.max": "max\n", f"{group}/memory.stat": "anon 3\ninactive_file 1000\n",
        },
    )  # fmt: skip
    assert cgroups.usage(ID) == Usage(2_500_000, 10**10, 2, 4000, 1000 * 1024)
    for file in (tmp_path / group).iterdir():
        file.unlink()
    assert cgroups.usage(ID) is None


def test_cgroup_of_another_process_with_that_number(tmp_path: Path) -> None:
    """As where this process lives in a pid namespace of its own."""
    cgroups = machine(tmp_path, "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/user.slice\n", {})
    assert cgroups.usage(ID) is None


def test_signal_that_the_process_heeds(tmp_path: Path) -> None:
    folder = tmp_path / "77"
    folder.mkdir()
    (folder / "cgroup").write_text(f"0::/docker/{ID}\n")

    def status(caught: int, blocked: int = 0) -> None:
        (folder / "status").write_text(
            f"Name:\tx\nSigBlk:\t{blocked:016x}\nSigIgn:\t{1 << 14:016x}\nSigCgt:\t{caught:016x}\n"
        )

    status(1 << 14)
    assert heeds(ID, 77, "SIGTERM", tmp_path) and heeds(ID, 77, "TERM", tmp_path) and heeds(ID, 77, "15", tmp_path)
    assert not heeds(ID, 77, "SIGQUIT", tmp_path)
    status(0, 1 << 14)
    assert heeds(ID, 77, "SIGTERM", tmp_path)
    status(1 << 1)
    assert not heeds(ID, 77, "SIGTERM", tmp_path)
    # Where it cannot be told, the grace is given.
    assert (
        heeds("d" * 64, 77, "SIGTERM", tmp_path) and heeds(ID, 78, "SIGTERM", tmp_path) and heeds(ID, 77, "?", tmp_path)
    )


def looks(*cpus: int) -> "list[Usage]":
    return [Usage(cpu, 10**9 * number, 2, 1 << 20, 4 << 20) for number, cpu in enumerate(cpus)]


def test_stats_of_a_container_that_was_not_looked_at_yet() -> None:
    stats = Stats(lambda: [], lambda _: looks(5)[0], lambda _: None)
    assert stats.figures(ID, running=True) == (0.0, "1MiB / 4MiB")
    assert stats.figures(ID, running=False) == (0.0, "0B / 0B")


def test_stats_keep_figures_of_what_runs() -> None:
    answers = iter(looks(0, 10**9 // 4))
    last = looks(0, 10**9 // 4)[-1]
    asked: list[str] = []

    def slow(container_id: str) -> Usage:
        asked.append(container_id)
        return last

    stats = Stats(lambda: [ID], lambda _: next(answers, None), slow, 0.01)
    stats.start()
    try:
        end = time.monotonic() + 20
        while not asked and time.monotonic() < end:
            time.sleep(0.01)
    finally:
        stats.close()
    assert asked and stats.figures(ID, running=True)[1] == "1MiB / 4MiB"
    assert not [thread for thread in threading.enumerate() if thread.name == "stats"]


def test_stats_ask_the_slow_source_only_in_their_thread() -> None:
    def slow(_: str) -> Usage:
        raise AssertionError("a caller would wait for it")

    assert Stats(lambda: [], lambda _: None, slow).figures(ID, running=True) == (0.0, "-- / --")


def api_error(status: int, text: str) -> docker.errors.APIError:
    response = requests.Response()
    response.status_code = status
    return docker.errors.APIError(text, response, text)


@pytest.mark.parametrize(
    ("status", "kind"), [(404, NotFound), (409, Conflict), (400, BadRequest), (500, EngineFailed), (503, EngineFailed)]
)
def test_answers_of_the_engine(status: int, kind: type[RuntimeApiError]) -> None:
    with pytest.raises(kind, match="Docker was asked to do it and answered: because"), asking("to do it"):
        raise api_error(status, "because")


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (400, 'unable to start container process: exec: "x": executable file not found in $PATH', CommandNotFound),
        (404, 'exec: "/x": stat /x: no such file or directory', CommandNotFound),
        (400, 'exec: "/etc": permission denied', BadRequest),
        (500, "OCI runtime create failed: argument list too long", BadRequest),
        (500, "no space left on device", EngineFailed),
    ],
)
def test_starts_that_the_engine_refuses(status: int, text: str, kind: type[RuntimeApiError]) -> None:
    with pytest.raises(kind) as caught, starting("to start"):
        raise api_error(status, text)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    "error",
    [requests.exceptions.ConnectionError("x"), requests.exceptions.ReadTimeout("x"), ConnectionResetError(104, "reset"),
     docker.errors.DockerException("Error while fetching server API version")],
)  # fmt: skip
def test_engine_away(error: Exception) -> None:
    with pytest.raises(EngineUnavailable, match="Docker was asked to do it"), asking("to do it"):
        raise error


def test_turns_are_forgotten() -> None:
    turns = Turns()
    with turns.of("a"), turns.of("b"):
        pass
    assert not turns._locks
    twins: Twins[int] = Twins()
    assert twins.run("a", lambda: 1) == 1
    assert not twins._under_way


def test_table_of_another_version(tmp_path: Path) -> None:
    tasks = Tasks(tmp_path / "tasks.sqlite")
    tasks.file._db.execute("PRAGMA user_version=9")
    tasks.close()
    with pytest.raises(RuntimeApiError, match="is of version 9"):
        Tasks(tmp_path / "tasks.sqlite")


VERSION_1 = """
CREATE TABLE tasks (
    container_id TEXT PRIMARY KEY, container_name TEXT NOT NULL, task_id TEXT NOT NULL, type TEXT NOT NULL,
    uid TEXT NOT NULL, image TEXT NOT NULL, digest TEXT NOT NULL, created_at INTEGER NOT NULL,
    deletion_asked_at INTEGER, deleted_at INTEGER
) WITHOUT ROWID;
CREATE TABLE requests (request_id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, container_id TEXT) WITHOUT ROWID;
CREATE TABLE deletions (request_id TEXT PRIMARY KEY, container_id TEXT NOT NULL, answer TEXT) WITHOUT ROWID;
INSERT INTO tasks VALUES ('c', 'wholelog-t', 't', 'bash_cell', '', 'a:1', 'sha256:0', 5, NULL, NULL);
INSERT INTO tasks VALUES ('d', 'wholelog-u', 'u', 'bash_cell', '', 'a:1', 'sha256:0', 6, 7, 8);
INSERT INTO requests VALUES ('r', 'f', 'c');
"""


@pytest.mark.parametrize("version", [1, 2, 3])
def test_table_of_an_earlier_version(tmp_path: Path, version: int) -> None:
    file = tmp_path / "tasks.sqlite"
    old = sqlite3.connect(file)
    old.executescript(VERSION_1 + (_FROM_1 if version > 1 else "") + (_FROM_2 if version > 2 else ""))
    old.execute(f"PRAGMA user_version={version}")
    old.close()
    tasks = Tasks(file)
    living = Task("c", "wholelog-t", "t", "bash_cell", "", "a:1", "sha256:0", 5)
    assert tasks.by_id("c") == living and tasks.record("c") is None and tasks.alive() == [living]
    gone = tasks.by_id("d")
    assert gone is not None and (gone.phase, gone.deleted_at) == ("done", 8)
    request = tasks.request("r")
    assert request is not None and request.task == living
    tasks.keep_record("c", {"exit_code": 3})
    tasks.close()
    tasks = Tasks(file)
    assert tasks.record("c") == {"exit_code": 3} and tasks.record("d") is None
    tasks.close()
    assert file.stat().st_mode & 0o777 == 0o600


def test_table_that_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "tasks.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(RuntimeApiError, match="table of tasks .* fails"):
        Tasks(tmp_path / "tasks.sqlite")
