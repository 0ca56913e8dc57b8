"""Whatever the live path loses, the audit makes the store what it would be without the loss, and the seal says so.

Spool, engine and store are models here; between them are the real stages, the real audit and the real entries.
"""

import calendar
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from unittest.mock import Mock

import msgpack
from hypothesis import example, given, note, settings
from hypothesis import strategies as st

from log_shipper.audit.auditor import Auditor
from log_shipper.audit.baseline import Baseline
from log_shipper.audit.docker_copy import Facts
from log_shipper.audit.entries import about_of, end_in, repair_in, runs_in, seal_in
from log_shipper.config import ShipperSettings
from log_shipper.forward.records import entries, messages, option_of
from log_shipper.ledger import MARGIN
from log_shipper.pipeline import Pipeline
from log_shipper.rules import rules_of
from log_shipper.stages.document import Rules
from log_shipper.stages.masking import Mask
from log_shipper.stages.partials import PART_BYTES
from log_store.document import ContainerContext
from log_store.seal import Seal
from tests.docker_copy import entry
from tests.fakes import MemoryStore

CONTEXT = ContainerContext("ab" * 32, "c")
RULES = rules_of(ShipperSettings(retention=1e9))
START = calendar.timegm((2026, 11, 24, 0, 0, 0)) * 10**9
MAX_MESSAGE = 3 * PART_BYTES
STREAMS = {"stdout": 1, "stderr": 2}


