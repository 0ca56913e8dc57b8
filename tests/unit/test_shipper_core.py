"""The pieces between a sender's bytes and a document, each against an independent account of what must come out."""

import gzip
from pathlib import Path

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from log_shipper.audit.entries import about_of, lines_message, runs_in
from log_shipper.audit.frames import FrameParser
from log_shipper.audit.reconcile import CopyAccount, compare
from log_shipper.audit.selection import Segment, Selection
from log_shipper.checkpoint import Checkpoint
from log_shipper.config import ShipperSettings
from log_shipper.errors import CheckpointDamaged, SpoolFull, SpoolLocked
from log_shipper.forward.decoder import Decoder, Limits
from log_shipper.forward.errors import Malformed, TooLarge
from log_shipper.forward.records import entries, messages, option_of
from log_shipper.pipeline import Pipeline, RepairPass
from log_shipper.rules import rules_of
from log_shipper.spool.reader import SpoolReader
from log_shipper.spool.segment import ENTRIES, TRUSTED
from log_shipper.spool.writer import SpoolWriter
from log_shipper.stages.classify import Classifier
from log_store.document import ContainerContext, DocumentBatch

CONTAINER = "ab" * 32
RULES = rules_of(ShipperSettings(retention=1e9))
TIME = 1_795_478_400_123_456_789


