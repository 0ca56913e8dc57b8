"""The text a terminal would show of a line: without ANSI escape sequences, and the last state of a `\\r` line.

Source: ECMA-48 sections 5.4 (control sequences) and 8.3.89 (operating system commands).
"""

import re
from typing import Final

from log_shipper.stages.formats.levels import UPPER, WORDS, Found

_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\u200b]"
# It begins with a set of characters, so that a search finds the next of them by itself.
_ESCAPES = re.compile(
    rf"{_CONTROL}{_CONTROL}*+"
    r"(?:(?<=\x1b)(?:\[[0-?]*+[ -/]*+[@-~]?+|\][^\x07\x1b]*+(?:\x07|\x1b\\)?|[ -/]*+[0-~]?+))?"
)
_CONTROLS: Final = bytes({*range(32), 127} - set(b"\t\n\r"))
MOST: Final = 48
"""Escape sequences of one text that are taken out."""
_COLOURED = re.compile(r"(?:\x1b\[[\d;]*+m)+[ \[]*+([A-Za-z]{3,11}+)[ \]]*+\x1b\[[\d;]*+m(?![:=\w])")


def coloured_word(line: str) -> Found | None:
    """A level word at the line's beginning in a colour of its own: the colour sets it off, as a bracket would."""
    match = _COLOURED.match(line)
    level = (UPPER.get(match[1]) or WORDS.get(match[1].lower())) if match is not None else None
    return (level, "column") if level is not None else None


def without_escapes(text: str) -> str:
    """`text` with escape sequences, control characters and byte-order marks taken out; tabs and line ends stay.

    What stands behind the last of them is left out: each costs time.
    """
    if "\x1b" not in text:
        return _without_controls(text)
    if "\0" in text:  # of UTF-16 each second character
        text = text.replace("\0", "")
    text, count = _ESCAPES.subn("", text, MOST)
    if count == MOST:
        left = _ESCAPES.search(text)
        return text[: left.start()] if left is not None else text
    return text


def _without_controls(text: str) -> str:
    """By way of UTF-8, whose bytes below 128 are characters: a translation of bytes takes a twentieth of a search for each."""
    data = text.encode("utf-8", "surrogatepass")
    kept = data.translate(None, _CONTROLS)
    if len(kept) < len(data):
        text = kept.decode("utf-8", "surrogatepass")
    if not text.isascii():
        text = text.replace("\ufeff", "").replace("\u200b", "")
    return text


def last_state(line: str) -> str:
    """What is left on a terminal's line after the carriage returns in it: the last part that is not blank."""
    end = len(line.rstrip("\r \t"))
    return line[line.rfind("\r", 0, end) + 1 : end]