@dataclass(frozen=True)
class Written:
    """A record, as Docker hands it to the driver and keeps it in its copy. `ordinal` is 0 for a whole line."""

    stream: str
    time: int
    text: bytes
    ordinal: int = 0
    last: bool = False

    def forward(self) -> bytes:
        stamp = msgpack.ExtType(0, (self.time // 10**9).to_bytes(4, "big") + (self.time % 10**9).to_bytes(4, "big"))
        told = {"container_id": CONTEXT.container_id, "container_name": "/c", "source": self.stream, "log": self.text}
        if self.ordinal:
            told |= {
                "partial_message": "true", "partial_id": f"{self.stream}{self.time}",
                "partial_ordinal": str(self.ordinal), "partial_last": "true" if self.last else "false",
            }  # fmt: skip
        return msgpack.packb(["tag", stamp, told, {}], use_bin_type=False)

    def entry(self) -> bytes:
        return entry(self.time, self.text, self.stream.encode(), ordinal=self.ordinal, last=self.last)

    def frame(self) -> bytes:
        day = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self.time // 10**9))
        body = f"{day}.{self.time % 10**9:09d}Z ".encode() + self.text + (b"" if self.ordinal else b"\n")
        return bytes([STREAMS[self.stream], 0, 0, 0]) + len(body).to_bytes(4, "big") + body


def records_of(stream: str, stamp: int, text: bytes, *, ends: bool = True) -> list[Written]:
    """One line, in parts where it is long; the last line of a container may lack its end."""
    if ends and len(text) < PART_BYTES:
        return [Written(stream, stamp, text)]
    pieces = [text[at : at + PART_BYTES] for at in range(0, len(text) + 1, PART_BYTES)]
    if not ends and not pieces[-1]:
        pieces.pop()
    return [Written(stream, stamp, piece, n, ends and n == len(pieces)) for n, piece in enumerate(pieces, 1)]


class Copy:
    """Docker's, as the engine gives it."""

    def __init__(self) -> None:
        self.records: list[Written] = []

    def copy(self, container_id: str, since: int = 0) -> Iterator[bytes]:
        data = b"".join(record.frame() for record in self.records if record.time >= since)
        yield data[:50_000]
        yield data[50_000:]

    def tail(self, container_id: str) -> bytes:
        return self.records[-1].frame() if self.records else b""

    def facts(self, container: str) -> Facts | None:
        raise AssertionError("a copy that ends as it must is not asked about")


class Machine:
    """One container, from its records to the store."""

    def __init__(self, rules: Rules = RULES, held: Mock | None = None) -> None:
        """`held`: HeldFiles; without, the copy is read through the engine."""
        self.held = held or Mock(get=Mock(return_value=None))
        self.copy, self.stored, self._rules = Copy(), MemoryStore(), rules
        self.seals: dict[int, Seal] = {}  # start of a run -> what was stated of it last
        self._on_its_way: list[Written] = []
        self._waits = False  # what is on its way does not arrive
        self._at_once: int | None = None  # of the next write so many records arrive, and the others wait
        self._started_at = START
        self._pipeline, self._spool = self._new_pipeline(), list[tuple[str, bytes]]()
        self._checkpoint: tuple[int, bytes] = (0, _packed(self._pipeline))
        self._auditor = Auditor(
            self.copy, self.held, Mock(send=lambda message, chunk: self._accept("repair", message)),
            Mock(baseline=self._baseline), lambda _: RULES.grouper, lambda name, count: None,
            max_message=MAX_MESSAGE,
        )  # fmt: skip
        self._auditor.open(self._facts(running=True))

    def write(self, records: list[Written], lost: set[int]) -> None:
        """`lost`: numbers of records."""
        self.copy.records += records
        sent = [record for number, record in enumerate(records) if number not in lost]
        if self._waits:
            self._on_its_way += sent
            return
        at_once, self._at_once = self._at_once, None
        self._on_its_way = sent[:at_once]
        self.arrive()
        if at_once is not None:
            self._on_its_way, self._waits = sent[at_once:], True

    def wait(self) -> None:
        """The driver's queue holds what comes now."""
        self._waits = True

    def divide(self, records: int) -> None:
        """Of the next write so many arrive by themselves: the parts of a line may stand in two of the driver's writes."""
        self._at_once = records

    def restart(self, ended: int, started_at: int) -> None:
        """The container ends, and is started again before its end is looked at."""
        self.arrive()
        over = replace(self._facts(running=False), finished_at=ended)
        self._auditor.open_ended(over, self._baseline(CONTEXT.container_id))
        self._started_at = started_at
        self._auditor.open(self._facts(running=True))

    def arrive(self) -> None:
        arrived, self._on_its_way, self._waits = self._on_its_way, [], False
        if arrived:
            self._accept("live", b"".join(record.forward() for record in arrived))

    def show(self) -> None:
        batch = self._pipeline.new_batch()
        self._pipeline.show_open_lines(batch, START)
        self.stored.write(batch)

    def save(self) -> None:
        self._checkpoint = (len(self._spool), _packed(self._pipeline))

    def crash(self) -> None:
        """A processor goes on from the checkpoint, and does again what it did since."""
        position, state = self._checkpoint
        self._pipeline = self._new_pipeline()
        self._pipeline.restore(msgpack.unpackb(state, strict_map_key=False))
        for number in range(position, len(self._spool)):
            self._process(number)

    def crash_and_catch_up(self) -> None:
        """What lies in the spool is read in larger pieces than it came in."""
        spool, at = self._spool, self._checkpoint[0]
        joined: list[tuple[str, bytes]] = []
        for kind, data in spool[at:]:
            if kind == "live" and joined and joined[-1][0] == "live":
                joined[-1] = ("live", joined[-1][1] + data)
            else:
                joined.append((kind, data))
        self._spool = [*spool[:at], *joined]
        self.crash()
        self.save()

    def audit(self) -> None:
        """Of all that has arrived or is lost, but for the time by which a clock may yet step back."""
        coming = [record.time for record in self._on_its_way]
        until = min(coming) if coming else max((record.time for record in self.copy.records), default=START)
        self._auditor.audit_so_far(self._facts(running=True), until - MARGIN)

    def end(self) -> Seal:
        self.arrive()
        return self._auditor.audit_end(self._facts(running=False))

    def _new_pipeline(self) -> Pipeline:
        return Pipeline("test", lambda container_id, name: CONTEXT, lambda _: self._rules, max_message=MAX_MESSAGE)

    def messages(self, stream: str) -> list[tuple[str, int]]:
        """What is stored of it: messages with their lines, in order."""
        rows = sorted(
            (row for row in self.stored.rows.values() if row.members["stream"] == stream), key=lambda row: row.place
        )
        return [(row.members["message"], row.members["lines"]) for row in rows]

    def _baseline(self, container_id: str) -> Baseline:
        return self._pipeline.baseline(container_id)

    def _facts(self, *, running: bool) -> Facts:
        finished = 0 if running else max([START, *(record.time for record in self.copy.records)])
        return Facts(CONTEXT, self._started_at, finished, running, "")

    def _accept(self, kind: str, data: bytes) -> None:
        self._spool.append((kind, data))
        self._process(len(self._spool) - 1)

    def _process(self, number: int) -> None:
        kind, data = self._spool[number]
        batch, position = self._pipeline.new_batch(), number << 24
        if kind == "live":
            self._pipeline.add(batch, [(position, entries(data, 1 << 24))], START, trusted=True)
        else:
            (sent,) = messages(data)
            about = about_of(option_of(sent))
            seal, end = seal_in(about), end_in(about)
            if end is not None:
                self._pipeline.statements.end(*end)
            elif seal is not None:
                stated = self._pipeline.seal(batch, seal, about["surplus"], START)
                if stated is not None:
                    self.seals[stated.started_at] = stated
            else:
                self._pipeline.repair(batch, runs_in(about, position), position, START, repair_in(about))
        self.stored.write(batch)


def _packed(pipeline: Pipeline) -> bytes:
    return msgpack.packb(pipeline.snapshot())


SHORT = (
    b"ready",
    b"",
    b"ERROR: it failed",
    b"Traceback (most recent call last):",
    b'  File "a.py", line 1, in <module>',
    b"    x = y",
    b"ValueError: no",
    b"java.lang.IllegalStateException: no",
    b"\tat a.b.C.d(C.java:1)",
    b"\tat a.b.C.e(C.java:2)",
    b"Caused by: java.io.IOException: disk",
    b"{",
    b'  "level": "error"',
    b"}",
)
VARIED = bytes(range(97, 123)) * 4000
SIZES = (PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES, 40_000, 5 * PART_BYTES - 7)


def text_of(what: bytes | tuple[str, int]) -> bytes:
    """A long line is told by its first letter and its size; all parts of one of `x` are alike."""
    if isinstance(what, bytes):
        return what
    letter, size = what
    return b"x" * size if letter == "x" else letter.encode() + VARIED[: size - 1]


texts = st.one_of(
    st.sampled_from(SHORT), st.sampled_from(SHORT), st.tuples(st.sampled_from(["1", "2", "x"]), st.sampled_from(SIZES))
)
steps = st.sampled_from([0, 1, 1000, 10**6, 3 * 10**7, 10**9, 3 * 10**9, -5, -(10**8)])
lines = st.tuples(st.sampled_from(["stdout", "stderr"]), steps, texts)
events = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.lists(lines, min_size=1, max_size=12), st.sets(st.integers(0, 30), max_size=12)),
        st.tuples(
            st.sampled_from(["show", "save", "crash", "crash_and_catch_up", "audit", "wait", "arrive", "restart"])
        ),
        st.tuples(st.just("divide"), st.integers(0, 20)),
    ),
    min_size=1,
    max_size=10,
)


