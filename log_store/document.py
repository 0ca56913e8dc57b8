"""A stored log message, as columns: what the shipper hands to a `LogWriter`.

The shape is decided once. A later change of ids means re-indexing.

=============  ======================================================================================
member         meaning
=============  ======================================================================================
id             names the message for ever: container, stream, time, hash of its first line, k (see
               `log_shipper.stages.document`); the same bytes read from anywhere give the same id
version        grows with what the document holds; a writer keeps the greatest, an equal one is "there
               already"
day            the partition, `2026.11.24` (UTC, of `log_time`) or `other`; the same for all versions
log_time       nanoseconds since 1970 UTC, as Docker stamped the first line; 0 <= t < 2**63
order_time     the larger of log_time and the predecessor's order_time in its stream
ordinal        position among the messages of one stream that share one order_time
seq            position in the spool of the shipper that wrote this version
lines          how many lines the message holds
last_time      log_time of the last of them
=============  ======================================================================================

Messages are sorted by (order_time, stream, ordinal).
"""

from dataclasses import dataclass, field
from operator import itemgetter


@dataclass(frozen=True, slots=True)
class ContainerContext:
    """What every message of one container says of its container; unknown members are ''."""

    container_id: str  # the full id: 64 hexadecimal digits from Docker, any text from other senders
    container_name: str = ""  # without Docker's leading slash
    task_id: str = ""
    type: str = ""  # code_cell, algorithm, bash_cell; '' for a container that somebody else started
    uid: str = ""
    log: str = ""  # its label for how lines are to be read; for the shipper, not stored
    labels: tuple[str, ...] = ()  # its user's own, NAME=VALUE each; stored with the statements of its runs


@dataclass(frozen=True, slots=True)
class Absorbed:
    """A document that must go, since a document of the same batch holds all its lines.

    It goes unless its version is greater than this one.
    """

    container: ContainerContext
    stream: str
    id: str
    day: str
    log_time: int
    version: int


@dataclass(slots=True)
class DocumentBatch:
    """Columns of equal length; row i of each is one document. Built by the shipper, read only by writers."""

    shipper: str
    container: list[ContainerContext] = field(default_factory=list)
    stream: list[str] = field(default_factory=list)
    id: list[str] = field(default_factory=list)
    version: list[int] = field(default_factory=list)
    day: list[str] = field(default_factory=list)
    log_time: list[int] = field(default_factory=list)
    order_time: list[int] = field(default_factory=list)
    ordinal: list[int] = field(default_factory=list)
    seq: list[int] = field(default_factory=list)
    log_type: list[str] = field(default_factory=list)
    log_type_by: list[str] = field(default_factory=list)
    message: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    last_time: list[int] = field(default_factory=list)
    raw: dict[int, bytes] = field(default_factory=dict)
    """Row number -> the message's bytes, only for rows whose bytes are not UTF-8 (there `message` has U+FFFD)."""

    repaired: set[int] = field(default_factory=set)
    """Rows of an audit, which writes again what may be there: one with the same text keeps the seq that it had, so that
    who follows the container is not given it again."""

    fields: dict[int, bytes] = field(default_factory=dict)
    """Row number -> what the message says in fields: a flat JSON object of one line, of plain values and lists of them."""

    absorbed: list[Absorbed] = field(default_factory=list)
    """Removed when the batch is written; few batches have any."""

    def __len__(self) -> int:
        return len(self.id)

    def select(self, rows: list[int]) -> "DocumentBatch":
        """A batch of only those rows, in the order given, without what is absorbed: what a retry sends again."""
        chosen = DocumentBatch(self.shipper)
        take = itemgetter(*rows) if len(rows) > 1 else None
        for name in COLUMNS:
            column = getattr(self, name)
            setattr(chosen, name, list(take(column)) if take is not None else [column[row] for row in rows])
        if self.raw:
            chosen.raw = {new: self.raw[old] for new, old in enumerate(rows) if old in self.raw}
        if self.repaired:
            chosen.repaired = {new for new, old in enumerate(rows) if old in self.repaired}
        if self.fields:
            chosen.fields = {new: self.fields[old] for new, old in enumerate(rows) if old in self.fields}
        return chosen

    def part(self, start: int, end: int) -> "DocumentBatch":
        """As `select` of the rows from `start` to before `end`, for a tenth of the time."""
        chosen = DocumentBatch(self.shipper)
        for name in COLUMNS:
            setattr(chosen, name, getattr(self, name)[start:end])
        if self.raw:
            chosen.raw = {row - start: raw for row, raw in self.raw.items() if start <= row < end}
        if self.repaired:
            chosen.repaired = {row - start for row in self.repaired if start <= row < end}
        if self.fields:
            chosen.fields = {row - start: fields for row, fields in self.fields.items() if start <= row < end}
        return chosen

    def extend(self, other: "DocumentBatch") -> None:
        """Append the other batch's rows to this one."""
        offset = len(self)
        for name in COLUMNS:
            getattr(self, name).extend(getattr(other, name))
        for row, raw in other.raw.items():
            self.raw[offset + row] = raw
        self.repaired.update(offset + row for row in other.repaired)
        for row, fields in other.fields.items():
            self.fields[offset + row] = fields


COLUMNS = (
    "container", "stream", "id", "version", "day", "log_time", "order_time", "ordinal", "seq",
    "log_type", "log_type_by", "message", "lines", "last_time",
)  # fmt: skip
