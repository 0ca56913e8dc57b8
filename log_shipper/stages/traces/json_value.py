"""A JSON value printed over several lines: from the line that opens it to the line that closes it (RFC 8259).

Each line has to be a piece of JSON by itself: strings end on their line. Brackets in strings do not count. A value that
turns out to be an object of JavaScript is read as such.
"""

import re

from log_shipper.stages.traces import inspected
from log_shipper.stages.traces.phase import ALWAYS, COMPLETE, NEVER, At, Entry

_WORDS = re.compile(r"true|false|null")
_REST = re.compile(r"[\s{}\[\],:0-9eE.+-]*+")
_MEMBER = re.compile(r'\s+(?:"[^"\\]*+(?:\\.[^"\\]*+)*"\s*[:,]|[{\[\d-])')
_SOURCE_CODE = re.compile(r"[=(]\s*[{\[]+$")
_START = re.compile(r"[{\[]\s*+(?:$|[{\[\"\]\d-])")
_NO_JSON = "\x01"
_JSON, _INSPECTED = "json", "inspected"  # what the first line in the bracket shows
_MOST = 100_000  # brackets: more than any value that is for reading


def depth_after(text: str, depth: int) -> int | None:
    """Open brackets after a line, None where the line can't be part of a JSON value, or closes more than is open."""
    if '"' in text:
        if "\\" in text:
            text = text.replace("\\\\", _NO_JSON).replace('\\"', _NO_JSON)
        parts = text.split('"')
        if not len(parts) % 2:
            return None
        text = " ".join(parts[::2])  # what stands outside of the strings
    if not _REST.fullmatch(text) and not _REST.fullmatch(_WORDS.sub(" ", text)):
        return None
    depth += text.count("{") + text.count("[") - text.count("}") - text.count("]")
    return depth if 0 <= depth <= _MOST else None


def opens(text: str) -> Entry | None:
    """A line that opens a value and leaves it open."""
    if not _START.match(text):
        return None
    depth = depth_after(text, 0)
    return Entry(NEVER, At("json", "", depth)) if depth else None


def opened_before(text: str, prev: str) -> Entry | None:
    """The first line of a value whose bracket stands at the end of a log line."""
    if prev[0] in " \t" or _SOURCE_CODE.search(prev[-8:]):
        return None
    if not _MEMBER.match(text):
        if not inspected.first_member(text, prev):
            return None
        return Entry(ALWAYS, At("json", _INSPECTED, inspected.depth_after(text, 1) or 1))
    depth = depth_after(text, 1)
    return Entry(ALWAYS, At("json", "", depth)) if depth else None


def step(text: str, at: At) -> At | None:
    if at.mark == _INSPECTED:
        depth = inspected.depth_after(text, at.seen)
    else:
        depth = depth_after(text, at.seen)
        if depth is None and at.seen == 1 and not at.mark and inspected.first_member(text):
            return step(text, at._replace(mark=_INSPECTED))
        at = at._replace(mark=at.mark or _JSON)
    if depth is None:
        return None
    return at._replace(seen=depth) if depth else COMPLETE
