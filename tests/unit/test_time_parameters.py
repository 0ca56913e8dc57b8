"""Times as callers of /logs write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from log_store.rfc3339 import format_ns
from runtime_api.errors import BadRequest
from runtime_api.params.logs import asks_to_wait, read_log_parameters
from runtime_api.params.time import parse_time

NOW = 1_795_478_400_987_654_321
SECOND = 10**9


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-24T00:00:00Z", 1_795_478_400 * SECOND),
        ("2026-11-24t00:00:00z", 1_795_478_400 * SECOND),
        ("2026-11-24T00:00:00.000000001Z", 1_795_478_400 * SECOND + 1),
        ("2026-11-24T00:00:00.5Z", 1_795_478_400 * SECOND + SECOND // 2),
        ("2026-11-24T02:00:00+02:00", 1_795_478_400 * SECOND),
        ("2026-11-24T02:00:00 02:00", 1_795_478_400 * SECOND),
        ("2026-11-24 02:00:00.25 02:00", 1_795_478_400 * SECOND + SECOND // 4),
        ("2026-11-24 00:00:00Z", 1_795_478_400 * SECOND),
        ("2026-11-23T22:30:00-01:30", 1_795_478_400 * SECOND),
        ("1969-12-31T23:59:59Z", 0),
        ("9999-12-31T23:59:59Z", 2**63 - 1),
        ("0", 0),
        ("1795478400", 1_795_478_400 * SECOND),
        ("1795478400.25", 1_795_478_400 * SECOND + SECOND // 4),
        ("1795478400.000000001", 1_795_478_400 * SECOND + 1),
        ("1795478400123", 1_795_478_400_123 * 10**6),
        ("1795478400123.000001", 1_795_478_400_123 * 10**6 + 1),
        ("1795478400123456", 1_795_478_400_123_456 * 1000),
        ("1795478400123456.789", 1_795_478_400_123_456_789),
        ("1795478400123456789", 1_795_478_400_123_456_789),
        ("99999999999", 2**63 - 1),
        ("100000000000", 100_000_000 * SECOND),
        ("10m", NOW - 600 * SECOND),
        ("1h30m", NOW - 5400 * SECOND),
        ("2d", NOW - 172_800 * SECOND),
        ("1.5h", NOW - 5400 * SECOND),
        ("0.000000001s", NOW - 1),
        ("500ms", NOW - SECOND // 2),
        ("1w2d3h4m5s6ms7us8ns", NOW - 788_645_006_007_008),
        ("0s", NOW),
        ("100000d", 0),
    ],
)
def test_every_form_is_exact(text: str, time: int) -> None:
    assert parse_time(text, NOW) == time


@pytest.mark.parametrize(
    "text",
    [
        "yesterday", "2026-11-24", "2026-11-24T00:00:00", "2026-11-24T25:00:00Z", "2026-02-30T00:00:00Z",
        "2026-11-24T00:00:00.0000000001Z", "2026-11-24T00:00:00+2:00", "-5", "-10m", "+10m", "1e9", "10", "1.2.3",
        "10 m", "10M", "m", "h1", "1795478400123456789.5", "1795478400123456.7891", "٣", "1" * 20, "1" * 100,
        "NaN", "0x10", "2026-11-24T00:00:60Z", "Z", " ", "1h30", "1795478400 ",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_the_forms_there_are(text: str) -> None:
    if text == "10":
        assert parse_time(text, NOW) == 10 * SECOND  # a small number is an epoch, not a duration
        return
    with pytest.raises(ValueError, match="must be RFC 3339|digits of fraction"):
        parse_time(text, NOW)


@given(st.integers(0, 2**63 - 1))
def test_what_logs_shows_can_be_asked_for(time: int) -> None:
    assert parse_time(format_ns(time), NOW) == time
    if time >= 10**17:
        assert parse_time(str(time), NOW) == time


@given(st.text(max_size=70))
def test_no_text_makes_anything_but_a_time_or_a_value_error(text: str) -> None:
    try:
        assert 0 <= parse_time(text, NOW) < 2**63
    except ValueError:
        pass


def problems(query: str) -> list[str]:
    with pytest.raises(BadRequest) as raised:
        read_log_parameters(query, NOW, 60.0)
    return raised.value.problems


def test_defaults() -> None:
    asked = read_log_parameters("container_id=abc&start_time=&end_time=&size=", NOW, 60.0)
    assert (asked.containers, asked.start, asked.end, asked.size) == (("abc",), None, NOW, None)


def test_a_range() -> None:
    asked = read_log_parameters(
        "container_id=abc&start_time=1h&end_time=2026-11-24T02:00:00%2B02:00&size=007", NOW, 60.0
    )
    assert (asked.start, asked.end, asked.size) == (NOW - 3600 * SECOND, 1_795_478_400 * SECOND, 7)
    assert not asked.empty


def test_a_bare_plus_in_the_query_is_an_offset() -> None:
    asked = read_log_parameters("container_id=abc&start_time=2026-11-24T02:00:00+02:00", NOW, 60.0)
    assert asked.start == 1_795_478_400 * SECOND


def test_the_future_is_empty_and_no_error() -> None:
    assert read_log_parameters("container_id=abc&start_time=2100-01-01T00:00:00Z", NOW, 60.0).empty


def test_the_same_instant_twice_is_a_range() -> None:
    asked = read_log_parameters("container_id=a&start_time=1795478400&end_time=1795478400", NOW, 60.0)
    assert asked.start == asked.end == 1_795_478_400 * SECOND


def test_all_problems_are_named_at_once() -> None:
    found = problems("start_time=tomorrow&end_time=never&size=-1")
    assert [problem.split(":")[0] for problem in found] == ["container_id", "start_time", "end_time", "size"]
    assert "'tomorrow'" in found[1]


@pytest.mark.parametrize("size", ["0", "-1", "1e3", "ten", "1.0", "9" * 30, "1000000001", "%2B5", "+5", "%D9%A3", " 5"])
def test_bad_sizes(size: str) -> None:
    (problem,) = problems(f"container_id=a&size={size}")
    assert problem.startswith("size: ") and "from 1 to" in problem


def test_bad_ranges_names_and_encodings() -> None:
    assert "is later than end_time" in problems("container_id=a&start_time=1h&end_time=2h")[0]
    assert "did you mean container_id?" in problems("container=a&container_id=b")[0]
    assert "there are container_id" in problems("zzzzzz=1&container_id=b")[0]
    assert "given 2 times" in problems("container_id=a&size=1&size=2")[0]
    assert "NUL" in problems("container_id=a%00b")[0]
    assert "UTF-8" in problems("container_id=%ff")[0]
    assert "UTF-8" in problems("container_id=\xff")[0]
    assert "printable" in problems("container_id=%1b")[0]
    assert "printable" in problems("container_id=" + "a" * 256)[0]
    assert "more than" in problems("&".join(f"a{i}=1" for i in range(101)))[0]
    assert "missing" in problems("")[0]


@pytest.mark.parametrize(
    ("query", "wait"),
    [
        ("wait=sealed", 60.0),
        ("wait=sealed&wait_seconds=", 60.0),
        ("wait=sealed&wait_seconds=1", 1.0),
        ("wait=sealed&wait_seconds=60", 60.0),
        ("w%61it=sealed", 60.0),
        ("wait=", None),
        ("", None),
    ],
)
def test_waits(query: str, wait: float | None) -> None:
    assert read_log_parameters(f"container_id=a&{query}", NOW, 60.0).wait == wait
    assert asks_to_wait(query) == (wait is not None)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("wait=yes", "wait: 'yes' must be sealed"),
        ("wait_seconds=5", "wait_seconds: goes with wait=sealed only"),
        ("wait=sealed&wait_seconds=0", "from 1 to 60"),
        ("wait=sealed&wait_seconds=61", "from 1 to 60 (setting wait_limit)"),
        ("wait=sealed&wait_seconds=1.5", "'1.5' must be a whole number"),
        ("wait=sealed&wait_seconds=-1", "must be a whole number"),
        ("wait=sealed&wait_seconds=" + "9" * 5000, "must be a whole number"),
        ("wait=sealed&wait_seconds=\xc2\xb2", "must be a whole number"),
        ("wait=sealed&wait=sealed", "wait: given 2 times"),
    ],
)
def test_waits_that_cannot_be(query: str, said: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_log_parameters(f"container_id=a&{query}", NOW, 60.0)
    assert said in str(caught.value)


def test_a_lane_is_chosen_for_any_query_string() -> None:
    assert not asks_to_wait("&".join(f"a{number}=1" for number in range(1000)) + "&wait=sealed")
    assert not asks_to_wait("%ff=%fe&=&&;wait")
