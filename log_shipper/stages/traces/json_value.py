"""A JSON value printed over several lines: from the line that opens it to the line that closes it (RFC 8259).

Each line has to be a piece of JSON by itself: strings end on their line. Brackets in strings do not count.
"""

import re

from log_shipper.stages.traces.phase import ALWAYS, COMPLETE, NEVER, At, Entry

_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"')
_STRINGS = re.compile(r'(?:[^"]++|"(?:[^"\\]++|\\.)*+")*+')
_BETWEEN = re.compile(r"[\s{}\[\],:0-9eE.+-]*+(?:(?:true|false|null)[\s{}\[\],:0-9eE.+-]*+)*+")
_MEMBER = re.compile(r'\s+(?:"(?:[^"\\]++|\\.)*+"\s*[:,]|[{\[\d-])')
_OPENED = re.compile(r"[{\[]\s*$")
_START = re.compile(r"[{\[]\s*(?:$|[{\[\"\]\d-])")
_MOST = 100_000  # brackets: more than any value that is for reading


def depth_after(text: str, depth: int) -> int | None:
    """Open brackets after a line, None where the line can't be part of a JSON value, or closes more than is open."""
    if not _STRINGS.fullmatch(text):
        return None
    rest = _STRING.sub("", text) if '"' in text else text
    if not _BETWEEN.fullmatch(rest):
        return None
    depth += rest.count("{") + rest.count("[") - rest.count("}") - rest.count("]")
    return depth if 0 <= depth <= _MOST else None


def opens(text: str) -> Entry | None:
    """A line that opens a value and leaves it open."""
    if not _START.match(text):
        return None
    depth = depth_after(text, 0)
    return Entry(NEVER, At("json", "", depth)) if depth else None


def opened_before(text: str, prev: str) -> Entry | None:
    """The first line of a value whose bracket stands at the end of a log line."""
    if not _OPENED.search(prev[-8:]) or not _MEMBER.match(text):
        return None
    depth = depth_after(text, 1)
    return Entry(ALWAYS, At("json", "", depth)) if depth else None


def step(text: str, at: At) -> At | None:
    depth = depth_after(text, at.seen)
    if depth is None:
        return None
    return at._replace(seen=depth) if depth else COMPLETE
