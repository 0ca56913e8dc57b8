"""`wholelog classify`: what lines become, and why, without a shipper or a store."""

import json
import re
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TextIO

from log_shipper.stages.document import Rules
from log_shipper.stages.multiline import GAP, GroupState
from wholelog.line_input import Record, lines_of, record_of

MOST_HELD: Final = 64 << 20
"""Characters of messages that may wait for an earlier one to end; above it they come before that one."""
_MESSAGE: Final = 200  # characters that a held message weighs beside its text
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(slots=True)
class Message:
    """A message that grows until `done`."""

    first: Record
    texts: list[str]
    done: bool


@dataclass(slots=True)
class _Stream:
    group: GroupState = field(default_factory=GroupState)
    head: Message | None = None
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
            stream.group, stream.head = GroupState(), None
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
        if stream.head is not None and not starts:
            stream.head.texts.append(record.text)
            return
        if stream.head is not None:
            stream.head.done = True
        stream.head = Message(record, [record.text], done=False)
        self._hold(stream.head)

    def _hold(self, message: Message) -> None:
        self._held.append(message)
        self._weight += _MESSAGE

    def _ended(self) -> Iterator[Message]:
        while self._held and self._held[0].done:
            yield self._let_go(self._held.popleft())

    def _beside_open(self) -> Iterator[Message]:
        held, self._held = self._held, deque()
        for message in held:
            if message.done:
                yield self._let_go(message)
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
            _show(out, joiner.end(), rules)
            continue
        now = time.time_ns()
        records = (Record(line.decode("utf-8", "replace"), "", stream, now) for line in lines)
        _show(out, joiner.add(records), rules)
    _show(out, joiner.end(), rules)


def classify_records(descriptor: int, out: TextIO, rules: Rules, *, join: bool) -> None:
    """A JSON object a line in, and one out for each message. Raises InputProblem."""
    joiner, number = Joiner(rules, join=join), 0
    for lines in lines_of(descriptor, longest=None):
        records = (record_of(line, at) for at, line in enumerate(lines, number + 1) if line.strip())
        number += len(lines)
        _write(out, joiner.add(records), rules)
    _write(out, joiner.end(), rules)


def _write(out: TextIO, messages: Iterable[Message], rules: Rules) -> None:
    for message in messages:
        text, (log_type, rule), first = "\n".join(message.texts), _type(message, rules), message.first
        told = {
            "container": first.container, "stream": first.stream, "time_ns": first.time_ns, "log_type": log_type,
            "log_type_by": rule, "log_message": text,
        }  # fmt: skip
        out.write(json.dumps(told) + "\n")
    out.flush()


def _show(out: TextIO, messages: Iterable[Message], rules: Rules) -> None:
    for message in messages:
        log_type, rule = _type(message, rules)
        mark = f"{log_type:8} {rule:8} "
        for text in message.texts:
            out.write(f"{mark}| {_UNSEEN.sub(_escaped, text)}\n")
            mark = " " * len(mark)
    out.flush()


def _type(message: Message, rules: Rules) -> tuple[str, str]:
    (log_type,), (rule,) = rules.classify(["\n".join(message.texts)], message.first.stream)
    return log_type, rule


def _escaped(match: re.Match[str]) -> str:
    return ascii(match[0])[1:-1]
