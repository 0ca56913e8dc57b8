"""The beginnings by which most lines are passed over are those of the expressions: read from their parse trees."""

import re
import string
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from log_shipper.stages.formats import shells, tools, traces
from log_shipper.stages.traces import registry

LENGTH = 3
ANY = "\0"  # a character that could be nearly any


def beginnings(pattern: str) -> set[str]:
    """The first characters of all that an expression can match, each shorter than LENGTH where it ends before."""
    return _of_row(_parser.parse(pattern))


def _of_row(items: Any) -> set[str]:
    found = {""}
    for code, value in items:
        whole = {text for text in found if len(text) == LENGTH}
        found = whole | {(text + more)[:LENGTH] for text in found - whole for more in _of_item(code, value)}
    return found


def _of_item(code: Any, value: Any) -> set[str]:
    if code is codes.LITERAL:
        return {chr(value)}
    if code is codes.IN:
        return set().union(*(_of_class(*member) for member in value))
    if code in (codes.ANY, codes.NOT_LITERAL):
        return {ANY}
    if code is codes.BRANCH:
        return set().union(*map(_of_row, value[1]))
    if code is codes.SUBPATTERN:
        return _of_row(value[3])
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
        return _of_repeat(*value)
    assert code in (codes.AT, codes.ASSERT, codes.ASSERT_NOT), code
    return {""}


def _of_class(code: Any, value: Any) -> set[str]:
    if code is codes.LITERAL:
        return {chr(value)}
    if code is codes.RANGE:
        return {chr(number) for number in range(value[0], value[1] + 1)}
    return {ANY}


def _of_repeat(least: int, most: int, item: Any) -> set[str]:
    one, found, row = _of_row(item), {""} if least == 0 else set[str](), {""}
    for times in range(1, min(most, LENGTH) + 1):
        row = {(text + more)[:LENGTH] for text in row for more in one}
        if times >= min(least, LENGTH):
            found |= row
    return found


@pytest.mark.parametrize(
    ("patterns", "known"),
    [
        ((traces._CRITICAL, traces._ERROR), traces.BEGINNINGS),
        (
            (tools._NPM, *(form for forms in tools._FORMS.values() for form, _ in forms)),
            tools.BEGINNINGS,
        ),
        ((shells._SIGNALS,), shells.BEGINNINGS),
    ],
)
def test_no_beginning_is_missing(patterns: tuple[Any, ...], known: frozenset[str]) -> None:
    needed = set().union(*(beginnings(pattern.pattern) for pattern in patterns))
    needed = {text for text in needed if text[0] not in traces.ALWAYS}
    assert needed == known, f"add {sorted(needed - known)}, take away {sorted(known - needed)}"


def test_beginnings_of_an_expression() -> None:
    assert beginnings(r"ab(?:c|d)?x|[Uu]n+|go\d|h{2}") == {
        "abc",
        "abd",
        "abx",
        "Un",
        "Unn",
        "un",
        "unn",
        f"go{ANY}",
        "hh",
    }
    assert beginnings(r"(?=x)yes") == {"yes"}
    assert ANY not in string.printable


@pytest.mark.parametrize("word", ["A", "Ab", "Ab-1", "a_b", "Error", "java"])
@pytest.mark.parametrize("rest", ["", "x", "a.b: x", ":1: x", "$A", "x (y)"])
def test_a_word_and_a_blank_begin_no_name(word: str, rest: str) -> None:
    known = {suspect[1] for family in registry.FAMILIES for suspect in family.suspects if isinstance(suspect, tuple)}
    assert known.issuperset(registry._NAMES)
    assert re.match(registry._NO_NAME, f"{word} {rest}") is None
    assert not any(re.match(name, f"{word} {rest}") for name in registry._NAMES)
