"""Expressions that once took a square of a line's length, or worse, take what they took before (`bench/expressions.py` times them)."""

import re

import pytest

from log_shipper.stages import reach
from log_shipper.stages.formats import silent
from log_shipper.stages.formats.plain import MOST, without_escapes
from log_shipper.stages.structured import Structured
from log_shipper.stages.traces import beam, golang, managed, ruby


def taken(expression: re.Pattern[str], lines: list[str]) -> list[str]:
    return [line for line in lines if expression.match(line)]


@pytest.mark.parametrize(
    ("expression", "yes", "no"),
    [
        (
            managed.FRAME,
            ["\tat a.B.c(C.java:5)", "  at a$b(", "\tat .(", "    at a.b (C.java) [0x00012]", "  at run(C.java:5)", "  at <.x>("],
            ["at a.b(", "\tat [a.b(", "\tat a b.c(", "\tat a.b", "\tat a. (x) [0x1]", "\tat .b (x) [0x1]", "  at run(C.java:5) x"],
        ),
        (
            golang._GOROUTINE,
            ["goroutine 1 [running]:", "goroutine 12 gp=0x1 m=0 [chan [2], 3 minutes]:", "goroutine 1 []:"],
            ["goroutine 1 running]:", "goroutine 1 [running]: x", "goroutine [running]:", "goroutine 1 [running"],
        ),
        (
            golang._PLACE,
            ["\t/a/b.go:12 +0x1d", "\ta/b.s:1", "\t/a/.go:1", "\ta/b.c:1:2/c.go:3"],
            ["\t/.go:1", "\tb.go:1", "\ta/b.go:1 x", "\ta b/c.go:1", "/a/b.go:1", "\ta/b.go:x"],
        ),
        (golang._REGISTER, ["rax    0x1", "PC=0x12 m=0", "r15 0xff", "oldmask 0x0"], ["rax 1", "PC=12", "raxx 0x1"]),
        (
            ruby._EXCERPT,
            ["> 12: x", "  12: x", " >  1: ", "   ^~~", "^"],
            ["12 x", "> > 1: ", "x ^", ">", " "],
        ),
        (
            ruby._RAILS,
            ["A::B (x)", "AError (x):", "A::B::C ():", "AException ()", "A::Error (a) b)"],
            ["A (x)", "Error (x)", "A:: (x)", "AError (x", "AErrors (x)", "aError (x)", "AError  (x)"],
        ),
        (
            silent._TEST_RESULT,
            ["ERROR a::b", "ERROR a.py", "ERROR a::b - x", "ERROR a.py - ", "ERROR :::a", "ERROR a.py::b.py", "ERROR a::b:"],
            ["ERROR ::a", "ERROR a::", "ERROR .py", "ERROR a.pyc", "ERROR a::b x", "ERROR a.py- x", "ERROR  a::b", "ERROR a b::c"],
        ),
        (
            beam._FRAME,
            ["  (a 1.2) b.ex:3: ", "\ta.exs:1: A", " in function  ", "  \t in call from "],
            ["(a 1.2) b.ex:3: ", "a.ex:1: A", "\ta.exs:1: call A", "  a b.ex:1: A", "  in functions", "   "],
        ),
    ],
)  # fmt: skip
def test_what_an_expression_takes(expression: re.Pattern[str], yes: list[str], no: list[str]) -> None:
    assert taken(expression, [*yes, *no]) == yes


@pytest.mark.parametrize(
    ("line", "mark"),
    [
        ("a.rb:1:in `rescue in b': x (E)", "cause"),
        ("a.rb:1:in 'A#ensure in b': x (E)", "cause"),
        ("a.rb:1:in 'b': in `rescue in c' (E)", "cause"),
        ("a#rescue in b:1:in 'c': x (E)", ""),
        ("a.rb:1:in 'b': x (E)\n in 'rescue in c'", ""),
        ("a.rb:1:in 'b': rescue in c (E)", ""),
    ],
)
def test_what_a_ruby_error_was_raised_in(line: str, mark: str) -> None:
    assert ruby._mark(line) == mark


def test_control_characters_go_alone_and_in_rows() -> None:
    assert without_escapes("a\u200b\u200bb\x00\ufeff\x1b[1mc\x1b[0m\td\n") == "abc\td\n"


def test_of_more_escapes_than_a_hundred_what_is_behind_them_is_left_out() -> None:
    assert without_escapes("\x1b[1ma" * MOST + "b") == "a" * MOST + "b"
    assert without_escapes("\x1b[1ma" * MOST + "b\x1b[0mc") == "a" * MOST + "b"
    assert without_escapes("E\0R\0R\0O\0R\0 \0" * MOST) == "ERROR " * MOST


def test_joining_sees_a_line_up_to_its_hundredth_colour() -> None:
    assert reach.head_of("\x1b[1ma" * MOST + "b\r") == "a" * MOST + "b"
    assert reach.head_of("\x1b[1ma" * MOST + "b\x1b[0mc") == "a" * MOST + "b"


def test_pairs_stand_behind_blanks_and_separators_alone() -> None:
    fields = Structured()('x.a=1 b=2,c=3;d=4|e=5 (f=6 g=h=7 _i= j="k l=m" n=\'o', "field")
    assert fields == b'{"x.a":"1","b":"2","c":"3","d":"4|e=5","g":"h=7","j":"k l=m","n":"\'o"}'
