"""Which lines are one message: traces that were captured from the runtimes, formats as they are written, output that
is no trace; the gap, the bounds, and that the cutting into calls changes nothing.

Each line of tests/data/traces/*.txt begins with `> ` where a message begins, and with `| ` where it goes on.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from log_shipper.stages.multiline import MOST_CHARACTERS, MOST_LINES, Grouper, GroupState
from log_shipper.stages.reach import GAP
from log_shipper.stages.starts import resolved

DATA = Path(__file__).parent.parent / "data" / "traces"
FILES = sorted(path.stem for path in DATA.glob("*.txt"))
LEVEL = re.compile(r"\b(?:ERROR|WARN|FATAL|SEVERE|ERR|error|E\d{4})\b|^[EF], \[")


def declares(text: str) -> str | None:
    return "error" if LEVEL.search(text[:100]) else "info"


def read(name: str) -> tuple[list[str], list[bool]]:
    rows = (DATA / f"{name}.txt").read_text().split("\n")[:-1]
    return [row[2:] for row in rows], [row[0] == ">" for row in rows]


def begins(texts: list[str], times: list[int] | None = None) -> list[int]:
    """Which lines begin a message, once all are known."""
    return resolved(Grouper(declares).starts(texts, times or [0] * len(texts), GroupState()))[0]


def messages(*lines: str, times: list[int] | None = None) -> list[list[str]]:
    return grouped(lines, begins(list(lines), times))


def grouped(lines: Sequence[str], starts: Sequence[int]) -> list[list[str]]:
    found: list[list[str]] = []
    for line, start in zip(lines, starts, strict=True):
        if start:
            found.append([])
        found[-1].append(line)
    return found


@pytest.mark.parametrize("name", FILES)
def test_lines_that_belong_together(name: str) -> None:
    texts, wanted = read(name)
    starts = begins(texts)
    wrong = [f"{row + 1}: {texts[row]}" for row in range(len(texts)) if starts[row] != wanted[row]]
    assert wrong == []


@pytest.mark.parametrize("name", FILES)
def test_carriage_returns_change_nothing(name: str) -> None:
    texts, wanted = read(name)
    assert begins([text + "\r" for text in texts]) == wanted


@pytest.mark.parametrize("name", [name for name in FILES if name not in ("apart", "written", "mixed")])
def test_colours_change_nothing(name: str) -> None:
    texts, wanted = read(name)
    coloured = [f"\x1b[31m{text}\x1b[0m" for text in texts]
    assert begins(coloured) == wanted


def test_a_gap_in_record_time_ends_a_message() -> None:
    lines = ["Traceback (most recent call last):", '  File "a.py", line 1, in f', "    f()", "KeyError: 1"]
    assert len(messages(*lines, times=[0, GAP, 2 * GAP, 3 * GAP])) == 1
    assert [len(message) for message in messages(*lines, times=[0, 1, GAP + 2, GAP + 3])] == [2, 1, 1]


def test_a_trace_after_a_line_that_declares_nothing_worse_is_a_message_of_its_own() -> None:
    trace = ("java.lang.IllegalStateException: no", "\tat a.B.c(B.java:1)")
    assert messages("12:00:00 ERROR failed", *trace) == [["12:00:00 ERROR failed", *trace]]
    assert messages("12:00:00 INFO failed", *trace) == [["12:00:00 INFO failed"], list(trace)]
    assert messages("12:00:00 ERROR failed", *trace, times=[0, GAP + 1, GAP + 1]) == [
        ["12:00:00 ERROR failed"],
        list(trace),
    ]


def test_two_traces_are_two() -> None:
    trace = ["Traceback (most recent call last):", '  File "a.py", line 1, in f', "KeyError: 1"]
    assert messages(*trace, *trace) == [trace, trace]
    trace = [
        'Exception in thread "main" a.BException: x',
        "\tat a.B.c(B.java:1)",
        "Caused by: a.CException: y",
        "\t... 1 more",
    ]
    assert messages(*trace, *trace) == [trace, trace]
    trace = ["panic: x", "", "goroutine 1 [running]:", "main.main()", "\t/app/main.go:3 +0x1d"]
    assert messages(*trace, *trace) == [trace, trace]


@pytest.mark.parametrize("name", [name for name in FILES if name != "apart"])
def test_the_same_message_twice_is_two(name: str) -> None:
    texts, wanted = read(name)
    begins = [row for row, start in enumerate(wanted) if start] + [len(texts)]
    for begin, end in zip(begins, begins[1:], strict=False):
        message = texts[begin:end]
        if message[0] != "#":  # the frame of the JVM's crash report, which nothing ends
            assert messages(*message, *message) == [message, message]


def test_the_level_of_a_line_is_asked_for_only_where_a_trace_follows() -> None:
    asked: list[str] = []

    def asks(text: str) -> str | None:
        asked.append(text)
        return "error"

    lines = ["ERROR a", "  - b", "c", "Traceback (most recent call last):", '  File "a.py", line 1, in f']
    Grouper(asks).starts(lines, [0] * len(lines), GroupState())
    assert asked == ["c"]


def test_an_endless_message_is_cut_by_lines() -> None:
    frames = ["\tat a.B.c(B.java:1)"] * (2 * MOST_LINES + 10)
    assert [len(message) for message in messages("x", *frames)] == [MOST_LINES, MOST_LINES, 11]


def test_an_endless_message_is_cut_by_size() -> None:
    row = f'  "{"x" * (MOST_CHARACTERS // 4)}",'
    assert [len(message) for message in messages("[", *[row] * 7)] == [4, 3, 1]


def test_brackets_in_strings_do_not_count() -> None:
    value = ["{", '  "a": "}}}",', '  "b": "\\"{[",', '  "c": [{"d": 1}]', "}"]
    assert messages(*value, "}") == [value, ["}"]]
    assert messages("{", "  a = 1", "}") == [["{"], ["  a = 1"], ["}"]]


POOL = [text for name in FILES for text in read(name)[0]]
LINES = st.lists(
    st.one_of(
        st.sampled_from(POOL),
        st.text(max_size=40),
        st.text(alphabet=' \t{}[]":,at(1)=-#', max_size=20),
    ),
    max_size=60,
)
RUNS = st.lists(
    st.integers(0, len(POOL) - 1).flatmap(lambda at: st.integers(1, 40).map(lambda size: POOL[at : at + size])),
    max_size=4,
).map(lambda runs: [text for run in runs for text in run])
STEPS = st.sampled_from([0, 0, 0, 1000, 10**6, -1000, GAP, GAP + 1, 6 * 10**9])


@st.composite
def cut_streams(draw: st.DrawFn) -> tuple[list[str], list[int], list[int]]:
    texts = draw(st.one_of(LINES, RUNS))
    times, now = [], 0
    for step in draw(st.lists(STEPS, min_size=len(texts), max_size=len(texts))):
        now += step
        times.append(now)
    cuts = sorted({0, len(texts), *draw(st.lists(st.integers(0, len(texts)), max_size=8))})
    return texts, times, cuts


@settings(max_examples=300, deadline=None)
@given(cut_streams())
def test_cutting_and_snapshots_change_nothing(stream: tuple[list[str], list[int], list[int]]) -> None:
    texts, times, cuts = stream
    grouper = Grouper(declares)
    whole = grouper.starts(texts, times, GroupState())
    by_line, parts = GroupState(), GroupState()
    assert [
        start for row in range(len(texts)) for start in grouper.starts([texts[row]], [times[row]], by_line)
    ] == whole
    got: list[bool] = []
    for begin, end in zip(cuts, cuts[1:], strict=False):
        got += grouper.starts(texts[begin:end], times[begin:end], parts)
        parts = GroupState.load(msgpack.unpackb(msgpack.packb(parts.dump())))
    assert got == whole
    assert parts == by_line
    assert not texts or whole[0]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(alphabet=st.characters(exclude_characters="\n"), max_size=60), min_size=1, max_size=200))
def test_text_that_is_no_trace_stays_apart(texts: list[str]) -> None:
    """Words behind a stamp: whatever stands in them."""
    stamped = [
        f"2026-11-24T10:15:03Z INFO {text}" for text in texts if ":  " not in text and text[-1:] not in ("{", "[")
    ]
    assert all(Grouper(declares).starts(stamped, [0] * len(stamped), GroupState()))


def test_a_stack_without_an_exception_takes_no_line_that_follows() -> None:
    stack = ['  File "/app/rows.py", line 10, in <module>', "    traceback.print_stack()"]
    assert messages(*stack, "free") == [stack, ["free"]]
    assert messages(*stack, "ValueError: no") == [[*stack, "ValueError: no"]]