def play(machine: Machine, story: list[tuple], *, losing: bool, open_end: bool) -> list[tuple[str, bytes]]:
    """Gives the lines that were written."""
    stamp, latest, was_long, written = START, START, False, list[tuple[str, bytes]]()
    left: set[int] = set()
    last_write = max((at for at, event in enumerate(story) if event[0] == "write"), default=-1)
    for at, (what, *details) in enumerate(story):
        if what == "restart":
            stamp = max(stamp, latest)  # a clock that steps back over a restart: the run stays open until it is removed
            machine.restart(stamp + 1, stamp + 2)
            stamp = latest = stamp + 3
            continue
        if what != "write":
            getattr(machine, what)(*details)
            continue
        rows, lost = details
        records: list[Written] = []
        for row, (stream, step, told) in enumerate(rows):
            text = text_of(told)
            # Parts of two lines of one time can't be told apart; the engine needs longer than that for 16 KiB.
            step = step or (was_long or len(text) >= PART_BYTES)
            # A nanosecond to which a clock comes back: a line that is there already cannot be told from its twin.
            while step and stamp + step in left:
                step += 1
            if step:
                left.add(stamp)
            stamp += step
            was_long, latest = len(text) >= PART_BYTES, max(stamp, latest)
            ends = not (open_end and text and at == last_write and row == len(rows) - 1)
            records += records_of(stream, stamp, text, ends=ends)
            written.append((stream, text))
        machine.write(records, lost if losing else set())
    return written


def shown(stored: list[tuple[str, int]]) -> list[tuple[str, int, int]]:
    return [(message[:100], len(message), lines) for message, lines in stored]


