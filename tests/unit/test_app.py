"""The application without a server: every answer is an envelope, and errors say what would be right."""

import json
import re
import threading
from typing import Any

import pytest
from falcon.testing import Result, TestClient
from prometheus_client import CollectorRegistry

from log_store.document import ContainerContext, DocumentBatch
from log_store.errors import LogStoreError, StoreDamaged, StoreMisconfigured, StoreUnavailable
from log_store.seal import Gap, Seal
from runtime_api import errors
from runtime_api.app import create_app
from runtime_api.config import ApiSettings
from runtime_api.containers.protocols import Choice
from runtime_api.counters import Counters
from runtime_api.errors import EngineFailed, EngineUnavailable
from runtime_api.readiness import Dependency
from tests.fake_containers import FULL_ID, FakeContainers, OneError
from tests.fake_problems import MemoryProblems
from tests.fakes import MemoryStore

NOW = 1_795_478_400_987_654_321
TASK: dict[str, Any] = {"tags": {"type": "bash_cell"}, "task_desc": {"cmd": "echo 1"}}


class Api:
    def __init__(self) -> None:
        self.containers = FakeContainers()
        self.store = MemoryStore(page_rows=2)
        self.registry = CollectorRegistry()
        settings = ApiSettings(body_limit=1000, api_threads=4)
        app = create_app(self.containers, self.store, Counters(self.registry), lambda: NOW, settings, MemoryProblems())
        self.client = TestClient(app)

    def ask(self, method: str, path: str, **more: Any) -> Result:
        result = self.client.simulate_request(method, path, **more)
        assert result.headers["content-type"] == "application/json"
        if method != "HEAD":
            body = result.json
            assert list(body) == ["timestamp", "status", "message", "data"]
            assert body["status"] == result.status_code
            assert body["timestamp"] == "2026-11-24T00:00:00.987Z"
            assert isinstance(body["message"], str) and body["message"]
            assert "Traceback" not in result.text
            if result.status_code >= 400 and path != "/readyz":
                assert body["data"] == {}
        return result

    def count(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0

    def write(self, count: int) -> None:
        batch = DocumentBatch("tests")
        for number in range(count):
            batch.container.append(ContainerContext(FULL_ID, "first"))
            for name, value in {
                "stream": "stdout", "id": f"{number:032x}", "version": 1, "day": "2026.11.24",
                "log_time": NOW - 1000 + number, "order_time": NOW - 1000 + number, "ordinal": 0, "seq": number,
                "log_type": "info", "log_type_by": "default", "message": f"line {number} ✓", "lines": 1,
                "last_time": NOW - 1000 + number,
            }.items():  # fmt: skip
                getattr(batch, name).append(value)
        self.store.write(batch)


@pytest.fixture
def api() -> Api:
    return Api()


def test_the_answer_names_what_is_masked_and_what_is_too_short_to_be(api: Api) -> None:
    desc = {"cmd": "true", "env": ["A=long-enough", "B=abc", "C=x"], "secrets": ["A", "B"]}
    told = api.ask("POST", "/containers", json={**TASK, "task_desc": desc})
    assert told.json["data"]["secrets"] == {"masked": ["A"], "too_short": ["B"]}
    assert "long-enough" not in told.text and "secrets" not in api.ask("POST", "/containers", json=TASK).json["data"]


def test_a_task_is_started(api: Api) -> None:
    result = api.ask("POST", "/containers", json=TASK)
    assert result.status_code == 200
    assert result.json["data"] == {
        "container_id": FULL_ID,
        "container_name": "task-1",
        "log_path": f"/logs?container_id={FULL_ID}",
        "task_id": "1",
        "image": {"name": "a:1", "digest": "sha256:00"},
        "phase": "running",
    }
    assert api.containers.created[0].cmd == "echo 1"


def test_the_content_type_may_be_absent_or_have_a_charset(api: Api) -> None:
    for kind in ("application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"', ""):
        body = b'{"tags": {"type": "bash_cell"}}'
        headers = {"content-type": kind} if kind else {}
        assert api.ask("POST", "/containers", body=body, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "application/jsonx"],
)
def test_another_content_type_is_415_and_says_which_would_do(api: Api, kind: str) -> None:
    result = api.ask("POST", "/containers", body=b"{}", headers={"content-type": kind})
    assert result.status_code == 415 and "application/json" in result.json["message"] and kind in result.json["message"]


def test_a_compressed_body_is_415(api: Api) -> None:
    headers = {"content-encoding": "gzip"}
    assert api.ask("POST", "/containers", body=b"\x1f\x8b", headers=headers).status_code == 415


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "missing"),
        (b"  \n", "missing"),
        (b"{", "line 1, column 2"),
        (b'{"a":\n 1,}', "line 2"),
        (b'{"a": NaN}', "not JSON"),
        (b'{"a": Infinity}', "not JSON"),
        (b'{"a": "\xff"}', "not JSON in UTF-8"),
        (b'{"a": "\\ud800"}', "not JSON"),
        (b"[1]", "not a list"),
        (b'"x"', "not a string"),
        (b"null", "not null"),
        (b"12", "not a number"),
        (b"true", "not true or false"),
        (b"[" * 900, "not JSON"),
        (b'{"a":' * 150 + b"1" + b"}" * 150, "a"),
        (b'{"request_id": "1", "request_id": "2"}', "'request_id': given more than once"),
        (b'{"tags": {"type": "bash_cell", "type": "code_cell"}}', "'type': given more than once"),
        (b'{"a": ' + b"9" * 900 + b"}", "a"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"\x00", "not JSON"),
    ],
)
def test_a_body_that_is_no_json_object_is_400_and_says_where(api: Api, body: bytes, said: str) -> None:
    result = api.ask("POST", "/containers", body=body)
    assert result.status_code == 400 and said in result.json["message"]
    assert not api.containers.created


