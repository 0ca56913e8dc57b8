"""Lines become rows of a `DocumentBatch`: ids, versions, order, day, text.

id       first 12 digits of the container id (of another sender: of its name's hash), `o`/`e` for the stream, 16 hexadecimal digits of the time, 16 of the
         hash of the line's first record, and `.k` for the k-th further line that is identical in all of these. Never
         an ordinal of arrival: were the first of two lines of one nanosecond lost and put back, the two paths would
         disagree.
version  records held, then two for a repair and one for the live path: a repair's ordinals are the true ones, and a
         late retry never undoes a completed line.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import lt

from xxhash import xxh3_64_intdigest

from log_shipper.stages.partials import Identity, Lines, OpenLine
from log_shipper.stages.runs import SENDER_PREFIX
from log_store.document import ContainerContext, DocumentBatch
from log_store.fields import OTHER_DAY, STDOUT
from log_store.rfc3339 import day_name

MASK = (1 << 64) - 1
DAY = 86_400 * 10**9
LIVE, REPAIR = 1, 2

Classify = Callable[[list[str], str], tuple[list[str], list[str]]]
"""messages, stream -> their log_type, and by which rule"""


@dataclass(slots=True)
class StreamState:
    """What one stream of one container carries from batch to batch."""

    order_time: int = -1
    ordinal: int = 0
    last_time: int = -1
    twins: dict[int, int] = field(default_factory=dict)  # hash -> lines, at last_time
    open: OpenLine | None = None


@dataclass(frozen=True, slots=True)
class DayRange:
    """Days that get a partition of their own, around the time at which a record was received."""

    past: int  # ns
    future: int = DAY

    def name(self, time: int, received: int) -> str:
        return day_name(time) if received - self.past <= time <= received + self.future else OTHER_DAY


def add_documents(
    batch: DocumentBatch, context: ContainerContext, stream: str, lines: Lines, state: StreamState,
    *, received: int, days: DayRange, classify: Classify, revision: int,
) -> None:  # fmt: skip
    """Append a row to `batch` for each line."""
    count = len(lines.time)
    if not count:
        return
    offset = len(batch)
    prefix = container_prefix(context.container_id, stream)
    if lines.open or not _plainly_increasing(lines.time, state):
        ids, order, ordinals = _identify(prefix, lines, state)
    else:
        ids = [f"{prefix}{t:016x}{h & MASK:016x}" for t, h in zip(lines.time, lines.hash, strict=True)]
        order, ordinals = lines.time, [0] * count
        state.order_time = state.last_time = lines.time[-1]
        state.ordinal, state.twins = 0, {lines.hash[-1]: 1}
    messages = _decode(lines.text, offset, batch.raw)
    types, by = classify(messages, stream)
    batch.container.extend([context] * count)
    batch.stream.extend([stream] * count)
    batch.id.extend(ids)
    batch.version.extend([records << 4 | revision for records in lines.records])
    batch.day.extend(_days(lines.time, received, days))
    batch.log_time.extend(lines.time)
    batch.order_time.extend(order)
    batch.ordinal.extend(ordinals)
    batch.seq.extend(lines.seq)
    batch.log_type.extend(types)
    batch.log_type_by.extend(by)
    batch.message.extend(messages)
    batch.lines.extend(lines.lines)
    batch.last_time.extend(lines.time)


def container_prefix(container_id: str, stream: str) -> str:
    first = container_id[:12]
    if container_id.startswith(SENDER_PREFIX):  # a text of somebody's own: two that begin alike must not meet
        first = f"t{xxh3_64_intdigest(container_id.encode()) & (1 << 44) - 1:011x}"
    return first + ("o" if stream == STDOUT else "e")


def _plainly_increasing(times: list[int], state: StreamState) -> bool:
    return times[0] > state.order_time and all(map(lt, times, times[1:]))


def _identify(prefix: str, lines: Lines, state: StreamState) -> tuple[list[str], list[int], list[int]]:
    """Ids and places of lines among which times may be equal or step back, or which were shown before."""
    identities: list[Identity] = []
    for row, (time, digest) in enumerate(zip(lines.time, lines.hash, strict=True)):
        line = lines.open.get(row)
        identity = line.identity if line else None
        if identity is None:
            identity = _next_identity(prefix, time, digest, state)
            if line:
                line.identity = identity
        identities.append(identity)
    return [i.id for i in identities], [i.order_time for i in identities], [i.ordinal for i in identities]


def _next_identity(prefix: str, time: int, digest: int, state: StreamState) -> Identity:
    if time > state.order_time:
        state.order_time, state.ordinal = time, 0
    else:
        state.ordinal += 1
    if time != state.last_time:
        state.last_time, state.twins = time, {}
    k = state.twins.get(digest, 0)
    state.twins[digest] = k + 1
    name = f"{prefix}{time:016x}{digest & MASK:016x}"
    return Identity(f"{name}.{k}" if k else name, state.order_time, state.ordinal)


def _days(times: list[int], received: int, days: DayRange) -> list[str]:
    first, last = days.name(min(times), received), days.name(max(times), received)
    return [first] * len(times) if first == last else [days.name(time, received) for time in times]


def _decode(texts: list[bytes], offset: int, raw: dict[int, bytes]) -> list[str]:
    try:
        return [text.decode() for text in texts]
    except UnicodeDecodeError:
        return [_decode_one(text, offset + row, raw) for row, text in enumerate(texts)]


def _decode_one(text: bytes, row: int, raw: dict[int, bytes]) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raw[row] = text
        return text.decode("utf-8", "replace")
