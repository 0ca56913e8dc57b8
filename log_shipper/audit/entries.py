"""What the audit sends through the spool, the only way into the store: lines put back, and seals.

Both are Forward messages `[tag, [[time, record], …], {"chunk": …, "repair": packed map}]` to our own acceptor, which takes
them from our own uid only and acknowledges them when they are durable.
"""

from typing import Any

import msgpack

from log_shipper.audit.frames import Frames
from log_shipper.audit.reconcile import Segment
from log_shipper.ledger import pack_windows, unpack_windows
from log_shipper.pipeline import RepairPass
from log_shipper.seal_map import seal_to_map
from log_store.seal import Seal

TAG = b"wholelog.audit"


def lines_message(repair: RepairPass, frames: Frames, segment: Segment, chunk: str) -> bytes:
    """The segment's rows as records of the shape that Docker's driver sends."""
    entries = [
        [_event_time(frames.time[row]), _record(repair.container_id, frames, row, part)]
        for row, part in zip(segment.rows, segment.parts, strict=True)
    ]
    start = {stream: list(place) for stream, place in segment.start.items()}
    about = {
        "id": repair.id, "container_id": repair.container_id, "last": repair.last, "start": start,
        "bits": repair.bits, "windows": pack_windows(repair.windows),
    }  # fmt: skip
    return _message(entries, chunk, about)


def seal_message(seal: Seal, chunk: str) -> bytes:
    return _message([], chunk, {"seal": seal_to_map(seal)})


def about_of(option: dict[bytes, Any]) -> dict[str, Any]:
    """What a message's option says of the repair: the members of a RepairPass, or `seal`."""
    about: dict[str, Any] = msgpack.unpackb(option[b"repair"], strict_map_key=False)
    return about


def repair_from_map(told: dict[str, Any]) -> RepairPass:
    start = {stream: (place[0], place[1]) for stream, place in told["start"].items()}
    windows = unpack_windows(told["windows"])
    return RepairPass(told["id"], told["container_id"], told["last"], start, told["bits"], windows)


def _message(entries: list[Any], chunk: str, about: dict[str, Any]) -> bytes:
    # Packed on its own, where texts and bytes stay apart; a record's texts are bytes, as Docker's driver sends them.
    option = {"chunk": chunk, "repair": msgpack.packb(about)}
    packed: bytes = msgpack.packb([TAG, entries, option], use_bin_type=False)
    return packed


def _event_time(time: int) -> msgpack.ExtType:
    seconds, nanoseconds = divmod(time, 10**9)
    return msgpack.ExtType(0, seconds.to_bytes(4, "big") + nanoseconds.to_bytes(4, "big"))


def _record(container_id: str, frames: Frames, row: int, part: int | None) -> dict[str, Any]:
    record = {"container_id": container_id, "source": frames.stream[row], "log": frames.text[row]}
    if part is not None:
        partial = {"partial_message": "true", "partial_id": f"{frames.time[row]}", "partial_ordinal": str(part)}
        return {**record, **partial, "partial_last": "false"}
    return record
