"""What the audit sends through the spool, the only way into the store: lines put back, and seals.

Both are Forward messages without records, `[tag, [], {"chunk": …, "repair": packed map}]`, to our own acceptor, which takes
them from our own uid only and acknowledges them when they are durable. Lines stand in the map as columns: packing and
reading them costs a tenth of what records do.
"""

from typing import Any

import msgpack

from log_shipper.audit.selection import Segment
from log_shipper.ledger import pack_windows, unpack_windows
from log_shipper.pipeline import RepairPass
from log_shipper.seal_map import seal_from_map, seal_to_map
from log_shipper.stages.runs import Part, Run
from log_store.seal import Gap, Seal

TAG = b"wholelog.audit"


def lines_message(repair: RepairPass, segment: Segment | None, chunk: str) -> bytes:
    """The segment's lines; none with the last message of a pass."""
    start, runs = {}, []
    if segment is not None:
        runs.append([segment.stream, segment.time, segment.text, segment.part])
        if segment.start is not None:
            start[segment.stream] = segment.start
    about = {
        "id": repair.id, "container_id": repair.container_id, "last": repair.last, "number": repair.number,
        "exact": repair.exact,
        "start": start, "bits": repair.bits, "windows": pack_windows(repair.windows), "runs": runs,
    }  # fmt: skip
    return _message(chunk, about)


def probe_message(chunk: str) -> bytes:
    """Nothing but a chunk to be acknowledged."""
    packed: bytes = msgpack.packb([TAG, [], {"chunk": chunk}])
    return packed


def seal_message(seal: Seal, surplus: int, chunk: str, *, last_word: bool = False) -> bytes:
    """`surplus`: of its lines so many may be counted twice. `last_word`: stated even where the store lacks lines."""
    return _message(chunk, {"seal": seal_to_map(seal), "surplus": surplus, "last_word": last_word})


def gap_message(container_id: str, started_at: int, gap: Gap, chunk: str) -> bytes:
    return _message(chunk, {"gap": [container_id, started_at, gap.start, gap.end, gap.lines, gap.why]})


def end_message(container_id: str, started_at: int, ended: int, chunk: str) -> bytes:
    """When a run was over (ns) whose seal is still to come."""
    return _message(chunk, {"end": [container_id, started_at, ended]})


def about_of(option: dict[bytes, Any]) -> dict[str, Any]:
    """What a message's option says of the repair."""
    about: dict[str, Any] = msgpack.unpackb(option[b"repair"], strict_map_key=False)
    return about


def seal_in(about: dict[str, Any]) -> Seal | None:
    return seal_from_map(about["seal"]) if "seal" in about else None


def gap_in(about: dict[str, Any]) -> tuple[str, int, Gap] | None:
    """Of which container, in which of its runs."""
    if "gap" not in about:
        return None
    container_id, started_at, *gap = about["gap"]
    return container_id, started_at, Gap(*gap)


def end_in(about: dict[str, Any]) -> tuple[str, int, int] | None:
    """Of which container, of which of its runs."""
    return tuple(about["end"]) if "end" in about else None


def repair_in(about: dict[str, Any]) -> RepairPass:
    start = {stream: (place[0], place[1]) for stream, place in about["start"].items()}
    windows = unpack_windows(about["windows"])
    return RepairPass(
        about["id"],
        about["container_id"],
        about["last"],
        start,
        about["number"],
        about["exact"],
        about["bits"],
        windows,
    )


def runs_in(about: dict[str, Any], seq: int) -> list[Run]:
    """The lines as columns; their seq counts up from `seq`."""
    runs = []
    for stream, times, texts, ordinals in about["runs"]:
        part = {row: Part(b"%d" % times[row], ordinal, False) for row, ordinal in ordinals.items()}
        runs.append(Run(about["container_id"], stream, "", times, texts, list(range(seq, seq + len(times))), part))
        seq += len(times)
    return runs


def _message(chunk: str, about: dict[str, Any]) -> bytes:
    packed: bytes = msgpack.packb([TAG, [], {"chunk": chunk, "repair": msgpack.packb(about)}])
    return packed
