"""A copy of which a file was rotated away unseen, maybe within a long line: no line is torn that is known whole.

The hole may be none: then its two sides fit together, and nothing is missing of a line that lies on both.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from unittest.mock import Mock

import pytest

from log_shipper.audit.docker_copy import Facts
from log_shipper.audit.held import FULL, Held
from log_shipper.errors import CopyGone
from log_shipper.stages.partials import PART_BYTES
from tests.unit.test_losses_healed import START, STREAMS, Copy, Machine, Written, records_of

SIZES = (20, 20, 20, PART_BYTES, PART_BYTES + 9, 2 * PART_BYTES, 2 * PART_BYTES + 5, 49_000)
BEGIN = START + 10**10


class FileOf:
    """A file of Docker's copy with these records."""

    def __init__(self, records: list[Written], *, is_full: bool = False) -> None:
        self.records, self.is_full = records, is_full

    def blocks(self) -> Iterator[bytes]:
        data = b"".join(record.entry() for record in self.records)
        for at in range(0, len(data), 50_000):
            yield data[at : at + 50_000]

    @property
    def size(self) -> int:
        return FULL if self.is_full else sum(len(record.entry()) for record in self.records)

    def last(self) -> int:
        return self.records[-1].time if self.records else 0


class Removed(Copy):
    def tail(self, container_id: str) -> bytes:
        raise CopyGone(container_id)


class MachineWithFiles(Machine):
    ended = START

    def _facts(self, *, running: bool) -> Facts:
        return replace(super()._facts(running=running), finished_at=0 if running else self.ended)


@dataclass
class Story:
    """Records in the order of writing, and those that went with what was rotated away."""

    lines: list[tuple[str, bytes, list[int]]] = field(default_factory=list)  # stream, text, its records
    records: list[Written] = field(default_factory=list)
    rotated: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)  # records that the live path did not receive

    def write(self, chance: random.Random, count: int) -> None:
        """Lines of two streams, their records mixed; each is stamped with its first record's time."""
        step, time = chance.choice([1_000, 10**7, 10**9]), BEGIN
        waiting: dict[str, list[tuple[int, Written]]] = {stream: [] for stream in STREAMS}
        while len(self.lines) < count or any(waiting.values()):
            stream = chance.choice(["stdout", "stdout", "stderr"])
            if not waiting[stream] and len(self.lines) < count:
                time += step
                text = b"%d " % len(self.lines) + chance.randbytes(50_000).hex().encode()
                text = text[: chance.choice(SIZES)]
                waiting[stream] = [(len(self.lines), record) for record in records_of(stream, time, text)]
                self.lines.append((stream, text, []))
            if waiting[stream]:
                line, record = waiting[stream].pop(0)
                self.lines[line][2].append(len(self.records))
                self.records.append(record)

    def lose(self, chance: random.Random) -> None:
        for _, _, records in self.lines:
            what = chance.choice(["nothing", "nothing", "all", "some", "the first"])
            if what == "all":
                self.lost.update(records)
            elif what == "some":
                self.lost.update(record for record in records if chance.random() < 0.5)
            elif what == "the first":
                self.lost.add(records[0])

    def files(self, cuts: list[tuple[int, int]], *, is_full: bool) -> list[FileOf]:
        """Between the cuts, each a range of records that were rotated away; an empty one shows that none were."""
        files, begin = [], 0
        for start, end in cuts:
            files.append(FileOf(self.records[begin:start]))
            self.rotated.update(range(start, end))
            begin = end
        return [*files, FileOf(self.records[begin:], is_full=is_full)]

    def is_known(self, records: list[int]) -> bool:
        """Whether all of a line is in the copy, or came by the live path."""
        return not self.rotated & set(records) or not self.lost & set(records)


def cuts_of(chance: random.Random, count: int) -> list[tuple[int, int]]:
    cuts, begin = [], 0
    for _ in range(chance.choice([1, 1, 2])):
        start = chance.randint(begin, count)
        begin = min(count, start + chance.choice([0, 1, 1, 2, 3, 5]))
        cuts.append((start, begin))
    return cuts


