"""Lines made to be slow: the worst that a search finds, microseconds per KiB of each stage, and against a plain line.

    python -m bench.hostile [--size 1024] [--lines 8000] [--seed 1] [--stage classify]

A line is a beginning and a few pieces over and over. Beginnings and pieces are what the rules look for; many are mixed at
random, and of the slowest a piece is changed, added or taken away for some rounds. The kind of each is printed as it can
be written again. Ratios are against the same stage on a plain line of 112 bytes, one of many in a batch as `bench/classify.py` has
it, in the same run, so that a busy machine shows as such. Calls are counted too (of functions, ours and Python's, for one line):
they are the same in each run.
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from bench.classify import COMMON
from log_shipper.config import ShipperSettings
from log_shipper.rules import NO_CONTAINER, RuleBook
from log_shipper.stages.multiline import GroupState
from log_shipper.stages.structured import Structured

PIECES = (
    *(" ", "  ", "\t", "|", " | ", "|  ", "│", " - ", "- ", "-", "--", ",", ", ", ";", ":", ": ", ":  ", "::", ".", "..", "=", "==", "=>", "->"),
    *("[", "[ ", "[a", "[[", "[[[", "]", "]]]", "[]", "(", "(a", ")", "()", "<", "<a>", "{", "{}", "}", "}}}", '"', '\\"', "\\", "'", "`", "**", "##"),
    *("#", "*", "+", "> ", "~", "^", "@", "%", "&", "!", "?", "$", "_", "/", "/a", "a/", "x/", "0", "1 ", "1.", "1:", "1e9", "0x0", "b1", "A1 "),
    *("a", "A", "Ab", "aB", "Z", "T", "é", "错", "错误", "▶", "\u00a0", "\ufeff", "\x00", "\x07", "\r", "\x1b[", "\x1b]", "\x1b[1m", "\x1b[31mERROR\x1b[0m"),
    *("a: ", "A: ", "a.", "x.", "a=", "a=b ", "a::", "a b ", "E ", "a[1]", "a.b(", " at ", "in ", ":in `", "x called at ", "std", "host ", "tag[1]: "),
    *("ERROR", "ERROR ", "error", "WARN ", "INFO", "info", "fatal", "Error", "Error: ", "a.Error", "Exception", "Warning", "Warning: ", "arning: "),
    *("12:34:56 ", "2026-03-01 ", "2026-03-01T10:20:30Z ", "::error ", "##[", "%A-", "File ", 'File "', "line 1", "a.py:1: ", "info: [1]", "(process:1): "),
    *("LOG:  ", "level=", "level", "lvl=", "prio=", "Assertion ", "runtime error: ", "null", "true", "\\u0041", "\\n"),
    *('{"', ": {", '{"a":', '{"a":1,', '{"a":[', '"a":"b",', '{"a":1,"b":"', '"level":"info"', '"msg":'),
)  # fmt: skip
BEGINNINGS = (
    *("", "", "", "a ", "A ", "E ", "I ", "1 ", "1: ", "/a", "a: ", "a=", "(", "<", "[", "{", '"', "#", "* ", "- ", " ", "  ", "\t", "\x1b[1m"),
    *("2026-03-01 10:20:30 ", "2026-03-01T10:20:30Z ", "2026-03-01 10:20:30 INFO ", "2026/03/01 10:20:30 [error] ", "10:20:30 ", "12:34 "),
    *("Mar  1 10:20:30 ", "Mar  1 10:20:30 host tag[1]: ", "2026-03-01T10:20:30Z stdout F ", "web-1  | ", "a | ", "<13>", "[info] ", "a.py:1: "),
    *('{"', '{"a":"', '{"level":"info","a":"', "ts=1 ", "ts=1 level=info ", "error ", "error: ", "ERROR ", "npm ", "Error", "Warning: "),
)  # fmt: skip
ENDS = ("", "", "", "}", "]", ":", '"', "\r", " x", ")", ": x")
BEFORE = (
    *("", "ERROR x", "{", "info: a[1]", "x: Warning: info: [1] {", "2026-03-01 10:20:30 UTC [1] LOG:  x", "Traceback (most recent call last):"),
    *('  File "a.py", line 1, in f', "java.lang.X: no", 'Exception in thread "main" java.lang.X', "\tat a.b(c.java:1)", "panic: no"),
    *("goroutine 1 [running]:", "TypeError: no", "    at run (/app/a.js:2:39)", "thread 'main' panicked at a.rs:1:1:", "** (RuntimeError) x"),
    *("a.rb:1:in `x': y (RuntimeError)", "PHP Fatal error:  Uncaught Exception: x", "=ERROR REPORT====", "==1==ERROR: AddressSanitizer: x"),
)  # fmt: skip
"""Lines before it, of which each opens another group."""
PLAIN = COMMON["plain 110 bytes"]


class Kind(NamedTuple):
    beginning: str
    pieces: tuple[str, ...]
    end: str
    before: str

    def line(self, size: int) -> str:
        unit, room = "".join(self.pieces), size - len(self.beginning) - len(self.end)
        return self.beginning + (unit * (room // len(unit) + 1))[:room] + self.end


Stage = Callable[[Kind, int, int], Callable[[], object]]
"""a kind of lines, their size and number -> what handles a batch of such lines"""
_BATCH = 100


def stages() -> dict[str, Stage]:
    rules, fields = RuleBook(ShipperSettings()).of(NO_CONTAINER), Structured()

    def classify(kind: Kind, size: int, number: int) -> Callable[[], object]:
        return partial(rules.classify, [kind.line(size)] * number, "stdout")

    def join(kind: Kind, size: int, number: int) -> Callable[[], object]:
        texts, times = [kind.before, *[kind.line(size)] * number], range(number + 1)
        return lambda: rules.grouper.starts(texts, times, GroupState())

    def extract(kind: Kind, size: int, number: int) -> Callable[[], object]:
        line = kind.line(size)
        (rule,) = rules.classify([line], "stdout")[1]
        return lambda: [fields.of(line, rule) for _ in range(number)]

    return {"classify": classify, "join": join, "fields": extract}


def fastest(call: Callable[[], object], times: int) -> float:
    """µs"""
    took = []
    for _ in range(times):
        began = time.thread_time()
        call()
        took.append(time.thread_time() - began)
    return min(took) * 1e6


def calls(call: Callable[[], object]) -> int:
    """How many functions it calls."""
    count = 0

    def seen(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(seen)
    try:
        call()
    finally:
        sys.setprofile(None)
    return count


class Search:
    def __init__(self, stage: Stage, size: int, seed: int) -> None:
        self._stage, self._size, self._random = stage, size, random.Random(seed)
        self._plain = stage(Kind("", (PLAIN,), "", ""), len(PLAIN), _BATCH)
        self.took: dict[Kind, float] = {}
        self.plain: list[float] = []

    def run(self, lines: int, rounds: int) -> list[Kind]:
        """All kinds, the slowest first."""
        for _ in range(lines):
            self._measure(self._any(), 2)
        for _ in range(rounds):
            for kind in self._slowest(60):
                for _ in range(10):
                    self._measure(self._changed(kind), 2)
            for kind in self._slowest(80):
                self._measure(kind, 6)
        for kind in self._slowest(100):
            self._measure(kind, 20)
        return self._slowest(len(self.took))

    def _slowest(self, count: int) -> list[Kind]:
        return sorted(self.took, key=self.took.__getitem__, reverse=True)[:count]

    def _measure(self, kind: Kind, times: int) -> None:
        if len(self.took) % 50 == 0:
            self.plain.append(fastest(self._plain, 5) / _BATCH)
        took = fastest(self._stage(kind, self._size, 1), times)
        self.took[kind] = min(took, self.took.get(kind, took))

    def _any(self) -> Kind:
        pick = self._random
        pieces = tuple(pick.choice(PIECES) for _ in range(pick.choice((1, 1, 1, 2, 2, 3, 4, 6, 10, 30))))
        return Kind(pick.choice(BEGINNINGS), pieces, pick.choice(ENDS), pick.choice(BEFORE))

    def _changed(self, kind: Kind) -> Kind:
        pick, pieces, chance = self._random, list(kind.pieces), self._random.random()
        if chance < 0.4:
            other = self._any()
            name = pick.choice(("beginning", "end", "before"))
            return kind._replace(**{name: getattr(other, name)})
        at = pick.randrange(len(pieces))
        if chance < 0.6:
            pieces[at] = pick.choice(PIECES)
        elif chance < 0.8 or len(pieces) == 1:
            pieces.insert(at, pick.choice(PIECES))
        else:
            del pieces[at]
        return kind._replace(pieces=tuple(pieces))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1024, help="characters of a line")
    parser.add_argument("--lines", type=int, default=8000, help="kinds made at random")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=5)
    parser.add_argument("--stage", choices=tuple(stages()))
    given = parser.parse_args()
    for name, stage in stages().items():
        if given.stage in (None, name):
            search = Search(stage, given.size, given.seed)
            slowest, kib = search.run(given.lines, given.rounds), given.size / 1024
            plain = statistics.median(search.plain)
            took = [search.took[kind] for kind in slowest]
            print(f"{name}: {len(took)} kinds of {given.size} characters; a plain line {plain:.2f} us")
            for what, unit in (("us per KiB", kib), ("plain lines", plain * kib)):
                shares = ", ".join(f"{took[len(took) * share // 1000] / unit:.1f}" for share in (500, 333, 100, 10, 0))
                print(f"  {what}: half of them above, a third, a tenth, a hundredth, the slowest: {shares}")
            for kind in slowest[: given.show]:
                us, count = search.took[kind], calls(stage(kind, given.size, 1))
                print(f"  {us / kib:9.1f} us per KiB, {us / plain:5.1f} plain lines, {count} calls  {tuple(kind)!r}")


if __name__ == "__main__":
    main()
