"""Python: tracebacks, chained and in groups, warnings, faults, and what asyncio, logging and threading print before.

CPython: Lib/traceback.py, Python/traceback.c, Lib/warnings.py (_formatwarnmsg_impl), Modules/faulthandler.c,
Lib/asyncio/base_events.py (default_exception_handler), Lib/logging/__init__.py (handleError).
"""

import re

from log_shipper.stages.traces import python_boxes, python_messages, python_warnings
from log_shipper.stages.traces.phase import (
    ALWAYS,
    COMPLETE,
    DECLARED,
    MESSAGE_LINES,
    NOT_ALONE,
    QUALIFIED,
    RECORD,
    At,
    Entry,
    Family,
    Step,
    from_any,
)

TRACEBACK = "Traceback (most recent call last):"
_STACK = "Stack (most recent call last):"
_NOTHING = "NoneType: None"  # logging.exception outside of an except clause
_GROUP = re.compile(r"\s*\+ Exception Group Traceback \(most recent call last\):")
_GROUP_ALONE = re.compile(r"\s+\| [\w.]*+: .*\(\d+ sub-exceptions?\)$")  # never raised itself, as `except*` leaves it
_GROUP_END = re.compile(r"\s*\+-{30,}$")
_FILE = re.compile(r'\s+File ".*", line \d+')
_EXCEPTION = re.compile(r"[A-Za-z_][\w.<>]*+(?::$|: |$)")
_THROWN = re.compile(
    r"[A-Za-z_][\w.]*(?:Error|Exception|Warning|Interrupt|Exit|Iteration|Failure|Timeout)(?::$|: |$)|[a-z_]\w*\.[\w.]+: "
)
_RUBY = re.compile(r"\S+:\d+:in ['`]")
_TIE = re.compile(
    r"During handling of the above exception, another exception occurred:"
    r"|The above exception was the direct cause of the following exception:"
)
_ANNOUNCES = re.compile(
    r"Exception in thread (?!\").*:$|Exception ignored |Exception in callback |Process [\w-]+:$|--- Logging error ---$"
    r"|Error in (?:sys\.\w+|atexit\.\w+):|(?:Task|Future) exception was never retrieved|Task was destroyed but it is pend"
    r"|Unclosed (?:client session|connector|connection)|Original exception was:"
)
_CONTEXT = re.compile(
    r"(?:future|task|handle|protocol|transport|socket|server|asyncgen|client_session|connector|connections?): ?[<\[(]"
)
_CREATED = re.compile(r"\w+_traceback: \w+ created at \(most recent call last\):$")  # in asyncio's debug mode
_FATAL = re.compile(r"Fatal Python error: |Timeout \(\d+:\d\d:\d\d.*\)!$")
_THREAD = re.compile(
    r"(?:Current thread|Thread) 0x[0-9a-f]+|Current thread's C stack|Python runtime state: |Extension modules: |\s|$"
)
_SCHEMA = re.compile(r"Failed validating |On (?:instance|schema)")
_VALIDATION = re.compile(r"[\w.]*ValidationError: (\d+) validation errors? for ")
_RAISES = re.compile(r"\braise\b|\bassert\b|\.add_note\(")
_BREAK_ALONE = re.compile(r"""(["'])\\n\1""")  # of a split or a join: says nothing of how many lines there are


def _indented(text: str, prev: str) -> Entry | None:
    if _FILE.match(text):
        if prev.endswith("(most recent call last):"):
            return Entry(ALWAYS, At("py.frames"))
        return Entry(DECLARED, At("py.frames", "bare"))  # of a stack, or of a traceback whose beginning is lost
    if TRACEBACK in text and text.strip() == TRACEBACK:  # Twisted, pip, rich's handler and others set tracebacks in
        return Entry(DECLARED, At("py.inner", text[: text.index("T")]))
    return Entry(DECLARED, At("py.group")) if _GROUP.match(text) or _GROUP_ALONE.match(text) else None


def _inner(text: str, at: At) -> At | None:
    """A traceback that is set in. `seen`: 0 in its frames, 1 after its exception, 2 where another is tied to it."""
    if not text.strip():
        return at
    if not text.startswith(at.mark):
        return None
    rest = text[len(at.mark) :]
    if rest == TRACEBACK:
        return at._replace(seen=0) if at.seen == 2 else None
    if _TIE.match(rest):
        return at._replace(seen=2)
    if rest[0] in " \t" or len(at.mark) > python_boxes.COLUMN:  # rich's handler breaks lines in its column
        return at
    return at._replace(seen=1) if not at.seen and _EXCEPTION.match(rest) else None


