"""Records of one container's stream, as columns, in the order in which they were written."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from log_store.fields import STDERR, STDOUT
from wholelog_base.own_lines import AUDIT
from wholelog_base.streams import STDERR_MARK

SENDER_PREFIX = "tcp:"  # of the container id of a sender that is no container


def is_sender(container_id: str) -> bool:
    """Whether it is a sender that is no container."""
    return container_id.startswith(SENDER_PREFIX) or container_id == AUDIT


STREAM_OF = {b"stdout": STDOUT, b"stderr": STDERR}

Entry = tuple[bytes, int, dict[bytes, Any], dict[bytes, Any]]
"""tag, nanoseconds, record, option"""


@dataclass(frozen=True, slots=True)
class Part:
    """What Docker says of a piece of a line longer than 16 KiB (moby: daemon/logger/fluentd, `partial_*`)."""

    partial_id: bytes
    ordinal: int  # from 1
    last: bool


@dataclass(slots=True)
class Run:
    container_id: str
    stream: str
    container_name: str = ""
    time: list[int] = field(default_factory=list)  # ns since 1970 UTC
    text: list[bytes] = field(default_factory=list)  # without the newline
    seq: list[int] = field(default_factory=list)
    part: dict[int, Part] = field(default_factory=dict)  # row -> part, for the few rows that are no whole line


def runs_of(parts: Iterable[tuple[int, Iterable[Entry]]], *, trusted: bool, least: int = 0) -> list[Run]:
    """Group records by container and stream. A part is (position in the spool, records).

    seq counts up from the position, `least` or behind the part before, whichever is greatest: a part that came compressed
    may have more records than bytes.

    Only a trusted sender may name a container: the records of all others stand under `tcp:<tag>`, those of the audit trail,
    from a trusted sender alone, under its own name.
    """
    runs: dict[tuple[Any, ...], Run] = {}
    run: Run | None = None
    before: tuple[Any, ...] = ()  # tag, container and source of `run`: most records are of the same as the one before
    for position, entries in parts:
        least = max(position, least)
        for tag, nanoseconds, record, _ in entries:
            container, source, text = record.get(b"container_id"), record.get(b"source"), record.get(b"log")
            if text.__class__ is not bytes:
                text = _text_of(record)
            elif text.startswith(STDERR_MARK):
                source, text = b"stderr", text[len(STDERR_MARK) :]
            if run is None or (tag, container, source) != before:
                before = (tag, container, source)
                key = (container, source) if trusted and container else (tag, source, None)
                run = runs.get(key)
                if run is None:
                    run = runs[key] = _new_run(tag, record, source, trusted)
                add_time, add_text, add_seq = run.time.append, run.text.append, run.seq.append
            if b"partial_message" in record:
                run.part[len(run.time)] = _part(record)
            add_time(nanoseconds)
            add_text(text)
            add_seq(least)
            least += 1
    return list(runs.values())


def _new_run(tag: bytes, record: dict[bytes, Any], source: Any, trusted: bool) -> Run:
    container, name = record.get(b"container_id"), record.get(b"container_name", b"")
    stream = STREAM_OF.get(source, STDOUT) if isinstance(source, bytes) else STDOUT
    if trusted and isinstance(container, bytes) and container:
        shown = name.decode("utf-8", "replace").removeprefix("/") if isinstance(name, bytes) else ""
        return Run(container.decode("utf-8", "replace"), stream, shown)
    sender = tag.decode("utf-8", "replace")
    return Run(sender if trusted and sender == AUDIT else f"{SENDER_PREFIX}{sender}", stream, sender)


def _part(record: dict[bytes, Any]) -> Part:
    ordinal = record.get(b"partial_ordinal", b"1")
    return Part(
        partial_id=record.get(b"partial_id", b""),
        ordinal=int(ordinal) if isinstance(ordinal, int) or bytes(ordinal).isdigit() else 1,
        last=record.get(b"partial_last") in (b"true", True),
    )


def _text_of(record: dict[bytes, Any]) -> bytes:
    """The message of a record that Docker did not send: its `message`, else the whole record as JSON."""
    message = record.get(b"message")
    return message if isinstance(message, bytes) else orjson.dumps(_plain(record))


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {str(_plain(k)): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value if value is None or isinstance(value, (int, float, bool)) else str(value)
