"""The forms of an answer of /logs. Each ends with an end mark: without it, what came is not the whole.

======  ===========================  ==========================================================================
form    media type                   end mark
======  ===========================  ==========================================================================
json    application/json             the envelope's end
ndjson  application/x-ndjson         a last object that has `end` as its only member
text    text/plain                   a last line that begins with what the header `Wholelog-End` says
csv     text/csv                     a last row that has `#end` as its first field (and in the header)
======  ===========================  ==========================================================================
"""

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import orjson

from log_store.query import LogLine, Page
from runtime_api.envelope import MEDIA_TYPE, closing, opening, timestamp

NDJSON_TYPE: Final = "application/x-ndjson"
MEDIA_TYPES: Final = {
    "json": MEDIA_TYPE,
    "ndjson": NDJSON_TYPE,
    "text": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8; header=present",
}
COLUMNS: Final = ("log_time", "log_type", "stream", "log_message", "lines", "id")
OWNER: Final = ("container_id", "container_name")
"""Columns more where lines of several containers are given together."""
_CSV_END: Final = "#end"
_FORMULA: Final = tuple("=+-@\t\r\n|%\uff0b\uff0d\uff1d\uff20")
"""With these a spreadsheet program may take a cell for a formula (OWASP, CSV injection)."""


class Form(Protocol):
    """Bytes of one answer; each method is called in this order, `lines` as often as there are."""

    @property
    def end_mark(self) -> str:
        """For the header `Wholelog-End`; '' where the form needs none."""
        ...

    def begin(self) -> bytes: ...

    def lines(self, lines: Page, is_first: bool) -> bytes: ...

    def end(self, members: Mapping[str, Any]) -> bytes:
        """`members`: those of `data` beside `logs`."""
        ...


class JsonForm:
    end_mark = ""

    def __init__(self, now: int, message: str) -> None:
        self._opening = opening(now, 200, message, "logs")

    def begin(self) -> bytes:
        return self._opening

    def lines(self, lines: Page, is_first: bool) -> bytes:
        ready = lines.json()
        return (b"" if is_first else b",") + (as_json(lines[:])[1:-1] if ready is None else b",".join(ready))

    def end(self, members: Mapping[str, Any]) -> bytes:
        return closing(members)


class NdjsonForm:
    end_mark = ""

    def begin(self) -> bytes:
        return b""

    def lines(self, lines: Page, is_first: bool) -> bytes:
        try:
            return b"\n".join(lines.json() or map(orjson.dumps, lines)) + b"\n"
        except orjson.JSONEncodeError:
            return b"".join([as_json(line) + b"\n" for line in lines])

    def end(self, members: Mapping[str, Any]) -> bytes:
        return orjson.dumps({"end": members}, option=orjson.OPT_APPEND_NEWLINE)


class TextForm:
    """`TIME TYPE MESSAGE`; the message as it is, control characters and further lines included.

    Of several containers `TIME TYPE NAME MESSAGE`, the name without spaces; the id's beginning where there is none.
    """

    def __init__(self, token: str, *, together: bool) -> None:
        """`token`: not to be guessed by whoever wrote the lines."""
        self.end_mark = f"# end {token}"
        self._together = together

    def begin(self) -> bytes:
        return b""

    def lines(self, lines: Page, is_first: bool) -> bytes:
        name = name_of if self._together else _no_name
        text = "".join([f"{line['log_time']} {line['log_type']} {name(line)}{line['log_message']}\n" for line in lines])
        return text.encode("utf-8", "replace")

    def end(self, members: Mapping[str, Any]) -> bytes:
        return f"{self.end_mark} {as_json(members).decode()}\n".encode()


class CsvForm:
    """RFC 4180 with a header. A cell of text that a spreadsheet would take for a formula gets a `'` before it."""

    end_mark = _CSV_END

    def __init__(self, *, together: bool) -> None:
        self._together = together

    def begin(self) -> bytes:
        return _rows([(*COLUMNS, *(OWNER if self._together else ()))])

    def lines(self, lines: Page, is_first: bool) -> bytes:
        return _rows(
            [
                (
                    line["log_time"],
                    line["log_type"],
                    line["stream"],
                    harmless(line["log_message"]),
                    str(line["lines"]),
                    line["id"],
                    *(_owner(line) if self._together else ()),
                )
                for line in lines
            ]
        )

    def end(self, members: Mapping[str, Any]) -> bytes:
        last = (_CSV_END, members["seal"]["state"], "", as_json(members).decode(), str(members["lines"]), "")
        return _rows([(*last, *(("", "") if self._together else ()))])


def form_of(name: str, now: int, message: str, token: Callable[[], str], *, together: bool = False) -> Form:
    """`name`: a key of MEDIA_TYPES; `message`: the envelope's; `together`: whether lines say whose they are."""
    if name == "ndjson":
        return NdjsonForm()
    if name == "text":
        return TextForm(token(), together=together)
    return CsvForm(together=together) if name == "csv" else JsonForm(now, message)


def harmless(text: str) -> str:
    return "'" + text if text.startswith(_FORMULA) else text


def envelope_of_lines(now: int, message: str, data: Mapping[str, Any]) -> bytes:
    """As `envelope`, of an answer with messages in it: one may hold half a surrogate pair."""
    return as_json({"timestamp": timestamp(now), "status": 200, "message": message, "data": data}) + b"\n"


def as_json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        # Half a surrogate pair, which a foreign writer may have stored: JSON can carry it by an escape, UTF-8 cannot.
        return json.dumps(value).encode()


def _owner(line: LogLine) -> tuple[str, str]:
    return line["container_id"], harmless(line["container_name"])


def _no_name(line: LogLine) -> str:
    return ""


def name_of(line: LogLine) -> str:
    """Of a line of several containers whose it is, without spaces, and a space; else ''."""
    if "container_id" not in line:
        return ""
    return ("".join(line["container_name"].split()) or line["container_id"][:12]) + " "


def _rows(rows: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")
