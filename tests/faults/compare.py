"""What the store gives of a container against what it wrote, byte for byte."""

import base64
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from log_store.fields import STREAMS
from log_store.query import LogLine

SLACK = 200_000 * 8  # bytes that a writer may have written since it last left word of it: more than one write


@dataclass(slots=True)
class Outcome:
    """`foreign`: lines in the store that nobody wrote, torn ones too."""

    written: int = 0
    stored: int = 0
    missing: int = 0
    doubled: int = 0
    foreign: int = 0
    in_order: bool = True
    differences: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not (self.missing or self.doubled or self.foreign) and self.in_order

    def add(self, other: "Outcome") -> None:
        for name in ("written", "stored", "missing", "doubled", "foreign"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.in_order = self.in_order and other.in_order
        self.differences += other.differences


def compare(written: dict[str, bytes], at_least: dict[str, int] | None, found: Iterable[LogLine]) -> Outcome:
    """`at_least`: a container that was cut short wrote so many of these bytes, and perhaps a little more."""
    streams = lines_of(found)
    outcome = Outcome()
    for stream in STREAMS:
        there = streams.get(stream, [])
        expected = written.get(stream, b"")
        if at_least is not None:
            expected = _cut(expected, at_least.get(stream, 0), sum(map(len, there)) + len(there))
        outcome.add(_compare(stream, expected, there))
    return outcome


def lines_of(found: Iterable[LogLine]) -> dict[str, list[bytes]]:
    """Stream -> its lines. A message of several lines is taken apart, the numbered pieces of one line put together."""
    streams: dict[str, list[bytes]] = {}
    for message in found:
        lines = streams.setdefault(message["stream"], [])
        raw = message.get("raw")
        text = message["log_message"].encode() if raw is None else base64.b64decode(raw)
        if message["lines"] == 0 and lines:
            lines[-1] += text
        elif message["lines"] == 1:
            lines.append(text)
        else:
            lines.extend(text.split(b"\n"))
    return streams


def _cut(full: bytes, at_least: int, there: int) -> bytes:
    """As much of `full` as was written, as far as that is known; `there`: bytes in the store, a newline for each line."""
    if full[:there][-1:] != b"\n":
        there -= 1  # the last line had no end
    return full[: max(at_least, min(there, at_least + SLACK))]


def _compare(stream: str, written: bytes, there: list[bytes]) -> Outcome:
    expected = written.split(b"\n")
    if not expected[-1]:
        expected.pop()
    outcome = Outcome(written=len(expected), stored=len(there))
    if expected == there:
        return outcome
    wanted, had = Counter(expected), Counter(there)
    outcome.missing = (wanted - had).total()
    surplus = had - wanted
    outcome.doubled = sum(count for line, count in surplus.items() if line in wanted)
    outcome.foreign = surplus.total() - outcome.doubled
    outcome.in_order = _is_subsequence([line for line in there if line in wanted], expected, outcome.doubled)
    outcome.differences.append(f"{stream}: {_first_difference(expected, there)}")
    return outcome


def _is_subsequence(part: list[bytes], whole: list[bytes], doubled: int) -> bool:
    if doubled:
        part = list(dict.fromkeys(part))
        whole = list(dict.fromkeys(whole))
    rest = iter(whole)
    return all(line in rest for line in part)


def _first_difference(expected: list[bytes], there: list[bytes]) -> str:
    for number, (wanted, had) in enumerate(zip(expected, there, strict=False)):
        if wanted != had:
            return f"line {number}: wrote {wanted[:60]!r} ({len(wanted)}), stored {had[:60]!r} ({len(had)})"
    number = min(len(expected), len(there))
    rest = expected[number:] or there[number:]
    kind = "wrote" if expected[number:] else "stored"
    return f"line {number} and {len(rest) - 1} more: only {kind} {rest[0][:60]!r}"
