"""One owner asks for another's container on every route, by each way of naming it, and learns nothing of it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from falcon.testing import Result, TestClient
from prometheus_client import CollectorRegistry

from log_store.document import ContainerContext
from runtime_api.access.caller import Caller
from runtime_api.access.tokens import line_of, new_token
from runtime_api.app import create_app
from runtime_api.config import ApiSettings
from runtime_api.containers.protocols import Created
from runtime_api.counters import Counters
from tests.container_bench import Bench, task
from tests.documents import NOON, Documents
from tests.fake_problems import MemoryProblems
from tests.unit.test_owners import NAMINGS

TOKENS: Final = {name: new_token() for name in ("alice", "bob", "root")}
READS: Final = {
    "show": "/containers/{name}",
    "logs": "/logs?container_id={name}",
    "a size of logs": "/logs?container_id={name}&size=1",
    "a search": "/logs?container_id={name}&q=line",
    "the last": "/logs?container_id={name}&tail=1&format=text",
    "wait": "/logs?container_id={name}&wait=sealed&wait_seconds=1",
    "follow": "/logs?container_id={name}&follow=true",
    "histogram": "/logs/histogram?container_id={name}",
    "context": "/logs/context?container_id={name}&id={line}",
    "patterns": "/logs/patterns?container_id={name}",
    "diff": "/logs/diff?container_id={name}&against={own}",
    "diff against": "/logs/diff?container_id={own}&against={name}",
}


class Team:
    """Alice and Bob have a container each, with a line each; both have ended and are sealed. Root is an administrator."""

    def __init__(self, folder: Path) -> None:
        self.bench = Bench(folder)
        file = folder / "tokens"
        callers = (Caller("alice"), Caller("bob"), Caller("root", "admin"))
        file.write_text("\n".join(line_of(one, TOKENS[one.uid]) for one in callers))
        settings = ApiSettings(access="tokens", access_tokens=file, caller_rate=0.0, wait_limit=1.0)
        app = create_app(
            self.bench.service,
            self.bench.store,
            Counters(CollectorRegistry()),
            lambda: NOON + 10**9,
            settings,
            MemoryProblems(),
        )
        self.client = TestClient(app)
        self.hers, self.his = self._one("alice"), self._one("bob")

    def _one(self, uid: str) -> Created:
        made = self.bench.service.of(Caller(uid)).create(replace(task("r1", f"of-{uid}"), labels=("team=x",)))
        documents = Documents(ContainerContext(made.container_id, made.container_name, made.task_id, "bash_cell", uid))
        for number in range(3):
            documents.add(NOON + number, f"line {number} of {uid}")
        self.bench.store.write(documents.batch)
        self.bench.engine.change(made.container_id, "exited", finished_at=NOON, pid=0)
        self.bench.seal(made.container_id)
        return made

    def ask(self, who: str, path: str, method: str = "GET", **more: Any) -> Result:
        headers = {"Authorization": f"Bearer {TOKENS[who]}", **more.pop("headers", {})}
        return self.client.simulate_request(method, path, headers=headers, **more)

    def line(self, made: Created) -> str:
        return next(name for name, row in self.bench.store.rows.items() if row.container_id == made.container_id)

    def path(self, read: str, name: str) -> str:
        return READS[read].format(name=name, own=self.hers.container_id, line=self.line(self.his))


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    made = Team(tmp_path_factory.mktemp("team"))
    yield made
    made.bench.service.close()


@pytest.mark.parametrize("naming", NAMINGS)
@pytest.mark.parametrize("read", READS)
def test_anothers_container_is_one_that_is_not_there(team: Team, read: str, naming: str) -> None:
    name = NAMINGS[naming](team.his)
    absent = "0" * len(name)
    for method in ("GET", "HEAD") if not READS[read].startswith("/logs/") else ("GET",):
        found = team.ask("alice", team.path(read, name), method)
        nothing = team.ask("alice", team.path(read, absent), method)
        assert found.status_code == nothing.status_code == 404
        assert found.text.replace(name, "X") == nothing.text.replace(absent, "X")
        assert dict(found.headers) | {"content-length": ""} == dict(nothing.headers) | {"content-length": ""}
    if "diff" not in read:
        assert team.ask("bob", team.path(read, name)).status_code == 200
    answer = team.ask("root", team.path(read, name))
    assert answer.status_code == 200 and (read == "diff against" or "of-bob" in answer.text or "line" in answer.text or answer.json["data"])  # fmt: skip


@pytest.mark.parametrize("naming", NAMINGS)
def test_it_cannot_be_deleted(team: Team, naming: str) -> None:
    name = NAMINGS[naming](team.his)
    for body in ({}, {"request_id": "r1"}):
        answer = team.ask("alice", f"/containers/{name}", "DELETE", json=body)
        assert answer.status_code == 404 and "there was none" in answer.json["message"]
    assert team.his.container_id in team.bench.engine.containers


def test_logs_of_several_have_ones_own_alone(team: Team) -> None:
    hers, his = team.hers.container_id, team.his.container_id

    def read(who: str, query: str) -> tuple[int, set[str]]:
        answer = team.ask(who, f"/logs?{query}")
        found = answer.json["data"].get("seals", [])
        assert ("of bob" in answer.text) == (his in {one["container_id"] for one in found})
        return answer.status_code, {one["container_id"] for one in found}

    for query in (f"container_id={hers}&container_id={{}}", f"container_id={{}}&container_id={hers}"):
        for naming in NAMINGS.values():
            assert read("alice", query.format(naming(team.his))) == (404, set())
    assert read("alice", "type=bash_cell") == read("alice", "uid=alice") == (200, {hers})
    assert read("alice", "label=team") == (200, {hers}) and read("alice", "label=team&uid=bob") == (200, set())
    assert read("root", "label=team=x") == (200, {hers, his})
    listed = team.ask("alice", "/containers?label=team").json["data"]["containers"]
    assert [one["container_id"] for one in listed] == [hers]
    for query in ("uid=bob", "uid=bob&uid=alice", f"task_id={team.his.task_id}", "uid=bob&type=bash_cell"):
        assert read("alice", query) == (200, set()), query
    assert read("root", "type=bash_cell") == (200, {hers, his}) and read("root", "uid=bob") == (200, {his})
    for view in ("histogram", "patterns"):
        text = team.ask("alice", f"/logs/{view}?type=bash_cell").text
        assert hers in text and his not in text and "bob" not in text


def test_the_last_good_run_of_another_is_none(team: Team) -> None:
    """Both ran the same task, which ended well."""
    answer = team.ask("alice", f"/logs/diff?container_id={team.hers.container_id}")
    assert answer.status_code == 404 and team.his.container_id not in answer.text


def test_only_an_administrator_removes_logs(team: Team) -> None:
    for made in (team.hers, team.his):
        assert team.ask("alice", f"/logs?container_id={made.container_id}", "DELETE").status_code == 403
    assert team.ask("alice", "/logs?container_id=nosuch", "DELETE").status_code == 403


def test_places_in_anothers_log_are_of_no_use(team: Team) -> None:
    """A cursor, the id of an event and the id of a message are given out with the log that they are of."""
    cursor = team.ask("bob", f"/logs?container_id={team.his.container_id}&size=1").json["data"]["cursor"]
    events = team.ask("bob", f"/logs?container_id={team.his.container_id}&follow=true&format=sse").text
    event = next(line.removeprefix("id: ") for line in events.splitlines() if line.startswith("id: "))
    hers = team.hers.container_id
    assert team.ask("alice", f"/logs?container_id={team.his.container_id}&cursor={cursor}").status_code == 404
    for path, headers in (
        (f"/logs?container_id={hers}&cursor={cursor}", {}),
        (f"/logs?container_id={hers}&follow=true&cursor={event}", {}),
        (f"/logs?container_id={hers}&follow=true", {"Last-Event-ID": event}),
    ):
        answer = team.ask("alice", path, headers=headers)
        said = re.sub("'[^']*'?", "", answer.text)  # what was given may be repeated
        assert answer.status_code == 400 and "of bob" not in said and team.his.container_id[:12] not in said
    answer = team.ask("alice", f"/logs/context?container_id={hers}&id={team.line(team.his)}")
    assert answer.status_code == 404 and "of bob" not in answer.text
    with_place = team.ask("bob", f"/containers?limit=1&cursor={_list_cursor(team)}").json["data"]["containers"]
    assert {one["user_info"]["uid"] for one in with_place} <= {"bob"}


def _list_cursor(team: Team) -> str:
    first = team.ask("root", "/containers?limit=1").json["data"]
    assert len(first["containers"]) == 1
    return str(first["cursor"])


def test_lists(team: Team) -> None:
    def listed(who: str, query: str = "") -> set[str]:
        return {one["container_id"] for one in team.ask(who, f"/containers{query}").json["data"]["containers"]}

    assert listed("alice") == {team.hers.container_id} and listed("bob") == {team.his.container_id}
    assert listed("root") == {team.hers.container_id, team.his.container_id} == listed("root", "?status=exited")
    assert listed("alice", "?uid=bob") == set() and listed("root", "?uid=bob") == {team.his.container_id}
    assert listed("alice", "?uid=") == listed("alice", "?status=exited,removed,done") == {team.hers.container_id}
    (one,) = team.ask("alice", "/containers").json["data"]["containers"]
    assert one["user_info"] == {"uid": "alice"}


def test_a_started_task_is_its_callers(team: Team) -> None:
    """Whatever the body says: it has no member for another uid."""
    body = {"request_id": "mine", "tags": {"type": "bash_cell"}, "task_desc": {"cmd": "true"}}
    made = team.ask("root", "/containers", "POST", json=body).json["data"]
    shown = team.ask("root", f"/containers/{made['container_id']}").json["data"]["container"]
    assert shown["user_info"] == {"uid": "root"}
    assert team.ask("alice", made["log_path"]).status_code == 404
    for more in ({"uid": "bob"}, {"user_info": {"uid": "bob"}}):
        assert team.ask("alice", "/containers", "POST", json={**body, **more}).status_code == 400
        assert (
            team.ask("alice", "/containers", "POST", json={**body, "tags": {**body["tags"], **more}}).status_code == 400
        )  # type: ignore[dict-item]
    team.bench.seal(made["container_id"])
    assert team.ask("root", f"/containers/{made['container_id']}", "DELETE").status_code == 200