def _enter(text: str, prev: str) -> Entry | None:
    if text == TRACEBACK:
        return Entry(DECLARED, At("py.frames"))
    if text == _STACK:
        return Entry(ALWAYS if RECORD.match(prev) else DECLARED, At("py.stack"))
    if _ANNOUNCES.match(text) or (text.rstrip().endswith("RemoteTraceback:") and " " not in text.rstrip()):
        ends = text.startswith("Original")  # what began with an error in an excepthook
        mark = "logging" if text.startswith("---") else text[:10].strip()
        return Entry(DECLARED, At("py.announced", mark), from_any if ends else None)
    if text == _NOTHING:
        return Entry(DECLARED, COMPLETE)
    if _CONTEXT.match(text):
        return Entry(DECLARED, At("py.announced", "context"))
    if _FATAL.match(text):
        return Entry(DECLARED, At("py.fatal"))
    if python_boxes.BOX.match(text):
        return Entry(DECLARED, At("py.box"))
    if _TIE.match(text):
        return Entry(ALWAYS, At("py.tied"), _is_of_traceback)
    if text == '"""' or _SCHEMA.match(text):
        return Entry(NOT_ALONE, At("py.done"), _is_traceback)
    if text.startswith(("[SQL: ", "[parameters: ", "(Background on")):
        return Entry(NOT_ALONE, _tail(text, At("py.done")) or At("py.done"), _is_traceback)
    if python_warnings.ALLOCATED.match(text) and python_warnings.is_warning(prev):
        return Entry(ALWAYS, At("py.warned"))
    return None


def _is_traceback(text: str) -> bool:
    return "Traceback" in text


def _is_of_traceback(text: str) -> bool:
    return "Traceback" in text or is_exception(text)


def is_exception(text: str) -> bool:
    """The line of an exception, after its frames, where its name says that it is one."""
    return _THROWN.match(text, 0, 200) is not None


def _announced(text: str, at: At) -> At | None:
    if text == TRACEBACK:
        return At("py.frames", "logging" if at.mark == "logging" else "")
    if _GROUP.match(text):
        return At("py.group")
    if at.mark == "Exception" and _THROWN.match(text):  # ignored, and without a place
        return COMPLETE
    if _CREATED.match(text) or (at.seen and text[:1] == " "):
        return at._replace(seen=1)
    blank = text in ("", '"""') and at.mark != "context"
    return at if blank or _CONTEXT.match(text) else None


def _frames(text: str, at: At) -> At | None:
    """`seen`: how many more lines the message has, as the source line of the last frame shows them."""
    if not text or text[0] in " \t" or text.startswith(('> File "', 'File "')):
        if "\\n" in text or ".add_note(" in text:
            return at._replace(seen=_more_lines(text))
        return at._replace(seen=0) if at.seen and text.lstrip("> ").startswith('File "') else at
    if RECORD.match(text):
        return None
    if at.mark == "bare" and not _THROWN.match(text):
        return None
    with_frames = python_messages.begins(text)
    if with_frames is not None:
        return with_frames
    validation = _VALIDATION.match(text)
    if validation:
        return At("py.done", at.mark, min(int(validation[1][:4]), 1000))
    if at.seen and _EXCEPTION.match(text):
        return At("py.message", at.mark, at.seen)
    if text.endswith(":") and " " in text and _EXCEPTION.match(text):
        return At("py.listed", at.mark)
    if text.endswith(")") and _RUBY.match(text):  # its older order, the outermost call first
        return At("rb.head")
    return At("py.done", at.mark) if _EXCEPTION.match(text) or _RUBY.match(text) else None


def _more_lines(source: str) -> int:
    """How many lines of a message, and notes, follow its first line, by the line of code that raises it."""
    if not _RAISES.search(source):
        return 0
    source = source.replace("\\\\", "")  # a backslash of its own
    return min(_BREAK_ALONE.sub("", source).count("\\n") + source.count(".add_note("), MESSAGE_LINES)


def _message(text: str, at: At) -> At | None:
    if text == TRACEBACK or RECORD.match(text) or _TIE.match(text):
        return _done(text, at._replace(phase="py.done", seen=0))
    return At("py.message", at.mark, at.seen - 1) if at.seen > 1 else At("py.done", at.mark)


def _listed(text: str, at: At) -> At | None:
    """A message whose first line announces more of it."""
    if not text or text == TRACEBACK or RECORD.match(text) or at.seen >= MESSAGE_LINES:
        return None
    return _tail(text, at) or at._replace(seen=at.seen + 1)


