"""Lines become messages, and messages rows of a `DocumentBatch`: ids, versions, order, day, text.

id       as `ids` makes it, and `.k` for the k-th further line that is identical in all of that. Never an ordinal of
         arrival: were the first of two lines of one nanosecond lost and put back, the two paths would disagree.
version  how many repairs of the container came before that knew all that was received; then the records held; then two
         for a repair and one for the live path. A repair's places are the true ones, and where a lost line had made two
         messages one, it parts them again; a late retry never undoes a completed message.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from operator import lt
from typing import Protocol

from xxhash import xxh3_128_intdigest

from log_shipper.stages.ids import id_of, ids_of, prefix_of
from log_shipper.stages.masking import Edges, Mask, reduced
from log_shipper.stages.members import Decoded
from log_shipper.stages.multiline import Grouper
from log_shipper.stages.partials import Identity, Lines
from log_shipper.stages.starts import Starts, decide, resolved
from log_shipper.stages.stream_state import Head, StreamState
from log_store.document import Absorbed, ContainerContext, DocumentBatch
from log_store.fields import OTHER_DAY
from log_store.rfc3339 import day_name

DAY = 86_400 * 10**9
LIVE, REPAIR = 1, 2
PASS_BITS = 40  # of a version, below the number of exact repairs


class Classify(Protocol):
    """Messages of a stream -> their log_type, and by which rule. What messages were read as goes into `decoded`."""

    def __call__(
        self, messages: list[str], stream: str, decoded: Decoded | None = None
    ) -> tuple[list[str], list[str]]: ...


class Extract(Protocol):
    """Messages, the rules that found their types, what they were read as -> the fields of each as a JSON object, by row."""

    def __call__(self, messages: list[str], rules: list[str], decoded: Decoded) -> dict[int, bytes]: ...

    def of(self, message: str, rule: str) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class DayRange:
    """Days that get a partition of their own, around the time at which a record was received."""

    past: int  # ns
    future: int = DAY

    def name(self, time: int, received: int) -> str:
        return day_name(time) if received - self.past <= time <= received + self.future else OTHER_DAY


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides how lines become documents, the same for all streams."""

    days: DayRange
    classify: Classify
    grouper: Grouper
    extract: Extract | None = None
    reduce: Callable[[str], str] | None = None
    """What is stored of a message's text, where the operator asked for less than all."""
    mask: Mask | None = None
    """Of a container with secret variables."""


@dataclass(slots=True)
class _Messages:
    """Columns; `raw` by row, where a message is not UTF-8."""

    id: list[str]
    order_time: list[int]
    ordinal: list[int]
    time: list[int]
    text: list[str]
    raw: dict[int, bytes]
    seq: list[int]
    records: list[int]
    lines: list[int]
    last_time: list[int]

    def head(self, row: int, revision: int) -> Head:
        """One of a single line, as what it may grow from."""
        raws = {0: self.raw[row]} if row in self.raw else {}
        identity = Identity(self.id[row], self.order_time[row], self.ordinal[row])
        return Head(identity, [self.time[row]], [self.text[row]], raws, self.records[row], self.lines[row], revision)


