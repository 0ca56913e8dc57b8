"""The commands that the pages show, as a reader types them; of each page's commands it is known which test runs them."""

import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_spine import Spine, running
from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd
from wholelog_base import labels

ROOT = Path(__file__).resolve().parents[2]
BEGINS = r"(?:\./|wholelog |curl |echo |eval |docker |python3 |useradd |install |systemctl |WHOLELOG_\w+=)"
SHOWN = re.compile(rf"^    (?:\$ )?({BEGINS}.*)$", re.MULTILINE)
PATIENCE = 110  # seconds

HERE = {  # page -> those of its commands that are run here
    "README.md": r"wholelog (run|logs) ",
    "docs/access.md": r"wholelog token |curl -H|WHOLELOG_API_URL=",
    "docs/alerts.md": r"wholelog (problems|alerts)\b|curl ",
    "docs/command-line.md": r"wholelog (run|logs|export) |echo .* wholelog run ",
    "docs/log-types.md": r"docker logs web",
    "docs/logs.md": r"curl ",
    "docs/operations.md": r".*wholelog driver-options ",
}
ELSEWHERE = {
    "README.md": {
        r"\./deploy/up|\./tests/run": "tests/e2e/test_deploy_up.py", r"curl ": "tests/e2e/test_wholelog_up.py",
        r"wholelog up ": "tests/e2e/test_wholelog_up.py",
        r"wholelog (check|status|retention|backup) ": "tests/integration/test_prometheus.py",
    },
    "docs/access.md": {
        r"wholelog up --listen unix:|curl -s --unix-socket|WHOLELOG_LISTEN=unix:": "tests/integration/test_unix_listen.py",
    },
    "docs/command-line.md": {r".*wholelog completion": "tests/e2e/test_commands.py"},
    "docs/faults.md": {r"\./tests/run": "tests/faults/conftest.py"},
    "docs/operations.md": {
        r"wholelog (retention|backup|restore) ": "tests/integration/test_prometheus.py",
        r"curl -fsS": "tests/integration/test_elastic_upkeep.py", r"docker compose ": "tests/unit/test_compose.py",
        r"python3 -m venv|useradd|install|systemctl": "tests/integration/test_systemd_units.py",
    },
    "docs/runbook.md": {r"wholelog ": "tests/integration/test_prometheus.py"},
}  # fmt: skip


class Reader:
    """A folder and an environment in which the commands can be typed."""

    def __init__(self, spine: Spine, engine: Dockerd, folder: Path) -> None:
        self.spine, self.folder = spine, folder
        (folder / "bin").mkdir()
        for name, script in (
            ("wholelog", f'exec {sys.executable} -m wholelog "$@"'), ("jq", "exec cat"), ("zstd", "exec cat"),
        ):  # fmt: skip
            place = folder / "bin" / name
            place.write_text(f"#!/bin/sh\n{script}\n")
            place.chmod(0o755)
        for name, text in (("cell.py", "print(1)\n"), ("env", "C=d\n"), (".wholelog-token", "a-token\n")):
            (folder / name).write_text(text)
            (folder / name).chmod(0o600)
        self.environ = {
            **{n: v for n, v in os.environ.items() if not n.startswith(("WHOLELOG_", "DOCKER_"))}, **spine.environ,
            "WHOLELOG_API_URL": f"http://{spine.api}", "PATH": f"{folder}/bin:{os.environ['PATH']}", "HOME": str(folder),
            "PYTHONPATH": os.pathsep.join(sys.path), "DOCKER_HOST": engine.url, "TOKEN": "s3cret", "WHOLELOG_TOKEN": "a-token",
        }  # fmt: skip

    def type(self, command: str) -> tuple[int, str]:
        """Its exit code and all that it wrote; one that follows is interrupted once it has shown something."""
        process = subprocess.Popen(
            ["bash", "-o", "pipefail", "-c", command], env=self.environ, cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            first = process.stdout.readline() if " -f " in command else ""
            if first:
                try:
                    process.wait(5)  # what has an end comes to it
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGINT)
            rest, _ = process.communicate(timeout=PATIENCE)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        return process.returncode, first + rest