def _done(text: str, at: At) -> At | None:
    """After the exception's own line: nothing but what is known to come there, since its message has no end mark."""
    if not text:
        return None
    if text[0] in " \t" or text == '"""':
        if text.startswith("  in "):
            return python_messages.goes_on(text, at) or at
        return None if _FILE.match(text) or _GROUP.match(text) or RECORD.match(text) else at
    if at.mark == "logging" and text == "Call stack:":
        return At("py.logging")
    if text == _STACK:
        return At("py.stack")
    if at.seen and " " not in text:
        return at._replace(seen=at.seen - 1)
    return _tail(text, at)


def _tail(text: str, at: At) -> At | None:
    if _TIE.match(text):
        return At("py.tied", at.mark)
    if text.startswith("[SQL: ") and not text.endswith("]"):
        return At("py.sql", at.mark)
    return python_messages.goes_on(text, At("py.done", at.mark))


def _or_done(step: Step) -> Step:
    return lambda text, at: step(text, at) or _done(text, At("py.done", at.mark))


def _tied(text: str, at: At) -> At | None:
    if not text:
        return at
    if text == TRACEBACK or _FILE.match(text):
        return At("py.frames", at.mark)
    if _GROUP.match(text):
        return At("py.group")
    if python_boxes.BOX.match(text):
        return At("py.box")
    if text[0] in " \t":
        return at
    return At("py.done", at.mark) if _EXCEPTION.match(text) and not RECORD.match(text) else None


def _group(text: str, at: At) -> At | None:
    if not text:
        return None if at.mark else at
    if at.mark and (_GROUP.match(text) or _GROUP_ALONE.match(text)):
        return None  # another
    if text.lstrip()[:1] in ("|", "+"):
        return At("py.group", "closed") if _GROUP_END.match(text) else At("py.group")
    if _TIE.match(text):
        return At("py.tied")
    # the further lines of a message have no bar
    return None if at.mark or at.seen > 50 or RECORD.match(text) else at._replace(seen=at.seen + 1)


def _sql(text: str, at: At) -> At | None:
    """A statement of SQLAlchemy over several lines, to its closing bracket."""
    if at.seen > 200 or RECORD.match(text):
        return None
    return At("py.done") if text.endswith("]") else at._replace(seen=at.seen + 1)


def _logging(text: str, at: At) -> At | None:
    if text[:1] in (" ", "\t") or text.startswith("Message: "):
        return at
    return COMPLETE if text.startswith("Arguments: ") else None


def _boxed(text: str, at: At) -> At | None:
    if _TIE.match(text) or python_boxes.BOX.match(text):
        return At("py.box")
    return At("py.done") if _EXCEPTION.match(text) and not RECORD.match(text) else None


def _fatal(text: str, at: At) -> At | None:
    return at if _THREAD.match(text) else None


def _stack(text: str, at: At) -> At | None:
    return at if text[:1] in (" ", "\t") else None


PYTHON = Family(
    suspects=(
        r"Traceback \(",
        r"Exception i",
        r"Stack \(",
        r"Process ",
        r"Error in ",
        r"Task ",
        r"Future ",
        r"Fatal P",
        r"NoneType: N",
        r"Timeout \(",
        r"Unclosed ",
        r"Original ex",
        r"The above ex",
        r"Object al",
        r"ResourceW",
        r"During h",
        r"--- L",
        r"╭[─ ]",
        r"┌[─ ]",
        r"future: ",
        r"task: ",
        r"handle: ",
        r"protocol: ",
        r"transport: ",
        r"socket: ",
        r"server: ",
        r"asyncgen: ",
        r'"""(?:[\r\x1b]|$)',
        r"Failed validating ",
        r"On (?:instance|schema)",
        r"\[(?:SQL|parameters): ",
        r"\(Background on",
        r"client_session: ",
        r"connector: ",
        r"connections?: ",
        QUALIFIED,
    ),
    enter=_enter,
    steps={
        "py.announced": _announced,
        "py.frames": _frames,
        "py.done": _done,
        "py.listed": _listed,
        "py.message": _message,
        "py.tied": _tied,
        "py.group": _group,
        "py.inner": _inner,
        "py.sql": _sql,
        **{phase: _or_done(step) for phase, step in python_messages.STEPS.items()},
        "py.logging": _logging,
        "py.box": python_boxes.box,
        "py.boxed": _boxed,
        "py.column": python_boxes.column,
        "py.fatal": _fatal,
        "py.stack": _stack,
        "py.warned": python_warnings.after,
    },
    indented=(("F+T|", _indented), ("╭┌", python_boxes.indented)),
    waiting=("py.done", "py.message", "py.listed", "py.group", "py.yaml"),
)
