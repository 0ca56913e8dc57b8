"""How a value of the body is shown in an error, and which text may stand in it."""

from typing import Any

SHOWN = 60  # characters of a value in an error


def shown(value: Any) -> str:
    """The value as JSON would write it, cut short; the kind of it for an object or a list."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        cut = value if len(value) <= SHOWN else value[: SHOWN - 1] + "…"
        return ascii(cut) if forbidden(cut, "") or not cut.isprintable() else f"'{cut}'"
    text = repr(value) if not isinstance(value, int) or abs(value) < 10**SHOWN else "a huge number"
    return text[:SHOWN]


def empty(value: Any) -> bool:
    """Whether the member counts as absent: callers send the whole template with what they do not use left empty.

    A list or an object that holds nothing but empty members is empty too.
    """
    left = [value]
    while left:  # no recursion: how deep a body goes is its sender's choice
        one = left.pop()
        if isinstance(one, dict):
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
        elif one is not None and one != "":
            return False
    return True


def forbidden(text: str, allowed: str = "\t\n\r") -> str:
    """What of `text` may not stand in it ('' for nothing): NUL, another control character, half a surrogate pair."""
    for character in text:
        if (character < " " or character == "\x7f") and character not in allowed:
            return "NUL" if character == "\0" else f"the control character U+{ord(character):04X}"
        if "\ud800" <= character <= "\udfff":
            return f"half a surrogate pair U+{ord(character):04X}, which UTF-8 cannot carry"
    return ""
