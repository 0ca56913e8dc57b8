"""The live path goes on from what a repair has put right.

A repair may come while a message still grows. What the live path holds of it may be torn, or hold lines of two messages,
and what it would write next would stand beside the repair's, or under a version that the repair's is above.
"""

from dataclasses import replace

from xxhash import xxh3_128_intdigest

from log_shipper.stages.document import LIVE, Rules, add_documents
from log_shipper.stages.partials import ANY, Lines, OpenLine
from log_shipper.stages.stream_state import Head, StreamState
from log_store.document import ContainerContext, DocumentBatch


def adopt(
    batch: DocumentBatch, context: ContainerContext, stream: str, live: StreamState, repaired: StreamState, rules: Rules,
    *, received: int, revision: int, seq: int,
) -> None:  # fmt: skip
    """Where the live path's last message reaches into what was repaired, take the repair's state, and again what is later.

    What began behind the repair stands as it is. `revision` is the repair's.
    """
    end = _end(repaired)
    waiting = live.open if live.open is not None and max(live.order_time, live.open.time) > end else None
    if end < 0:
        return
    if _began_after(end, live, waiting):
        if live.before and live.before[0].identity.order_time <= end:  # what they hold may be torn
            live.before, live.group.reach = [], -1
        return
    torn, live.open = live.head, waiting or _taken(repaired.open, live.open, revision)
    live.order_time, live.ordinal = repaired.order_time, repaired.ordinal
    live.last_time, live.twins = repaired.last_time, repaired.twins
    live.group, live.head, live.before = repaired.group, repaired.head, repaired.before
    later = _later(torn, end, seq) if torn is not None else Lines()
    if later.time:
        live.open = waiting
        add_documents(batch, context, stream, later, live, rules, received=received, revision=LIVE)


def _end(repaired: StreamState) -> int:
    """Up to which `order_time` all is repaired; -1 where nothing is. A clock may have stepped back, so no line's own time."""
    return repaired.order_time if repaired.open is not None or repaired.head is not None else -1


def _began_after(end: int, live: StreamState, waiting: OpenLine | None) -> bool:
    if waiting is not None and waiting.identity is not None:
        return True  # it has its place
    return (live.order_time if live.head is None else live.head.identity.order_time) > end


def _taken(repaired: OpenLine | None, torn: OpenLine | None, revision: int) -> OpenLine | None:
    """The repair's last line, which may yet grow, with what the live path has beyond it."""
    if repaired is None:
        return None
    if torn is None or torn.time != repaired.time:
        return replace(repaired, partial_id=ANY, revision=revision)
    parts = {**torn.parts, **repaired.parts} if torn.piece == repaired.piece else repaired.parts
    return replace(repaired, partial_id=torn.partial_id, parts=parts, revision=revision)


def _later(torn: Head, end: int, seq: int) -> Lines:
    """The lines of a message with a greater `order_time`."""
    lines, order_time = Lines(), torn.identity.order_time
    for row, (stamp, text) in enumerate(zip(torn.times, torn.texts, strict=True)):
        order_time = max(order_time, stamp)
        if order_time > end:
            raw = torn.raws.get(row, text.encode())
            lines.append(stamp, raw, xxh3_128_intdigest(raw, stamp), seq)
    return lines
