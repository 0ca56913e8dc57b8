"""Lines longer than 16 KiB arrive in parts; here they become one line again.

Docker reads 16 KiB at a time (moby: daemon/logger/copier.go). A line of 40,000 bytes is three records of one
timestamp; one of exactly 16,384 is a full part and an empty last one; a last line without a newline is a part that
nothing closes but the container's end. Such a line is shown as far as it came and written again as it grows.
"""

from dataclasses import dataclass, field

from log_shipper.stages.runs import Part, Run

PART_BYTES = 16_384
ANY = b""  # partial_id of a line that is known from Docker's copy, which has none


def most_parts(max_message: int) -> int:
    """Of one document; bytes in."""
    return max(1, max_message // PART_BYTES)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a document keeps when it is written again."""

    id: str
    order_time: int
    ordinal: int


@dataclass(slots=True)
class OpenLine:
    """A line whose end has not been seen."""

    partial_id: bytes
    time: int
    hash: int  # of its first part
    seq: int
    piece: int = 0  # 0 for the line's beginning; a line above the limit continues in further pieces
    parts: dict[int, bytes] = field(default_factory=dict)
    shown: int = 0  # parts that the document written so far holds
    identity: Identity | None = None
    revision: int = 0  # of the repair that it was taken from

    def text(self) -> bytes:
        return b"".join(self.parts[ordinal] for ordinal in sorted(self.parts))

    def goes_on(self, part: Part, time: int) -> bool:
        return time == self.time and self.partial_id in (part.partial_id, ANY)

    @property
    def torn(self) -> bool:
        """Whether it begins within a line: as a further piece of it, or since the first part was lost."""
        return self.piece > 0 or min(self.parts) > 1


@dataclass(slots=True)
class Lines:
    """Columns of lines; `hash` is of the line's first part, `records` how many non-empty records each holds."""

    time: list[int] = field(default_factory=list)
    text: list[bytes] = field(default_factory=list)
    hash: list[int] = field(default_factory=list)
    seq: list[int] = field(default_factory=list)
    records: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)  # 1; 0 for the further pieces of one line
    open: dict[int, OpenLine] = field(default_factory=dict)  # rows that were shown before, or may yet grow

    def append(self, time: int, text: bytes, digest: int, seq: int, records: int = 1, lines: int = 1) -> None:
        self.time.append(time)
        self.text.append(text)
        self.hash.append(digest)
        self.seq.append(seq)
        self.records.append(records)
        self.lines.append(lines)

    def add(self, line: OpenLine) -> None:
        self.open[len(self.time)] = line
        records, lines = max(1, len(line.parts)), 0 if line.piece else 1
        self.append(line.time, line.text(), line.hash, line.seq, records, lines)
        line.shown = len(line.parts)

    def split(self, row: int) -> tuple["Lines", "Lines"]:
        """Those before the row, and those from it on, of which none is open."""
        time, text, digest, seq = self.time, self.text, self.hash, self.seq
        return (
            Lines(time[:row], text[:row], digest[:row], seq[:row], self.records[:row], self.lines[:row], self.open),
            Lines(time[row:], text[row:], digest[row:], seq[row:], self.records[row:], self.lines[row:]),
        )

    def then(self, later: "Lines") -> "Lines":
        """These, of which none is open, and the later ones."""
        count = len(self.time)
        return Lines(
            self.time + later.time, self.text + later.text, self.hash + later.hash, self.seq + later.seq,
            self.records + later.records, self.lines + later.lines, {row + count: line for row, line in later.open.items()},
        )  # fmt: skip


def whole(run: Run, hashes: list[int]) -> Lines:
    """The common case: each record is a line."""
    ones = [1] * len(run.time)
    return Lines(run.time, run.text, hashes, run.seq, ones, ones)


def join(run: Run, hashes: list[int], line: OpenLine | None, max_parts: int) -> tuple[Lines, OpenLine | None]:
    """Lines of a run with parts in it, and the line that is open after it. `line` is the one open before it."""
    lines = Lines()
    for row, text in enumerate(run.text):
        part = run.part.get(row)
        if line is not None and not (part is not None and line.goes_on(part, run.time[row])):
            _close(lines, line)
            line = None
        if part is None:
            lines.append(run.time[row], text, hashes[row], run.seq[row])
            continue
        if line is None:
            line = OpenLine(part.partial_id, run.time[row], hashes[row], run.seq[row])
        line = _grow(lines, line, part, text, hashes[row], run.seq[row], max_parts)
    return lines, line


def _grow(
    lines: Lines, line: OpenLine, part: Part, text: bytes, digest: int, seq: int, max_parts: int
) -> OpenLine | None:
    # An empty last part is no line, also where what it ends was lost.
    if text or part.ordinal == 1:
        if len(line.parts) >= max_parts and part.ordinal not in line.parts:
            _close(lines, line)
            line = OpenLine(line.partial_id, line.time, digest, seq, line.piece + 1, revision=line.revision)
        line.parts[part.ordinal] = text
        line.seq = seq
    if part.last:
        _close(lines, line)
        return None
    return line


def _close(lines: Lines, line: OpenLine) -> None:
    if len(line.parts) > line.shown:
        lines.add(line)
