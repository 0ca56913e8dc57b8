"""The members of a message that is a JSON object, or pairs of logfmt: read once, for its level and for its fields."""

from typing import Any, Final

VALUE: Final = 1024  # characters of a text that is stored in a field

Values = tuple[Any, ...]
Members = tuple[tuple[str, ...], Values | dict[str, Any], bool]
"""names; values, or the object; whether no text among these is longer than VALUE or has to be escaped, and none is an object"""

Decoded = dict[int, Members]
"""row -> the members of its message"""


def members_of(message: str, found: dict[str, Any], *, printable: bool = True) -> Members:
    """`found`: what the message was read as."""
    plain = printable and len(message) <= VALUE and "\\" not in message and message.find("{", 1) < 0
    return tuple(found), found, plain


def object_of(members: Members) -> dict[str, Any]:
    names, found, _ = members
    return found if isinstance(found, dict) else dict(zip(names, found, strict=True))
