"""Lines of a task's log that the service itself writes: how the API hands them to the shipper.

A Forward message without records, `[tag, [], {"chunk": …, "repair": packed map}]`, as the audit's: the acceptor takes such from
its own user alone (SO_PEERCRED), so neither a container nor another sender can write into this stream, and the ledger, which
is compared with Docker's copy, does not see it.
"""

from dataclasses import dataclass
from typing import Any, Final

import msgpack

AUDIT: Final = "wholelog-audit"
"""Whose log the trail of changing calls is: a sender by this tag, on the socket, of root or our own user."""
_TAG: Final = b"wholelog.task"
_MEMBER: Final = "own"


_PREFIX: Final = "wholelog: "
_TYPES: Final = ("warning", "error")  # all else is `info`


def worded(text: str, log_type: str = "info") -> str:
    """As it stands in the log, told from the container's own lines in every form of it."""
    kind = f"{log_type}: " if log_type in _TYPES else ""
    return f"{_PREFIX}{kind}{' '.join(text.split())}"


def type_of(text: str) -> str:
    """The log_type of such a line."""
    return next((kind for kind in _TYPES if text.startswith(f"{_PREFIX}{kind}: ")), "info")


@dataclass(frozen=True, slots=True)
class OwnLine:
    time: int  # ns since 1970 UTC
    text: str  # as `worded` makes it


@dataclass(frozen=True, slots=True)
class OwnLines:
    """`chunk` is another for each message, and the same where it is sent again."""

    chunk: str
    container_id: str
    container_name: str
    task_id: str
    type: str
    uid: str
    lines: tuple[OwnLine, ...]

    def message(self) -> bytes:
        whose = [self.container_id, self.container_name, self.task_id, self.type, self.uid]
        lines = [[line.time, line.text] for line in self.lines]
        about = msgpack.packb({_MEMBER: [self.chunk, *whose, lines]}, unicode_errors="replace")
        packed: bytes = msgpack.packb([_TAG, [], {"chunk": self.chunk, "repair": about}])
        return packed


def own_lines_in(about: dict[str, Any]) -> OwnLines | None:
    """Of a message's unpacked option; None where it is about something else."""
    if _MEMBER not in about:
        return None
    chunk, container_id, name, task_id, task_type, uid, lines = about[_MEMBER]
    return OwnLines(chunk, container_id, name, task_id, task_type, uid, tuple(OwnLine(*line) for line in lines))
