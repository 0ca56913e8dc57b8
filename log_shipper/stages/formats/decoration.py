"""What people and tools put before a line's own declaration: icons, arrows, stars, yarn's corner, sing-box' zone.

`❌ Error: text`, `🚨 ERROR text`, `>>> ERROR: text`, `---> ERROR: text`, `** ERROR ** text`, `➤ YN0001: │ Error: text`, `+0000 2026-03-01 10:20:30 INFO text`.
"""

import re

from log_shipper.stages.formats.levels import UPPER, Found
from log_shipper.stages.formats.stamps import STAMP

_BERRY = re.compile(r"➤ YN\d{4}: (?:[│┌└] )?")
_ICON = re.compile(r"(?:ℹ|[^\w\s\[({<\"'`/\\$&^]{1,4})\ufe0f?[ \u00a0]{1,4}(?=\S)")
_ICON_TEXT = re.compile(
    r"\[?(?:[A-Z]{4,9}\]|[A-Z]{4,9}(?: \*{2,4}|:) |(?:[Ee]rror|[Ww]arn(?:ing)?|[Ff]atal|[Ii]nfo|[Dd]ebug|[Nn]ote|[Nn]otice|[Tt]race|[Cc]ritical)(?:: |  +\S)|(?:[A-Z]\w*)?Error: |[^\W\d_a-zA-Z]{1,24}+[:：])"
)
_DASHED = re.compile(r"(?:error|warning|fatal|info|debug|critical) - ")  # behind a picture, not a bullet
_EMBLEMS = frozenset("❌❗❕⚠⛔☠⚡ℹ")
_FIRST_EMOJI = "\U0001f300"
# Loggers that put an emoji before each level. What stands behind a tick or a cross may be the name of a test.
_EMBLEM_TEXT = re.compile(r"(?:ERROR|WARN(?:ING)?|FATAL|CRITICAL|INFO|DEBUG|TRACE) {1,9}(?=\S)")
_ENCLOSED = re.compile(r"([*!]{1,3})(?=[A-Z]{4,9}\1[ :])")  # **ERROR** text
_LOUD = re.compile(r"(?:>{2,3}|-{1,5}>) (?=\[?[A-Z]{4,9}\]?: |(?:错误|警告|致命|严重|信息|调试)[:：])")
_BOLD = re.compile(r"\*{1,3}([A-Z]{4,8}):?\*{1,3}:? ")
_MODULES = ("__main__", "__mp_main__")  # what Python calls the module that is run
_NO_ICONS = frozenset("#|->")
ZONE = 6
"""Characters of `+0000 `."""


def zoned(line: str) -> bool:
    """Whether a line that begins with a plus begins with a zone and a time, as sing-box writes them."""
    return line[5:6] == " " and line[1:5].isdigit() and STAMP.match(line, ZONE) is not None


def bold(line: str) -> Found | None:
    """`**ERROR** text`: a level between stars."""
    match = _BOLD.match(line)
    level = UPPER.get(match[1]) if match is not None else None
    return (level, "bracket") if level is not None else None


def length(line: str, first: str) -> int:
    """How many characters of a line that begins with the mark `first` are decoration; 0 if what follows declares nothing."""
    if first == "➤":
        berry = _BERRY.match(line)
        return berry.end() if berry is not None else 0
    if first == "=" and line.startswith("== ") and STAMP.match(line, 3) is not None:
        return 3  # EasyBuild
    if first in ">-":
        loud = _LOUD.match(line)
        return loud.end() if loud is not None else 0
    if first == "_":
        return 2 if line.startswith(_MODULES) else 0
    enclosed = _ENCLOSED.match(line) if first in "*!" else None
    if enclosed is not None:
        return enclosed.end()
    icon = _ICON.match(line)
    known = icon is not None and first not in _NO_ICONS and not line.startswith("= ")
    if not known or icon is None:
        return 0
    declares = _ICON_TEXT.match(line, icon.end()) or (first > "\u2190" and _DASHED.match(line, icon.end()))
    if not declares and (first in _EMBLEMS or first >= _FIRST_EMOJI):
        declares = _EMBLEM_TEXT.match(line, icon.end())
    return icon.end() if declares else 0
