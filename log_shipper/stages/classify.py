"""The level that a message declares of itself, and which kind of rule found it.

A line's own declaration in its own format decides, found by structure; a level word elsewhere in the text declares
nothing; the outermost declaration wins; what declares nothing takes the operator's default for its stream.
The rules, one family of formats a module, are in `formats`; docs/log-types.md tells them in order.
"""

from typing import Final

from log_shipper.stages.formats import json_fields, traces
from log_shipper.stages.formats.effort import FIRST_STATE, Effort
from log_shipper.stages.formats.levels import ERROR, Find, Found
from log_shipper.stages.formats.line import besides_object, declared
from log_shipper.stages.formats.plain import coloured_word, last_state, without_escapes
from log_shipper.stages.formats.wordy import is_sentence
from log_shipper.stages.members import Decoded
from log_shipper.stages.memory import FIRSTS, Beginnings
from log_shipper.stages.objects import Objects
from log_shipper.stages.pairs import Pairs
from log_store.fields import STDERR

_LOOKED_AT: Final = 2048
"""Characters looked at: a declaration stands at the beginning, and a message may be megabytes."""
_LINES_EFFORT = 2
"""What is looked at of all of them together, in what one line may take."""
_LINES = 24
"""Lines of one message looked at for the first that declares something."""


class Classifier:
    """`(messages, stream)` -> (types, kinds of rules that decided; `default` where nothing was declared)."""

    def __init__(
        self, stdout_default: str = "info", stderr_default: str = "info", stdout: Find | None = None,
        stderr: Find | None = None,
    ) -> None:  # fmt: skip
        """`stdout`, `stderr`: what finds a declaration in a message of that stream; without: the rules of all."""
        self._defaults = (stdout_default, stderr_default)
        self._find = (stdout or of_message, stderr or of_message)

        self.beginnings, self._objects, self._pairs = Beginnings(), Objects(), Pairs()

    def __call__(self, messages: list[str], stream: str, decoded: Decoded | None = None) -> tuple[list[str], list[str]]:
        """`decoded` is given the members of messages that are objects or pairs, so that they need not be read again."""
        default = (self._defaults[stream == STDERR], "default")
        find = self._find[stream == STDERR]
        if find is of_message:
            found = self._usual(messages, default, decoded)
        else:
            found = [find(message) or default for message in messages]
        return [log_type for log_type, _ in found], [rule for _, rule in found]

    def _usual(self, messages: list[str], default: Found, decoded: Decoded | None) -> list[Found]:
        """As `of_message` finds it; what came last is tried first."""
        beginnings, pairs = self.beginnings, self._pairs
        beginnings.earn(len(messages))
        all_found: list[Found] = []
        for row, message in enumerate(messages):
            first, members = message[:1], None
            if first == "{":
                found, members = self._objects(message)
                found = found or _besides_object(message)
            elif first not in FIRSTS and message.startswith(pairs.beginnings) and (known := pairs.get(message)):
                found, members = known
            else:
                stamped = first in FIRSTS
                found = beginnings.get(message) if stamped else None
                if found is None and (
                    stamped or ": " in message or not message[:2].isalpha() or not is_sentence(message)
                ):
                    found = of_line(message)
                    if found is not None:
                        if stamped:
                            beginnings.learn(message, found)
                        if found[1] == "field" and "=" in message:
                            members = pairs.learn(message)
            if members is not None and decoded is not None:
                decoded[row] = members
            all_found.append(found or default)
        return all_found


def of_message(message: str) -> Found | None:
    """What a message, of one line or of several joined by `\\n`, declares; None if nothing."""
    if message[:1] == "{":
        return json_fields.find(message) or _besides_object(message)
    return of_line(message)


def _besides_object(message: str) -> Found | None:
    """What a message that begins with a brace declares, if not as an object; as such it has been read whole."""
    return besides_object(message) if len(message) <= _LOOKED_AT and message.isprintable() else of_line(message)


def of_line(message: str) -> Found | None:
    """What a message declares that is no JSON object, or one that declares nothing as such."""
    head = message if len(message) <= _LOOKED_AT else message[:_LOOKED_AT]
    if not head.isprintable():
        coloured = coloured_word(head)
        if coloured is not None:
            return coloured
        head = without_escapes(head)
        if "\n" in head:
            return _of_lines(head)
        if "\r" in head:
            return _of_states(head, Effort(), FIRST_STATE)
    if head[-2:] == "  " and head[0].isalpha():
        head = head.rstrip(" ") + " "  # `error` alone is no more with blanks behind it
    return declared(head)


def _of_states(line: str, effort: Effort, least: int = 0) -> Found | None:
    """A line with carriage returns: its last state decides, or its first where the last declares nothing.

    `least`: what the first may take, whatever the last took.
    """
    last, first = last_state(line), line.split("\r", 1)[0]
    found = declared(last, effort)
    if found is None and first.rstrip(" \t") != last:
        effort.left = max(effort.left, least)
        found = declared(first, effort)
    return found


def _of_lines(message: str) -> Found | None:
    """The first line decides; where it declares nothing, its logger may have put the level on a later one."""
    lines, effort = message.split("\n", _LINES), Effort()
    effort.left *= _LINES_EFFORT
    for place, line in enumerate(lines[:_LINES]):
        if place and line[:1] in " \t":
            continue  # what is indented belongs to the line above
        if effort.left <= 0:
            break
        effort.left -= 1
        found = _of_states(line, effort) if "\r" in line else declared(line, effort)
        if found is not None:
            return found
    return (ERROR, "trace") if traces.frames(message) else None
