"""The OpenAPI document says what the checks do."""

import base64
import hashlib
import re
from typing import Any

import jsonschema_rs
import pytest
from falcon.testing import TestClient
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from runtime_api.app import create_app
from runtime_api.config import ApiSettings
from runtime_api.counters import Counters
from runtime_api.errors import BadRequest
from runtime_api.openapi.document import document
from runtime_api.openapi.shapes import EMPTY_NAME, empty
from runtime_api.params import logs, views
from runtime_api.params.containers import PARAMETERS as PARAMETERS_OF_LIST
from runtime_api.params.containers import read_choice
from runtime_api.params.logs import read_log_parameters
from runtime_api.schemas import task_body
from runtime_api.schemas.task_body import parse_task
from tests.fake_containers import FULL_ID, FakeContainers
from tests.fake_problems import ONE, MemoryProblems
from tests.fakes import MemoryStore

DOCUMENT = document("1", 60)
PARAMETERS = {one["name"]: one for one in DOCUMENT["paths"]["/logs"]["get"]["parameters"]}


def validator(shape: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({**shape, "components": DOCUMENT["components"]})


@pytest.fixture(scope="module")
def client() -> TestClient:
    containers, store, problems = FakeContainers(), MemoryStore(), MemoryProblems(ONE)
    return TestClient(
        create_app(containers, store, Counters(CollectorRegistry()), lambda: 10**18, ApiSettings(), problems)
    )


def test_it_is_served_as_it_is(client: TestClient) -> None:
    answer = client.simulate_get("/openapi.json")
    assert answer.status_code == 200 and answer.json["openapi"] == "3.1.0"
    assert answer.json["paths"] == DOCUMENT["paths"]


def test_every_route_is_in_it_and_every_path_is_a_route(client: TestClient) -> None:
    listed = client.simulate_get("/nowhere").json["message"]
    for path, routes in DOCUMENT["paths"].items():
        assert path in listed
        for method in routes.keys() - {"parameters"}:
            answer = client.simulate_request(
                method.upper(), path.replace("{container_id}", "none").replace("{problem_id}", "none")
            )
            assert answer.status_code != 405 and "no such route" not in answer.text


def test_every_parameter_and_member_is_described() -> None:
    assert set(PARAMETERS) == set(logs.NAMES)
    assert all(one["description"] for one in PARAMETERS.values())
    task = DOCUMENT["components"]["schemas"]["Task"]["properties"]
    assert set(task) == set(task_body.BODY)
    desc = task["task_desc"]["anyOf"][0]["properties"]
    assert set(desc) == set(task_body.TASK) and all(one["description"] for one in desc.values())


def test_every_parameter_of_the_views_is_described() -> None:
    for name, names in (("histogram", views.HISTOGRAM), ("context", views.CONTEXT), ("patterns", views.PATTERNS), ("diff", views.DIFF)):  # fmt: skip
        parameters = DOCUMENT["paths"][f"/logs/{name}"]["get"]["parameters"]
        assert [one["name"] for one in parameters] == list(names) and all(one["description"] for one in parameters)


LISTED = {one["name"]: one for one in DOCUMENT["paths"]["/containers"]["get"]["parameters"]}


@pytest.mark.parametrize("name", ["status", "type", "limit"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        ",",
        "running",
        "running,done",
        ",queued,,exited,",
        "up",
        " running",
        "algorithm",
        "x",
        "1",
        "0",
        "007",
        "1.5",
    ],
)
def test_a_parameter_of_the_list_is_taken_as_the_document_says(name: str, value: str) -> None:
    try:
        read_choice({name: value} if value else {})
        taken = True
    except BadRequest:
        taken = False
    assert validator(LISTED[name]["schema"]).is_valid(value) == taken


def test_every_parameter_of_the_list_is_described() -> None:
    assert set(LISTED) == set(PARAMETERS_OF_LIST) and all(one["description"] for one in LISTED.values())


def test_every_reference_is_there() -> None:
    names = set(re.findall(r"#/components/schemas/(\w+)", str(DOCUMENT)))
    assert names <= set(DOCUMENT["components"]["schemas"])
    for name in DOCUMENT["components"]["schemas"]:
        validator({"$ref": f"#/components/schemas/{name}"})


ALIKE = ["size", "order", "format", "wait", "log_type", "stream", "start_time"]
GIVEN = [
    "", "0", "1", "007", "1000000001", "-1", "+1", "1.5", "1e3", "asc", "desc", "ASC", "json", "text", "csv", "ndjson",
    "sealed", "open", "error", "error,info", " error , info", ">=warning", ">= warning", ">=warning,info", "errors", "stdout",
    "stdout,stderr", "stdin", "10m", "1h30m", "1.5h", "m", "2026-11-24T06:00:00Z", "2026-11-24T06:00:00.123456789+02:00",
    "2026-11-24", "1763964023.25", "yesterday", "10 m", "10m ",
]  # fmt: skip


@pytest.mark.parametrize("name", ALIKE)
@pytest.mark.parametrize("value", GIVEN)
def test_a_parameter_is_taken_as_the_document_says(name: str, value: str) -> None:
    assert fits(name, value) == is_taken(name, value), (name, value)


@pytest.mark.parametrize("name", ALIKE)
@given(value=st.text(st.sampled_from("0123456789.,:-+TZ>= adehimnorstuw\n"), max_size=12))
def test_a_parameter_of_any_text(name: str, value: str) -> None:
    if is_taken(name, value):
        assert fits(name, value), (name, value)


def fits(name: str, value: str) -> bool:
    shape = PARAMETERS[name]["schema"]
    if name == "size" and value.isdecimal() and int(value) > logs.LARGEST_SIZE:
        return False  # a bound of a number that is a text: in words only
    return bool(validator(shape).is_valid([value] if shape["type"] == "array" else value))


def is_taken(name: str, value: str) -> bool:
    from urllib.parse import urlencode

    try:
        read_log_parameters(urlencode({"container_id": "a", name: value}), 10**18, 60)
    except BadRequest:
        return False
    return True


FITTING: list[dict[str, Any]] = [
    {"tags": {"type": "algorithm"}},
    {"request_id": None, "tags": {"type": "bash_cell", "more": []}, "task_desc": {"cmd": "", "outputs": [{"to_path": ""}]}},
    {"tags": {"type": "code_cell"}, "task_desc": {"image": "python:3.12", "env": "A=b", "cpu_limit": "500m"}, "x": [None, {}]},
    {"tags": {"type": "algorithm"}, "task_desc": {"image": {"name": "a", "tag": "sha256:" + "0" * 64, "auth": "team/x"}}},
    {"tags": {"type": "algorithm"}, "task_desc": {"timeout": "10m", "retries": 2, "callback_url": "https://a/b"}},
    {"tags": {"type": "algorithm"}, "task_desc": {"timeout": 1.5, "retries": "2", "log": {"default_type": {"stderr": "error"}}}},
    {"tags": {"type": "algorithm"}, "task_desc": {"log": {"default_type": "debug", "format": "", "starts": ["^a"], "x": None}}},
    {"tags": {"type": "algorithm"}, "task_desc": {"env": ["A=b", "", "B=c\nd"], "mem_limit": "1.5Gi", "download_path": "/w"}},
]  # fmt: skip
UNFITTING: list[Any] = [
    {}, [], "x", {"tags": {}}, {"tags": {"type": "x"}}, {"tags": {"type": "algorithm", "more": 1}},
    {"tags": {"type": "algorithm"}, "task_desc": {"cpu_limit": 1}}, {"tags": {"type": "algorithm"}, "task_desc": []} | {"x": 1},
    {"tags": {"type": "algorithm"}, "task_desc": {"timeout": "soon"}}, {"tags": {"type": "algorithm"}, "task_desc": {"timeout": 0}},
    {"tags": {"type": "algorithm"}, "task_desc": {"retries": 21}}, {"tags": {"type": "algorithm"}, "task_desc": {"retries": True}},
    {"tags": {"type": "algorithm"}, "task_desc": {"log": {"format": "xml"}}},
    {"tags": {"type": "algorithm"}, "task_desc": {"log": {"default_type": {"stdin": "info"}}}},
    {"tags": {"type": "algorithm"}, "task_desc": {"env": ["1A=b"]}}, {"tags": {"type": "algorithm"}, "task_desc": {"env": ["A"]}},
    {"tags": {"type": "algorithm"}, "task_desc": {"cpu_limit": "1,5"}}, {"tags": {"type": "algorithm"}, "request_id": "a\x07"},
    {"tags": {"type": "algorithm"}, "task_desc": {"task_id": "-a"}}, {"tags": {"type": "algorithm"}, "task_desc": {"cmd": "a\0"}},
    {"tags": {"type": "algorithm"}, "task_desc": {"download_path": "w"}}, {"tags": {"type": "algorithm"}, "task_desc": "x"},
    {"tags": {"type": "algorithm"}, "task_desc": {"image": {"name": "a", "tag": "/"}}}, {"tags": {"type": "algorithm"}, "more": 0},
]  # fmt: skip


@pytest.mark.parametrize("body", FITTING)
def test_a_body_that_fits(body: dict[str, Any]) -> None:
    parse_task(body)
    assert validator({"$ref": "#/components/schemas/Task"}).is_valid(body)


@pytest.mark.parametrize("body", UNFITTING)
def test_a_body_that_does_not_fit(body: Any) -> None:
    with pytest.raises(BadRequest):
        parse_task(body)
    assert not validator({"$ref": "#/components/schemas/Task"}).is_valid(body)


@given(st.recursive(st.none() | st.just("") | st.integers() | st.text(max_size=2), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=2), inner)))  # fmt: skip
def test_what_counts_as_absent(value: Any) -> None:
    assert validator(empty()).is_valid(value) == task_body.empty(value)


