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
    """`terminal`: it is for a person's eyes, and must be harmless. `names`: of the containers, put before each line."""

    terminal: bool = False
    colours: bool = False
    times: bool = False
    types: bool = False
    names: tuple[str, ...] = ()


def formatter(name: str, look: TextLook) -> Formatter:
    if name == "json":
        return lambda line, number: _json(line, look.names[number] if look.names else "")
    if name == "csv":
        return lambda line, number: _row([*look.names[number : number + 1], *_cells(line)])
    return Text(look)


def head(name: str, names: Sequence[str]) -> bytes:
    """What comes before the first message."""
    from runtime_api.reading.forms import COLUMNS

    return _row([*(["container"] if names else []), *COLUMNS]) if name == "csv" else b""


class Text:
    """What is new of the message, with what was asked for before each of its lines."""

    def __init__(self, look: TextLook) -> None:
        self._look = look
        width = max(map(len, look.names), default=0)
        self._prefixes = [
            painted(f"{name:<{width}} |", of_container(number) if look.colours else "") + " "
            for number, name in enumerate(look.names)
        ]

    def __call__(self, line: Line, number: int) -> bytes:
        look = self._look
        before = self._prefixes[number] if self._prefixes else ""
        if look.times:
            before += painted(line.log_time, "2" if look.colours else "") + " "
        if look.types:
            before += painted(f"{line.log_type:<8}", TYPES.get(line.log_type, "") if look.colours else "") + " "
        if not look.terminal and not before:
            return written(line) + b"\n"
        news = line.news.removeprefix("\n") if line.grown else line.news
        shown = [before + self._shown(part, line.log_type) for part in news.split("\n")]
        return ("\n".join(shown) + "\n").encode("utf-8", "replace")

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
