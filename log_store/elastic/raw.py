"""Lines cut out of the bytes of a search's answer, without making objects of it: a third of the time.

Documents lie in the answer as `document_rows` wrote them, one member behind the other, and what /logs gives of them is
bytes again. Members are found by marks such as `,"log_message":`, which no text can hold: in JSON a quote within a text
always has a backslash before it. What does not look so (another program wrote it, or the answer comes from a server that
writes it otherwise) is read as JSON, the whole page of it.
"""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from log_store.elastic.client import ElasticClient
from log_store.elastic.failures import Answer
from log_store.elastic.search import Hit, checked_hits, lines_of
from log_store.errors import StoreDamaged
from log_store.query import LogLine, Page, Place

_HITS: Final = b'"hits":['
_HIT: Final = b'{"_index":"'
_ID: Final = b',"_id":'
_END: Final = b"]}}"
_LINES: Final = b',"lines":'
_SORT: Final = b'},"sort":['
_BEFORE_LINES: Final = 100  # from log_time to `lines` it is farther, by what stands between
_BEFORE_MESSAGE: Final = 40  # and from there to the message, by a time and two names
_HEAVY_MARK: Final = 30  # `bytes` stands at the very end
_TIME_LENGTH: Final = len('"log_time":"2026-11-24T06:00:00.000000001Z"')


Row = tuple[bytes, bytes, int]
"""The members of a `LogLine` as JSON; the sort values as the server gave them, without brackets; `lines`."""


def time_of(row: Row) -> bytes:
    """The order_time's digits."""
    return row[1].partition(b",")[0]


def key_of(row: Row) -> list[Any]:
    """For `search_after`."""
    key: list[Any] = orjson.loads(b"[%b]" % row[1])
    return key


def place_of(row: Row) -> Place:
    order_time, stream, ordinal, *_ = key_of(row)
    return order_time, stream, ordinal, orjson.loads(row[0])["id"]


class RawPage(Page):
    """A page whose lines are made when somebody looks at them."""

    __slots__ = ("_rows",)

    def __init__(self, rows: list[Row]) -> None:
        super().__init__((), lambda index: place_of(rows[index]))
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def line(self, index: int) -> LogLine:
        line: LogLine = orjson.loads(self._rows[index][0])
        return line

    def select(self, rows: list[int]) -> "RawPage":
        return RawPage([self._rows[row] for row in rows])

    def piece(self, start: int, stop: int) -> "RawPage":
        return RawPage(self._rows[start:stop])

    def json(self) -> list[bytes]:
        return [row[0] for row in self._rows]

    def count_lines(self) -> int:
        return sum([row[2] for row in self._rows])


def rows_of(client: ElasticClient, body: bytes) -> tuple[list[Row], str]:
    """What an answer to a search through a point in time holds, and that one's id. Raises LogStoreError."""
    head, *parts = body.split(_HIT)
    if parts and head.endswith(_HITS) and parts[-1].endswith(_END):
        parts[-1] = parts[-1][: -len(_END)]
        try:
            envelope = orjson.loads(head + _END)
            rows = cut(parts)
        except ValueError:
            pass
        else:
            checked_hits(client.place, Answer(200, envelope))
            return rows, envelope.get("pit_id", "")
    try:
        whole = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise StoreDamaged(f"{client.place}: an answer that is no JSON ({error}): {body[:300]!r}") from error
    parsed = checked_hits(client.place, Answer(200, whole))
    return [_row(hit, line) for hit, line in zip(parsed, lines_of(client.place, parsed), strict=True)], whole.get(
        "pit_id", ""
    )


def in_order(pages: Iterator[tuple[list[Row], bool]], *, reverse: bool = False) -> Iterator[list[Row]]:
    """As `query.in_order`."""
    held: list[Row] = []
    for page, is_last in pages:
        held += page
        cut = len(held)
        if len({time_of(row) for row in held}) < len(held):
            held.sort(key=place_of, reverse=reverse)
            last = place_of(held[-1])[:3]
            while not is_last and cut and place_of(held[cut - 1])[:3] == last:
                cut -= 1
        elif not is_last:
            cut -= 1
        if cut > 0:
            yield held[:cut]
            held = held[cut:]
    if held:
        yield held


def cut(parts: list[bytes]) -> list[Row]:
    """Of what stands behind each _HIT. Raises ValueError where it does not look as it should.

    Most hits of a page begin alike, but for the id: then where the first members stand is known from the one before.
    """
    rows: list[Row] = []
    append = rows.append
    name = score = time = 0
    index = same = kind = b""
    for part in parts:
        if not same or not part.startswith(same, score) or not part.startswith(index):
            begin, score, stream, shipper, time = _places(part)
            name = begin + len(_ID)
            index, same, kind = part[:name], part[score:time], part[stream:shipper]
        lines = part.find(_LINES, time + _BEFORE_LINES) + len(_LINES)
        comma = part.find(b",", lines)
        message = part.find(b',"log_message":', comma + _BEFORE_MESSAGE)
        end = part.rfind(_SORT)
        moment, tail = part[time : time + _TIME_LENGTH], -3 if part.endswith(b",") else -2
        if (
            not len(_LINES) <= lines < comma < message < end
            or not moment.endswith(b'Z"')
            or not part.startswith(b"]}", tail)
            or part.find(b',"bytes":', max(message, end - _HEAVY_MARK), end) > 0
        ):
            raise ValueError
        count = part[lines:comma]
        line = b'{%b%b,"lines":%b,"id":%b%b}' % (moment, kind, count, part[name:score], part[message:end])
        append((line, part[end + len(_SORT) : tail], int(count)))
    return rows


def _places(part: bytes) -> tuple[int, int, int, int, int]:
    """Where `_id`, `_score`, `stream`, `shipper` and `log_time` stand. Raises ValueError."""
    name = part.find(_ID)
    score = part.find(b',"_score":', name)
    stream = part.find(b',"stream":', score)
    type_by = part.find(b',"log_type_by":', part.find(b',"log_type":', stream))
    shipper = part.find(b',"shipper":', type_by)
    time = part.find(b'"log_time":"', shipper)
    if not -1 < name < score < stream < type_by < shipper < time:
        raise ValueError
    return name, score, stream, shipper, time


def _row(hit: Hit, line: Any) -> Row:
    return orjson.dumps(line), orjson.dumps(hit["sort"])[1:-1], line["lines"]
