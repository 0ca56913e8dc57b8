"""`wholelog classify`: what lines become, and why, without a shipper or a store."""

import json
import re
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TextIO

import orjson

from log_shipper.stages.document import Rules
from log_shipper.stages.multiline import GroupState
from log_shipper.stages.reach import GAP
from log_store.fields import WRITTEN
from wholelog.errors import InputProblem
from wholelog.line_input import Record, lines_of, record_of

MOST_HELD: Final = 64 << 20
"""Characters of messages that may wait for an earlier one to end; above it they come before that one."""
_PART: Final = 1000  # messages that are judged and written together
_MESSAGE: Final = 200  # characters that a held message weighs beside its text
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(slots=True)
class Message:
    """A message that grows until `done`; without texts one that has become part of another."""

    first: Record
    texts: list[str]
    done: bool


@dataclass(slots=True)
class _Stream:
    group: GroupState = field(default_factory=GroupState)
    open: list[Message] = field(default_factory=list)
    """The last one, and those before it that a later line may join to another."""

    time: int = 0


class Joiner:
    """Lines of any containers and streams become messages, in the order of their first lines."""

    def __init__(self, rules: Rules, *, join: bool, most_held: int = MOST_HELD) -> None:
        self._grouper, self._join, self._most_held = rules.grouper, join, most_held
        self._streams: dict[tuple[str, str], _Stream] = {}
        self._held: deque[Message] = deque()
        self._weight = 0

    def add(self, records: Iterable[Record]) -> Iterator[Message]:
        """The messages that have ended with these records, and before which none is left open."""
        for record in records:
            self._take(record)
            if self._held[0].done:
                yield from self._ended()
            elif self._weight > self._most_held:
                yield from self._beside_open()

    def end(self) -> Iterator[Message]:
        """What is held, as if nothing came after it."""
        for stream in self._streams.values():
            stream.group, stream.open = GroupState(), []
        for message in self._held:
            message.done = True
        yield from self._ended()

    def _take(self, record: Record) -> None:
        self._weight += len(record.text)
        if not self._join:
            self._hold(Message(record, [record.text], done=True))
            return
        stream = self._streams.setdefault((record.container, record.stream), _Stream())
        stream.time = stream.time if record.time_ns is None else record.time_ns
        (starts,) = self._grouper.starts([record.text], [stream.time], stream.group)
        if stream.open and starts <= 0:
            while starts < 0 and len(stream.open) > 1:
                taken = stream.open.pop()
                stream.open[-1].texts += taken.texts
                taken.texts, taken.done = [], True
                starts += 1
            stream.open[-1].texts.append(record.text)
        else:
            stream.open.append(Message(record, [record.text], done=False))
            self._hold(stream.open[-1])
        while len(stream.open) > max(stream.group.reach, 0) + 1:
            stream.open.pop(0).done = True

    def _hold(self, message: Message) -> None:
        self._held.append(message)
        self._weight += _MESSAGE

    def _ended(self) -> Iterator[Message]:
        while self._held and self._held[0].done:
            ended = self._let_go(self._held.popleft())
            if ended.texts:
                yield ended

    def _beside_open(self) -> Iterator[Message]:
        held, self._held = self._held, deque()
        for message in held:
            if message.done:
                self._let_go(message)
                if message.texts:
                    yield message
            else:
                self._held.append(message)

    def _let_go(self, message: Message) -> Message:
        self._weight -= sum(map(len, message.texts)) + _MESSAGE
        return message


def classify_plain(descriptor: int, out: TextIO, rules: Rules, *, stream: str, join: bool) -> None:
    """Plain lines in; out for each its type, the rule that decided, and its text, further lines of a message below it.

    What is held is shown once no line has come for the time that ends a message.
    """
    joiner = Joiner(rules, join=join)
    for lines in lines_of(descriptor, idle=GAP / 1e9):
        if not lines:
            _show(out, list(joiner.end()), rules)
            continue
        now = time.time_ns()
        records = [Record(line.decode("utf-8", "replace"), "", stream, now) for line in lines]
        for ended in _in_parts(joiner.add(records)):
            _show(out, ended, rules)
    _show(out, list(joiner.end()), rules)


def classify_records(descriptor: int, out: TextIO, rules: Rules, *, join: bool) -> None:
    """A JSON object a line in, and one out for each message. Raises InputProblem, after what was read before it is out."""
    joiner, number = Joiner(rules, join=join), 0
    try:
        for lines in lines_of(descriptor, longest=None):
            records = (record_of(line, at) for at, line in enumerate(lines, number + 1) if line.strip())
            number += len(lines)
            for ended in _in_parts(joiner.add(records)):
                _write(out, ended, rules)
    except InputProblem:
        _write(out, list(joiner.end()), rules)
        raise
    _write(out, list(joiner.end()), rules)


def _in_parts(messages: Iterator[Message]) -> Iterator[list[Message]]:
    """Also what came before an error."""
    part: list[Message] = []
    try:
        for message in messages:
            part.append(message)
            if len(part) >= _PART:
                yield part
                part = []
    except InputProblem:
        yield part
        raise
    yield part


def _write(out: TextIO, messages: list[Message], rules: Rules) -> None:
    lines = []
    for message, text, (log_type, rule) in _judged(messages, rules):
        first = message.first
        told = {
            "container": first.container, "stream": first.stream, "time_ns": first.time_ns, "log_type": log_type,
            "log_type_by": rule, "log_message": text,
        }  # fmt: skip
        lines.append(_as_json(told) + "\n")
    out.write("".join(lines))
    out.flush()


def _as_json(told: Mapping[str, object]) -> str:
    """In ASCII alone, since the output's encoding may have no more."""
    try:
        quick = orjson.dumps(told)
        if quick.isascii():
            return quick.decode()
    except TypeError:  # half a surrogate pair
        pass
    return json.dumps(told)


def _show(out: TextIO, messages: list[Message], rules: Rules) -> None:
    lines, reduce = [], rules.reduce or str
    for message, _, (log_type, rule) in _judged(messages, rules):
        mark = f"{log_type:8} {rule:8} "
        for text in map(reduce, message.texts):
            lines.append(f"{mark}| {_UNSEEN.sub(_escaped, text)}\n")
            mark = " " * len(mark)
    out.write("".join(lines))
    out.flush()


def _judged(messages: list[Message], rules: Rules) -> Iterator[tuple[Message, str, tuple[str, str]]]:
    """With the text and (log type, rule) of each."""
    texts = ["\n".join(message.texts) if len(message.texts) > 1 else message.texts[0] for message in messages]
    judged: list[tuple[str, str]] = [("", "")] * len(messages)
    for stream in WRITTEN:
        rows = [row for row, message in enumerate(messages) if message.first.stream == stream]
        if rows:
            types, by = rules.classify([texts[row] for row in rows], stream)
            for row, judgement in zip(rows, zip(types, by, strict=True), strict=True):
                judged[row] = judgement
    return zip(messages, texts if rules.reduce is None else map(rules.reduce, texts), judged, strict=True)


def _escaped(match: re.Match[str]) -> str:
    return ascii(match[0])[1:-1]
