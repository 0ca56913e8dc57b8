"""What is shown of a line: harmless on a terminal, as it was written elsewhere."""

import base64
import csv
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fake_api import line
from wholelog.client.models import Line, line_of
from wholelog.terminal.colours import wanted
from wholelog.terminal.harmless import harmless
from wholelog.terminal.lines import TextLook, formatter, head
from wholelog.terminal.table import table


def made(number: int, message: str, **more: object) -> Line:
    source = line(number, message, **more).rstrip(b"\n")
    return line_of(json.loads(source), source)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ünïcode ✓ 日志", "plain ünïcode ✓ 日志"),
        ("a\tb", "a\tb"),
        ("windows\r", "windows"),
        ("10%\r20%", "10%␍20%"),
        ("\x1b[2Jcleared", "␛[2Jcleared"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x1b]8;;http://evil\x1b\\click", "␛]8;;http://evil␛\\click"),
        ("\x9b2J\x7f\x00", "<U+009B>2J␡␀"),
        ("user\u202etxt.exe", "user<U+202E>txt.exe"),
        ("half \ud800", "half \ufffd"),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m\x1b[0m"),
        ("\x1b[8mhidden", "␛[8mhidden"),
        ("\x1b[1;08mhidden", "␛[1;08mhidden"),
        ("\x1b[38;5;8mgrey", "␛[38;5;8mgrey"),
    ],
)
def test_nothing_of_a_line_reaches_the_terminal_but_text_and_colours(text: str, shown: str) -> None:
    assert harmless(text, colours=True) == shown
    assert "\x1b" not in harmless(text, colours=False)


@given(st.text())
def test_no_text_at_all_moves_the_cursor(text: str) -> None:
    for colours in (True, False):
        left = re.sub(r"\x1b\[[0-9;:]*m", "", harmless(text, colours))
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", left)


def test_text_is_as_it_was_written_where_nobody_looks() -> None:
    shown = formatter("text", TextLook())
    assert shown(made(1, "\x1b[2J\r"), 0) == b"\x1b[2J\r\n"
    assert shown(made(1, "a\nb"), 0) == b"a\nb\n"
    assert shown(made(1, "\ufffd", raw=base64.b64encode(b"\xff\xfe").decode()), 0) == b"\xff\xfe\n"
    assert shown(made(1, "ab", grown=1), 0) == b"b\n" and shown(made(1, "a\nb", grown=1), 0) == b"b\n"


def test_text_on_a_terminal_with_all_there_is() -> None:
    shown = formatter("text", TextLook(True, True, True, True, ("one", "three")))
    red = made(1, "oops\n\x1b[2J at x", log_type="error")
    assert shown(red, 0).decode() == (
        "\x1b[36mone   |\x1b[0m \x1b[2m2026-11-24T00:00:00.000000001Z\x1b[0m \x1b[31merror   \x1b[0m \x1b[31moops\x1b[0m\n"
        "\x1b[36mone   |\x1b[0m \x1b[2m2026-11-24T00:00:00.000000001Z\x1b[0m \x1b[31merror   \x1b[0m \x1b[31m␛[2J at x\x1b[0m\n"
    )
    assert formatter("text", TextLook(True, True))(made(1, "hello"), 0) == b"hello\n"
    assert formatter("text", TextLook(names=("a", "b")))(made(1, "x\ny"), 1) == b"b | x\nb | y\n"


def test_json_is_what_the_api_said() -> None:
    one = made(1, "a\n\x1b")
    assert formatter("json", TextLook())(one, 0) == one.source + b"\n"
    named = json.loads(formatter("json", TextLook(names=("x", 'y"')))(one, 1))
    assert named == {"container": 'y"', **json.loads(one.source)}


def test_csv_is_harmless_to_spreadsheets() -> None:
    shown = formatter("csv", TextLook(names=("one",)))
    rows = list(csv.reader(io.StringIO((head("csv", ["one"]) + shown(made(1, '=1+1,"x"\ny'), 0)).decode(), newline="")))
    assert rows[0] == ["container", "log_time", "log_type", "stream", "log_message", "lines", "id"]
    assert rows[1] == ["one", "2026-11-24T00:00:00.000000001Z", "info", "stdout", '\'=1+1,"x"\ny', "1", "id1"]
    assert head("csv", []).startswith(b"log_time,") and head("text", ["one"]) == b""


class Stream:
    def __init__(self, terminal: bool) -> None:
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def test_when_there_are_colours() -> None:
    assert wanted("auto", Stream(True), {"TERM": "xterm"})
    assert not wanted("auto", Stream(False), {})
    assert not wanted("auto", Stream(True), {"NO_COLOR": "1"}) and not wanted("auto", Stream(True), {"TERM": "dumb"})
    assert wanted("always", Stream(False), {"NO_COLOR": "1"}) and not wanted("never", Stream(True), {})


def test_a_table_keeps_its_columns_whatever_is_in_it() -> None:
    assert list(table(("A", "B"), [("1", "x\x1b[2J"), ("333", "")])) == ["A     B", "1     x␛[2J", "333"]
