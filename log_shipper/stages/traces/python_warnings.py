"""Python's warnings: the source line under one, behind a message of any lines, and where what it speaks of was allocated.

CPython: Lib/warnings.py (_formatwarnmsg_impl).
"""

import re

from log_shipper.stages.traces.phase import ALWAYS, NEVER, NOT_ALONE, RECORD, At, Entry

_WARNING = re.compile(r"(?:.*\s)?\S+:\d+: \w*Warning: ")
ALLOCATED = re.compile(r"\w+: Enable tracemalloc to get|Object allocated at \(most recent call")
_CHAINED = re.compile(r"\S++(?<=:) ChainedAssignmentError: A value is trying to be set")
_CODE = re.compile(r"[(=\[]|^  (?:return|raise|import|from|with|for|if|while|yield|await|del|class|def|else:|try:|@)")


def is_warning(text: str) -> bool:
    """A warning, under which its source line may stand."""
    return _WARNING.match(text) is not None


def source(text: str, prev: str) -> Entry | None:
    """The source line of a warning whose message has more lines than one."""
    code = text[:2] == "  " and text[2:3] not in ("", " ") and _CODE.search(text) is not None
    return Entry(NOT_ALONE, At("py.warned"), is_warning, "Warning: ") if code else None


def warned(text: str, prev: str) -> Entry | None:
    """A warning and the source line under it."""
    if "Warning: " in prev and text[:2] == "  " and text[2:3] not in ("", " ") and _WARNING.match(prev):
        return Entry(ALWAYS, At("py.warned"))
    return None


def chained(text: str) -> Entry | None:
    """pandas (errors/__init__.py, ChainedAssignmentError): a warning whose name is an error's, of several lines."""
    return Entry(NEVER, At("py.chained")) if _CHAINED.match(text) else None


def chained_step(text: str, at: At) -> At | None:
    """To the source line."""
    if RECORD.match(text) or at.seen >= 12:
        return None
    return At("py.warned") if text[:2] == "  " else at._replace(seen=at.seen + 1)


def after(text: str, at: At) -> At | None:
    if ALLOCATED.match(text):
        return At("py.stack" if text.endswith("last):") else "py.warned")
    return None
