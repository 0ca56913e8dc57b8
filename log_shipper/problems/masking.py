"""What of a message differs from one time to the next: numbers, ids, paths, what is quoted.

Each expression is tried only where a character that it needs is there: most lines have none of them. None repeats what may
match in two ways, so the time grows with the line and no faster.
"""

import re
from typing import Final

MASK: Final = "<*>"
LOOKED_AT: Final = 1000  # characters of a line
_COLOUR: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_QUOTED: Final = re.compile(
    r"\"[^\"\n]{0,300}\"|`[^`\n]{0,300}`|(?<!\w)'[^'\n]{0,300}'(?!\w)|“[^”\n]{0,300}”|‘[^’\n]{0,300}’"
)
_URL: Final = re.compile(r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s\"'<>)\]]+")
_MAIL: Final = re.compile(r"(?<![\w.@+-])[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+")
_PATH: Final = re.compile(
    r"(?<![\w.<])(?:~|\.{1,2}|[A-Za-z]:)?[/\\](?:[^\s\"'<>|:;,()\[\]{}/\\]+[/\\])+[^\s\"'<>|:;,()\[\]{}/\\]*(?::\d+)*"
)
_UUID: Final = re.compile(r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b")
_NUMBERED: Final = re.compile(r"(?<![0-9A-Za-z])([+-](?<!\w.))?([A-Za-z]*)(\d[0-9A-Za-zµ]*)")
_AGAIN: Final = re.compile(r"\d[A-Za-z]")
_SAME: Final = re.compile(r"<\*>(?:[\s,;:./+-]{0,3}<\*>)+")
_LEADING: Final = re.compile(r"^(?:[\s\[\](){}|,;:.-]*<\*>)+[\s\])}|,;:.-]*")
_LONG: Final = 8  # characters of a word with digits in it, from which it is an id


def masked(text: str) -> str:
    """One line with `<*>` for what differs, neighbours of it as one."""
    text = without_colours(text[: 2 * LOOKED_AT])[:LOOKED_AT]
    if any(mark in text for mark in "\"'`“‘"):
        text = _QUOTED.sub(MASK, text)
    if "://" in text:
        text = _URL.sub(MASK, text)
    if "@" in text:
        text = _MAIL.sub(MASK, text)
    if "/" in text or "\\" in text:
        text = _PATH.sub(MASK, text)
    if text.count("-") >= 4:
        text = _UUID.sub(MASK, text)
    return _SAME.sub(MASK, _NUMBERED.sub(_numbered, text)).strip()


def _numbered(found: re.Match[str]) -> str:
    """`17`, `20ms` and an id go, `worker3` keeps its name."""
    letters, rest = found[2], found[3]
    if letters and len(letters) + len(rest) < _LONG and not (len(letters) + len(rest) > 4 and _AGAIN.search(rest)):
        return f"{found[1] or ''}{letters}{MASK}"
    return MASK


def without_colours(text: str) -> str:
    return _COLOUR.sub("", text) if "\x1b" in text else text


def titled(template: str, most: int = 200) -> str:
    """A template for people: without the time that it begins with."""
    short = _LEADING.sub("", template) or template or "(empty)"
    return short if len(short) <= most else short[: most - 1] + "…"