def test_nesting_of_any_depth_is_400() -> None:
    deep = Api()
    app = create_app(
        deep.containers,
        deep.store,
        Counters(CollectorRegistry()),
        lambda: NOW,
        ApiSettings(body_limit=1 << 20),
        MemoryProblems(),
    )
    deep.client = TestClient(app)
    for depth in (500, 1000, 1020, 20_000):
        assert deep.ask("POST", "/containers", body=b'{"a":' * depth + b"1" + b"}" * depth).status_code == 400
        assert deep.ask("POST", "/containers", body=b'{"a":' + b"[" * depth + b"]" * depth + b"}").status_code == 400


def test_a_body_above_the_limit_is_413(api: Api) -> None:
    result = api.ask("POST", "/containers", body=b'{"a": "' + b"x" * 1000 + b'"}')
    assert result.status_code == 413 and "1000 bytes" in result.json["message"]


def test_problems_of_a_body_are_named_at_once(api: Api) -> None:
    result = api.ask("POST", "/containers", json={"tags": {"type": "x"}, "task_desc": {"cpu_limit": "abc"}, "wrong": 1})
    assert result.status_code == 400
    assert all(name in result.json["message"] for name in ("tags.type", "cpu_limit", "wrong"))


def test_the_same_request_id_with_another_body_is_409(api: Api) -> None:
    assert api.ask("POST", "/containers", json={**TASK, "request_id": "r"}).status_code == 200
    again = api.ask("POST", "/containers", json={**TASK, "request_id": "r"})
    assert again.status_code == 200 and "nothing was started" in again.json["message"]
    other = {**TASK, "request_id": "r", "task_desc": {"cmd": "other"}}
    assert api.ask("POST", "/containers", json=other).status_code == 409


def test_containers_are_listed_and_shown(api: Api) -> None:
    shown = {
        "container_id": FULL_ID, "cpu": 12.5, "mem": "1MiB / 2MiB", "status": "running", "user_info": {"uid": ""},
    }  # fmt: skip
    listed = {**shown, "name": "first"}
    assert api.ask("GET", "/containers").json["data"] == {"containers": [listed]}
    assert api.ask("GET", "/containers/").json["data"] == {"containers": [listed]}
    assert api.ask("GET", "/containers/abab").json["data"] == {"container": {**shown, "name": "first"}}
    api.containers.known.clear()
    assert api.ask("GET", "/containers").json["data"] == {"containers": []}
    assert api.ask("GET", "/containers/abab").status_code == 404


def test_containers_are_chosen_and_paged(api: Api) -> None:
    api.containers.known["cd" * 32] = "second"
    page = api.ask(
        "GET", "/containers", params={"status": "running,queued", "type": "code_cell", "uid": "u", "limit": "1"}
    )
    assert [one["container_id"] for one in page.json["data"]["containers"]] == [FULL_ID]
    cursor = page.json["data"]["cursor"]
    api.ask("GET", "/containers", params={"limit": "2", "cursor": cursor})
    first, second = api.containers.choices
    assert first == Choice(("running", "queued"), "code_cell", "u", 2) and second == Choice(limit=3, after=(0, FULL_ID))
    assert api.ask("GET", "/containers", params={"limit": "2"}).json["data"]["cursor"] is None
    bad = api.ask("GET", "/containers", params={"status": "up", "type": "x", "limit": "0", "cursor": "é"})
    assert bad.status_code == 400
    for name in ("status", "type", "limit", "cursor"):
        assert f"{name}: '" in bad.json["message"]


