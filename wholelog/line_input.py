"""Lines from a file descriptor as they come, in bounded memory; and records, one JSON object a line."""

import json
import os
import select
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from log_store.fields import STDOUT, WRITTEN
from wholelog.errors import InputProblem

LONGEST: Final = 8 << 20
"""Bytes of a plain line; a longer one is cut into pieces, as the store keeps it."""
LONGEST_OBJECT: Final = 64 << 20
_BLOCK: Final = 1 << 18
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a container's stream; `time_ns` None: not known."""

    text: str
    container: str = ""
    stream: str = STDOUT
    time_ns: int | None = None


def lines_of(descriptor: int, *, idle: float | None = None, longest: int | None = LONGEST) -> Iterator[list[bytes]]:
    """The lines that each read ends, without their newlines; [] where none came for `idle` seconds.

    A line above `longest` comes in pieces; with None it is refused above LONGEST_OBJECT. Raises InputProblem, OSError.
    """
    rest: list[bytes] = []
    size = number = 0
    while True:
        if idle is not None and not select.select([descriptor], [], [], idle)[0]:
            yield []
            if not select.select([descriptor], [], [])[0]:
                continue
        block = os.read(descriptor, _BLOCK)
        if not block:
            break
        *ended, begun = block.split(b"\n")
        if ended:
            ended[0] = b"".join([*rest, ended[0]])
            number += len(ended)
            rest, size = [], 0
            yield _cut(ended, longest)
        rest.append(begun)
        size += len(begun)
        if size > (longest or LONGEST_OBJECT):
            if longest is None:
                raise InputProblem(f"line {number + 1}: is longer than {LONGEST_OBJECT} bytes, which no record is")
            whole = b"".join(rest)
            yield [whole[:longest]]
            rest, size = [whole[longest:]], len(whole) - longest
    if size:
        yield _cut([b"".join(rest)], longest)


def _cut(lines: list[bytes], longest: int | None) -> list[bytes]:
    if longest is None or max(map(len, lines)) <= longest:
        return lines
    return [line[at : at + longest] for line in lines for at in range(0, max(1, len(line)), longest)]


def record_of(line: bytes, number: int) -> Record:
    """`{"log": "…", "container": "…", "stream": "stderr", "time_ns": 17…}`; all but `log` may be absent.

    Other members are passed over. Raises InputProblem naming line, member, value, and what would be right.
    """
    try:
        members = _loads(line)
    except (ValueError, RecursionError) as error:
        shown = line[:_SHOWN].decode("utf-8", "replace")
        raise InputProblem(f"line {number}: {shown!r} is not JSON: {error}") from error
    if not isinstance(members, dict):
        raise InputProblem(f'line {number}: {_shown(members)} must be an object such as {{"log": "text"}}')
    if "log" not in members:
        raise InputProblem(f'line {number}: log: is missing; it must be the line\'s text, such as {{"log": "text"}}')
    container, stream, time = members.get("container"), members.get("stream"), members.get("time_ns")
    log = _text(members["log"], "log", number).removesuffix("\n")
    if stream is not None and stream not in WRITTEN:
        raise InputProblem(f"line {number}: stream: {_shown(stream)} must be one of {', '.join(WRITTEN)}")
    if time is not None and (type(time) is not int or not 0 <= time < 1 << 63):
        raise InputProblem(f"line {number}: time_ns: {_shown(time)} must be whole nanoseconds since 1970 UTC")
    return Record(log, "" if container is None else _text(container, "container", number), stream or STDOUT, time)


def _loads(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except ValueError:
        return json.loads(line)  # takes half a surrogate pair, and says where a mistake is


def _text(value: Any, name: str, number: int) -> str:
    if isinstance(value, str):
        return value
    raise InputProblem(f"line {number}: {name}: {_shown(value)} must be a string")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
