"""What the audit sends through the spool, the only way into the store: lines put back, and seals.

Both are Forward messages without records, `[tag, [], {"chunk": …, "repair": packed map}]`, to our own acceptor, which takes
them from our own uid only and acknowledges them when they are durable. Lines stand in the map as columns: packing and
reading them costs a tenth of what records do.
"""

from typing import Any

import msgpack

from log_shipper.audit.frames import Frames
from log_shipper.audit.reconcile import Segment
from log_shipper.ledger import pack_windows, unpack_windows
from log_shipper.pipeline import RepairPass
from log_shipper.seal_map import seal_from_map, seal_to_map
from log_shipper.stages.runs import Part, Run
from log_store.fields import STREAMS
from log_store.seal import Seal

TAG = b"wholelog.audit"


def lines_message(repair: RepairPass, frames: Frames, segment: Segment, chunk: str) -> bytes:
    """The segment's rows."""
    about = {
        "id": repair.id, "container_id": repair.container_id, "last": repair.last,
        "start": {stream: list(place) for stream, place in segment.start.items()},
        "bits": repair.bits, "windows": pack_windows(repair.windows),
        "runs": [run for stream in STREAMS if (run := _columns(stream, frames, segment)) is not None],
    }  # fmt: skip
    return _message(chunk, about)


def seal_message(seal: Seal, chunk: str) -> bytes:
    return _message(chunk, {"seal": seal_to_map(seal)})


def about_of(option: dict[bytes, Any]) -> dict[str, Any]:
    """What a message's option says of the repair."""
    about: dict[str, Any] = msgpack.unpackb(option[b"repair"], strict_map_key=False)
    return about


def seal_in(about: dict[str, Any]) -> Seal | None:
    return seal_from_map(about["seal"]) if "seal" in about else None


def repair_in(about: dict[str, Any]) -> RepairPass:
    start = {stream: (place[0], place[1]) for stream, place in about["start"].items()}
    windows = unpack_windows(about["windows"])
    return RepairPass(about["id"], about["container_id"], about["last"], start, about["bits"], windows)


def runs_in(about: dict[str, Any], seq: int) -> list[Run]:
    """The lines as columns; their seq counts up from `seq`."""
    runs = []
    for stream, times, texts, ordinals in about["runs"]:
        part = {row: Part(b"%d" % times[row], ordinal, False) for row, ordinal in ordinals.items()}
        runs.append(Run(about["container_id"], stream, "", times, texts, list(range(seq, seq + len(times))), part))
        seq += len(times)
    return runs


def _columns(stream: str, frames: Frames, segment: Segment) -> list[Any] | None:
    """One stream's times, texts, and ordinals of those rows that are parts of a longer line; None where it has no row."""
    chosen = [
        (row, part) for row, part in zip(segment.rows, segment.parts, strict=True) if frames.stream[row] == stream
    ]
    if not chosen:
        return None
    ordinals = {index: part for index, (_, part) in enumerate(chosen) if part is not None}
    return [stream, [frames.time[row] for row, _ in chosen], [frames.text[row] for row, _ in chosen], ordinals]


def _message(chunk: str, about: dict[str, Any]) -> bytes:
    packed: bytes = msgpack.packb([TAG, [], {"chunk": chunk, "repair": msgpack.packb(about)}])
    return packed
