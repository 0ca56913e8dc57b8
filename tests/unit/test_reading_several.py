"""`/logs` of several containers: which, in what order and form, and the statement of them, without a server."""

import csv
import io
import json
from typing import Any

import pytest
from falcon.testing import Result, TestClient
from prometheus_client import CollectorRegistry

from log_store.document import ContainerContext
from log_store.seal import Gap, Seal
from log_store.several import MOST_CONTAINERS
from runtime_api.app import create_app
from runtime_api.config import ApiSettings
from runtime_api.counters import Counters
from runtime_api.reading.cursor import cursor_text
from tests.documents import NOON, Documents
from tests.fake_containers import FakeContainers
from tests.fake_problems import MemoryProblems
from tests.fakes import MemoryStore

ONE, TWO, SILENT = "1a" * 32, "2b" * 32, "3c" * 32


@pytest.fixture
def store() -> MemoryStore:
    """Lines of two in turn, and a container that has a seal alone."""
    store = MemoryStore(page_rows=4)
    contexts = [
        ContainerContext(ONE, "one", "t1", "bash_cell", "u1"),
        ContainerContext(TWO, "", "t2", "code_cell", "u1"),
    ]
    for row, context in enumerate(contexts):
        documents = Documents(context)
        for number in range(10):
            documents.add(NOON + number, f"{row} {number}", log_type="error" if number == 3 else "info")
        store.write(documents.batch)
    gap = Gap(NOON, NOON + 1, 4, "rotated")
    seals = [
        Seal(
            ONE,
            NOON,
            state="sealed",
            lines=10,
            finished_at=NOON + 50,
            verified_until=NOON + 60,
            labels=("run=1,2", "team=vision"),
        ),
        Seal(TWO, NOON, state="gaps", lines=14, gaps=(gap,), finished_at=NOON + 70, verified_until=NOON + 90),
        Seal(
            SILENT,
            NOON,
            "silent",
            "t3",
            "bash_cell",
            "u2",
            state="sealed",
            finished_at=NOON + 1,
            verified_until=NOON + 1,
            labels=("team=maps",),
        ),
    ]
    store.write_seals(seals)
    return store


@pytest.fixture
def client(store: MemoryStore) -> TestClient:
    containers = FakeContainers()
    containers.known = {ONE: "one", TWO: "two", SILENT: "silent"}
    app = create_app(
        containers, store, Counters(CollectorRegistry()), lambda: NOON + 10**9, ApiSettings(), MemoryProblems()
    )
    return TestClient(app)


def ask(client: TestClient, query: str) -> Result:
    return client.simulate_get("/logs", query_string=query)


def data_of(client: TestClient, query: str) -> dict[str, Any]:
    result = ask(client, query)
    assert result.status_code == 200, result.text
    data: dict[str, Any] = result.json["data"]
    return data


def messages(client: TestClient, query: str) -> list[str]:
    return [line["log_message"] for line in data_of(client, query)["logs"]]


def test_in_one_order_with_whose_they_are(client: TestClient) -> None:
    data = data_of(client, "container_id=two&container_id=one&container_id=two")
    assert [line["log_message"] for line in data["logs"]] == [
        f"{row} {number}" for number in range(10) for row in (0, 1)
    ]
    assert [(line["container_id"], line["container_name"]) for line in data["logs"]][:2] == [(ONE, "one"), (TWO, "")]
    assert data["count"] == 20 and "cursor" not in data
    alone = data_of(client, "container_id=one")
    assert "container_id" not in alone["logs"][0] and "seals" not in alone
    assert "container_id" in data_of(client, "container_id=one&type=bash_cell")["logs"][0]


def test_by_label(client: TestClient) -> None:
    def whose(query: str) -> str:
        return "".join(one["container_id"][0] for one in data_of(client, query)["seals"])

    assert whose("label=team") == whose("label=team%3Dvision&label=run=1,2") == "1" and whose("label=team=maps") == ""
    assert (
        whose("label=team=maps&container_id=silent") == whose("label=team&container_id=silent&container_id=two") == "3"
    )
    assert whose("label=team&container_id=one&container_id=silent") == "13" and whose("label=team&uid=u2") == ""
    counted = client.simulate_get("/logs/histogram", query_string="label=team=vision").json["data"]
    assert counted["count"] == 10 and [one["container_id"] for one in counted["seals"]] == [ONE]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("size", [1, 3, 7, 20, 21])
def test_a_cursor_leads_on(client: TestClient, order: str, size: int) -> None:
    found: list[str] = []
    cursor = ""
    while True:
        data = data_of(client, f"uid=u1&size={size}&order={order}&cursor={cursor}")
        found += [line["log_message"] for line in data["logs"]]
        cursor = data.get("cursor", "")
        if not cursor:
            break
        assert data["count"] == size
    every = [f"{row} {number}" for number in range(10) for row in (0, 1)]
    assert found == (every if order == "asc" else every[::-1])


