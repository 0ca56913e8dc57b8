"""`wholelog run`, `logs`, `export` … as a person and a script use them: processes, terminals, a real engine, the real API."""

import asyncio
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker.types import LogConfig

from tests.e2e.test_spine import Spine, running
from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd
from tests.terminal import OnTerminal
from wholelog.client import AsyncClient, Line, Task


@pytest.fixture(scope="module")
def spine(dockerd: Dockerd, python_image: str) -> Iterator[Spine]:
    with running(dockerd, python_image) as one:
        yield one


def environ(spine: Spine) -> dict[str, str]:
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("WHOLELOG_", "DOCKER_", "NO_COLOR"))}
    return {**clean, "WHOLELOG_API_URL": f"http://{spine.api}", "PYTHONPATH": os.pathsep.join(sys.path)}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "wholelog", *words]


def wholelog(spine: Spine, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(*words), env=environ(spine), capture_output=True, text=True, timeout=110, stdin=subprocess.DEVNULL
    )


def on_terminal(spine: Spine, *words: str) -> OnTerminal:
    return OnTerminal(command(*words), environ(spine))


def api_process(spine: Spine) -> int:
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().decode().split("\0")[:-1]
            own = (place / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue  # it has ended
        if words[-1:] == ["runtime_api"] and f"WHOLELOG_LISTEN={spine.api}" in own:
            return int(place.name)
    raise AssertionError("the API's process was not found")


def assert_once(found: list[str], wanted: list[str], said: str) -> None:
    """Each once, in order but for those that Docker had lost, which come late and are said to."""
    assert sorted(found) == sorted(wanted)
    assert found == wanted or "came late" in said


def test_run_is_whole_and_ends_with_the_tasks_code(spine: Spine) -> None:
    script = "for i in $(seq 1 5000); do echo line $i; done; echo oops >&2; printf 'no newline'; exit 7"
    done = wholelog(spine, "run", "--strict", "--in-order", BUSYBOX_IMAGE, "sh", "-c", script)
    assert done.stdout.splitlines() == [*(f"line {number}" for number in range(1, 5001)), "no newline"]
    assert (done.returncode, done.stderr) == (7, "oops\n"), done.stderr[-2000:]


def test_run_of_a_script_from_stdin_and_of_nothing(spine: Spine) -> None:
    done = subprocess.run(
        command("run", "--python", "-", "-e", "NAME=ü", "--cpus", "0.5", "-m", "64m"), env=environ(spine), text=True,
        input="import os, sys\nprint(os.environ['NAME'])\nsys.exit(0)\n", capture_output=True, timeout=110,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "ü\n", "")
    assert wholelog(spine, "run", "--rm", "--name", "gone", BUSYBOX_IMAGE, "true").returncode == 0
    assert spine.ask("GET", "/containers/gone")["data"]["container"]["status"] == "removed"
    refused = wholelog(spine, "run", "nosuch:1", "true")
    assert refused.returncode == 125 and "nosuch:1" in refused.stderr and "Traceback" not in refused.stderr


def test_run_shows_the_runs_after_one_that_failed(spine: Spine) -> None:
    done = wholelog(spine, "run", "--retries", "2", BUSYBOX_IMAGE, "sh", "-c", "echo tried; exit 4")
    assert (done.returncode, done.stdout) == (4, "tried\n" * 3), done.stderr


def test_the_line_of_curl_starts_the_same(spine: Spine) -> None:
    printed = wholelog(spine, "run", "--print", "--name", "by-curl", BUSYBOX_IMAGE, "echo", "it's")
    done = subprocess.run(["bash", "-c", printed.stdout], capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)["data"]["task_id"] == "by-curl", done
    assert [line["log_message"] for line in spine.sealed("by-curl")["logs"]] == ["it's"]


def test_run_on_a_terminal_is_harmless_and_says_that_all_is_there(spine: Spine) -> None:
    script = r"printf 'ERROR: \033[2Jred\n\033[32mgreen\033[0m \033]0;title\007\n'"
    with on_terminal(spine, "run", BUSYBOX_IMAGE, "sh", "-c", script) as shown:
        assert shown.end() == 0
    assert "\x1b[31mERROR: ␛[2Jred\x1b[0m" in shown.written and "\x1b[2J" not in shown.written
    assert "\x1b[32mgreen\x1b[0m ␛]0;title␇" in shown.written
    assert "sealed: 2 lines, all of them are there" in shown.written


def test_ctrl_c_stops_the_task(spine: Spine) -> None:
    script = "trap 'echo stopped well; exit 0' TERM; echo begun; while :; do sleep 0.1; done"
    with on_terminal(spine, "run", "--name", "stopped", BUSYBOX_IMAGE, "sh", "-c", script) as shown:
        shown.until("begun")
        shown.type("\x03")
        assert shown.end() == 130
    assert "stopping container" in shown.written and "stopped well" in shown.written
    assert spine.ask("GET", "/containers/stopped")["data"]["container"]["status"] == "removed"


def test_run_goes_on_when_the_api_is_started_again(spine: Spine) -> None:
    """A follower that is cut off goes on behind the last line: none is missing, none comes twice."""
    script = "for i in $(seq 1 200); do echo line $i; sleep 0.02; done"
    with on_terminal(spine, "run", BUSYBOX_IMAGE, "sh", "-c", script) as shown:
        shown.until("line 20\r\n")
        os.kill(api_process(spine), signal.SIGKILL)
        assert shown.end() == 0
    assert_once(
        [text for text in shown.lines if text.startswith("line")], [f"line {n}" for n in range(1, 201)], shown.written
    )


def test_logs_of_a_running_an_ended_and_a_deleted_container(spine: Spine) -> None:
    one = spine.run("algorithm", "seq 1 300", task_id="ended")["container_id"]
    spine.sealed(one)
    assert wholelog(spine, "logs", "--strict", "ended").stdout.split() == [str(number) for number in range(1, 301)]
    assert wholelog(spine, "logs", "-n", "2", "ended").stdout == "299\n300\n"
    assert wholelog(spine, "logs", "-r", "ended").stdout.split()[:2] == ["300", "299"]
    assert wholelog(spine, "logs", "-g", "17", "ended").stdout == "17\n"
    rows = list(csv.reader(io.StringIO(wholelog(spine, "logs", "-o", "csv", "ended").stdout)))
    assert rows[0][0] == "log_time" and [row[3] for row in rows[1:3]] == ["1", "2"]
    told = [json.loads(text) for text in wholelog(spine, "logs", "-o", "json", "ended").stdout.splitlines()]
    assert len(told) == 300 and told[0]["log_type"] == "info"
    removed = wholelog(spine, "rm", "ended")
    assert (removed.returncode, removed.stdout) == (0, "ended\n")
    assert len(wholelog(spine, "logs", "--strict", "ended").stdout.split()) == 300
    running = spine.run("bash_cell", "echo up; sleep 300", task_id="runs")
    with on_terminal(spine, "logs", "-f", "runs") as shown:
        shown.until("up\r\n")
        shown.type("\x03")
        assert shown.end() == 130
    assert wholelog(spine, "logs", "--strict", "runs").returncode == 3
    refused = wholelog(spine, "rm", "runs")
    assert refused.returncode == 1 and "is running; -f stops" in refused.stderr
    listed = wholelog(spine, "ps").stdout
    assert "wholelog-runs" in listed and "wholelog-ended" not in listed
    with on_terminal(spine, "top", "-d", "0.2") as shown:
        shown.until("wholelog-runs")
        shown.type("\x03")
        assert shown.end() == 0
    assert wholelog(spine, "rm", "-f", running["container_id"]).returncode == 0
    missing = wholelog(spine, "logs", "nosuch")
    assert missing.returncode == 1 and "nosuch" in missing.stderr and "Traceback" not in missing.stderr
    head = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{sys.executable} -m wholelog logs ended | head -1"], env=environ(spine),
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (head.returncode, head.stdout, head.stderr) == (0, "1\n", "")


def test_several_containers_are_followed_in_colours_to_their_seals(spine: Spine) -> None:
    for name in ("pair-a", "pair-b"):
        spine.run("bash_cell", f"for i in $(seq 1 50); do echo {name} $i; sleep 0.02; done", task_id=name)
    with on_terminal(spine, "logs", "-f", "--strict", "wholelog-pair-*") as shown:
        assert shown.end() == 0
    for name, colour in (("pair-a", "3[56]"), ("pair-b", "3[56]")):
        found = [text for text in shown.lines if f"| {name}" in text]
        assert_once(found, [f"wholelog-{name} | {name} {number}" for number in range(1, 51)], shown.written)
        assert re.search(rf"\x1b\[{colour}mwholelog-{name} \|\x1b\[0m {name} 1\r", shown.written)


def test_what_has_a_label_is_followed_and_who_starts_later_joins(spine: Spine, dockerd: Dockerd) -> None:
    """Tasks of the API, and a container that somebody started with Docker; deleted ones are found as well."""
    script = "for i in $(seq 1 20); do echo line $i; sleep 0.02; done"

    def start(name: str) -> None:
        words = ("-d", "--name", name, "-l", "team=vision", "--label", "n=1,2", BUSYBOX_IMAGE, "sh", "-c", script)
        done = wholelog(spine, "run", *words)
        assert done.returncode == 0, done.stderr

    start("label-a")
    spine.sealed("label-a")
    assert wholelog(spine, "rm", "label-a").returncode == 0
    spine.run("algorithm", "echo without", task_id="label-none")
    with on_terminal(spine, "logs", "-f", "--label", "team=vision", "-l", "n") as shown:
        shown.until(lambda: sum("| line" in text for text in shown.lines) >= 20)
        start("label-b")
        options = subprocess.run(
            command("driver-options", "--format", "json"),
            env=spine.environ,
            capture_output=True,
            timeout=60,
            check=True,
        )
        engine, told = dockerd.client(), json.loads(options.stdout)
        own = engine.containers.run(
            BUSYBOX_IMAGE, ["sh", "-c", script], detach=True, name="label-own", labels={"team": "vision", "n": ""},
            log_config=LogConfig(type="fluentd", config=told["log-opts"]),
        )  # fmt: skip
        shown.until(lambda: sum("| line" in text for text in shown.lines) >= 60)
        shown.type("\x03")
        assert shown.end() == 130
    own.remove(force=True)
    wanted = [f"line {number}" for number in range(1, 21)]
    for name in ("wholelog-label-a", "wholelog-label-b", "label-own"):
        found = [text.partition(" | ")[2] for text in shown.lines if text.partition(" | ")[0].rstrip() == name]
        assert_once(found, wanted, shown.written)
    assert "without" not in shown.written
    seals = spine.ask("GET", "/logs", label="team=vision", size=1)["data"]["seals"]
    assert sorted(one["container_name"] for one in seals) == ["label-own", "wholelog-label-a", "wholelog-label-b"]
    assert wholelog(spine, "ps", "-a", "-l", "team=vision").stdout.count("label-b") == 1
    assert wholelog(spine, "export", "-l", "n=1,2", "-l", "team", "--file", "-").stdout.count("label-b") == 20
    (listed,) = spine.ask("GET", "/containers", label="team=vision")["data"]["containers"]
    assert listed["labels"] == {"team": "vision", "n": "1,2"}


def test_an_export_that_is_killed_goes_on(spine: Spine, tmp_path: Path) -> None:
    made = spine.run("algorithm", "seq 1 100000", task_id="long")["container_id"]
    end = time.monotonic() + 90
    while spine.ask("GET", "/logs", container_id=made, wait="sealed", size=1)["data"]["seal"]["state"] == "open":
        assert time.monotonic() < end
    wanted = [line["log_message"] for line in spine.ask("GET", "/logs", container_id=made)["data"]["logs"]]
    assert len(wanted) > 50_000  # whether a burst is whole is asked elsewhere
    file = tmp_path / "long.ndjson"
    with on_terminal(spine, "export", "long", str(file)) as shown:
        shown.until(lambda: (tmp_path / "long.ndjson.part.json").exists())
        os.kill(shown.process.pid, signal.SIGKILL)
        shown.end()
    assert not file.exists()
    kept = json.loads((tmp_path / "long.ndjson.part.json").read_text())["count"]
    assert 0 < kept < len(wanted)
    with on_terminal(spine, "export", "long", str(file)) as shown:
        assert shown.end() == 0
    assert f"{len(wanted)} messages" in shown.written and "%" in shown.written
    numbers = [json.loads(text)["log_message"] for text in file.read_text().splitlines()]
    assert numbers == wanted
    assert [one.name for one in tmp_path.iterdir()] == ["long.ndjson"]


def test_bash_completes_commands_flags_and_names(spine: Spine, tmp_path: Path) -> None:
    spine.sealed(spine.run("algorithm", "true", task_id="completed")["container_id"])
    shim = tmp_path / "wholelog"
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -m wholelog "$@"\n')
    shim.chmod(0o755)

    def completed(line: str) -> list[str]:
        program = (
            'eval "$(wholelog completion bash)"; COMP_LINE="$1"; COMP_POINT=${#1}; COMP_TYPE=9; '
            '_python_argcomplete wholelog "" ""; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        done = subprocess.run(
            ["bash", "-c", program, "bash", line], capture_output=True, text=True, timeout=60,
            env={**environ(spine), "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    assert completed("wholelog ex") == ["export"]
    assert "--timestamps" in completed("wholelog logs --t")
    assert completed("wholelog logs wholelog-compl") == ["wholelog-completed"]
    assert completed("wholelog export --output ") == ["ndjson", "text", "csv"]
    for shell in ("zsh", "fish"):
        assert "wholelog" in wholelog(spine, "completion", shell).stdout


def test_without_an_api_it_is_said_at_once() -> None:
    done = subprocess.run(
        command("ps", "--api-url", "http://127.0.0.1:9"), capture_output=True, text=True, timeout=60,
        env={n: v for n, v in os.environ.items() if not n.startswith("WHOLELOG_")},
    )  # fmt: skip
    assert done.returncode == 1 and "nobody answers at http://127.0.0.1:9" in done.stderr


def test_the_asyncio_client_follows_many_at_once(spine: Spine) -> None:
    async def follow(client: AsyncClient, number: int) -> tuple[list[Line], bool]:
        script = f"for i in $(seq 1 100); do echo {number} $i; sleep 0.01; done"
        started = await client.start(Task(type="bash_cell", cmd=script, image=BUSYBOX_IMAGE))
        lines = client.follow(started.container_id)
        found = [line async for line in lines]
        assert lines.end is not None and (await client.container(started.container_id)).exit_code == 0
        await client.delete(started.container_id)
        return found, lines.end.seal.whole

    async def all_of_them() -> list[tuple[list[Line], bool]]:
        async with AsyncClient(f"http://{spine.api}") as client:
            return await asyncio.gather(*(follow(client, number) for number in range(4)))

    for number, (found, whole) in enumerate(asyncio.run(all_of_them())):
        late = "came late" if any(line.late for line in found) else ""
        assert whole
        assert_once([line.message for line in found], [f"{number} {count}" for count in range(1, 101)], late)
