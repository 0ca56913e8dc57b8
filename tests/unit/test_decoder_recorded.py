"""The decoder against frames that a real dockerd sent, and against msgpack itself.

tests/data/dockerd-20.10-frames.msgpack.gz: what Docker 20.10.24's driver wrote into a unix socket for a container that ran
`echo out; echo err >&2; echo; 40,000 x; 16,384 y; bytes that are no UTF-8; printf end`, with the options of
`wholelog driver-options`.
"""

import gzip
from pathlib import Path
from typing import Any

import msgpack
from hypothesis import given
from hypothesis import strategies as st

from log_shipper.config import ShipperSettings
from log_shipper.forward.decoder import Decoder, Limits, Messages
from log_shipper.forward.records import entries
from log_shipper.pipeline import Pipeline
from log_shipper.rules import RuleBook
from log_store.document import ContainerContext

RECORDED = gzip.decompress(Path(__file__).parent.parent.joinpath("data/dockerd-20.10-frames.msgpack.gz").read_bytes())
LIMIT = 1 << 20


def fed(data: bytes, step: int) -> list[Messages]:
    decoder = Decoder(Limits())
    return [m for start in range(0, len(data), step) for m in decoder.receive(data[start : start + step])]


def test_recorded_frames_in_any_cut() -> None:
    """Whole, byte by byte and in odd steps: every byte, every record."""
    for step in (1, 7, 4096, len(RECORDED)):
        found = fed(RECORDED, step)
        assert b"".join(m.raw for m in found) == RECORDED
        assert sum(m.records for m in found) == 10


def test_recorded_frames_become_the_lines_that_were_written() -> None:
    """Parts joined, the last line shown though nothing ends it, bytes that are not UTF-8 kept beside the text."""
    pipe = Pipeline(
        "s", lambda c, n: ContainerContext(c, n), RuleBook(ShipperSettings(retention=1e9)).of, max_message=8 << 20
    )
    batch = pipe.new_batch()
    pipe.add(batch, [(0, entries(RECORDED, LIMIT))], batch_time := 1_795_500_000 * 10**9, trusted=True)
    pipe.show_open_lines(batch, batch_time)
    ordered = sorted(range(len(batch)), key=lambda row: batch.log_time[row])
    texts = [batch.message[row] for row in ordered]
    assert texts == ["out", "err", "", "x" * 40_000, "y" * 16_384, "\ufffd\ufffdbin\0", "end"]
    assert [batch.stream[row] for row in ordered] == ["stdout", "stderr"] + ["stdout"] * 5
    assert list(batch.raw.values()) == [b"\xff\xfebin\0"]
    assert sum(batch.lines) == 7


texts = st.binary(max_size=40)
times = st.integers(0, (1 << 32) * 10**9 - 1)
records = st.dictionaries(st.text(max_size=8), texts | st.integers(-(2**63), 2**64 - 1) | st.none(), max_size=4)


def event_time(time: int) -> msgpack.ExtType:
    return msgpack.ExtType(0, (time // 10**9).to_bytes(4, "big") + (time % 10**9).to_bytes(4, "big"))


def packed(mode: int, pairs: list[tuple[int, dict[str, Any]]]) -> bytes:
    whole = [[event_time(time), record] for time, record in pairs]
    if mode == 0:
        return b"".join(msgpack.packb(["tag", time, record, {}]) for time, record in whole)
    if mode == 1:
        return bytes(msgpack.packb(["tag", whole, {"chunk": "c"}]))
    stream = b"".join(msgpack.packb(pair) for pair in whole)
    if mode == 2:
        return bytes(msgpack.packb(["tag", stream]))
    return bytes(msgpack.packb(["tag", gzip.compress(stream), {"compressed": "gzip"}]))


@given(st.integers(0, 3), st.lists(st.tuples(times, records), max_size=6), st.integers(1, 50))
def test_what_msgpack_packs_comes_back_in_every_mode(
    mode: int, pairs: list[tuple[int, dict[str, Any]]], step: int
) -> None:
    """Times to the nanosecond, every value, in any cut of the bytes."""
    data = packed(mode, pairs)
    found = fed(data, step)
    assert b"".join(m.raw for m in found) == data
    assert sum(m.records for m in found) == len(pairs)
    read = [(time, record) for m in found for _, time, record, _ in entries(m.raw, LIMIT)]
    assert read == [(time, {key.encode(): value for key, value in record.items()}) for time, record in pairs]


@given(st.lists(st.tuples(times, records), min_size=1, max_size=3), st.data())
def test_a_cut_off_message_is_waited_for_and_never_half_taken(
    pairs: list[tuple[int, dict[str, Any]]], data: st.DataObject
) -> None:
    """All but the end of the last message: what was whole is there, the rest is pending."""
    whole = packed(1, pairs)
    cut = data.draw(st.integers(1, len(whole) - 1))
    decoder = Decoder(Limits())
    assert decoder.receive(whole[:cut]) == [] and decoder.pending == cut
    (message,) = decoder.receive(whole[cut:])
    assert message.raw == whole and decoder.pending == 0


@given(st.integers(-(2**63), 2**64 - 1))
def test_integer_times_are_seconds_and_negative_ones_are_refused(seconds: int) -> None:
    """No integer that msgpack can carry is taken for an EventTime."""
    data = msgpack.packb(["tag", seconds, {"log": "x"}, {}])
    try:
        found = fed(data, len(data))
    except Exception as error:
        assert type(error).__name__ == "Malformed" and not 0 <= seconds < 2**63 // 10**9
        return
    ((_, time, _, _),) = entries(found[0].raw, LIMIT)
    assert time == seconds * 10**9
