"""Nanoseconds to text and back, against `datetime` where that is exact and by hand where it is not."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from log_store.rfc3339 import DAY, SECOND, day_name, day_start, format_all, format_ns, parse_ns

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = -62_135_596_800 * SECOND  # 0001-01-01
LAST = 253_402_300_800 * SECOND - 1  # the end of 9999
times = st.integers(FIRST, LAST)


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "1970-01-01T00:00:00.000000000Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (1_795_521_600_000_000_001, "2026-11-24T12:00:00.000000001Z"),
        (951_782_399_999_999_999, "2000-02-28T23:59:59.999999999Z"),
        (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"),
        (2**63 - 1, "2262-04-11T23:47:16.854775807Z"),
        (FIRST, "0001-01-01T00:00:00.000000000Z"),
        (LAST, "9999-12-31T23:59:59.999999999Z"),
    ],
)
def test_known_times(time: int, text: str) -> None:
    assert format_ns(time) == text
    assert parse_ns(text) == time


@given(times)
@example(FIRST)
@example(LAST)
def test_text_comes_back_as_the_same_time(time: int) -> None:
    assert parse_ns(format_ns(time)) == time


@given(st.datetimes(timezones=st.just(UTC)))
def test_whole_microseconds_are_what_datetime_says(moment: datetime) -> None:
    micros = (moment - EPOCH) // timedelta(microseconds=1)
    assert format_ns(micros * 1000) == moment.isoformat(timespec="microseconds").replace("+00:00", "000Z")


@given(st.lists(times, max_size=30))
def test_many_at_once_are_as_each_alone_and_sort_as_the_times_do(many: list[int]) -> None:
    neighbours = sorted(many + [time + 1 for time in many if time < LAST])
    assert format_all(neighbours) == [format_ns(time) for time in neighbours]
    assert format_all(many) == [format_ns(time) for time in many]
    assert sorted(format_all(many)) == format_all(sorted(many))


@given(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)),
    st.integers(-1439, 1439),
    st.integers(0, 9),
    st.integers(0, 10**9 - 1),
)
def test_any_offset_and_precision(local: datetime, offset: int, digits: int, nanos: int) -> None:
    moment = local.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=offset)))
    fraction = f"{nanos:09d}"[:digits]
    sign, (hours, minutes) = "-" if offset < 0 else "+", divmod(abs(offset), 60)
    text = f"{local:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + ("." + fraction if digits else "")
    expected = (moment - EPOCH) // timedelta(seconds=1) * SECOND + int(fraction.ljust(9, "0"))
    assert parse_ns(f"{text}{sign}{hours:02d}:{minutes:02d}") == expected


def test_small_t_and_z_are_taken() -> None:
    assert parse_ns("2026-11-24t12:00:00.5z") == parse_ns("2026-11-24T12:00:00.500000000Z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-24",
        "2026-11-24T12:00:00",
        "2026-11-24 12:00:00Z",
        "2026-11-24T12:00Z",
        "2026-11-24T12:00:00.Z",
        "2026-11-24T12:00:00.1234567890Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T12:60:00Z",
        "2026-11-24T12:00:61Z",
        "2026-02-29T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-00-01T12:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-11-24T12:00:00+24:00",
        "2026-11-24T12:00:00+01:60",
        "2026-11-24T12:00:00+0100",
        "2026-11-24T12:00:00Z\n",
        " 2026-11-24T12:00:00Z",
        "-2026-11-24T12:00:00Z",
        "\u0662\u0660\u0662\u0666-11-24T12:00:00Z",
        "2026-11-24T12:00:00Z" * 1000,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError) as raised:
        parse_ns(text)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("time", [FIRST - 1, LAST + 1, 2**80, -(2**80)])
def test_years_that_rfc3339_has_not_are_refused(time: int) -> None:
    for make in (format_ns, day_name):
        with pytest.raises(ValueError, match="1 to 9999"):
            make(time)


@given(times)
def test_a_time_is_within_its_day(time: int) -> None:
    name = day_name(time)
    assert day_start(name) <= time < day_start(name) + DAY
    assert name.replace(".", "-") == format_ns(time)[:10]


@pytest.mark.parametrize(
    "name", ["", "other", "2026-11-24", "2026.11.24 ", "2026.11.24\n", "2026.2.3", "2026.02.30", "0000.01.01"]
)
def test_what_is_no_day_is_refused(name: str) -> None:
    with pytest.raises(ValueError):
        day_start(name)
