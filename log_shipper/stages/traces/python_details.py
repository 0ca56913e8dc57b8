"""Further lines of a message of Python's that its own first line, or the line of code that raises it, announces.

CPython: Lib/unittest/case.py (assertMultiLineEqual, assertSequenceEqual, assertDictEqual) with Lib/difflib.py (ndiff); Lib/json/encoder.py
(with an indentation).
"""

import re

from log_shipper.stages.traces.phase import MESSAGE_LINES, RECORD, At, Step

_DIFFERS = re.compile(r"[\w.]*AssertionError: (?:[A-Z]\w*s differ: |['\"{\[(]).* != ")
_ELEMENT = re.compile(r"First (?:differing|extra) element ")
_CONTAINS = re.compile(r"(?:First|Second) \w+ contains \d+ additional elements?\.$")
_ITEM = re.compile(r"[-*•] \S")
_COUNT = re.compile(r"[\w.]+: (?:[^:]* )?\d+ (?:\w+ )?(?:errors?|problems?|issues?|failures?|violations?)\b")
_TRIPLE = re.compile(r"\"\"\"|\'\'\'")
_RAISES = re.compile(r"\braise\b|\bassert\b|\.add_note\(")
_BREAK_ALONE = re.compile(r"""(["'])\\n\1""")  # of a split or a join: says nothing of how many lines there are
BLOCK = -1000  # as a count: a string over several lines, of which one cannot see how many


def begins(text: str, at: At) -> At | None:
    """The exception's own line."""
    if at.seen == BLOCK:
        return At("py.block", at.mark)
    if text[-1:] in ("{", "["):
        return At("py.opened", at.mark)
    if _COUNT.match(text) and not at.seen:
        return At("py.items", at.mark)
    return At("py.diff", at.mark) if "AssertionError" in text and _DIFFERS.match(text) else None


def more_lines(source: str) -> int:
    """How many lines of a message, and notes, follow its first line, by the line of code that raises it; below 0: at least."""
    if not _RAISES.search(source):
        return 0
    if len(_TRIPLE.findall(source)) % 2:
        return BLOCK
    source = source.replace("\\\\", "")  # a backslash of its own
    rest, joins = _BREAK_ALONE.subn("", source)
    count = min(rest.count("\\n") + source.count(".add_note("), MESSAGE_LINES)
    return -count if joins else count


def _items(text: str, at: At) -> At | None:
    """A list; before it `seen` lines of text."""
    if at.seen:
        return None if RECORD.match(text) else at._replace(seen=at.seen - 1)
    return at if _ITEM.match(text) else None


def _diff(text: str, at: At) -> At | None:
    """What is first different, and the lines of both. `seen`: how many elements come."""
    if not text:
        return None if at.mark == "blank" else at._replace(mark="blank")
    if at.seen:
        return None if RECORD.match(text) else At("py.diff", "", at.seen - 1)
    if _ELEMENT.match(text):
        return At("py.diff", "", 2 if text[6] == "d" else 1)
    return At("py.diff") if text[:2] in ("- ", "+ ", "? ", "  ") or _CONTAINS.match(text) else None


def _opened(text: str, at: At) -> At | None:
    """JSON, to the bracket that stands as far left as the message."""
    if text[:1] in (" ", "\t"):
        return at
    return At("py.done", at.mark) if text[:1] in ("}", "]") and len(text) <= 3 else None


def _block(text: str, at: At) -> At | None:
    ends = (
        RECORD.match(text) or text.startswith(("Traceback (most", "Exception in thread ")) or at.seen >= MESSAGE_LINES
    )
    return None if ends else at._replace(seen=at.seen + 1)


STEPS: dict[str, Step] = {"py.diff": _diff, "py.items": _items, "py.opened": _opened, "py.block": _block}
"""What is none of these may still be what comes after any message."""