def test_what_is_chosen_from_them(client: TestClient) -> None:
    assert messages(client, "uid=u1&tail=3") == ["1 8", "0 9", "1 9"]
    assert messages(client, "uid=u1&log_type=error") == messages(client, "uid=u1&q=3") == ["0 3", "1 3"]
    assert messages(client, "uid=u1&q=%220+3%22&tail=5") == ["0 3"]
    assert messages(client, "type=code_cell&size=1") == messages(client, "task_id=t2&size=1") == ["1 0"]
    assert messages(client, "type=code_cell&type=bash_cell&size=2") == ["0 0", "1 0"]
    assert messages(client, "container_id=one&container_id=two&task_id=t1&size=2") == ["0 0", "0 1"]
    assert messages(client, "container_id=one&uid=u2") == [] == messages(client, "uid=nobody")
    assert messages(client, f"uid=u1&start_time={NOON + 9}&end_time={NOON + 9}") == ["0 9", "1 9"]


def test_the_seals(client: TestClient, store: MemoryStore) -> None:
    data = data_of(client, "container_id=one&container_id=two&container_id=silent&size=1")
    assert [(one["container_name"], one["task_id"], one["seal"]["state"]) for one in data["seals"]] == [
        ("one", "t1", "sealed"), ("", "t2", "gaps"), ("silent", "t3", "sealed"),
    ]  # fmt: skip
    assert data["seal"]["state"] == "gaps" and data["seal"]["lines"] == 24 and data["seal"]["runs"] == 3
    assert [(gap["lines"], gap["container_id"]) for gap in data["seal"]["gaps"]] == [(4, TWO)]
    assert data["seal"]["finished"].endswith(".000000070Z") and data["seal"]["verified_until"].endswith(".000000001Z")
    store.write_seals([Seal(ONE, NOON + 5, state="unverified", reason="no copy")])
    open_one = data_of(client, "container_id=one&container_id=silent&size=1")["seal"]
    assert (open_one["state"], open_one["reason"], open_one["finished"]) == ("unverified", "one: no copy", None)
    nothing = data_of(client, "uid=nobody")
    assert nothing["seals"] == [] and nothing["seal"]["state"] == "open" and "has written" in nothing["seal"]["reason"]
    waited = data_of(client, "container_id=two&container_id=silent&size=1&wait=sealed&wait_seconds=1")["waited"]
    assert waited["sealed"] is True
    fresh = data_of(client, f"uid=u1&start_time={NOON + 9}")
    assert [one["container_id"] for one in fresh["seals"]] == [ONE, TWO] and fresh["seal"]["state"] == "unverified"


def test_the_other_forms_say_whose_a_line_is(client: TestClient) -> None:
    lines = ask(client, "uid=u1&format=ndjson").text.splitlines()
    assert json.loads(lines[0])["container_name"] == "one" and len(json.loads(lines[-1])["end"]["seals"]) == 2
    text = ask(client, "uid=u1&format=text")
    assert text.text.splitlines()[:2] == [
        "2026-11-24T12:00:00.000000000Z info one 0 0", f"2026-11-24T12:00:00.000000000Z info {TWO[:12]} 1 0",
    ]  # fmt: skip
    assert text.text.splitlines()[-1].startswith(text.headers["wholelog-end"])
    rows = list(csv.reader(io.StringIO(ask(client, "uid=u1&format=csv").text)))
    assert rows[0][-2:] == ["container_id", "container_name"] and rows[1][-2:] == [ONE, "one"]
    assert {len(row) for row in rows} == {8} and rows[-1][0] == "#end"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", "container_id: missing"),
        ("uid=", "container_id: missing"),
        ("type=cell", "type: 'cell' must be one of code_cell"),
        ("uid=a%0Ab", "uid: 'a\\nb' must be at most 255 printable"),
        (
            "&".join(f"container_id={n}" for n in range(MOST_CONTAINERS + 1)),
            f"at most {MOST_CONTAINERS} are read together",
        ),
        ("uid=u1&follow=true&size=3", "size: not together with follow"),
        ("container_id=one&container_id=two&follow=true&order=desc", "order: not together with follow"),
        (f"uid=u1&cursor={cursor_text(ONE, (1, 'stdout', 0, 'x'), False)}", "cursor: it does not come from an answer"),
        ("label==a", "label: '=a' must be NAME=VALUE, or NAME for any value"),
        ("label=" + "a" * 256, "label: 'aaa"),
        ("&".join(f"label=a{number}" for number in range(33)), "label: 33 were given, 32 at most"),
    ],
)
def test_what_does_not_fit(client: TestClient, query: str, told: str) -> None:
    result = ask(client, query)
    assert result.status_code == 400 and told in result.json["message"]


def test_a_cursor_of_several_is_none_of_one(client: TestClient) -> None:
    cursor = data_of(client, "uid=u1&size=1")["cursor"]
    assert ask(client, f"container_id=one&cursor={cursor}").status_code == 400


def test_too_many_are_refused_and_a_shorter_range_is_not(client: TestClient, store: MemoryStore) -> None:
    for number in range(MOST_CONTAINERS + 1):
        context = ContainerContext(f"{number:02x}" * 32, "", "", "algorithm", "many")
        store.write(Documents(context).add(NOON + 10 + number // 10, "x").batch)
    refused = ask(client, "uid=many")
    assert refused.status_code == 400 and f"more than {MOST_CONTAINERS} containers" in refused.json["message"]
    assert len(messages(client, f"uid=many&end_time={NOON + 11}")) == 20