def of_stdout(*rows: tuple[int, bytes | tuple[str, int]], lost: set[int]) -> tuple:
    """A story's event: (step, text) a line; `lost` are its records by number."""
    return ("write", [("stdout", *row) for row in rows], lost)


@settings(max_examples=80, deadline=None)
@example([of_stdout((1, b"ready"), (1, ("1", 40_000)), (1, b"ready"), lost={1})], False)  # a line's first part
@example([of_stdout((1, ("1", 40_000)), lost={0}), ("audit",), of_stdout((1, b"ready"), lost=set())], True)
@example([of_stdout((0, b"ready"), (0, b""), (0, b"ready"), (10**8, b""), (0, b"ready"), lost={4})], False)  # twins
@example(
    [of_stdout((0, b"ready"), (10**8, b""), (-(10**7), b"ready"), (0, b"ready"), lost={0})], True
)  # a clock's step
@example(
    [("restart",), of_stdout((-5, b"ready"), (1, b"ready"), lost={0}), ("restart",), of_stdout((-5, b""), lost=set())],
    False,
)
@example(  # a line's parts in two of the driver's writes, with a crash between them, and its first lost
    [
        ("save",),
        ("divide", 1),
        of_stdout((1, ("1", 40_000)), lost={0}),
        ("show",),
        ("crash_and_catch_up",),
        ("arrive",),
    ],
    False,
)
@given(events, st.booleans())
def test_what_was_lost_is_put_back(story: list[tuple], open_end: bool) -> None:
    check(story, open_end, RULES)


def test_a_line_that_was_repaired_while_it_was_open_grows_beside_a_trace() -> None:
    first, *rest = records_of("stdout", START, text_of(("1", 40_000)))
    trace = [Written("stdout", START + 6 * 10**9 + row, text) for row, text in enumerate(SHORT[3:7])]
    machine, without_loss = Machine(), Machine()
    for one, lost in ((machine, {0}), (without_loss, set[int]())):
        one.write([first], lost)
        one.write([Written("stderr", START + 5 * 10**9, b"later")], set())
        if lost:
            one.audit()
        one.write([*rest, *trace], set())
    assert shown(machine.messages("stdout")) == shown(without_loss.messages("stdout"))
    assert machine.end().lines == 6


SECRETS = ["ValueError: no", text_of(("1", 40_000))[PART_BYTES - 5 : PART_BYTES + 5].decode()]


@settings(max_examples=40, deadline=None)
@example([of_stdout((1, ("1", 40_000)), lost={0}), ("show",)], False)  # its second part begins within a secret
@given(events, st.booleans())
def test_what_was_lost_is_put_back_of_a_container_with_secrets(story: list[tuple], open_end: bool) -> None:
    check(story, open_end, replace(RULES, mask=Mask(SECRETS)))


def check(story: list[tuple], open_end: bool, rules: Rules) -> None:
    note(repr((story, open_end)))
    machine, without_loss = Machine(rules), Machine(rules)
    written = play(machine, story, losing=True, open_end=open_end)
    play(without_loss, [event for event in story if event[0] in ("write", "restart")], losing=False, open_end=open_end)
    seal = machine.end()
    without_loss.end()
    for stream in STREAMS:
        stored = machine.messages(stream)
        assert shown(stored) == shown(without_loss.messages(stream))
        # A line above the limit of a message stands in pieces.
        text = "".join(message.replace("\n", "") for message, _ in stored)
        if rules.mask is None:
            assert text == b"".join(line for of, line in written if of == stream).decode()
        else:
            assert not any(secret in text for secret in SECRETS)
    stored_lines = sum(lines for stream in STREAMS for _, lines in machine.messages(stream))
    assert (stored_lines, seal.state) == (len(written), "sealed")
    assert sum(one.lines for one in machine.seals.values()) == len(written)
    assert {one.state for one in machine.seals.values()} == {"sealed"}
    if not any(step < 0 for event in story if event[0] == "write" for _, step, _ in event[1]):
        assert [seal.lines for _, seal in sorted(machine.seals.items())] == lines_of_runs(story)


def lines_of_runs(story: list[tuple]) -> list[int]:
    runs = [0]
    for what, *details in story:
        if what == "restart":
            runs.append(0)
        elif what == "write":
            runs[-1] += len(details[0])
    return runs
