"""The live path goes on from what a repair has put right.

A repair may come while a message still grows. What the live path holds of it may be torn, or hold lines of two messages,
and what it would write next would stand beside the repair's, or under a version that the repair's is above.
"""

from xxhash import xxh3_128_intdigest

from log_shipper.stages.document import LIVE, Head, Rules, StreamState, add_documents
from log_shipper.stages.partials import Lines
from log_store.document import ContainerContext, DocumentBatch


def adopt(
    batch: DocumentBatch, context: ContainerContext, stream: str, live: StreamState, repaired: StreamState, rules: Rules,
    *, received: int, seq: int,
) -> None:  # fmt: skip
    """Where the live path's last message reaches into what was repaired, take the repair's state, and again what is later.

    A live message that began behind the repair stands as it is.
    """
    torn, true = live.head, repaired.head
    if true is None or (torn is not None and torn.times[0] > true.times[-1]):
        return
    live.order_time, live.ordinal = repaired.order_time, repaired.ordinal
    live.last_time, live.twins = repaired.last_time, repaired.twins
    live.group, live.head = repaired.group, true
    if torn is not None:
        later = _later(torn, true.times[-1], seq)
        add_documents(batch, context, stream, later, live, rules, received=received, revision=LIVE)


def _later(torn: Head, time: int, seq: int) -> Lines:
    """The lines of a message with a greater time."""
    lines = Lines()
    for row, (stamp, text) in enumerate(zip(torn.times, torn.texts, strict=True)):
        if stamp > time:
            raw = torn.raws.get(row, text.encode())
            lines.append(stamp, raw, xxh3_128_intdigest(raw, stamp), seq)
    return lines
