"""How much one message may take to classify: counted in calls of functions, which are the same on each machine, and what is still read."""

import itertools
import sys
from collections.abc import Callable

import pytest

from log_shipper.stages.classify import of_message
from log_shipper.stages.formats.effort import Effort
from log_shipper.stages.formats.line import declared

SIZE = 1024
MOST_CALLS = 440  # 18 for a plain line
BEGINNINGS = (
    *("", "a: ", "E ", "ts=1 ", "(", "<", "[", "{", "  ", "error ", "web-1  | ", "a | ", "a.py:1: ", "<13>", "[info] ", '{"a":"', "\x1b[1m"),
    *("10:20:30 ", "2026-03-01T10:20:30Z ", "Mar  1 10:20:30 ", "Mar  1 10:20:30 host tag[1]: ", "2026-03-01T10:20:30Z stdout F "),
)  # fmt: skip
PIECES = (
    *("a: ", "()Aa: ", "[a] ", "(process:1): ", "Assertion a: ", "WARN ", "ERROR::", "x.a=1 ", "a b ", "- ", "|  ", '{"a":[', "::", "1 "),
    *("2026-03-01T10:20:30Z A: ", "12:34:56 arning: ", "2026-03-01 a.py:1: ", "tag[1]: ", "\x1b[31mERROR\x1b[0m ", "错误: ", "\ufeffa "),
    *("x/INFO [info: [1]|level=", 'A: a_:  ]}}}info--=Ab[aINFOerror{"a":a.line 1 at \x1b[std▶ at lvl=\\|(process:1): ?==A1 ', "a.py:1: aa.~ | "),
    *('a=b x.\\n,}level={}a/Warning{"a":1,"b":"a b )[ ERRORWARN "msg":/0x0 at **"WARN error#E ::#host **', "ERROR ::**", "1, ", "\t", "\r"),
)  # fmt: skip
ENDS = ("", "}", "\r", ": x")


def line(beginning: str, piece: str, end: str, size: int = SIZE) -> str:
    room = size - len(beginning) - len(end)
    return beginning + (piece * (room // len(piece) + 1))[:room] + end


def calls(call: Callable[[], object]) -> int:
    count = 0

    def seen(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        call()
    finally:
        sys.setprofile(before)
    return count


def test_no_line_takes_more_than_some_plain_ones() -> None:
    lines = [line(*parts) for parts in itertools.product(BEGINNINGS, PIECES, ENDS)]
    slowest = max(lines, key=lambda text: calls(lambda: of_message(text)))
    assert calls(lambda: of_message(slowest)) <= MOST_CALLS, slowest


def test_nor_does_a_message_of_many_lines() -> None:
    messages = ["\n".join([line(*parts, size=82)] * 24) for parts in itertools.product(BEGINNINGS, PIECES, ("", ": x"))]
    slowest = max(messages, key=lambda text: calls(lambda: of_message(text)))
    assert calls(lambda: of_message(slowest)) <= 5 * MOST_CALLS, slowest


def test_one_state_is_asked_once() -> None:
    text = line("2026-03-01T10:20:30Z ", "()Aa: ", "")
    assert calls(lambda: of_message(text + "\r")) <= calls(lambda: of_message(text)) + 20


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # nine tokens, six and then text, and both in what collectors put before them
        (
            "10:20:30.1 project=dev user=app region=a mode=b type=c app_name=d peer_ip=10.0.0.7 [error] x",
            ("error", "bracket"),
        ),
        ("web-1  | [   12.345678] BTRFS info (device sda1): error counters cleared", ("info", "prefix")),
        ("web-1  | 2026/11/24 10:15:03 http: panic serving 10.0.0.7:4711: runtime error: no", ("critical", "trace")),
        ("web-1  | cluster 2026-11-24T10:15:03.127+0000 mon.a (mon.0) 12 : cluster [ERR] no", ("error", "bracket")),
        ("Mar  1 10:20:30 host app[12]: 2026-03-01 10:20:30,123 [w-1] a.B [c=d] [] ERROR no", ("error", "column")),
        ('web-1  | {"a":"' + "x" * 500 + '","level":"error","msg":"no"}', ("error", "field")),
        ("10:20:30 web.1  | make[1]: *** [all] Error 2", ("error", "tool")),
        ("[error] no\r" + "1, " * 100, ("error", "bracket")),
        ("error: boom\r2026-03-01 10:20:30 a: b: (c) [d] (e) f: g", ("error", "prefix")),
        ("\n".join([*["a: b"] * 7, "[info] x"]), ("info", "bracket")),
    ],
)
def test_what_is_well_within(text: str, found: tuple[str, str]) -> None:
    assert of_message(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-03-01 10:20:30 Server listening on port [error] no", None),
        ("2026-03-01 10:20:30 [w-1] shop.orders: picked order 7 ERROR no", None),
        ("2026-03-01 10:20:30 orders warn: slow", ("warning", "prefix")),
        ("2026-03-01 10:20:30 Config reader: no", None),
        ("2026-03-01 10:20:30 Config: no", ("info", "prefix")),
        ("2026-03-01 10:20:30 app main ERROR: boom", ("error", "prefix")),
        ("Mar  1 10:20:30 host daemon.err app: boom", ("error", "priority")),
        ("2026-03-01T10:20:30Z host crond[12]: error: boom", ("error", "prefix")),
        ("2026-03-01 10:20:30 errors found in a", None),
    ],
)
def test_two_words_of_a_sentence_end_a_header_and_names_do_not(text: str, found: tuple[str, str] | None) -> None:
    assert of_message(text) == found


def test_what_is_beyond_it_declares_nothing() -> None:
    assert of_message("2026-03-01 10:20:30 " + "[a] " * 20 + "ERROR no") is None
    effort = Effort()
    effort.left = 2
    assert declared("2026-03-01 10:20:30 [a] [b] ERROR no", effort) is None
    assert declared("2026-03-01 10:20:30 [a] ERROR no", Effort()) == ("error", "column")
