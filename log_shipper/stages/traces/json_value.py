"""A JSON value printed over several lines: from the line that opens it to the line that closes it (RFC 8259).

Each line has to be a piece of JSON by itself, and to go on where the line before it ended: in a brace a key comes first,
between two values a comma. A first scalar is set in. So a block of C, CSS or a configuration is none, nor a list in source code.
Strings end on their line; brackets in strings do not count. A value that turns out to be an object of JavaScript is read as such.
"""

import re

from log_shipper.stages.traces import inspected
from log_shipper.stages.traces.phase import ALWAYS, COMPLETE, NEVER, At, Entry

_WORDS = (b"true", b"false", b"null", b"NaN", b"Infinity")
_WORD_BEGINS = b"tfnNI"
_LETTERS = b' \t\r{}[],:"0123456789eE.+trufalsnNIiy-'  # a cheap look: of the words, and what stands between
_TOKENS = b' {}[],:"0'
_KINDS = bytes.maketrans(b"\t\r123456789eE.+-", b"  00000000000000")
# Of two tokens, a string as `"` and another scalar as zeros: what never follows on each other.
_NEVER_FOLLOWS = {
    '"': '"{[0', "0": '"{[:', "}": '"{[0:', "]": '"{[0:', "{": "0{[,:]", "[": ",:}", ",": ",:", ":": ",:}]"
}  # fmt: skip
_NEVER_BESIDE = re.compile(
    "|".join(
        [r"0 ++0", r'\{ *+"(?! *:)']
        + [rf"{re.escape(one)} *+[{re.escape(others)}]" for one, others in _NEVER_FOLLOWS.items()]
    ).encode()
)
# The same of two bytes read as one character of UTF-16, since a search for one of a set takes a fifth of the time.
_NEVER_ONE = re.compile(
    "["
    + "".join(
        f"{one}{other}".encode().decode("utf-16-le") for one, others in _NEVER_FOLLOWS.items() for other in others
    )
    + "]"
)
_LONG = 512  # tokens from which on that pays
_START = re.compile(r"[{\[][ \t\r]*+(?:$|[{\[\"\]}\d-])")
_SOURCE_CODE = re.compile(r"[=(,+]\s*[{\[]++$|[\w)\]][{\[]++$")
_STATEMENT = re.compile(
    r"(?:for|return|export|const|let|var|function|static|class) |[\w.@-]++ \[$"
)  # and a section's name
_NO_JSON = "\x01"
_JSON, _INSPECTED = "json", "inspected"  # what the first line in the bracket shows; behind it the last token of a line
_MOST = 100_000  # brackets: more than any value that is for reading


def piece(text: str, depth: int, before: str = "") -> tuple[int, str, bool] | None:
    """Open brackets after a line, its last token, and whether it does nothing but open brackets.

    None where it can't go on a JSON value behind the token `before`.
    """
    if '"' in text:
        if "\\" in text:
            text = text.replace("\\\\", _NO_JSON).replace('\\"', _NO_JSON)
        parts = text.split('"')
        if not len(parts) % 2:
            return None
        text = '"'.join(parts[::2])  # what stands outside of the strings
    if not text.isascii():
        return None
    data = text.encode()
    if data.translate(None, _LETTERS):
        return None
    if len(data.translate(None, _WORD_BEGINS)) < len(data):
        for word in _WORDS:
            data = data.replace(word, b"0")
    tokens = data.translate(_KINDS)
    if tokens.translate(None, _TOKENS):
        return None
    count = tokens.count
    depth += count(b"{") + count(b"[") - count(b"}") - count(b"]")
    if not 0 <= depth <= _MOST or never_json(before.encode() + tokens):
        return None
    tokens = tokens.rstrip()
    return depth, tokens[-1:].decode(), not tokens.strip(b" {[")


def never_json(tokens: bytes) -> bool:
    """Whether two tokens follow on each other as in no JSON value."""
    if len(tokens) < _LONG:
        return _NEVER_BESIDE.search(tokens) is not None
    if b"0 " in tokens:
        spaced = tokens
        while b"  " in spaced:
            spaced = spaced.replace(b"  ", b" ")
        if b"0 0" in spaced:
            return True
    tokens = tokens.translate(None, b" ")
    if tokens.count(b'{"') != tokens.count(b'{":'):
        return True
    even, odd = len(tokens) & -2, (len(tokens) - 1) & -2
    return any(_NEVER_ONE.search(pairs.decode("utf-16-le")) for pairs in (tokens[:even], tokens[1 : odd + 1]))


def opens(text: str) -> Entry | None:
    """A line that opens a value and leaves it open."""
    after = piece(text, 0) if _START.match(text) else None
    if after is None or not after[0]:
        return None
    depth, last, brackets = after  # what stands in mere brackets may be an object of JavaScript
    return Entry(NEVER, At("json", last if brackets else _JSON + last, depth))


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
            depth, last, brackets = after
            return At("json", (kind or ("" if brackets else _JSON)) + last, depth) if depth else COMPLETE
        if kind or before != "{" or not inspected.first_member(text):
            return None
    after_line = inspected.depth_after(text, at.seen, before)
    if after_line is None:
        return None
    return At("json", _INSPECTED + text.rstrip()[-1:], after_line) if after_line else COMPLETE
