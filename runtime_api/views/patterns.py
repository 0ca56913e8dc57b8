"""Messages that are alike: told by Drain (drain3), which makes templates of what they have in common.

He, Zhu, Zheng, Lyu: Drain: An Online Log Parsing Approach with Fixed Depth Tree, ICWS 2017. Of a message of several lines
the first counts. Numbers, ids, addresses and times become `<*>` before anything is compared.
"""

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from drain3.drain import Drain

from log_store.query import LogLine, Page

MOST_MESSAGES: Final = 100_000
MOST_TEMPLATES: Final = 1000  # beyond which the one longest unseen is given up
_LOOKED_AT: Final = 300  # characters of a message
_VARIABLE: Final = re.compile(
    r"\x1b\[[0-9;]*[A-Za-z]"
    r"|(?<![A-Za-z0-9])(?:"
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?|\d\d:\d\d:\d\d(?:[.,]\d+)?"
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?|0x[0-9a-fA-F]+|(?=[a-f]*\d)[0-9a-f]{8,}"
    r"|[+-]?\d+(?:[.,]\d+)*(?:ns|us|µs|ms|s|m|h|d|%|[KMGT]i?B|[kB])?"
    r")(?![A-Za-z0-9])"
)


@dataclass(slots=True)
class Pattern:
    template: str
    count: int = 0
    types: dict[str, int] = field(default_factory=dict)
    first: LogLine | None = None
    last: LogLine | None = None

    def add(self, line: LogLine) -> None:
        self.count += 1
        self.types[line["log_type"]] = self.types.get(line["log_type"], 0) + 1
        self._meet(line)

    def take(self, other: "Pattern") -> None:
        self.count += other.count
        for name, count in other.types.items():
            self.types[name] = self.types.get(name, 0) + count
        for line in (other.first, other.last):
            if line is not None:
                self._meet(line)

    def _meet(self, line: LogLine) -> None:
        if self.first is None or line["log_time"] < self.first["log_time"]:
            self.first = line
        if self.last is None or line["log_time"] >= self.last["log_time"]:
            self.last = line

    def shown(self) -> dict[str, Any]:
        assert self.first is not None and self.last is not None
        return {
            "pattern": self.template, "count": self.count, "types": self.types, "first": self.first["log_time"],
            "last": self.last["log_time"], "sample": {**self.last, "log_message": self.last["log_message"][:2000]},
        }  # fmt: skip


class Miner:
    """Of one log or of two (`side` 0 and 1), which share their templates.

    `looked_at`: messages of each so far; `all`: whether those were all there are.
    """

    def __init__(self) -> None:
        self._drain = Drain(depth=4, sim_th=0.5, max_children=100, max_clusters=MOST_TEMPLATES)
        self._found: dict[tuple[int, int], Pattern] = {}
        self.looked_at, self.all = [0, 0], True

    def add(self, line: LogLine, side: int = 0) -> None:
        cluster, _ = self._drain.add_log_message(masked(line["log_message"]))
        key = (cluster.cluster_id, side)
        if key not in self._found:
            if len(self._found) >= 2 * MOST_TEMPLATES:
                self._forget()
            self._found[key] = Pattern("")
        self._found[key].add(line)
        for one in (0, 1):
            if (pattern := self._found.get((cluster.cluster_id, one))) is not None:
                pattern.template = cluster.get_template()
        self.looked_at[side] += 1

    def _forget(self) -> None:
        """What Drain has given up; where that is none, half of what is rarest."""
        kept = {cluster.cluster_id for cluster in self._drain.clusters}
        found = {key: pattern for key, pattern in self._found.items() if key[0] in kept}
        if len(found) >= 2 * MOST_TEMPLATES:
            frequent = sorted(found, key=lambda key: -found[key].count)[:MOST_TEMPLATES]
            found = {key: found[key] for key in frequent}
        self._found, self.all = found, False

    def patterns(self, side: int = 0) -> list[Pattern]:
        """The most frequent first; those whose templates have become the same are one."""
        merged: dict[str, Pattern] = {}
        for (_, one), pattern in self._found.items():
            if one == side:
                merged.setdefault(pattern.template, Pattern(pattern.template)).take(pattern)
        return sorted(merged.values(), key=lambda pattern: (-pattern.count, pattern.template))

    def only_in(self, side: int) -> list[Pattern]:
        known = {pattern.template for pattern in self.patterns(1 - side)}
        return [pattern for pattern in self.patterns(side) if pattern.template not in known]


def mine(pages: Iterator[Page], seconds: float, miner: Miner, side: int = 0) -> None:
    """At most MOST_MESSAGES, in about so many seconds."""
    deadline = time.monotonic() + seconds
    for line in _lines(pages):
        if miner.looked_at[side] >= MOST_MESSAGES or time.monotonic() > deadline:
            miner.all = False
            return
        miner.add(line, side)


def masked(message: str) -> str:
    first = message[:_LOOKED_AT].lstrip("\n").partition("\n")[0]
    return _VARIABLE.sub(lambda found: "" if found[0].startswith("\x1b") else "<*>", first).strip() or "(empty)"


def _lines(pages: Iterable[Page]) -> Iterator[LogLine]:
    for page in pages:
        yield from page
