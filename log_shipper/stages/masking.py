"""What of a container's log is masked before it is stored: the values of its secret variables. Pure.

Masked is a message, after it has been put together and classified, so how lines are joined and what the audit compares
stays as Docker gave it, and what is stored depends on content alone. A value is found as it is, each of its lines alone
(a key of many lines is written as many lines), and as JSON, a URL or base64 write it.

An id holds a hash of the message's first line. Over a short secret, that would tell it to whoever tries all; so the hash is
of the line as it is masked.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import AnyStr, Final

import orjson
from xxhash import xxh3_128_intdigest

from log_shipper.secret_forms import forms_of
from log_shipper.stages.partials import Lines

MASK: Final = "***"
EDGE: Final = 4  # characters of a secret that are masked where a text may be cut within it
_LONGEST_EDGE: Final = 8192
_INNER: Final = (False, False)

Edges = Mapping[int, tuple[bool, bool]]
"""row -> whether its text may begin, and may end, within a secret"""
WHOLE: Final[Edges] = {}


class Mask:
    """Of one container. Safe to use from several threads."""

    def __init__(self, values: Iterable[str]) -> None:
        self._texts = sorted(forms_of(values), key=lambda form: (-len(form), form))
        self._bytes = [form.encode() for form in self._texts]

    @property
    def any(self) -> bool:
        """Whether there is anything that it would mask."""
        return bool(self._texts)

    def texts(self, column: list[str], edges: Edges = WHOLE) -> list[str]:
        """The column itself where there is nothing to mask."""
        return _masked(column, self._texts, "\0", MASK, edges)

    def raw(self, rows: dict[int, bytes], edges: Edges = WHOLE) -> dict[int, bytes]:
        """Messages that are not UTF-8, by row."""
        places = {place: edges[row] for place, row in enumerate(rows) if row in edges}
        column = _masked(list(rows.values()), self._bytes, b"\0", MASK.encode(), places)
        return dict(zip(rows, column, strict=True))

    def fields(self, members: bytes) -> bytes | None:
        """A JSON object; None where it is none once it is masked."""
        (masked,) = _masked([members], self._bytes, b"\0", MASK.encode(), WHOLE)
        if masked == members:
            return members
        try:
            orjson.loads(masked)
        except orjson.JSONDecodeError:
            return None
        return masked

    def hashes(self, lines: Lines) -> list[int]:
        """What stands for each line in its id."""
        edges = {row: (line.torn, True) for row, line in lines.open.items()}
        firsts = list(lines.text)
        for row, line in lines.open.items():
            firsts[row] = next(iter(line.parts.values()))
        masked = _masked(firsts, self._bytes, b"\0", MASK.encode(), edges)
        if masked is firsts:
            return lines.hash
        return [
            digest if text == first else xxh3_128_intdigest(text, time)
            for digest, first, text, time in zip(lines.hash, firsts, masked, lines.time, strict=True)
        ]

    def part(self, text: bytes) -> bytes:
        """A further part of a line, as it stands in the hash of an id."""
        return _masked([text], self._bytes, b"\0", MASK.encode(), {0: (True, True)})[0]


def _masked(
    column: list[AnyStr], pieces: Sequence[AnyStr], between: AnyStr, mask: AnyStr, edges: Edges
) -> list[AnyStr]:
    """No piece holds what stands `between`, a NUL: an environment cannot."""
    joined = between.join(column)
    found = [piece for piece in pieces if piece in joined]
    if not found and not edges:
        return column
    masked: list[AnyStr] = []
    for row, text in enumerate(column):
        spans = _spans(text, found) + _cuts(text, pieces, edges.get(row, _INNER))
        masked.append(_without(text, spans, mask) if spans else text)
    return masked


def _cuts(text: AnyStr, pieces: Sequence[AnyStr], edge: tuple[bool, bool]) -> list[tuple[int, int]]:
    return [*(_heads(text, pieces) if edge[0] else ()), *(_tails(text, pieces) if edge[1] else ())]


def _spans(text: AnyStr, pieces: Sequence[AnyStr]) -> list[tuple[int, int]]:
    spans = []
    for piece in pieces:
        at = text.find(piece)
        while at >= 0:
            spans.append((at, at + len(piece)))
            at = text.find(piece, at + len(piece))
    return spans


def _tails(text: AnyStr, pieces: Sequence[AnyStr]) -> Iterator[tuple[int, int]]:
    """Where the text ends with a piece's beginning."""
    for piece in pieces:
        at = text.find(piece[:EDGE], max(0, len(text) - min(len(piece) - 1, _LONGEST_EDGE)))
        while at >= 0:
            if piece.startswith(text[at:]):
                yield at, len(text)
                break
            at = text.find(piece[:EDGE], at + 1)


def _heads(text: AnyStr, pieces: Sequence[AnyStr]) -> Iterator[tuple[int, int]]:
    """Where the text begins with a piece's end."""
    for piece in pieces:
        at = text.rfind(piece[-EDGE:], 0, min(len(piece) - 1, _LONGEST_EDGE))
        while at >= 0:
            if piece.endswith(text[: at + EDGE]):
                yield 0, at + EDGE
                break
            at = text.rfind(piece[-EDGE:], 0, at + EDGE - 1)


def _without(text: AnyStr, spans: list[tuple[int, int]], mask: AnyStr) -> AnyStr:
    """Spans that overlap or touch are one."""
    kept, done = text[:0], 0
    for start, end in sorted(spans):
        if start > done or not done:
            kept += text[done:start] + mask
        done = max(done, end)
    return kept + text[done:]


def reduced(texts: list[str], reduce: Callable[[str], str], mask: Mask | None) -> list[str]:
    """What is stored where the operator asked for less than all."""
    left = list(map(reduce, texts))
    return left if mask is None else mask.texts(left)  # what stood within a secret may be gone now
