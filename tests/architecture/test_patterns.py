"""No expression of ours needs what Python 3.11.0 to 3.11.4 get wrong: possessive or atomic groups (gh-101955, gh-106052).

Possessive over one character or one class (`[^"]*+`) is sound there, and stays: it keeps time linear.
"""

import importlib
import re
from collections.abc import Iterator
from re import _parser  # type: ignore[attr-defined]  # the only thing that knows what an expression is made of

import pytest

from log_shipper.stages.traces.registry import rules_of
from tests.architecture.source import dotted, modules

ONE_CHARACTER = {"LITERAL", "NOT_LITERAL", "ANY", "IN", "CATEGORY"}


def unsound(expression: str, flags: int = 0) -> list[str]:
    """What of an expression those versions get wrong."""
    return list(_unsound(_parser.parse(expression, flags)))


def _unsound(node: object) -> Iterator[str]:
    if isinstance(node, _parser.SubPattern):
        for operation, argument in node:
            if operation.name == "ATOMIC_GROUP":
                yield "an atomic group"
            if operation.name == "POSSESSIVE_REPEAT":
                repeated = list(argument[2])
                if len(repeated) != 1 or repeated[0][0].name not in ONE_CHARACTER:
                    yield "a possessive group"
            yield from _unsound(argument)
    elif isinstance(node, tuple | list):
        for member in node:
            yield from _unsound(member)


def _patterns(value: object, depth: int = 0) -> Iterator[re.Pattern[str]]:
    """Those that a module's global holds, in a container or by a bound method too."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(getattr(value, "__self__", None), re.Pattern):
        yield value.__self__  # type: ignore[attr-defined]
    elif depth < 3 and isinstance(value, dict):
        for member in value.values():
            yield from _patterns(member, depth + 1)
    elif depth < 3 and isinstance(value, tuple | list | frozenset):
        for member in value:
            yield from _patterns(member, depth + 1)


def test_no_expression_of_ours_is_beyond_python_3_11_2() -> None:
    found = {"rules_of": list(_patterns(rules_of().suspects))}
    for path in modules():
        if path.name == "__main__.py" or not re.search(r"^import re$|^from re ", path.read_text(), re.MULTILINE):
            continue
        module = importlib.import_module(dotted(path))
        found[dotted(path)] = list(_patterns(list(vars(module).values())))
    assert sum(map(len, found.values())) > 250, "the expressions were not found"
    wrong = {
        f"{module}: {pattern.pattern[:100]}": unsound(pattern.pattern, pattern.flags)
        for module, patterns in found.items()
        for pattern in patterns
        if unsound(pattern.pattern, pattern.flags)
    }
    assert not wrong


@pytest.mark.parametrize("expression", ["(?:ab)*+", "(?:a|bc)?+", "(?>a*)", "x(?=(?:a(?:bc){1,2}+)|d)", "([a]|bc)++"])
def test_the_guard_finds_them(expression: str) -> None:
    assert unsound(expression)


@pytest.mark.parametrize("expression", [r"[^\s]*+", "a++", ".?+", "(?:ab)*", "(?:[a-z]++,)*", r"(\d{1,3}+)?"])
def test_the_guard_lets_the_sound_ones_be(expression: str) -> None:
    assert not unsound(expression)