def add_documents(
    batch: DocumentBatch, context: ContainerContext, stream: str, lines: Lines, state: StreamState, rules: Rules,
    *, received: int, revision: int, absorbs: bool = False, show: bool = False,
) -> list[int]:  # fmt: skip
    """Append a row to `batch` for each message; one that has grown is a row again, under its id.

    Lines that a later one may make part of the message before them wait in `state`, until `show`. `absorbs`: lines that
    continue a message stand nowhere else; parts that continue a line never do. Says of each line whether it begins a
    message, as `multiline.Grouping.starts` does.
    """
    starts = decide(lines, state, rules.grouper, show=show)
    lines = starts.lines
    if not lines.time:
        return starts.received
    hashes = lines.hash if rules.mask is None else rules.mask.hashes(lines)
    messages = _messages_of(context, stream, starts, hashes, state)
    cut = {messages.id[row]: line.torn for row, line in lines.open.items()}
    begins, taken = resolved(starts.decided)
    versions = [(records << 4) + revision for records in messages.records]
    repaired = {row: line.revision for row, line in lines.open.items() if line.revision > revision}
    for row, own in repaired.items():
        versions[row] += own - revision
    gone = _continued(messages, begins, revision) if absorbs else []
    if revision != LIVE:
        gone += _parts(prefix_of(context.container_id, stream), lines, rules.mask, revision)
    for name, time, version in gone:
        batch.absorbed.append(Absorbed(context, stream, name, rules.days.name(time, received), time, version))
    for head in state.take_back(taken):
        day, time = rules.days.name(head.times[0], received), head.times[0]
        batch.absorbed.append(Absorbed(context, stream, head.identity.id, day, time, head.version))
    keep = max(state.group.reach, 0) + 1
    if 0 in begins:
        messages, versions, heads = _joined(messages, begins, state.head, revision, repaired)
    else:
        count = len(begins)
        heads = [messages.head(row, revision) for row in range(max(count - keep, 0), count)]
    state.remember(heads, keep, goes_on=not begins[0])
    if len(lines.time) - 1 in lines.open:
        state.head = None
    _append(batch, context, stream, messages, versions, rules, received, cut)
    return starts.received


def _append(
    batch: DocumentBatch, context: ContainerContext, stream: str, messages: "_Messages", versions: list[int],
    rules: Rules, received: int, cut: dict[str, bool],
) -> None:  # fmt: skip
    """`cut`: ids of those that may go on, and whether they may go on with another."""
    decoded: Decoded = {}  # of what is masked, what it says is to be read from the masked text
    types, by = rules.classify(messages.text, stream, decoded if rules.extract and not rules.mask else None)
    if rules.mask is not None:
        edges = {row: (cut[name], True) for row, name in enumerate(messages.id) if name in cut}
        messages = _masked(messages, rules.mask, edges)
    count, offset = len(messages.id), len(batch)
    batch.container.extend([context] * count)
    batch.stream.extend([stream] * count)
    batch.id.extend(messages.id)
    batch.version.extend(versions)
    batch.day.extend(_days(messages.time, received, rules.days))
    batch.log_time.extend(messages.time)
    batch.order_time.extend(messages.order_time)
    batch.ordinal.extend(messages.ordinal)
    batch.seq.extend(messages.seq)
    batch.log_type.extend(types)
    batch.log_type_by.extend(by)
    batch.message.extend(messages.text if rules.reduce is None else reduced(messages.text, rules.reduce, rules.mask))
    batch.lines.extend(messages.lines)
    batch.last_time.extend(messages.last_time)
    for row, raw in messages.raw.items():
        batch.raw[offset + row] = raw
    if rules.extract is not None:
        for row, fields in rules.extract(messages.text, by, decoded).items():
            masked = fields if rules.mask is None else rules.mask.fields(fields)
            if masked is not None:
                batch.fields[offset + row] = masked


def _masked(messages: "_Messages", mask: Mask, edges: Edges) -> "_Messages":
    return replace(messages, text=mask.texts(messages.text, edges), raw=mask.raw(messages.raw, edges))


def _messages_of(
    context: ContainerContext, stream: str, starts: Starts, hashes: list[int], state: StreamState
) -> _Messages:
    """Each line a message, with the id and the place that it has if it begins one."""
    lines = starts.lines
    prefix = prefix_of(context.container_id, stream)
    if lines.open or not _plainly_increasing(lines.time, state):
        ids, order, ordinals = _identify(prefix, lines, hashes, state)
    else:
        ids = ids_of(prefix, lines.time, hashes)
        order, ordinals = lines.time, [0] * len(ids)
        state.order_time = state.last_time = lines.time[-1]
        state.ordinal, state.twins = 0, {hashes[-1]: 1}
    return _Messages(
        ids, order, ordinals, lines.time, starts.texts, starts.raw, lines.seq, lines.records, lines.lines, lines.time
    )  # fmt: skip