def stamp(time: int) -> msgpack.ExtType:
    return msgpack.ExtType(0, (time // 10**9).to_bytes(4, "big") + (time % 10**9).to_bytes(4, "big"))


def record(time: int, log: bytes, source: str = "stdout", **more: str) -> bytes:
    fields = {"container_id": CONTAINER, "container_name": "/c", "source": source, "log": log, **more}
    return msgpack.packb(["tag", stamp(time), fields, {}], use_bin_type=False)


def part(time: int, log: bytes, ordinal: int, last: bool) -> bytes:
    told = {"partial_id": "p", "partial_ordinal": str(ordinal), "partial_last": "true" if last else "false"}
    return record(time, log, partial_message="true", **told)


def pipeline() -> Pipeline:
    def context(container_id: str, name: str) -> ContainerContext:
        return ContainerContext(container_id, name)

    return Pipeline("test", context, lambda _: RULES, max_message=8 << 20)


def rows(pipe: Pipeline, *messages: bytes) -> DocumentBatch:
    batch = pipe.new_batch()
    pipe.add(batch, [(0, entries(b"".join(messages), 1 << 20))], TIME, trusted=True)
    return batch


def test_every_cut_of_the_bytes_gives_the_same_messages() -> None:
    """Whole, byte by byte, and with a trailing piece."""
    data = record(TIME, b"one") + record(TIME + 1, b"two" * 50)
    whole = Decoder(Limits()).receive(data)
    decoder = Decoder(Limits())
    single = [m for i in range(len(data)) for m in decoder.receive(data[i : i + 1])]
    trailing = Decoder(Limits()).receive(data + b"\x94\xa3")
    assert b"".join(m.raw for m in whole) == data == b"".join(m.raw for m in single)
    assert [m.raw for m in trailing] == [m.raw for m in whole]
    assert sum(m.records for m in single) == 2


def test_the_empty_end_of_a_line_whose_beginning_was_lost_is_no_line() -> None:
    batch = rows(pipeline(), part(TIME, b"", 2, True), record(TIME + 1, b"next"))
    assert batch.message == ["next"]


@pytest.mark.parametrize("compressed", [False, True])
def test_packed_modes_and_their_chunk(compressed: bool) -> None:
    """PackedForward and CompressedPackedForward give the records and the id that wants an ack."""
    packed = b"".join(msgpack.packb([stamp(TIME + i), {"log": f"{i}"}]) for i in range(3))
    option = {"chunk": "c1", **({"compressed": "gzip"} if compressed else {})}
    data = msgpack.packb(["t", gzip.compress(packed) if compressed else packed, option])
    (message,) = Decoder(Limits()).receive(data)
    assert (message.records, message.chunks, message.repair) == (3, (b"c1",), False)
    assert [(t, r[b"log"]) for _, t, r, _ in entries(data, 1 << 20)] == [(TIME + i, b"%d" % i) for i in range(3)]


def test_a_bomb_and_an_endless_message_are_refused() -> None:
    """What inflates above the limit, and what never ends."""
    bomb = msgpack.packb(["t", gzip.compress(bytes(1 << 20)), {"compressed": "gzip"}])
    with pytest.raises(TooLarge):
        Decoder(Limits(inflated=1 << 16)).receive(bomb)
    decoder = Decoder(Limits(message=1 << 16))
    with pytest.raises(TooLarge):
        for _ in range(100):
            decoder.receive(b"\xdb\x7f\xff\xff\xff" + b"x" * 4096)


@given(st.binary(max_size=300))
def test_garbage_is_refused_or_waited_for(data: bytes) -> None:
    """No bytes make the decoder raise anything but its own errors."""
    try:
        found = Decoder(Limits()).receive(data)
    except (Malformed, TooLarge):
        return
    assert sum(len(m.raw) for m in found) <= len(data)


def test_parts_become_one_line() -> None:
    """A full part and an empty last one; a line without an end closed by the next one."""
    batch = rows(pipeline(), part(TIME, b"x" * 16384, 1, False), part(TIME, b"", 2, True), record(TIME + 1, b"after"))
    assert batch.message == ["x" * 16384, "after"]
    assert batch.lines == [1, 1]


def test_a_line_shown_early_keeps_its_id_and_grows() -> None:
    """An open line is written as far as it came, then again under the same id with a greater version."""
    pipe = pipeline()
    assert len(rows(pipe, part(TIME, b"a" * 16384, 1, False))) == 0
    early = pipe.new_batch()
    pipe.show_open_lines(early, TIME)
    late = rows(pipe, part(TIME, b"b", 2, True))
    assert (early.message, late.message) == (["a" * 16384], ["a" * 16384 + "b"])
    assert early.id == late.id and late.version[0] > early.version[0]


def test_what_comes_later_has_a_greater_seq_also_where_it_waited_or_came_compressed() -> None:
    pipe = pipeline()
    many = entries(b"".join(record(TIME + number, b"x", "stderr") for number in range(1000)), 1 << 20)
    batches = [rows(pipe, part(TIME, b"begun ", 1, False)), pipe.new_batch(), pipe.new_batch(), pipe.new_batch()]
    pipe.add(batches[1], [(10, many)], TIME, trusted=True)  # 1,000 records in less than 1,000 bytes
    pipe.show_open_lines(batches[2], TIME)
    pipe.add(batches[3], [(40, entries(record(TIME + 5000, b"next"), 1000))], TIME, trusted=True)
    seqs = [batch.seq for batch in batches]
    assert [len(seq) for seq in seqs] == [0, 1000, 1, 1]
    assert sum(seqs, []) == sorted(set(sum(seqs, [])))


def test_equal_times_and_a_clock_that_steps_back_keep_order_and_both_lines() -> None:
    """Two identical lines of one nanosecond, then an earlier one."""
    batch = rows(pipeline(), record(TIME, b"a"), record(TIME, b"a"), record(TIME - 5, b"b"))
    assert len(set(batch.id)) == 3
    assert list(zip(batch.order_time, batch.ordinal, strict=True)) == [(TIME, 0), (TIME, 1), (TIME, 2)]


def test_a_snapshot_makes_the_same_rows_again() -> None:
    """A replay from snapshot and position equals the first time, open line included."""
    pipe, again = pipeline(), pipeline()
    rows(pipe, record(TIME, b"a"), part(TIME + 1, b"y" * 16384, 1, False))
    again.restore(msgpack.unpackb(msgpack.packb(pipe.snapshot()), strict_map_key=False))
    more = (part(TIME + 1, b"z", 2, True), record(TIME + 1, b"c"))
    assert rows(pipe, *more) == rows(again, *more)


def frame(time: int, text: bytes, kind: int = 1) -> bytes:
    body = f"2026-11-24T00:00:00.{time:09d}Z ".encode() + text
    return bytes([kind, 0, 0, 0]) + len(body).to_bytes(4, "big") + body


def test_the_audit_selects_what_the_live_path_lacks_and_the_repair_makes_the_same_id() -> None:
    """A lost tail comes back; a line that both have is one document."""
    frames = FrameParser().receive(frame(1, b"kept\n") + frame(500_000_000, b"lost\n"))
    pipe = pipeline()
    live = rows(pipe, record(frames.time[0], b"kept"))
    copy = CopyAccount(RULES.grouper)
    copy.add(frames)
    assert copy.account.lines() == 2
    difference = compare(pipe.ledger.accounts[CONTAINER].copy(), copy.account)
    (segment,) = Selection(difference, RULES.grouper, 512).select(frames)
    assert (segment.text, difference.missing) == ([b"kept", b"lost"], 1)  # with the message before it
    batch = pipe.new_batch()
    whole = Segment("stdout", (-1, 0), frames.time[:1], [b"kept"])
    sent = lines_message(RepairPass("r", CONTAINER, True), whole, "chunk")
    (message,) = messages(sent)
    runs = runs_in(about_of(option_of(message)), 0)
    pipe.repair(batch, runs, 0, TIME, RepairPass("r", CONTAINER, True, {"stdout": (-1, 0)}, 0, False, 24))
    assert batch.id == live.id and batch.version[0] > live.version[0]


def test_spool_gives_back_what_was_appended_and_goes_on_behind_a_torn_tail(tmp_path: Path) -> None:
    """Across segments and writers; a torn tail of an older segment is stated as damage."""
    writer = SpoolWriter(tmp_path, segment_bytes=200, limit_bytes=1 << 20)
    for i in range(10):
        writer.append(ENTRIES, TRUSTED, 1, TIME, 1, b"body %d" % i)
    with pytest.raises(SpoolLocked):
        SpoolWriter(tmp_path, segment_bytes=200, limit_bytes=1 << 20)
    writer.close()
    with open(max(tmp_path.glob("*.spool")), "ab") as torn:
        torn.write(b"\x05\x00\x00\x00torn")
    second = SpoolWriter(tmp_path, segment_bytes=200, limit_bytes=1 << 20)
    second.append(ENTRIES, TRUSTED, 1, TIME, 1, b"after")
    reader = SpoolReader(tmp_path, 0)
    bodies = []
    while found := reader.read(1 << 16):
        bodies += [r.body for r in found]
    assert bodies == [b"body %d" % i for i in range(10)] + [b"after"]
    assert len(reader.damage) == 1


def test_spool_at_its_limit_refuses(tmp_path: Path) -> None:
    """What does not fit is refused, what stands stays readable."""
    writer = SpoolWriter(tmp_path, segment_bytes=1 << 20, limit_bytes=100)
    writer.append(ENTRIES, 0, 1, TIME, 1, b"fits")
    with pytest.raises(SpoolFull):
        writer.append(ENTRIES, 0, 1, TIME, 1, bytes(100))
    assert [r.body for r in SpoolReader(tmp_path, 0).read(1 << 16)] == [b"fits"]


def test_checkpoint_round_trip_and_damage(tmp_path: Path) -> None:
    """Read as written; a flipped bit is told, never believed."""
    checkpoint = Checkpoint(tmp_path / "checkpoint")
    assert checkpoint.load() == (0, {})
    checkpoint.save(7, {"streams": []})
    assert checkpoint.load() == (7, {"streams": []})
    stored = bytearray((tmp_path / "checkpoint").read_bytes())
    stored[-1] ^= 1
    (tmp_path / "checkpoint").write_bytes(stored)
    with pytest.raises(CheckpointDamaged):
        checkpoint.load()


@pytest.mark.parametrize(
    ("line", "log_type"),
    [
        ("2026-11-24 05:00:00,123 ERROR boom", "error"),
        ("[WARN] disk", "warning"),
        ('{"level":"fatal","msg":"x"}', "critical"),
        ("GET /error.html 200", "info"),
        ("errors=0", "info"),
    ],
)
def test_a_declared_level_decides_and_a_word_in_the_text_does_not(line: str, log_type: str) -> None:
    assert Classifier()([line], "stdout")[0] == [log_type]
