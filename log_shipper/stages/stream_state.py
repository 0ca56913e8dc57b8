"""What a stream of a container carries from batch to batch: its last messages, and what is not decided yet."""

from dataclasses import dataclass, field

from log_shipper.stages.multiline import GroupState
from log_shipper.stages.partials import Identity, Lines, OpenLine


@dataclass(slots=True)
class Head:
    """A message that a line to come may belong to. Its lines stand apart, for `adopt`."""

    identity: Identity
    times: list[int]
    texts: list[str]
    raws: dict[int, bytes]  # line -> its bytes, where they are not UTF-8
    records: int
    lines: int
    revision: int

    @property
    def version(self) -> int:
        """Of its document."""
        return (self.records << 4) + self.revision

    def grow(self, times: list[int], texts: list[str], raws: dict[int, bytes], records: int, lines: int) -> None:
        """By lines that follow; `raws` by their row among these."""
        offset = len(self.texts)
        self.raws.update({row + offset: raw for row, raw in raws.items()})
        self.times += times
        self.texts += texts
        self.records += records
        self.lines += lines


@dataclass(slots=True)
class StreamState:
    """What one stream of one container carries from batch to batch."""

    order_time: int = -1
    ordinal: int = 0
    last_time: int = -1
    twins: dict[int, int] = field(default_factory=dict)  # hash -> lines, at last_time
    open: OpenLine | None = None
    group: GroupState = field(default_factory=GroupState)
    head: Head | None = None
    before: list[Head] = field(default_factory=list)
    """Messages before `head`, as far back as a later line may make them one with it (`GroupState.reach`)."""

    waiting: Lines | None = None
    """The last lines, which a later one may make part of the message before them."""

    def take_back(self, count: int) -> list[Head]:
        """Make the last messages part of the one before them. Gives those that are now no message any more."""
        if not count or self.head is None:
            return []
        known = [*self.before, self.head]
        count = min(count, len(known) - 1)
        first, gone = known[-1 - count], known[len(known) - count :]
        for head in gone:
            first.grow(head.times, head.texts, head.raws, head.records, head.lines)
        self.head, self.before = first, known[: -1 - count]
        return gone

    def remember(self, heads: list[Head], count: int, *, goes_on: bool) -> None:
        """So many of the last messages, of which `heads` are the new ones; `goes_on`: the first of them is `head`."""
        if len(heads) < count:
            heads = [*self.before, *heads] if goes_on or self.head is None else [*self.before, self.head, *heads]
        self.head, self.before = heads[-1], heads[-count:-1]
