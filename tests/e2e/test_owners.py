"""Two owners and an administrator on one Wholelog, on a real engine."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from log_store.sqlite.folder import SUFFIX
from log_store.sqlite.reader import SqliteReader
from runtime_api.access.caller import Caller
from runtime_api.access.tokens import line_of, new_token
from tests.e2e.test_spine import Spine, running, texts
from tests.services.dockerd import Dockerd
from wholelog.client import Client, NotFound, Selection, Task, Unauthorized
from wholelog_base import labels

TOKENS: Final = {name: new_token() for name in ("alice", "bob", "root")}


@pytest.fixture(scope="module")
def spine(dockerd: Dockerd, python_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spine]:
    file = tmp_path_factory.mktemp("access") / "tokens"
    callers = (Caller("alice"), Caller("bob"), Caller("root", "admin"))
    file.write_text("".join(f"{line_of(one, TOKENS[one.uid])}\n" for one in callers))
    file.chmod(0o600)
    with running(dockerd, python_image, access="tokens", access_tokens=str(file), owner_tasks="1") as one:
        yield one


def ask(spine: Spine, who: str, method: str, path: str, body: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:  # fmt: skip
    spine.token = TOKENS.get(who, who)
    return spine.ask(method, path, body, **params)


def start(spine: Spine, who: str, cmd: str) -> dict[str, Any]:
    """Both owners give the same request id and task id."""
    body = {"request_id": "r1", "tags": {"type": "algorithm"}, "task_desc": {"cmd": cmd, "task_id": "job"}}
    answer = ask(spine, who, "POST", "/containers", body)
    assert answer["status"] == 200, answer
    data: dict[str, Any] = answer["data"]
    return data


def test_two_owners_and_an_administrator(spine: Spine, dockerd: Dockerd) -> None:
    assert ask(spine, "", "GET", "/containers")["status"] == ask(spine, "x.y", "GET", "/containers")["status"] == 401
    hers, his = start(spine, "alice", "echo of alice"), start(spine, "bob", "echo of bob")
    assert hers["container_id"] != his["container_id"] and hers["task_id"] == his["task_id"] == "job"
    client = dockerd.client()
    assert client.containers.get(his["container_id"]).labels[labels.UID] == "bob"
    client.close()
    assert texts(ask(spine, "bob", "GET", "/logs", container_id="job", wait="sealed")["data"]) == ["of bob"]
    assert texts(ask(spine, "alice", "GET", "/logs", container_id="job", wait="sealed")["data"]) == ["of alice"]
    _hidden(spine, his)
    for who, seen in (("alice", {hers["container_id"]}), ("root", {hers["container_id"], his["container_id"]})):
        listed = ask(spine, who, "GET", "/containers")["data"]["containers"]
        assert {one["container_id"] for one in listed} == seen
    assert ask(spine, "root", "GET", "/containers/job")["status"] == 400
    reader = SqliteReader(spine.data / "logs")
    assert [one.container_id for one in reader.find_containers("job", "bob")] == [his["container_id"]]
    reader.close()
    days = list((spine.data / "logs").glob(f"20*{SUFFIX}"))
    assert days
    for day in days:
        with closing(sqlite3.connect(day)) as db:
            owners = dict(db.execute("SELECT container_id, uid FROM containers").fetchall())
            made = {hers["container_id"]: "alice", his["container_id"]: "bob"}
            assert made.items() <= owners.items() and set(owners.values()) <= {"alice", "bob", ""}
    end = time.monotonic() + 60
    while "bob: POST /containers" not in str(
        trail := ask(spine, "root", "GET", "/logs", container_id="wholelog-audit")
    ):
        assert time.monotonic() < end, trail
        time.sleep(0.1)
    for who in ("alice", "bob"):  # who called, and what for, is nobody's but the administrators'
        assert ask(spine, who, "GET", "/logs", container_id="wholelog-audit")["status"] == 404
    deleted = ask(spine, "root", "DELETE", f"/containers/{his['container_id']}")
    assert deleted["status"] == 200 and deleted["data"]["removed"]
    _hidden(spine, his)
    assert texts(ask(spine, "bob", "GET", "/logs", container_id=his["container_name"])["data"]) == ["of bob"]


def _hidden(spine: Spine, his: dict[str, Any]) -> None:
    for name in (his["container_id"], his["container_id"][:20], his["container_name"]):
        for path in ("/logs", "/logs/histogram", "/logs/patterns"):
            assert ask(spine, "alice", "GET", path, container_id=name)["status"] == 404
        assert ask(spine, "alice", "GET", "/logs", container_id=name, follow="true")["status"] == 404
        assert ask(spine, "alice", "GET", f"/containers/{name}")["status"] == 404
        assert ask(spine, "alice", "DELETE", f"/containers/{name}")["status"] == 404


def test_the_client_sends_its_token(spine: Spine) -> None:
    url = f"http://{spine.api}"
    with Client(url, token=TOKENS["bob"]) as client, Client(url, token=TOKENS["alice"]) as other:
        started = client.start(Task(cmd="seq 1 3"))
        lines = client.follow(started.container_id)
        assert [one.message for one in lines] == ["1", "2", "3"]
        assert [one.message for one in client.read(started.container_id, Selection(tail=1))] == ["3"]
        with pytest.raises(NotFound):
            list(other.read(started.container_id))
    with Client(url) as nobody, pytest.raises(Unauthorized, match="a token is needed"):
        nobody.containers()


def test_the_commands_send_their_token(spine: Spine) -> None:
    def wholelog(*words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "wholelog", *words]
        return subprocess.run(
            command, env={**spine.environ, **environ}, input="echo hello", capture_output=True, text=True, timeout=90
        )

    refused = wholelog("ps")
    assert refused.returncode == 1 and "a token is needed" in refused.stderr and len(refused.stderr.splitlines()) == 1
    started = wholelog("run", "--bash", "-", WHOLELOG_TOKEN=TOKENS["bob"])
    assert (started.returncode, started.stdout) == (0, "hello\n"), started
    hers = wholelog("ps", "-a", "-q", WHOLELOG_TOKEN=TOKENS["alice"]).stdout.split()
    everybodys = wholelog("ps", "-a", "-q", WHOLELOG_TOKEN=TOKENS["root"]).stdout.split()
    assert set(hers) < set(everybodys)
    shown = wholelog("run", "--print", "a:1", "true", WHOLELOG_TOKEN=TOKENS["bob"]).stdout
    assert 'Authorization: Bearer $WHOLELOG_TOKEN"' in shown and TOKENS["bob"] not in shown
    told = wholelog("status", WHOLELOG_TOKEN=TOKENS["root"])
    assert "Docker " in told.stdout and told.returncode == 0, told
    assert TOKENS["root"] not in wholelog("config", WHOLELOG_TOKEN=TOKENS["root"]).stdout


def test_no_token_is_in_anything_that_was_written(spine: Spine) -> None:
    details = {who: ask(spine, who, "GET", "/readyz")["data"]["engine"]["detail"] for who in ("", "alice", "root")}
    assert details["root"].startswith("Docker ") and details[""] == details["alice"] == ""
    written = [place for place in spine.data.rglob("*") if place.is_file()]
    assert Path(spine.log) in written
    for place in written:
        content = place.read_bytes()
        assert not [name for name, token in TOKENS.items() if token.encode() in content], place