def _joined(
    each: _Messages, starts: list[int], head: Head | None, revision: int, repaired: dict[int, int]
) -> tuple[_Messages, list[int], list[Head]]:
    """Lines with those that they continue, the first maybe `head`; each message's version, and its head."""
    joined, versions, heads = _no_messages(), list[int](), list[Head]()
    begins = [row for row, start in enumerate(starts) if start]
    if not starts[0]:
        begins.insert(0, 0)
    for begin, end in zip(begins, [*begins[1:], len(starts)], strict=True):
        if starts[begin] or head is None:
            identity = Identity(each.id[begin], each.order_time[begin], each.ordinal[begin])
            head = Head(identity, [], [], {}, 0, 0, repaired.get(begin, revision))
        _grow(head, each, begin, end)
        _add_head(joined, head, each.seq[end - 1])
        versions.append(head.version)
        heads.append(head)
    return joined, versions, heads


def _grow(head: Head, each: _Messages, begin: int, end: int) -> None:
    raws = {row - begin: each.raw[row] for row in range(begin, end) if row in each.raw}
    head.grow(
        each.time[begin:end], each.text[begin:end], raws, sum(each.records[begin:end]), sum(each.lines[begin:end])
    )


def _add_head(joined: _Messages, head: Head, seq: int) -> None:
    if head.raws:
        parts = [head.raws.get(row, text.encode()) for row, text in enumerate(head.texts)]
        joined.raw[len(joined.id)] = b"\n".join(parts)
    joined.id.append(head.identity.id)
    joined.order_time.append(head.identity.order_time)
    joined.ordinal.append(head.identity.ordinal)
    joined.time.append(head.times[0])
    joined.text.append("\n".join(head.texts))
    joined.seq.append(seq)
    joined.records.append(head.records)
    joined.lines.append(head.lines)
    joined.last_time.append(head.times[-1])


def _no_messages() -> _Messages:
    return _Messages([], [], [], [], [], {}, [], [], [], [])


def _continued(each: _Messages, starts: list[int], revision: int) -> list[tuple[str, int, int]]:
    """Ids, times and greatest versions of what stood alone as long as a message's beginning was lost."""
    return [(each.id[row], each.time[row], revision) for row, start in enumerate(starts) if not start]


def _parts(prefix: str, lines: Lines, mask: Mask | None, revision: int) -> Iterator[tuple[str, int, int]]:
    """The same as long as a line's beginning was lost: what is left of it has fewer records than the line."""
    for line in lines.open.values():
        version = (len(line.parts) - 1 << 4) + revision
        for ordinal in sorted(line.parts)[1:]:
            text = line.parts[ordinal] if mask is None else mask.part(line.parts[ordinal])
            yield id_of(prefix, line.time, xxh3_128_intdigest(text, line.time), 0), line.time, version


def _plainly_increasing(times: list[int], state: StreamState) -> bool:
    return times[0] > state.order_time and all(map(lt, times, times[1:]))


def _identify(
    prefix: str, lines: Lines, hashes: list[int], state: StreamState
) -> tuple[list[str], list[int], list[int]]:
    """Ids and places of lines among which times may be equal or step back, or which were shown before."""
    identities: list[Identity] = []
    for row, (time, digest) in enumerate(zip(lines.time, hashes, strict=True)):
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
    return Identity(id_of(prefix, time, digest, k), state.order_time, state.ordinal)


def _days(times: list[int], received: int, days: DayRange) -> list[str]:
    first, last = days.name(min(times), received), days.name(max(times), received)
    return [first] * len(times) if first == last else [days.name(time, received) for time in times]