@pytest.fixture(scope="module")
def reader(dockerd: Dockerd, python_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """What the pages speak of is there: images with the scripts, train-8, a container `web`, one of anna's, a problem."""
    client = dockerd.client()
    with running(dockerd, python_image) as spine:
        one = Reader(spine, dockerd, tmp_path_factory.mktemp("reader"))
        holder = client.containers.create(python_image, ["true"])
        holder.put_archive("/", _scripts())
        holder.commit("python", "3-slim")
        holder.remove()
        client.images.get(BUSYBOX_IMAGE).tag("busybox", "1")
        _, options = one.type("wholelog driver-options --format json")
        config = json.loads(options)
        logged = {"type": config["log-driver"], "config": config["log-opts"]}
        others = [
            client.containers.run(
                BUSYBOX_IMAGE, ["sh", "-c", "echo ERROR web is away; sleep 1"], name=name, labels=own, detach=True,
                network_mode="none", log_config=logged,
            )
            for name, own in (("web", {}), ("of-anna", {labels.UID: "anna"}))
        ]  # fmt: skip
        for name in ("train-8", "id"):
            spine.sealed(spine.run("bash_cell", "echo 8; echo ERROR oops >&2; sleep 0.3", task_id=name)["container_id"])
        for container in others:
            spine.sealed(str(container.id))
        try:
            yield one
        finally:
            for container in others:
                container.remove(force=True)
            client.close()


def _scripts() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in ("fetch.py", "work/fetch.py", "train.py", "work/train.py"):
            member = tarfile.TarInfo(name)
            text = b"print('WARNING disk full')\n"
            member.size, member.mode = len(text), 0o644
            archive.addfile(member, io.BytesIO(text))
    return out.getvalue()


def shown(page: str) -> list[str]:
    return SHOWN.findall((ROOT / page).read_text())


def test_of_each_command_of_the_pages_it_is_known_which_test_runs_it() -> None:
    for file in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        page = str(file.relative_to(ROOT))
        known = [*([HERE[page]] if page in HERE else []), *ELSEWHERE.get(page, {})]
        assert not [one for one in shown(page) if not any(re.match(form, one) for form in known)], page
    for tests in ELSEWHERE.values():
        assert all((ROOT / test).exists() for test in tests.values())


@pytest.mark.timeout(400)
@pytest.mark.parametrize("page", HERE)
def test_the_commands_of_a_page(reader: Reader, page: str) -> None:
    commands = [one for one in shown(page) if re.match(HERE[page], one)]
    assert commands
    for command in commands:
        code, told = reader.type(_of_ours(reader, command))
        interrupted = {130} if " -f " in command else set()
        wanted = {3} if "exit 3" in command else {0} | interrupted
        assert told or " export " in command, command
        assert code in wanted and "Traceback (most recent call last)" not in told, (command, code, told)
        if command.startswith("curl") and "format=text" not in command:
            assert '"status": 200' in told or '"status":200' in told, (command, told)


@pytest.mark.timeout(200)
def test_the_program_and_the_rules_of_the_pages(reader: Reader) -> None:
    """The client's program ends as its page says; the alerts file is taken (it is written by the test above, too)."""
    page = (ROOT / "docs/client.md").read_text()
    program = re.findall(r"^    from wholelog.client .*?(?=^\S)", page, re.MULTILINE | re.DOTALL)[0]
    text = re.sub("^    ", "", program, flags=re.MULTILINE).replace("127.0.0.1:8080", reader.spine.api)
    text = text.replace("echo hello", "echo hello; sleep 0.3")
    done = subprocess.run(
        [sys.executable, "-c", text], env=reader.environ, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0 and done.stdout.splitlines()[-2:] == ["sealed", "3"], done


def _of_ours(reader: Reader, command: str) -> str:
    """The names that the pages use, as they are here."""
    if "5f0c1d2e3a4b5c6d" in command:
        end = time.monotonic() + PATIENCE
        while not (problems := reader.spine.ask("GET", "/problems")["data"]["problems"]):
            assert time.monotonic() < end
        command = command.replace("5f0c1d2e3a4b5c6d", problems[0]["id"])
    if "alerts.toml" in command:
        _write_rules(reader.folder)
    command = re.sub(r"(container_id=|/)(ID|ONE|OTHER)\b", r"\1id", command)
    if "driver-options" in command:
        command = command.replace("--data DIR", f"--data {shlex.quote(str(reader.spine.data))}")
        command = command.replace("docker run", "docker run --network none").replace(
            "IMAGE COMMAND", "busybox:1 echo here"
        )
    return (
        command.replace("http://127.0.0.1:8080", f"http://{reader.spine.api}")
        .replace("https://HOST", f"http://{reader.spine.api}")
        .replace("'>=warning' ID", "'>=warning' id")
    )


def _write_rules(folder: Path) -> None:
    page = (ROOT / "docs/alerts.md").read_text()
    block = re.findall(r"^    link = .*?(?=^\S)", page, re.MULTILINE | re.DOTALL)[0]
    (folder / "feishu-url").write_text("https://open.example/hook")
    rules = re.sub("^    ", "", block, flags=re.MULTILINE).replace("/etc/wholelog", str(folder))
    (folder / "alerts.toml").write_text(rules)