def test_an_answer_of_each_route_fits(client: TestClient) -> None:
    for path, routes in DOCUMENT["paths"].items():
        query = {"container_id": FULL_ID} if path.startswith("/logs") else {}
        query |= {"/logs/context": {"id": "none"}, "/logs/diff": {"against": FULL_ID}}.get(path, {})
        place = path.replace("{container_id}", FULL_ID).replace("{problem_id}", ONE.id)
        answer = client.simulate_get(place, params=query)
        content = routes["get"]["responses"][str(answer.status_code)]["content"]
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in content, path
        if kind == "application/json":
            validator(content[kind]["schema"]).validate(answer.json)


def test_the_page_runs_nothing_but_its_own_script(client: TestClient) -> None:
    answer = client.simulate_get("/docs")
    policy = answer.headers["content-security-policy"]
    script = re.search(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    assert answer.status_code == 200 and script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert "script-src" in policy and f"'sha256-{digest}'" in policy and "default-src 'none'" in policy
    assert "unsafe" not in policy and "://" not in answer.text.replace("http://www.w3.org", "")
    assert "innerHTML" not in answer.text and "eval(" not in answer.text


def test_the_name_of_what_is_empty() -> None:
    assert EMPTY_NAME in DOCUMENT["components"]["schemas"]
