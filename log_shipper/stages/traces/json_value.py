"""A JSON value printed over several lines: from the line that opens it to the line that closes it (RFC 8259).

Each line has to be a piece of JSON by itself, and to go on where the line before it ended: in a brace a key comes first,
between two values a comma. A first scalar is set in. So a block of C, CSS or a configuration is none, nor a list in source code.
Strings end on their line; brackets in strings do not count. A value that turns out to be an object of JavaScript is read as such.
"""

import re

from log_shipper.stages.traces import inspected
from log_shipper.stages.traces.phase import ALWAYS, COMPLETE, NEVER, At, Entry

_WORDS = re.compile(r"true|false|null|NaN|Infinity")
_LETTERS = re.compile(r'[ \t\r{}\[\],:"0-9eE.+trufalsnNIiy-]*+')  # a cheap look: of the words, and what stands between
_WORD_BEGINS = re.compile(r"[tfnNI]")
_TOKENS = re.compile(r'[ {}\[\],:"0]*+')
# Of two tokens, a string as `"` and another scalar as zeros: what never follows on each other.
_NEVER_BESIDE = re.compile(
    r'["0}\]] *+["{\[]|0 ++0|["}\]] *+0|\{ *+[0{\[,:\]]|\[ *+[,:}]|[,:] *+[,:]|: *+[}\]]|[}\]0] *+:|\{ *+"(?! *:)'
)
_KINDS = str.maketrans({"\t": " ", "\r": " ", **dict.fromkeys("123456789eE.+-", "0")})
_START = re.compile(r"[{\[][ \t\r]*+(?:$|[{\[\"\]}\d-])")
_OPENING = re.compile(r"[{\[][\s{\[]*+$")  # nothing but brackets: what stands in them may be an object of JavaScript
_SOURCE_CODE = re.compile(r"[=(,+]\s*[{\[]++$|[\w)\]][{\[]++$")
_STATEMENT = re.compile(
    r"(?:for|return|export|const|let|var|function|static|class) |[\w.@-]++ \[$"
)  # and a section's name
_NO_JSON = "\x01"
_JSON, _INSPECTED = "json", "inspected"  # what the first line in the bracket shows; behind it the last token of a line
_MOST = 100_000  # brackets: more than any value that is for reading


def piece(text: str, depth: int, before: str = "") -> tuple[int, str] | None:
    """Open brackets after a line, and its last token; None where it can't go on a JSON value behind the token `before`."""
    if '"' in text:
        if "\\" in text:
            text = text.replace("\\\\", _NO_JSON).replace('\\"', _NO_JSON)
        parts = text.split('"')
        if not len(parts) % 2:
            return None
        text = '"'.join(parts[::2])  # what stands outside of the strings
    if not _LETTERS.fullmatch(text):
        return None
    if _WORD_BEGINS.search(text):
        text = _WORDS.sub("0", text)
    tokens = text.translate(_KINDS)
    if not _TOKENS.fullmatch(tokens) or _NEVER_BESIDE.search(before + tokens):
        return None
    count = tokens.count
    depth += count("{") + count("[") - count("}") - count("]")
    return (depth, tokens.rstrip()[-1:]) if 0 <= depth <= _MOST else None


def opens(text: str) -> Entry | None:
    """A line that opens a value and leaves it open."""
    after = piece(text, 0) if _START.match(text) else None
    if after is None or not after[0]:
        return None
    return Entry(NEVER, At("json", after[1] if _OPENING.match(text) else _JSON + after[1], after[0]))


def opened_before(text: str, prev: str) -> Entry | None:
    """The first line of a value whose bracket stands at the end of a log line."""
    if prev[0] in " \t" or _SOURCE_CODE.search(prev[-8:]) or _STATEMENT.match(prev):
        return None
    at = step(text, At("json", prev[-1], 1)) if text.strip() else None
    return Entry(ALWAYS, at) if at is not None and at.phase and _begins(at.mark, text, prev) else None


def _begins(mark: str, text: str, prev: str) -> bool:
    return not mark.startswith(_INSPECTED) or inspected.first_member(text, prev)


def step(text: str, at: At) -> At | None:
    kind, before = at.mark[:-1], at.mark[-1:]
    text = text.removesuffix("\r")
    if not text.strip():  # which no printer writes where a value begins
        return at if kind else None
    if not kind and before == "[" and text[0] not in " \t[{]":
        return None  # a list of numbers or texts that is not set in
    if kind != _INSPECTED:
        after = piece(text, at.seen, before)
        if after is not None:
            known = kind or ("" if _OPENING.match(text.lstrip()) else _JSON)
            return At("json", known + after[1], after[0]) if after[0] else COMPLETE
        if kind or before != "{" or not inspected.first_member(text):
            return None
    depth = inspected.depth_after(text, at.seen, before)
    if depth is None:
        return None
    return At("json", _INSPECTED + text.rstrip()[-1:], depth) if depth else COMPLETE
