"""Text that is set in: what of it may declare, and what is a paragraph's aside, a list or source code."""

import re

from log_shipper.stages.formats import silent
from log_shipper.stages.formats.levels import UPPER
from log_shipper.stages.formats.words import set_off

_ASIDE = re.compile(r"(?i:\((?:fatal|critical|crit|panic|error|err|warning|warn)[):])|<\d")
# Behind a level comes its text; in a list or source code a comma, a call, a quoted text or nothing at all.
_TEXT = re.compile(r"[ \t|]++(?=[^\s\"'])|\[\d|:(?!\s*[\"'].*,$)|[!*]++ ")


def is_aside(text: str) -> bool:
    """`(warning) x`, `(error: x)`; a priority stands where its line begins."""
    return _ASIDE.match(text) is not None


def column(text: str, word: str, end: int) -> str | None:
    """The type that the word of capitals up to `end` declares."""
    if word not in UPPER or len(word) < 4 or _TEXT.match(text, end) is None or silent.of_words(text):
        return None
    return UPPER[word] if set_off(text, end, word, stamped=False) else None
