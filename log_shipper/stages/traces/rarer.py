"""Ada, Clojure, Common Lisp, D, Pascal and PowerShell: errors in the form that their runtimes give them.

gcc: gcc/ada/libgnat/a-exexpr.adb, a-excach.adb, s-traceb.adb (Last_Chance_Handler); clojure: src/clj/clojure/main.clj
(ex-str, report-error); sbcl: src/code/debug.lisp (debugger-disabled-hook); druntime: src/rt/dmain2.d (formatThrowable);
fpc: rtl/objpas/sysutils/sysutils.inc (CatchUnhandledException); PowerShell: PowerShellCore_format_ps1xml.cs (ErrorRecord's views).
"""

import re

from log_shipper.stages.traces.phase import (
    ALWAYS,
    COMPLETE,
    DECLARED,
    MESSAGE_LINES,
    QUALIFIED,
    RECORD,
    At,
    Entry,
    Family,
)

_ADA = re.compile(r"Execution of .* terminated by unhandled exception$|raised [A-Z][A-Z0-9_.]+ : ")
_ADA_REST = re.compile(
    r"raised [A-Z]|Exception name: |Message: |Load address: 0x|Call stack traceback locations:$|0x[0-9a-f]+(?: |$)|\[0x[0-9a-f]+\]$|\[?/"
)
_CLOJURE = re.compile(r"(?:Execution|Unexpected) error .*\(\S+\)\.$|Syntax error .*\(\S+\)\.$")
_CLOJURE_REPORT = "Full report at:"
_D = re.compile(r"[\w.]+@[^\s()]+\(\d+\): |[\w.]+@[^\s()]+\(\d+\)$")
_D_RULE = "-" * 16
_D_FRAME = re.compile(r"\S.*\[0x[0-9a-f]+\]$")
_LISP = re.compile(r"Unhandled [A-Z][\w:*-]+ in thread #<")
_LISP_END = "unhandled condition in --disable-debugger mode, quitting"
_PASCAL = re.compile(r"An unhandled exception occurred at \$[0-9A-Fa-f]+:$")
_CONCISE = "Line |"
_CONCISE_HEAD = re.compile(r"[A-Z][\w-]*+: \S.*\.psm?1:\d+$")
_CONCISE_AFTER = re.compile(r"[A-Z][\w-]*+: (?:\S.*\.psm?1:\d+)?$")
_CONCISE_LINE = re.compile(r" *\d* +\|")
_POSITION = re.compile(r"At (?:\S.*|line):\d+ char:\d+$")
_POSITION_LINE = re.compile(r"\+ |    \+ (?:CategoryInfo|FullyQualifiedErrorId) +: ")
_PASCAL_FRAME = re.compile(r"  \$[0-9A-Fa-f]{8,16}\b")


def _enter(text: str, prev: str) -> Entry | None:
    if text[-1].isdigit() and ".ps" in text and _CONCISE_HEAD.match(text):
        return Entry(DECLARED, At("ps.head"))
    if text == _CONCISE:
        return Entry(ALWAYS, At("ps.concise")) if _CONCISE_AFTER.match(prev) else None
    if _POSITION.match(text):
        return Entry(ALWAYS, At("ps.position"))
    for header, phase in ((_PASCAL, "pas.head"), (_ADA, "ada"), (_CLOJURE, "clj"), (_LISP, "lisp"), (_D, "d.head")):
        if header.match(text):
            return Entry(DECLARED, At(phase))
    return None


def _goes_on(text: str, at: At, most: int) -> At | None:
    return None if RECORD.match(text) or at.seen >= most else at._replace(seen=at.seen + 1)


def _concise_head(text: str, at: At) -> At | None:
    return At("ps.concise") if text == _CONCISE else None


def _concise(text: str, at: At) -> At | None:
    """The line, its mark, and the message, each behind a bar."""
    return at if _CONCISE_LINE.match(text) else None


def _position(text: str, at: At) -> At | None:
    return at if _POSITION_LINE.match(text) else None


def _ada(text: str, at: At) -> At | None:
    return at if _ADA_REST.match(text) else None


def _clojure(text: str, at: At) -> At | None:
    """What is wrong, and after an empty line where more of it stands."""
    if at.mark or text == _CLOJURE_REPORT:
        return COMPLETE if at.mark else At("clj", "report")
    return _goes_on(text, at, MESSAGE_LINES)


def _d_head(text: str, at: At) -> At | None:
    return At("d.frames") if text == _D_RULE else _goes_on(text, at, MESSAGE_LINES)


def _d_frames(text: str, at: At) -> At | None:
    return at if _D_FRAME.match(text) else None


def _lisp(text: str, at: At) -> At | None:
    return COMPLETE if text == _LISP_END else _goes_on(text, at, 500)


def _pascal_head(text: str, at: At) -> At | None:
    return At("pas.frames") if _PASCAL_FRAME.match(text) else _goes_on(text, at, MESSAGE_LINES)


def _pascal_frames(text: str, at: At) -> At | None:
    return at if _PASCAL_FRAME.match(text) else None


RARER = Family(
    suspects=(
        r"An unhandled exc",
        r"Execution (?:of|error) ",
        r"Unexpected error ",
        r"Syntax error ",
        r"raised [A-Z]",
        r"Unhandled [A-Z][\w:*-]+ in thread #",
        r"Line \|",
        r"At \S",
        QUALIFIED,
    ),
    enter=_enter,
    steps={
        "ada": _ada,
        "clj": _clojure,
        "d.head": _d_head,
        "d.frames": _d_frames,
        "lisp": _lisp,
        "ps.head": _concise_head,
        "ps.concise": _concise,
        "ps.position": _position,
        "pas.head": _pascal_head,
        "pas.frames": _pascal_frames,
    },
)
