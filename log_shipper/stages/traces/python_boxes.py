"""Tracebacks as rich draws them: in a box, maybe behind the times and levels of its handler.

rich: traceback.py, logging.py (RichHandler).
"""

import re

from log_shipper.stages.traces.phase import DECLARED, At, Entry

BOX = re.compile(r"[╭┌][─ ]+Traceback \(most recent call last\)")
COLUMN = 8  # spaces: what stands behind more is in a logger's column


def box(text: str, at: At) -> At | None:
    """Tracebacks that rich draws, and the exception's line under them."""
    if text[:1] in ("│", "|", "├", "╭", "┌", ""):
        return at
    if text[:1] in ("╰", "└"):
        return At("py.boxed")
    return None


def indented(text: str, prev: str) -> Entry | None:
    """The same in the column of rich's handler, behind its times and levels."""
    indent = len(text) - len(text.lstrip(" "))
    drawn = indent > COLUMN and BOX.match(text, indent) is not None
    return Entry(DECLARED, At("py.column", text[:indent])) if drawn else None


def column(text: str, at: At) -> At | None:
    return at if text.startswith(at.mark) else None
