"""Messages of several lines through the pipeline: live path, replay and repair make the same documents.

Each test compares with what is true: the documents of a pipeline that received every line.
"""

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from log_shipper.audit.frames import Frames
from log_shipper.audit.reconcile import END, CopyAccount, compare
from log_shipper.audit.selection import Selection
from log_shipper.config import ShipperSettings
from log_shipper.ledger import FINEST_BITS
from log_shipper.pipeline import Pipeline, RepairPass
from log_shipper.rules import rules_of
from log_shipper.stages.document import Rules
from log_shipper.stages.partials import PART_BYTES
from log_shipper.stages.runs import Part, Run
from log_store.document import ContainerContext, DocumentBatch
from tests.fakes import MemoryStore

CONTAINER = "ab" * 32
TIME = 1_795_478_400_123_456_789
STEP = 20_000_000  # ns: more than a window of the ledger
RULES = rules_of(ShipperSettings(retention=1e9))
TRACE = [
    "Traceback (most recent call last):",
    '  File "app.py", line 3, in <module>',
    "    main()",
    '  File "app.py", line 2, in main',
    "    return 1 / 0",
    "ZeroDivisionError: division by zero",
]
Line = tuple[int, str]
"""time, text"""


def pipeline(rules: Rules = RULES) -> Pipeline:
    return Pipeline("test", lambda c, n: ContainerContext(c, n), lambda _: rules, max_message=8 << 20)


def record(time: int, text: str) -> tuple[bytes, int, dict[bytes, object], dict[bytes, object]]:
    return b"t", time, {b"container_id": CONTAINER.encode(), b"source": b"stdout", b"log": text.encode()}, {}


class Log:
    """A pipeline and a store behind it."""

    def __init__(self, rules: Rules = RULES) -> None:
        self._rules = rules
        self.pipe, self.store, self.seq = pipeline(rules), MemoryStore(), 0
        self._followed: dict[str, str] = {}
        self._followed_to = -1

    def receive(self, *lines: Line) -> None:
        batch = self.pipe.new_batch()
        self.pipe.add(batch, [(self.seq, [record(*line) for line in lines])], TIME, trusted=True)
        self.seq += len(lines)
        self._write(batch)

    def show(self) -> None:
        """A while has passed without another line."""
        batch = self.pipe.new_batch()
        self.pipe.show_open_lines(batch, TIME)
        self._write(batch)

    def restart(self) -> None:
        """Another process goes on from the snapshot."""
        snapshot = msgpack.unpackb(msgpack.packb(self.pipe.snapshot()), strict_map_key=False)
        self.pipe = pipeline(self._rules)
        self.pipe.restore(snapshot)

    def audit(self, copy: list[Line], block: int = 3, *, until_line: Line | None = None) -> None:
        """As the auditor does it, with the copy in blocks of so many frames; of a running container up to a line."""
        frames = [
            Frames(["stdout"] * len(part), [t for t, _ in part], [s.encode() for _, s in part], [True] * len(part))
            for part in (copy[start : start + block] for start in range(0, len(copy), block))
        ]
        account = CopyAccount(RULES.grouper)
        for part in frames:
            account.add(part)
        received = self.pipe.ledger.account(CONTAINER).copy()
        until = END if until_line is None else account.border(((until_line[0] >> FINEST_BITS) + 1) << FINEST_BITS)
        if not until:
            return
        difference = compare(received, account.account, until=until)
        selection, exact = Selection(difference, RULES.grouper, 512), not difference.extra
        segments = [segment for part in frames for segment in selection.select(part)]
        for number, segment in enumerate(segments):
            part = {row: Part(b"p", ordinal, False) for row, ordinal in segment.part.items()}
            seqs = list(range(self.seq, self.seq + len(segment.time)))
            run = Run(CONTAINER, "stdout", "", segment.time, segment.text, seqs, part)
            start = {} if segment.start is None else {"stdout": segment.start}
            self._repair([run], RepairPass("r", CONTAINER, False, start, number, exact))
        self._repair(
            [], RepairPass("r", CONTAINER, True, {}, len(segments), exact, difference.bits, difference.copy_windows)
        )

    def _repair(self, runs: list[Run], repair: RepairPass) -> None:
        batch = self.pipe.new_batch()
        self.pipe.repair(batch, runs, self.seq, TIME, repair)
        self._write(batch)

    def _write(self, batch: DocumentBatch) -> None:
        assert not self.store.write(batch).rejections
        for one in batch.absorbed:  # it may come again: the true message may be another than the live path's
            self._followed.pop(one.id, None)
        for one in self.store.read_since(CONTAINER, "test", self._followed_to, 2**63, 2**31):
            assert self._followed.get(one.line["id"]) != one.line["log_message"]  # nothing comes twice
            self._followed[one.line["id"]] = one.line["log_message"]
            self._followed_to = max(self._followed_to, one.seq)

    def messages(self) -> list[tuple[str, str, int]]:
        """Text, type and lines, in order, once no more is awaited."""
        self.show()
        rows = sorted(self.store.rows.values(), key=lambda row: row.place)
        for row in rows:  # who asks for what came later misses nothing
            assert self._followed[row.members["id"]] == row.members["message"]
        return [(row.members["message"], row.members["log_type"], row.members["lines"]) for row in rows]


def timed(texts: list[str], first: int = TIME) -> list[Line]:
    return [(first + row * STEP, text) for row, text in enumerate(texts)]


