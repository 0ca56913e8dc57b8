"""Which of our expressions are slow on lines made for them: microseconds of one match at 2 KiB, and how they grow.

    python -m bench.expressions [--tries 120] [--slow 60]

Each expression of the stages and of the problems is read from its parse tree: lines that begin as it wants and go on with one
text over and over. What grows fourfold for four times the text is linear; more is a hole. All from --slow microseconds on
is printed, and the exit code is 1 where one grows more than eightfold.
"""

import argparse
import importlib
import pkgutil
import random
import re
import sys
import time
from collections.abc import Iterator
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

import log_shipper.problems
import log_shipper.stages
import log_shipper.stages.formats
import log_shipper.stages.traces
from log_shipper.stages.traces.registry import rules_of

SIZE, GROWN = 2048, 8192
MOST_GROWTH = 8.0
AGAIN = (
    " ", "  ", "\t", "a", "A", "0", ".", "/", "-", "_", ":", ": ", "(", ")", "[", "]", "{", "<", ">", '"', "'", "=", "|", ",", "#",
    "*", "Aa", "a.", "a/", ".a", "a:1", ":1", "1:", "a b", "a ", "0 ", "(a", "a(", "[a", "] [", "x=", "a=b ", "::", "--", " - ",
    "é", "错", "$", "a$", "\\", "0x0", "at ",
)  # fmt: skip
OF_CATEGORY = {
    codes.CATEGORY_DIGIT: "0",
    codes.CATEGORY_SPACE: " \t",
    codes.CATEGORY_WORD: "aA0_",
    codes.CATEGORY_NOT_SPACE: "a.:/0",
    codes.CATEGORY_NOT_WORD: " .",
}


def modules() -> Iterator[ModuleType]:
    for package in (log_shipper.stages, log_shipper.stages.formats, log_shipper.stages.traces, log_shipper.problems):
        for found in pkgutil.iter_modules(package.__path__):
            yield importlib.import_module(f"{package.__name__}.{found.name}")


def expressions(name: str, value: object) -> Iterator[tuple[str, re.Pattern[str]]]:
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield name, value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from expressions(f"{name}[{key!r}]", member)
    elif isinstance(value, tuple | list):
        for member in value:
            yield from expressions(name, member)


def all_expressions() -> dict[str, tuple[str, re.Pattern[str]]]:
    found = [pair for module in modules() for key, value in vars(module).items()
             for pair in expressions(f"{module.__name__.removeprefix('log_shipper.')}.{key}", value)]  # fmt: skip
    suspects = {first: getattr(suspect, "__self__", None) for first, suspect in rules_of().suspects.items()}
    found += list(expressions("suspects", suspects))
    return {expression.pattern: (name, expression) for name, expression in found}


class Writer:
    """Texts that an expression takes, or that begin so."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def line(self, tree: Any) -> tuple[str, str]:
        """How it begins, and what it goes on with."""
        pick = self._random
        begin = self._text(tree)[: pick.randint(0, 40)] if pick.random() < 0.85 else ""
        again = "".join(pick.choice(AGAIN) for _ in range(pick.choice((1, 1, 2))))
        if pick.random() < 0.2:
            again = self._text(tree)[pick.randint(0, 5) :][:12] or again
        return begin, again

    def _text(self, items: Any) -> str:
        return "".join(self._item(code, value) for code, value in items)

    def _item(self, code: Any, value: Any) -> str:
        pick = self._random
        if code is codes.LITERAL:
            return chr(value)
        if code is codes.IN:
            return self._member(*pick.choice(value))
        if code is codes.BRANCH:
            return self._text(pick.choice(value[1]))
        if code is codes.SUBPATTERN:
            return self._text(value[3])
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            least, most, item = value
            times = min(most, max(least, pick.choice((0, 1, 1, 2, 3))))
            return "".join(self._text(item) for _ in range(times))
        return pick.choice("a: .") if code in (codes.ANY, codes.NOT_LITERAL) else ""

    def _member(self, code: Any, value: Any) -> str:
        pick = self._random
        if code is codes.LITERAL:
            return chr(value)
        if code is codes.RANGE:
            return chr(pick.randint(*value))
        return pick.choice(OF_CATEGORY.get(value, "a.: ") if code is codes.CATEGORY else "a.: ")


def microseconds(expression: re.Pattern[str], begin: str, again: str, size: int, enough: float = 0.0) -> float:
    """Of the fastest of ten matches; of those up to one that takes less than `enough`."""
    line, best = (begin + again * size)[:size], float("inf")
    for _ in range(10):
        began = time.perf_counter()
        expression.match(line)
        best = min(best, (time.perf_counter() - began) * 1e6)
        if best < enough:
            break
    return best


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=120, help="lines for each expression")
    parser.add_argument("--slow", type=float, default=60.0, metavar="US")
    given = parser.parse_args()
    writer, slow = Writer(seed=1), []
    known = all_expressions()
    for name, expression in known.values():
        tree = _parser.parse(expression.pattern, expression.flags)
        lines = {writer.line(tree) for _ in range(given.tries)}
        took, begin, again = max((microseconds(expression, *line, SIZE, given.slow / 2), *line) for line in lines)
        if took >= given.slow:
            took = microseconds(expression, begin, again, SIZE)
            slow.append((took, microseconds(expression, begin, again, GROWN) / took, name, begin, again))
    for took, growth, name, begin, again in sorted(slow, reverse=True):
        print(f"{took:8.0f} us of 2 KiB, x {growth:4.1f} for 8 KiB  {name}  {begin!r} {again!r}")
    print(
        f"{len(known)} expressions, {len(slow)} of them slower than {given.slow:.0f} us on the worst of {given.tries} lines"
    )
    return int(any(growth > MOST_GROWTH for _, growth, *_ in slow))


if __name__ == "__main__":
    sys.exit(main())