def test_delete_takes_a_body_or_none(api: Api) -> None:
    assert api.ask("DELETE", "/containers/abab").json["data"] == {"container_id": FULL_ID, "removed": True}
    assert api.ask("DELETE", "/containers/first", body=b"", headers={"content-type": "text/plain"}).status_code == 200
    api.containers.seal = {"state": "sealed"}
    result = api.ask("DELETE", "/containers/first", json={"request_id": "r"})
    assert result.json["data"]["seal"] == {"state": "sealed"}
    assert api.ask("DELETE", "/containers/first", json={"request_id": None}).status_code == 200
    assert [request_id for _, request_id in api.containers.deleted] == ["", "", "r", ""]


def test_delete_refuses_what_it_does_not_know(api: Api) -> None:
    result = api.ask("DELETE", "/containers/abab", json={"request_id": 1, "force": True})
    assert result.status_code == 400
    assert "request_id" in result.json["message"] and "force" in result.json["message"]
    assert api.ask("DELETE", "/containers/nobody").status_code == 404
    assert not api.containers.deleted


def test_ids_and_parameters_that_cannot_be(api: Api) -> None:
    assert api.ask("GET", "/containers/a%00b").status_code == 400
    assert api.ask("DELETE", "/containers/a%0ab").status_code == 400
    assert api.ask("GET", "/containers/" + "a" * 300).status_code == 400
    assert "no parameters" in api.ask("GET", "/containers/abab", params={"all": "1"}).json["message"]
    assert api.ask("POST", "/containers", params={"name": "x"}, json=TASK).status_code == 400


def test_unknown_routes_and_methods(api: Api) -> None:
    result = api.ask("GET", "/container")
    assert result.status_code == 404 and "/containers" in result.json["message"]
    result = api.ask("PUT", "/containers", json=TASK)
    assert result.status_code == 405 and result.headers["allow"] == "GET, HEAD, POST, OPTIONS"
    assert api.ask("POST", "/logs").status_code == 405
    assert api.ask("PATCH", "/nowhere").status_code == 404


def test_options_and_head(api: Api) -> None:
    result = api.ask("OPTIONS", "/containers")
    assert result.status_code == 200 and "POST" in result.headers["allow"]
    assert "POST" in result.json["data"]["methods"]
    for path in ("/containers", "/healthz", "/readyz", f"/logs?container_id={FULL_ID}"):
        result = api.ask("HEAD", path)
        assert result.status_code == 200 and not result.content


def test_every_error_of_ours_has_its_status_and_is_counted(api: Api) -> None:
    found: list[type[errors.RuntimeApiError]] = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.RuntimeApiError)
    ]
    assert len(found) > 8
    found.append(OneError)
    for kind in found:
        api.containers.error = errors.BadRequest(["wrong"]) if kind is errors.BadRequest else kind("wrong")
        result = api.ask("GET", "/containers")
        assert (result.status_code, result.json["message"]) == (kind.status, "wrong")
        assert ("retry-after" in result.headers) == (kind.status in (429, 503))
        assert api.count("wholelog_api_errors_total", kind=kind.__name__) == 1


@pytest.mark.parametrize(
    ("error", "status"), [(StoreUnavailable, 503), (StoreMisconfigured, 500), (StoreDamaged, 500), (LogStoreError, 500)]
)
def test_every_error_of_the_store_has_its_status(api: Api, error: type[LogStoreError], status: int) -> None:
    api.store.error = error("es: refused")
    result = api.ask("GET", "/logs", params={"container_id": "first"})
    assert result.status_code == status and "es: refused" in result.json["message"]
    assert ("retry-after" in result.headers) == (status == 503)