def whole(lines: list[Line]) -> list[tuple[str, str, int]]:
    log = Log()
    log.receive(*lines)
    return log.messages()


LINES = timed(["starting", *TRACE, "after", "INFO: more", *TRACE, *TRACE, "end"])
REACHED = timed([
    "starting", "Error: rows are wrong", "row 1: no id", "", "row 7: no date", "    at check (/app/rows.js:10:5)",
    "    at main (/app/rows.js:2:1)", "plain", "other", "Error: again", "one", "two", "three", "    at a (/app/b.js:1:2)", "end",
    "java.io.IOException: disk", "is full", "plain",
])  # fmt: skip
"""Messages of exceptions that only the frames below them show to be of several lines."""


LOGS = st.sampled_from([LINES, REACHED])


def test_a_message_of_several_lines_is_one_with_its_frames() -> None:
    texts = [text for _, text in REACHED]
    assert [text for text, _, _ in whole(REACHED)] == [
        "starting", "\n".join(texts[1:7]), "plain", "other", "\n".join(texts[9:14]), "end", *texts[15:],
    ]  # fmt: skip


def test_a_trace_is_one_message_of_one_type() -> None:
    found = whole(LINES)
    assert [text.split("\n")[0] for text, _, _ in found] == [
        "starting", TRACE[0], "after", "INFO: more", TRACE[0], TRACE[0], "end",
    ]  # fmt: skip
    assert found[1] == ("\n".join(TRACE), "error", len(TRACE))
    assert sum(lines for _, _, lines in found) == len(LINES)


@pytest.mark.parametrize("size", [1, 2, 5, 100])
@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("lines", [LINES, REACHED], ids=["traces", "reached"])
def test_any_cutting_into_batches_and_any_restart_give_the_same(size: int, restarts: bool, lines: list[Line]) -> None:
    log = Log()
    for start in range(0, len(lines), size):
        log.receive(*lines[start : start + size])
        if restarts:
            log.restart()
    assert log.messages() == whole(lines)


@settings(max_examples=150, deadline=None)
@given(LOGS, st.sets(st.integers(0, len(LINES) - 1)), st.integers(1, 8), st.integers(1, 30))
def test_whatever_the_live_path_lost_the_audit_makes_what_is_true(
    lines: list[Line], lost: set[int], size: int, block: int
) -> None:
    """A lost header leaves frames that stand alone; a lost line between two traces makes them one; both are put right."""
    log = Log()
    received = [line for row, line in enumerate(lines) if row not in lost]
    for start in range(0, len(received), size):
        log.receive(*received[start : start + size])
    log.audit(lines, block)
    assert log.messages() == whole(lines)


@settings(max_examples=100, deadline=None)
@given(LOGS, st.sets(st.integers(0, 13)), st.integers(4, len(LINES)))
def test_a_log_that_goes_on_after_a_repair_goes_on_from_what_is_true(
    lines: list[Line], lost: set[int], now: int
) -> None:
    """The audit comes in the middle of a trace; further lines belong to the message that it has put right."""
    log = Log()
    log.receive(*[line for row, line in enumerate(lines[:now]) if row not in lost])
    log.audit(lines[:now], until_line=lines[:now][-1])
    for line in lines[now:]:
        log.receive(line)
    log.audit(lines)
    assert log.messages() == whole(lines)


@settings(max_examples=100, deadline=None)
@given(LOGS, st.sets(st.integers(0, 13)), st.integers(3, 16), st.integers(0, 6))
def test_lines_that_came_while_the_copy_was_read_are_kept(
    lines: list[Line], lost: set[int], now: int, later: int
) -> None:
    """The repair holds less than the live path has by then."""
    log = Log()
    until = min(now + later, len(lines))
    log.receive(*[line for row, line in enumerate(lines[:until]) if row not in lost])
    log.audit(lines[:now], until_line=lines[:now][-1])
    for line in lines[until:]:
        log.receive(line)
    log.audit(lines)
    assert log.messages() == whole(lines)


def test_what_only_the_live_path_has_is_kept() -> None:
    """Docker's copy can lack lines too: nothing is removed for them, and no line is lost."""
    log = Log()
    log.receive(*[line for row, line in enumerate(LINES) if row != 1])
    log.audit([line for row, line in enumerate(LINES) if row != 4])
    texts = "\n".join(text for text, _, _ in log.messages()).split("\n")
    assert all(text in texts for _, text in LINES)


def test_a_line_of_parts_is_a_message_of_its_own() -> None:
    """Of 16 KiB and more, also within a trace: the same from the live path and from the copy."""
    long = "  " + "x" * PART_BYTES
    pipe, batch = pipeline(), DocumentBatch("test")
    run = Run(
        CONTAINER, "stdout", "", [TIME, TIME + 1, TIME + 1, TIME + 2],
        [TRACE[0].encode(), long[:PART_BYTES].encode(), long[PART_BYTES:].encode(), TRACE[1].encode()],
        [0, 1, 2, 3], {1: Part(b"p", 1, False), 2: Part(b"p", 2, True)},
    )  # fmt: skip
    pipe.repair(batch, [run], 0, TIME, RepairPass("r", CONTAINER, True, {"stdout": (-1, 0)}, 0, True, 24))
    assert batch.message == [TRACE[0], long, TRACE[1]]
