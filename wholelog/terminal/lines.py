"""A message of a log as bytes to be written: text for people, JSON or CSV for programs."""

import base64
import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from wholelog.client.models import Line
from wholelog.terminal.colours import TYPES, of_container, painted
from wholelog.terminal.harmless import harmless

FORMATS = ("text", "json", "csv")
Formatter = Callable[[Line, int], bytes]
"""A message, and the number of its container among those that are shown."""


@dataclass(frozen=True, slots=True)
class TextLook:
    """`terminal`: it is for a person's eyes, and must be harmless. `names`: of the containers by their numbers, put before
    each line; more may come while lines do. None: no names."""

    terminal: bool = False
    colours: bool = False
    times: bool = False
    types: bool = False
    names: list[str] | None = None


def formatter(name: str, look: TextLook) -> Formatter:
    if name == "json":
        return lambda line, number: _json(line, look.names[number] if look.names else "")
    if name == "csv":
        return lambda line, number: _row([*(look.names or [])[number : number + 1], *_cells(line)])
    return Text(look)


def head(name: str, several: bool) -> bytes:
    """What comes before the first message. `several`: of several containers, so that each says whose it is."""
    from runtime_api.reading.forms import COLUMNS

    return _row([*(["container"] if several else []), *COLUMNS]) if name == "csv" else b""


class Text:
    """What is new of the message, with what was asked for before each of its lines."""

    def __init__(self, look: TextLook) -> None:
        self._look = look

    def __call__(self, line: Line, number: int) -> bytes:
        look = self._look
        before = "" if look.names is None else self._prefix(look.names, number)
        if look.times:
            before += painted(line.log_time, "2" if look.colours else "") + " "
        if look.types:
            before += painted(f"{line.log_type:<8}", TYPES.get(line.log_type, "") if look.colours else "") + " "
        if not look.terminal and not before:
            return written(line) + b"\n"
        news = line.news.removeprefix("\n") if line.grown else line.news
        shown = [before + self._shown(part, line.log_type) for part in news.split("\n")]
        return ("\n".join(shown) + "\n").encode("utf-8", "replace")

    def _prefix(self, names: list[str], number: int) -> str:
        width = max(map(len, names))
        return painted(f"{names[number]:<{width}} |", of_container(number) if self._look.colours else "") + " "

    def _shown(self, part: str, log_type: str) -> str:
        if not self._look.terminal:
            return part
        shown = harmless(part, self._look.colours)
        return shown if "\x1b" in shown or not self._look.colours else painted(shown, TYPES.get(log_type, ""))


def written(line: Line) -> bytes:
    """The bytes of what is new, as the container wrote them."""
    if b'"raw"' in line.source and not line.grown:
        raw = orjson.loads(line.source).get("raw")
        if isinstance(raw, str):
            return base64.b64decode(raw)
    news = line.news.removeprefix("\n") if line.grown else line.news
    return news.encode("utf-8", "replace")


def owner_of(line: Line) -> str:
    """The name without spaces, else the beginning of the id."""
    return "".join(line.container_name.split()) or line.container_id[:12]


def owned_head() -> bytes:
    from runtime_api.reading.forms import COLUMNS, OWNER

    return _row([*COLUMNS, *OWNER])


def owned_row(line: Line, number: int) -> bytes:
    """As the API's CSV of several containers."""
    from runtime_api.reading.forms import harmless as harmless_cell

    return _row([*_cells(line), line.container_id, harmless_cell(line.container_name)])


def _json(line: Line, name: str) -> bytes:
    if not name:
        return line.source + b"\n"
    return b'{"container":' + orjson.dumps(name) + b"," + line.source[1:] + b"\n"


def _cells(line: Line) -> list[str]:
    from runtime_api.reading.forms import harmless as harmless_cell

    return [line.log_time, line.log_type, line.stream, harmless_cell(line.message), str(line.lines), line.id]


def _row(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode("utf-8", "replace")