def test_what_nobody_expected_is_500_logged_and_not_shown(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    api.containers.error = ZeroDivisionError("secret")
    result = api.ask("GET", "/containers")
    assert result.status_code == 500 and "secret" not in result.text
    assert "ZeroDivisionError: secret" in caplog.text
    assert api.count("wholelog_api_errors_total", kind="internal") == 1


def test_logs_give_every_line_and_the_seal(api: Api) -> None:
    api.write(5)
    gap = Gap(NOW - 10, None, 3, "the engine's copy was rotated")
    api.store.write_seals([Seal(FULL_ID, 1, "first", state="gaps", reason="3 lines", lines=8, gaps=(gap,), put_back=2)])
    api.store.write_seals([Seal(FULL_ID, 2, "first", state="open", lines=1, verified_until=NOW)])
    data = api.ask("GET", "/logs", params={"container_id": "first"}).json["data"]
    assert [line["log_message"] for line in data["logs"]] == [f"line {number} ✓" for number in range(5)]
    assert data["logs"][0]["log_time"] == "2026-11-24T00:00:00.987653321Z"
    assert list(data) == ["logs", "count", "lines", "seal"] and (data["count"], data["lines"]) == (5, 5)
    assert data["seal"] == {
        "state": "open", "reason": "", "started": "1970-01-01T00:00:00.000000002Z", "finished": None,
        "verified_until": "2026-11-24T00:00:00.987654321Z", "lines": 9, "put_back": 2,
        "gaps": [{"from": "2026-11-24T00:00:00.987654311Z", "to": None, "lines": 3, "why": "the engine's copy was rotated"}],
        "runs": 2,
    }  # fmt: skip


def test_logs_of_a_range_and_a_size(api: Api) -> None:
    api.write(5)

    def numbers(**asked: str) -> list[int]:
        result = api.ask("GET", "/logs", params={"container_id": FULL_ID[:12], **asked})
        return [int(line["log_message"].split()[1]) for line in result.json["data"]["logs"]]

    assert numbers(size="2") == [0, 1]
    assert numbers(size="3") == [0, 1, 2]
    assert numbers(start_time=str(NOW - 998)) == [2, 3, 4]
    assert numbers(start_time=str(NOW - 998), end_time=str(NOW - 997)) == [2, 3]
    assert numbers(end_time="1s") == []
    assert numbers(start_time="2100-01-01T00:00:00Z") == []


def test_a_log_of_nothing_is_an_empty_list_and_one_of_nobody_404(api: Api) -> None:
    data = api.ask("GET", "/logs", params={"container_id": "first"}).json["data"]
    assert (data["logs"], data["count"], data["seal"]["state"], data["seal"]["runs"]) == ([], 0, "open", 0)
    assert api.ask("GET", "/logs", params={"container_id": "nobody"}).status_code == 404
    assert api.ask("GET", "/logs").status_code == 400
    result = api.ask("GET", "/logs", params={"container_id": "first", "limit": "5", "size": "0"})
    assert result.status_code == 400 and "'limit'" in result.json["message"]


def test_health(api: Api) -> None:
    assert api.ask("GET", "/healthz").json["message"] == "alive"
    data = api.ask("GET", "/readyz").json["data"]
    assert (data["engine"]["state"], data["store"]["state"]) == ("ready", "ready")
    assert data["store"]["detail"] == "memory, 0 documents"


@pytest.mark.parametrize("error", [EngineUnavailable("gone"), EngineFailed("gone"), RuntimeError("gone")])
def test_readiness_says_what_is_away_and_what_to_do(api: Api, error: Exception) -> None:
    api.containers.error = error
    result = api.ask("GET", "/readyz")
    assert result.status_code == 503 and "retry-after" in result.headers
    engine = result.json["data"]["engine"]
    assert engine["state"] == "not ready" and "docker_host" in engine["to_do"]
    assert re.fullmatch(r"2026-11-24T00:00:00\.987Z", engine["since"])
    assert result.json["data"]["store"]["state"] == "ready"
    assert api.ask("GET", "/healthz").status_code == 200


def test_what_does_not_answer_is_not_ready_and_holds_one_thread() -> None:
    asked, go = threading.Event(), threading.Event()

    def check() -> str:
        asked.set()
        go.wait(10)
        return "late"

    dependency = Dependency("engine", check, "restart it", lambda: NOW, patience=0.0)
    first = threading.Thread(target=dependency.look)
    first.start()
    assert asked.wait(10)
    found = dependency.look()
    assert not found.ready and "has not answered" in found.detail
    assert dependency.shown(found)["to_do"] == "restart it"
    go.set()
    first.join(10)
    assert dependency.look().ready


def test_half_a_surrogate_pair_in_the_store_is_escaped(api: Api) -> None:
    api.write(1)
    next(iter(api.store.rows.values())).members["message"] = "half \ud800 ✓"
    result = api.ask("GET", "/logs", params={"container_id": "first"})
    assert json.loads(result.content)["data"]["logs"][0]["log_message"] == "half \ud800 ✓"


def test_metrics_count_by_route(api: Api) -> None:
    api.ask("GET", "/containers/abab")
    api.ask("GET", "/nowhere")
    api.ask("BREW", "/containers")
    result = api.client.simulate_get("/metrics")
    assert result.headers["content-type"].startswith("text/plain")
    route = "/containers/{container_id}"
    assert f'wholelog_api_requests_total{{method="GET",route="{route}",status="200"}} 1.0' in result.text
    assert 'wholelog_api_requests_total{method="GET",route="none",status="404"} 1.0' in result.text
    assert "BREW" not in result.text
    assert "wholelog_api_request_seconds_bucket" in result.text
