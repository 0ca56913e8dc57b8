"""What a JSON or logfmt line says in fields."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from log_shipper.config import ShipperSettings
from log_shipper.rules import RuleBook
from log_shipper.stages.structured import DEPTH, FIELDS, KEY, VALUE, Structured
from log_store.document import ContainerContext


def fields(line: str, rule: str = "field") -> Any:
    found = Structured().of(line, rule)
    return None if found is None else json.loads(found)


def test_names_are_those_of_ecs_and_what_is_stored_anyway_is_left_out() -> None:
    line = (
        '{"ts":1.5,"level":"warn","logger":"shop","msg":"x","traceId":"ab","spanId":"cd","status_code":404,"mine":true}'
    )
    assert fields(line) == {
        "log.level": "warn", "log.logger": "shop", "trace.id": "ab", "span.id": "cd", "http.response.status_code": 404,
        "mine": True,
    }  # fmt: skip


def test_nested_members_have_dotted_names() -> None:
    line = {
        "level": 50,
        "req": {"method": "GET", "headers": {"x": "y"}},
        "err": {"type": "E", "message": "no", "stack": "at x"},
    }
    assert fields(json.dumps(line)) == {
        "log.level": 50, "http.request.method": "GET", "req.headers.x": "y", "error.type": "E", "error.message": "no",
        "error.stack_trace": "at x",
    }  # fmt: skip


def test_a_trace_context_is_taken_apart() -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    ids = {"trace.id": "0af7651916cd43dd8448eb211c80319c", "span.id": "b7ad6b7169203331"}
    assert fields(json.dumps({"traceparent": parent, "a": 1})) == {**ids, "a": 1}
    assert fields(json.dumps({"traceparent": "odd", "a": 1})) == {"a": 1}


def test_logfmt() -> None:
    line = 'ts=2026-03-01T10:20:30Z level=info caller=a.go:12 msg="a \\"b\\" c=d" err="no \\"x\\"" n=5 empty= q=""'
    assert fields(line) == {"log.level": "info", "caller": "a.go:12", "error.message": 'no "x"', "n": "5"}
    assert fields("a=b and no level", "default") is None
    assert fields("ERROR a=b", "column") is None


def test_of_two_members_with_one_name_the_second_keeps_its_own() -> None:
    assert fields('{"level":"info","severity":"low"}') == {"log.level": "info", "severity": "low"}


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "{",
        "{a}",
        '{"msg":"x"}',
        '{"a":null}',
        '{"a":"\\ud800"}',
        "{" * 5000,
        '{"a":[[1]]}',
        "[1]",
        '{"":1,"a\\u0000":2}',
    ],
)
def test_what_says_nothing_has_no_fields(line: str) -> None:
    assert fields(line) is None


def test_no_more_than_the_bounds() -> None:
    many = {f"k{number}": number for number in range(5000)}
    assert len(fields(json.dumps(dict(list(many.items())[:1000])))) == FIELDS
    assert fields(json.dumps(many)) is None  # longer than what is looked at
    deep: Any = 1
    for _ in range(DEPTH + 1):
        deep = {"a": deep}
    assert fields(json.dumps({"x": 1, "deep": deep})) == {"x": 1}
    assert fields(json.dumps({"x": 1, "long": "y" * (VALUE + 1), "k" * (KEY + 1): 2})) == {"x": 1}
    assert fields(json.dumps({"x": [1, "a", True], "y": [{}], "z": list(range(100))})) == {"x": [1, "a", True]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)  # fmt: skip


@given(st.dictionaries(st.text(), JSON))
def test_of_any_object_come_plain_bounded_values_on_one_line(value: dict[str, Any]) -> None:
    found = Structured().of(json.dumps(value), "field")
    if found is not None:
        assert b"\n" not in found
        taken = json.loads(found)
        assert 0 < len(taken) <= FIELDS
        for name, one in taken.items():
            assert 0 < len(name) <= KEY and name.isprintable()
            assert all(isinstance(plain, str | int | float) for plain in (one if isinstance(one, list) else [one]))


def test_the_same_line_has_the_same_fields_whatever_came_before() -> None:
    structured, line = Structured(), '{"level":"info","a":1}'
    first = structured.of(line, "field")
    for number in range(5000):
        structured.of(json.dumps({f"k{number}": 1}), "field")
    assert structured.of(line, "field") == first == structured.of(line, "field")


ONE_KIND = (1, "x", -1, 2**64 - 1, 2**64, 1.5, 1e-7, True, None, "", 'a "b"', "a\\b", "a\tb", "\x7f\u2028错", "%s {}", [1, "a"], [[1]], {"q": 1},
    "y" * VALUE, "y" * (VALUE + 1))  # fmt: skip


@pytest.mark.parametrize("name", ["mine", "100 %s", 'a "b"', "msg", "log", "level", "traceparent", "status_code", ""])
@pytest.mark.parametrize("ascii", [True, False])
def test_what_is_remembered_of_a_kind_of_objects_changes_none(name: str, ascii: bool) -> None:
    structured = Structured()
    for first in ONE_KIND:
        for value in (first, first, *ONE_KIND):
            found = {"level": "info", name: value, "http.status_code": 404, "a": "b"}
            line = json.dumps(found, ensure_ascii=ascii)
            slowly = Structured()._bounded(orjson.loads(line))
            assert structured.of(line, "field") == orjson.dumps(slowly), line
        structured = Structured()


def test_an_object_in_a_member_that_is_left_out_is_not() -> None:
    assert fields('{"level":"info","a":1,"log":{"file":"x"}}') == {"log.level": "info", "a": 1, "log.file": "x"}


@pytest.mark.parametrize("value", ["a\tb", "a\x1b[0mb", "a\u00a0b", "a\x7fb"])
def test_pairs_with_control_characters(value: str) -> None:
    structured = Structured()
    for _ in range(4):
        found = structured.of(f'level=info msg=x a=b c="{value}"', "field")
        assert found is not None
        assert json.loads(found) == {"log.level": "info", "a": "b", "c": value}


def test_it_can_be_turned_off() -> None:
    context = ContainerContext("c")
    assert RuleBook(ShipperSettings(fields=False)).of(context).extract is None
    assert RuleBook(ShipperSettings()).of(context).extract is not None
