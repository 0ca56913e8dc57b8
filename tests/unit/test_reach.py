"""How far back a trace's line reaches, what of a log waits for that, and what was shown meanwhile.

The traces themselves stand in tests/data/traces/reached.txt.
"""

import pytest

from log_shipper.config import ShipperSettings
from log_shipper.rules import rules_of
from log_shipper.stages.multiline import Grouper, GroupState
from log_shipper.stages.reach import GAP, LINES, LONGEST
from log_shipper.stages.starts import resolved
from tests.unit.test_messages import STEP, TIME, Log, timed
from tests.unit.test_multiline import grouped
from wholelog.classify import Joiner
from wholelog.line_input import Record

FRAME = "    at check (/app/rows.js:10:5)"
GROUPER = rules_of(ShipperSettings()).grouper


def messages(*texts: str, times: list[int] | None = None) -> list[list[str]]:
    begins, _ = resolved(GROUPER.starts(texts, times or [0] * len(texts), GroupState()))
    return grouped(texts, begins)


@pytest.mark.parametrize(
    "first",
    ["Error: rows", "2026-12-01 10:00:00 ERROR rows are wrong", "job 7 failed: TypeError: rows", "  RangeError: rows"],
)
def test_lines_between_an_error_and_its_frames_are_its_message(first: str) -> None:
    assert messages("ready", first, "row 1", "", "row 7", FRAME, "next") == [
        ["ready"], [first, "row 1", "", "row 7", FRAME], ["next"],
    ]  # fmt: skip


def test_an_error_of_sqlalchemys_and_its_traceback_are_of_the_record() -> None:
    error = [
        '2026-12-01 10:00:00,120 ERROR shop.db: (psycopg2.errors.UndefinedTable) relation "rows" does not exist',
        "LINE 1: SELECT * FROM rows",
        "                      ^",
        "",
        "[SQL: SELECT * FROM rows]",
        "(Background on this error at: https://sqlalche.me/e/20/f405)",
    ]
    trace = ["Traceback (most recent call last):", '  File "/srv/db.py", line 7, in run', "KeyError: 'rows'"]
    assert messages("ready", *error, *trace, "next") == [["ready"], error + trace, ["next"]]
    assert messages("ready", *trace, *trace) == [["ready"], trace, trace]


def test_without_frames_they_are_messages() -> None:
    assert messages("Error: rows", "row 1", "row 7", "next") == [["Error: rows"], ["row 1"], ["row 7"], ["next"]]


@pytest.mark.parametrize(
    "between",
    ["2026-12-01 10:00:00 INFO slow", "2026-12-01 10:00:00 slow", "x" * LONGEST],
)
def test_a_record_and_a_long_line_are_not_reached_over(between: str) -> None:
    assert messages("Error: rows", "row 1", between, "odd", FRAME)[:3] == [["Error: rows"], ["row 1"], [between]]


def test_another_trace_is_not_reached_over() -> None:
    trace = ["Error: one", FRAME]
    assert messages(*trace, "odd", FRAME) == [trace, ["odd", FRAME]]


def test_the_nearest_error_is_taken() -> None:
    assert messages("Error: one", "a", "Error: two", "b", FRAME) == [["Error: one"], ["a"], ["Error: two", "b", FRAME]]


def test_so_many_lines_are_looked_at_and_no_more() -> None:
    rows = [f"row {number}" for number in range(LINES - 1)]
    assert len(messages("Error: rows", *rows, FRAME)) == 1
    assert len(messages("Error: rows", *rows, "one more", FRAME)) == LINES + 1


def test_a_gap_in_time_is_not_reached_over() -> None:
    assert messages("Error: rows", "row 1", FRAME, times=[0, GAP, 2 * GAP]) == [["Error: rows", "row 1", FRAME]]
    assert messages("Error: rows", "row 1", FRAME, times=[0, GAP + 1, GAP + 2]) == [["Error: rows"], ["row 1", FRAME]]


def test_what_is_not_decided_waits_and_is_shown_when_nothing_comes() -> None:
    lines, log = timed(["Error: rows", "row 1", "row 7"]), Log()
    log.receive(*lines)
    assert texts(log, show=False) == ["Error: rows"]
    log.show()
    assert texts(log, show=False) == ["Error: rows", "row 1", "row 7"]


@pytest.mark.parametrize("restarts", [False, True])
def test_what_was_shown_goes_when_a_frame_takes_it(restarts: bool) -> None:
    lines, log = timed(["Error: rows", "row 1", "row 7"]), Log()
    log.receive(*lines)
    log.show()
    if restarts:
        log.restart()
    log.receive((TIME + 3 * STEP, FRAME))
    assert texts(log) == [f"Error: rows\nrow 1\nrow 7\n{FRAME}"]


def test_what_waits_is_kept_over_a_restart() -> None:
    log = Log()
    log.receive(*timed(["Error: rows", "row 1"]))
    log.restart()
    assert texts(log) == ["Error: rows", "row 1"]


def test_what_waits_is_shown_although_its_container_is_gone() -> None:
    log = Log()
    log.receive(*timed(["Error: rows", "row 1"]))
    log.pipe.forget("ab" * 32)
    assert texts(log) == ["Error: rows", "row 1"]


def test_the_account_does_not_depend_on_how_the_lines_came() -> None:
    """What is compared with Docker's copy: how many messages a line took back is in it, whatever waited for it."""
    lines = timed(["Error: rows", "row 1", "row 7", FRAME, "Error: rows", "row 1"])
    accounts = []
    for size in (1, 2, 6):
        log = Log()
        for start in range(0, len(lines), size):
            log.receive(*lines[start : start + size])
            if size == 2:
                log.show()
        accounts.append(log.pipe.ledger.account("ab" * 32).windows)
    assert accounts[0] == accounts[1] == accounts[2]


def test_a_border_is_a_line_that_nothing_above_or_below_can_join() -> None:
    lines = ["Error: rows", "row 1", FRAME, "plain", "12:00:01 INFO fine", "java.io.IOException: disk", "plain"]
    grouping = Grouper(lambda _: None).group(lines, [0] * len(lines), GroupState())
    assert [grouping.is_border(row) for row in range(len(lines))] == [True, False, False, True, True, False, False]


def test_classify_takes_lines_back_in_any_interleaving() -> None:
    joiner = Joiner(rules_of(ShipperSettings()), join=True)
    records = [
        Record(text, container, "stdout", TIME)
        for text in ("Error: rows", "row 1", FRAME, "next")
        for container in ("a", "b")
    ]
    joined = ["\n".join(message.texts) for message in [*joiner.add(records), *joiner.end()]]
    assert joined == [f"Error: rows\nrow 1\n{FRAME}"] * 2 + ["next"] * 2


def texts(log: Log, *, show: bool = True) -> list[str]:
    if show:
        return [text for text, _, _ in log.messages()]
    return [row.members["message"] for row in sorted(log.store.rows.values(), key=lambda row: row.place)]
