"""An object of JavaScript over several lines, as console.log, Nest and winston's prettyPrint show it.

node: lib/internal/util/inspect.js (formatValue, reduceToSingleString): members set in by two spaces, with commas between
them, keys without quotation marks where they are names, strings in any of the three marks.
"""

import re

from log_shipper.stages.traces.phase import RECORD

_STRINGS = re.compile(r"""'[^']*+'|"[^"]*+"|`[^`]*+`""")
_MEMBER = re.compile(r" {2,}+(?:[A-Za-z_$][\w$]*+|\[[\w.() $]{1,100}+\]|'[^']*+'): \S")
_ELEMENT = re.compile(
    r" {2,}+(?:[\[{'\d<-]|\w++(?:\(\d+\))? [\[{]|\.\.\. \d+ more item|(?:true|false|null|undefined)\b)"
)
_CLOSES = re.compile(r" *+[}\])>]")
_OPENS = re.compile(r"(?:[A-Z]\w*|Object|Array|Map|Set)\(\d+\) [{\[]$|^\[Nest\] .*[{\[]$")
_GOES_ON = (",", "{", "[", "(", "+", ":")


def first_member(text: str, prev: str = "") -> bool:
    """Whether a line can be the first in a brace: one that stands alone, or at the end of the line `prev`."""
    return _MEMBER.match(text) is not None and (
        not prev or (text.endswith(_GOES_ON) and (_OPENS.search(prev) is not None or _of_record(prev)))
    )


def _of_record(prev: str) -> bool:
    """A logger's line whose last argument is an object."""
    return prev.endswith((" {", " [")) and RECORD.match(prev) is not None


def depth_after(text: str, depth: int) -> int | None:
    """Open brackets after a line, None where the line can't be part of the object."""
    if not (_MEMBER.match(text) or _ELEMENT.match(text) or _CLOSES.match(text)):
        return None
    if "\\" in text:
        text = text.replace("\\\\", "").replace("\\'", "").replace('\\"', "")
    text = _STRINGS.sub("", text)
    depth += text.count("{") + text.count("[") + text.count("(")
    depth -= text.count("}") + text.count("]") + text.count(")")
    return max(depth, 0)