def play(seed: int, kind: str) -> tuple[MachineWithFiles, Story]:
    """`kind`: what was rotated away, and how the copy is read."""
    chance, story, machine = random.Random(seed), Story(), MachineWithFiles(held=Mock(get=Mock(return_value=None)))
    story.write(chance, chance.randint(1, 14))
    if kind == "rotated":  # a copy has more than the rest of one line
        story.lines.append(("stdout", b"end", [len(story.records)]))
        story.records.append(Written("stdout", max(record.time for record in story.records) + 10**9, b"end"))
    story.lose(chance)
    count = len(story.records)
    if kind == "holes":
        files = story.files(cuts_of(chance, count), is_full=False)
        held = Held(tuple(files), True, frozenset(range(1, len(files))))  # type: ignore[arg-type]
    elif kind == "removed":
        files = story.files([(chance.randint(1, count), count)], is_full=True)[:1]
        files[0] = FileOf(files[0].records, is_full=True)
        held = Held(tuple(files), True)  # type: ignore[arg-type]
        machine.copy.tail = Removed().tail  # type: ignore[method-assign]
    else:
        files = story.files([(0, chance.randint(0, count - 1))], is_full=False)[1:]
        held = Held(tuple(files), False)  # type: ignore[arg-type]
    if kind != "rotated" and chance.random() < 0.3:  # a repair that knew all came before
        machine.write([Written("stdout", START + n * 10**6, b"before %d" % n) for n in range(4)], {1})
        machine.write([Written("stderr", START + 5 * 10**9, b"later")], set())
        machine.audit()
        files[0].records = [*machine.copy.records, *files[0].records]
    machine.held.get.return_value = held
    machine.ended = max(record.time for record in story.records)
    machine.write(story.records, story.lost)
    machine.copy.records = [record for file in files for record in file.records]
    if kind != "removed" and chance.random() < 0.5:
        machine.audit()
    return machine, story


def stored_lines(machine: Machine, stream: str) -> list[tuple[int, bytes]]:
    """With their times."""
    rows = sorted(machine.stored.rows.values(), key=lambda row: row.place)
    told = [tuple(row.members[name] for name in ("stream", "log_time", "message")) for row in rows]
    return [(time, text.encode()) for of, time, text in told if of == stream and time >= BEGIN]


def check(seed: int, kind: str) -> None:
    machine, story = play(seed, kind)
    seal = machine.end()
    torn = {story.records[rows[0]].time for _, _, rows in story.lines if not story.is_known(rows)}
    for stream in STREAMS:
        known = [
            (story.records[rows[0]].time, text)
            for of, text, rows in story.lines
            if of == stream and story.is_known(rows)
        ]
        assert [line for line in stored_lines(machine, stream) if line[0] not in torn] == known, seed
    assert seal.state == "gaps", seed
    for time in torn:
        assert any((gap.start or 0) <= time <= (gap.end or 0) for gap in seal.gaps), (seed, time - START)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("kind", ["holes", "rotated", "removed"])
def test_no_line_that_is_known_whole_is_torn(kind: str, seed: int) -> None:
    check(seed, kind)


@pytest.mark.parametrize("came", [{0, 1, 2}, {1, 2}, {0, 2}, set()])
@pytest.mark.parametrize("rotated", [set(), {1}, {1, 2}, {0, 1}])
def test_a_line_on_both_sides_of_a_hole(rotated: set[int], came: set[int]) -> None:
    """Whole where the hole took nothing of it; else as it came, never as a piece from the copy."""
    text = random.Random(1).randbytes(24_000).hex().encode()
    story = Story([("stdout", text, [0, 1, 2])], records_of("stdout", BEGIN, text))
    files = story.files([(min(rotated or {1}), max(rotated or {0}) + 1)], is_full=False)
    held = Held(tuple(files), True, frozenset({1}))  # type: ignore[arg-type]
    machine = MachineWithFiles(held=Mock(get=Mock(return_value=held)))
    machine.write(story.records, {0, 1, 2} - came)
    machine.copy.records = [record for file in files for record in file.records]
    machine.ended = BEGIN
    assert machine.end().state == "gaps"
    stored = came if rotated else {0, 1, 2}
    pieces = b"".join(record.text for number, record in enumerate(story.records) if number in stored)
    assert stored_lines(machine, "stdout") == ([(BEGIN, pieces)] if pieces else [])
