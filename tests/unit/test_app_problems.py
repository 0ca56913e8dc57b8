"""`/problems` without a server."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from falcon.testing import TestClient
from prometheus_client import CollectorRegistry

from log_store.document import ContainerContext
from log_store.errors import StoreUnavailable
from log_store.problem import Occurrence, Triage, merged, state_of
from runtime_api.access.caller import Caller
from runtime_api.access.tokens import line_of, new_token
from runtime_api.app import create_app
from runtime_api.config import ApiSettings
from runtime_api.counters import Counters
from tests.documents import NOON, SECOND, Documents
from tests.fake_containers import FULL_ID, FakeContainers
from tests.fake_problems import ONE, MemoryProblems
from tests.fakes import MemoryStore

NOW = NOON + 9000 * SECOND


class Api:
    def __init__(self) -> None:
        self.problems, self.store, self.now = MemoryProblems(ONE), MemoryStore(), NOW
        counters = Counters(CollectorRegistry())
        settings = ApiSettings(api_threads=4)
        app = create_app(FakeContainers(), self.store, counters, lambda: self.now, settings, self.problems)
        self.client = TestClient(app)

    def ask(self, method: str, path: str, status: int = 200, **more: Any) -> dict[str, Any]:
        answer = self.client.simulate_request(method, path, **more)
        assert (answer.status_code, answer.json["status"]) == (status, status), answer.text
        read: dict[str, Any] = answer.json
        return read

    def states(self, **params: str) -> list[tuple[str, str]]:
        found = self.ask("GET", "/problems", params=params)["data"]["problems"]
        return [(one["id"], one["state"]) for one in found]


@pytest.fixture
def api() -> Api:
    return Api()


def test_a_problem_in_the_list(api: Api) -> None:
    data = api.ask("GET", "/problems")["data"]
    assert data["count"] == 1
    (one,) = data["problems"]
    assert (one["title"], one["count"], one["state"]) == ("ValueError: <*>", 3, "open")
    assert one["first_seen"] == "2026-11-24T12:00:00.000000000Z"
    assert one["containers"][0]["name"] == "first"


def test_the_message_and_the_ten_lines_before_it(api: Api) -> None:
    documents = Documents(ContainerContext(FULL_ID, "first"))
    documents.add_all([f"line {number}" for number in range(15)])
    documents.add(NOON + SECOND, "ValueError: 1", log_type="error").add(NOON + 2 * SECOND, "after")
    api.store.write(documents.batch)
    place = Occurrence(FULL_ID, documents.batch.id[15], NOON + SECOND)
    api.problems.write_problems([replace(ONE, last=place, version=11)])
    sample = api.ask("GET", f"/problems/{ONE.id}")["data"]["problem"]["sample"]
    assert sample["line"]["log_message"] == "ValueError: 1"
    assert [line["log_message"] for line in sample["before"]] == [f"line {number}" for number in range(5, 15)]


def test_a_problem_outlives_its_log(api: Api) -> None:
    assert api.ask("GET", f"/problems/{ONE.id}")["data"]["problem"]["sample"] is None


def test_one_that_is_seen_after_it_was_resolved_has_regressed(api: Api) -> None:
    said = api.ask("PATCH", f"/problems/{ONE.id}", json={"state": "resolved", "note": "fixed"})["data"]["problem"]
    assert (said["state"], said["note"]) == ("resolved", "fixed")
    assert api.states(state="open,regressed") == []
    late = Occurrence(FULL_ID, "late", NOW - 1)  # written before it was resolved, counted later
    api.problems.write_problems([replace(ONE, last=late, version=11)])
    assert api.states() == [(ONE.id, "resolved")]
    api.problems.write_problems([replace(ONE, last=Occurrence(FULL_ID, "new", NOW + 1), version=12)])
    assert api.states(state="regressed") == [(ONE.id, "regressed")]
    api.ask("PATCH", f"/problems/{ONE.id}", json={"state": "ignored"})
    assert api.states() == [(ONE.id, "ignored")]
    api.ask("PATCH", f"/problems/{ONE.id}", json={"state": "open", "note": ""})  # within the same nanosecond
    assert api.states() == [(ONE.id, "open")]


def test_counts_of_several_shippers_are_one_problem() -> None:
    other = replace(ONE, shipper="shipper-2", count=4, last=Occurrence("cd" * 32, "x", NOON + 9), containers=())
    (both,) = merged([ONE, other])
    assert (both.count, both.first, both.last, both.shipper) == (7, ONE.first, other.last, "")
    assert state_of(both, Triage(ONE.id, "resolved", NOON + 8)) == "regressed"


def test_only_those_of_a_container(api: Api) -> None:
    elsewhere = replace(ONE, id="f" * 16, containers=())
    api.problems.write_problems([elsewhere])
    assert api.states(container_id="first") == [(ONE.id, "open")]
    assert len(api.states()) == 2 and len(api.states(size="1")) == 1
    api.ask("GET", "/problems", 404, params={"container_id": "nobody"})


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"state": "closed"}, "'closed' must be"),
        ({"size": "0"}, "size: '0'"),
        ({"stat": "open"}, "did you mean state?"),
    ],
)
def test_parameters_that_do_not_fit(api: Api, params: dict[str, str], said: str) -> None:
    assert said in api.ask("GET", "/problems", 400, params=params)["message"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "state: null must be one of open"),
        ({"state": "regressed"}, "must be one of open, resolved, ignored"),
        ({"state": 1}, "must be a string"),
        ({"state": "open", "not": "x"}, "did you mean note?"),
        ({"state": "open", "note": "x" * 1001}, "1001 bytes long"),
    ],
)
def test_a_body_that_does_not_fit(api: Api, body: dict[str, Any], said: str) -> None:
    assert said in api.ask("PATCH", f"/problems/{ONE.id}", 400, json=body)["message"]
    assert not api.problems.said


def test_one_that_is_not_there(api: Api) -> None:
    for name in ("f" * 16, "x", "a" * 3000):
        assert "no problem" in api.ask("GET", f"/problems/{name}", 404)["message"]
        api.ask("PATCH", f"/problems/{name}", 404, json={"state": "open"})


def test_a_store_that_is_away(api: Api) -> None:
    api.problems.error = StoreUnavailable("gone")
    assert "gone" in api.ask("GET", "/problems", 503)["message"]
    api.ask("PATCH", f"/problems/{ONE.id}", 503, json={"state": "open"})


def test_what_is_anothers_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    tokens = {name: new_token() for name in ("alice", "bob", "root")}
    callers = (Caller("alice"), Caller("bob"), Caller("root", "admin"))
    file.write_text("\n".join(line_of(one, tokens[one.uid]) for one in callers))
    settings = ApiSettings(access="tokens", access_tokens=file, caller_rate=0.0)
    problems = MemoryProblems(replace(ONE, uid="alice"), replace(ONE, id="f" * 16, uid=""))
    app = create_app(FakeContainers(), MemoryStore(), Counters(CollectorRegistry()), lambda: NOW, settings, problems)
    client = TestClient(app)

    def ask(who: str, path: str, method: str = "GET", **more: Any) -> Any:
        return client.simulate_request(method, path, headers={"Authorization": f"Bearer {tokens[who]}"}, **more)

    assert {who: ask(who, "/problems").json["data"]["count"] for who in tokens} == {"alice": 1, "bob": 0, "root": 2}
    for method, more in (("GET", {}), ("PATCH", {"json": {"state": "ignored"}})):
        codes = {who: ask(who, f"/problems/{ONE.id}", method, **more).status_code for who in ("bob", "alice", "root")}
        assert codes == {"bob": 404, "alice": 200, "root": 200}
