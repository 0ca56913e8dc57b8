"""Who did what: every call that changes something, by fluent-logger, and never at the call's cost."""

import json
import socket
import threading
from pathlib import Path
from typing import Any

import msgpack
import pytest
from falcon.testing import TestClient
from prometheus_client import CollectorRegistry

from log_shipper.forward.records import entries
from log_shipper.stages.runs import runs_of
from runtime_api.app import create_app
from runtime_api.audit_trail import STRANGERS, AuditTrail
from runtime_api.config import ApiSettings
from runtime_api.counters import Counters
from runtime_api.errors import EngineUnavailable
from tests.container_bench import wait_for
from tests.fake_containers import FULL_ID, FakeContainers
from tests.fake_problems import MemoryProblems
from tests.fakes import MemoryStore
from tests.unit.test_own_lines import pipeline

TASK = {"tags": {"type": "bash_cell"}, "task_desc": {"cmd": "true", "env": ["PW=hunter2-0815"], "secrets": "PW"}}


class Api:
    def __init__(self) -> None:
        self.noted: list[dict[str, Any]] = []
        self.containers = FakeContainers()
        counters = Counters(CollectorRegistry())
        app = create_app(
            self.containers, MemoryStore(), counters, lambda: 10**18, ApiSettings(), MemoryProblems(), self.noted.append
        )
        self.client = TestClient(app, headers={"User-Agent": "tests"})


@pytest.fixture
def api() -> Api:
    return Api()


def test_what_is_changed_is_noted_with_who_what_and_outcome(api: Api) -> None:
    made = api.client.simulate_post("/containers", json=TASK).json["data"]
    (note,) = api.noted
    assert note == {
        "level": "info", "message": "everybody: POST /containers: 200 started", "user.id": "", "user.roles": "admin",
        "action": "POST /containers", "event.outcome": "success", "path": "/containers", "status_code": 200,
        "client_ip": "127.0.0.1", "user_agent": "tests", "container.id": made["container_id"],
        "container.name": made["container_name"], "task.id": made["task_id"],
    }  # fmt: skip
    api.client.simulate_delete(f"/containers/{FULL_ID}")
    assert api.noted[1]["action"] == "DELETE /containers/{container_id}" and api.noted[1]["path"].endswith(FULL_ID)
    assert "hunter2-0815" not in json.dumps(api.noted)


def test_what_is_refused_or_fails_is_noted_too_and_reading_is_not(api: Api) -> None:
    api.client.simulate_post("/containers", body="{")
    api.client.simulate_delete("/containers")
    api.client.simulate_put("/no-such-route/" + "x" * 2000)
    api.containers.error = EngineUnavailable("away")
    api.client.simulate_post("/containers", json=TASK)
    told = [(one["status_code"], one["level"], one["event.outcome"]) for one in api.noted]
    assert told == [(400, "warning", "failure"), (405, "warning", "failure"), (404, "warning", "failure"),
                    (503, "error", "failure")]  # fmt: skip
    assert len(api.noted[2]["path"]) == 500 and len(api.noted[2]["message"]) < 1100
    for path in ("/containers", "/logs", "/healthz"):
        api.client.simulate_get(path)
        api.client.simulate_head(path)
    assert len(api.noted) == 4


def test_strangers_cannot_fill_the_trail(tmp_path: Path) -> None:
    now, noted = [10**18], list[dict[str, Any]]()
    tokens = tmp_path / "tokens"
    tokens.touch(0o600)
    settings = ApiSettings(access="tokens", access_tokens=tokens)
    counters = Counters(CollectorRegistry())
    app = create_app(
        FakeContainers(), MemoryStore(), counters, lambda: now[0], settings, MemoryProblems(), noted.append
    )
    client = TestClient(app)
    for _ in range(STRANGERS + 5):
        assert client.simulate_post("/containers", json=TASK).status_code == 401
    assert len(noted) == STRANGERS and all(one["message"].startswith("nobody known: ") for one in noted)
    now[0] += 60 * 10**9
    client.simulate_post("/containers", json=TASK)
    client.simulate_post("/containers", json=TASK)
    assert [one.get("left_out") for one in noted[STRANGERS:]] == [5, None]


class Receiver:
    """What fluent-logger has sent to a socket."""

    def __init__(self, path: Path) -> None:
        self.texts: list[str] = []
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        connection, _ = self._listening.accept()
        reader = msgpack.Unpacker()
        while data := connection.recv(1 << 16):
            reader.feed(data)
            self.texts += [message[2]["message"] for message in reader]


def test_what_comes_while_the_shipper_is_away_is_sent_in_order_when_it_is_back(tmp_path: Path) -> None:
    trail = AuditTrail(tmp_path / "sock")
    trail.start()
    for number in range(5):
        trail.note({"n": number})
    receiver = Receiver(tmp_path / "sock")
    wait_for(lambda: len(receiver.texts) == 5)
    trail.note({"n": 5})
    trail.close()
    wait_for(lambda: len(receiver.texts) == 6)
    assert [json.loads(text)["n"] for text in receiver.texts] == list(range(6)) and trail.lost == 0


def test_lost_ones_are_counted_and_nobody_waits(tmp_path: Path) -> None:
    """No shipper at all, more than may wait, and then the end."""
    trail = AuditTrail(tmp_path / "sock")
    for number in range(10_003):
        trail.note({"n": number})
    assert trail.lost == 3
    trail.start()
    trail.close()
    assert trail.lost == 10_003


def test_only_a_trusted_sender_writes_the_trail() -> None:
    sent = msgpack.packb(["wholelog-audit", 1, {"message": "forged"}]) + msgpack.packb(["app", 1, {"message": "x"}])
    by_trust = {
        trusted: [(run.container_id, run.text) for run in runs_of([(0, entries(sent, 100))], trusted=trusted)]
        for trusted in (True, False)
    }
    assert by_trust == {
        True: [("wholelog-audit", [b"forged"]), ("tcp:app", [b"x"])],
        False: [("tcp:wholelog-audit", [b"forged"]), ("tcp:app", [b"x"])],
    }


def test_it_is_a_sender_without_a_copy_and_its_lines_have_type_and_fields() -> None:
    pipe = pipeline()
    batch = pipe.new_batch()
    note = json.dumps({"level": "warning", "message": "anna: DELETE", "user.id": "anna", "status_code": 403})
    pipe.add(batch, [(0, entries(msgpack.packb(["wholelog-audit", 1, {"message": note}]), 1000))], 10**18, trusted=True)
    assert (batch.message, batch.log_type) == ([note], ["warning"])
    assert json.loads(batch.fields[0])["user.id"] == "anna"
    assert pipe.ledger.accounts == {} and [seal.container_id for seal in pipe.statements.take_new()] == [
        "wholelog-audit"
    ]
