"""An object of JavaScript over several lines, as console.log, Nest and winston's prettyPrint show it.

node: lib/internal/util/inspect.js (formatValue, reduceToSingleString): members set in by two spaces, with commas between
them, keys without quotation marks where they are names, strings in any of the three marks. Deno and Bun print alike, the
latter with a comma behind the last member.
"""

import re

from log_shipper.stages.traces.phase import RECORD

_STRINGS = re.compile(r"""'[^']*+'|"[^"]*+"|`[^`]*+`""")
_VALUE = (  # what formatValue prints; a name alone is none, but source code has it
    r"(?:['\"`\[{(<]|-?(?:\d[\w.+-]*+(?:[,)\]} ]|$)|Infinity\b)|(?:true|false|null|undefined|NaN)\b|\d{4}-\d\d-\d\dT|/\S"
    r"|[A-Za-z_$][\w$.]*+(?:\(\d+\))?(?: \[[^\]]{1,100}+\])* [\[{<]|Symbol\(|Invalid Date|[A-Z]\w*+(?:(?<=Error)|(?<=Exception))\b)"
)
_MEMBER = re.compile(rf""" {{2,}}+(?:[A-Za-z_$][\w$]*+|\[[\w.() $]{{1,100}}+\]|'[^']*+'|"[^"]*+"): {_VALUE}""")
_ELEMENT = re.compile(
    r" {2,}+(?:[\[{'\"`\d<-]|\w++(?:\(\d+\))? [\[{]|\.\.\. \d+ more item|(?:true|false|null|undefined)\b)"
)
_CLOSES = re.compile(r" *+[}\])>]")
_OPENS = re.compile(r"(?:[A-Z]\w*|Object|Array|Map|Set)\(\d+\) [{\[]$|^\[Nest\] .*[{\[]$")
_COMMENT = re.compile(r"\s(?://|#|/\*)\s|;\s*$")
_GOES_ON = (",", "{", "[", "(", "+", ":")
_ENDED = frozenset("'\"`0123456789]})>")  # last characters of a member behind which only a bracket can come


def first_member(text: str, prev: str = "") -> bool:
    """Whether a line can be the first in a brace: one that stands alone, or at the end of the line `prev`."""
    return (
        _MEMBER.match(text) is not None
        and text.lstrip()[0] != '"'
        and (not prev or (text.endswith(_GOES_ON) and (_OPENS.search(prev) is not None or _of_record(prev))))
    )


def _of_record(prev: str) -> bool:
    """A logger's line whose last argument is an object."""
    return prev.endswith((" {", " [")) and RECORD.match(prev) is not None


def depth_after(text: str, depth: int, before: str = "") -> int | None:
    """Open brackets after a line, None where the line can't be part of the object; `before`: the last character above it."""
    closes = _CLOSES.match(text)
    if not (closes or _MEMBER.match(text) or _ELEMENT.match(text)) or (before in _ENDED and before and not closes):
        return None
    if "\\" in text:
        text = text.replace("\\\\", "").replace("\\'", "").replace('\\"', "")
    text = _STRINGS.sub("", text)
    if _COMMENT.search(text) or '"' in text:
        return None
    depth += text.count("{") + text.count("[") + text.count("(")
    depth -= text.count("}") + text.count("]") + text.count(")")
    return max(depth, 0)
