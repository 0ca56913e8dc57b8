"""An object of JavaScript over several lines, as console.log, Nest and winston's prettyPrint show it.

node: lib/internal/util/inspect.js (formatValue, reduceToSingleString): members set in by two spaces, with commas between
them, keys without quotation marks where they are names, strings in any of the three marks.
"""

import re

_STRINGS = re.compile(r"""'[^']*+'|"[^"]*+"|`[^`]*+`""")
_MEMBER = re.compile(r" {2,}+(?:[A-Za-z_$][\w$]*+|\[[\w.() $]{1,100}+\]|'[^']*+'): \S")
_ELEMENT = re.compile(
    r" {2,}+(?:[\[{'\d<-]|\w++(?:\(\d+\))? [\[{]|\.\.\. \d+ more item|(?:true|false|null|undefined)\b)"
)
_CLOSES = re.compile(r" *+[}\])>]")
_GOES_ON = (",", "{", "[", "(", "+", ":")


def first_member(text: str, *, alone: bool) -> bool:
    """Whether a line can be the first in a brace. `alone`: the brace stands in a line of its own."""
    return _MEMBER.match(text) is not None and (alone or text.endswith(_GOES_ON))


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
