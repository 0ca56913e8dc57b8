"""Dart and Flutter, Lua, Perl, Haskell, OCaml, Crystal, R, Julia, Nim: errors with their stacks.

dart: runtime/vm/stack_trace.cc, the package stack_trace; flutter: foundation/assertions.dart (dumpErrorToConsole);
lua: lauxlib.c (luaL_traceback); perl: lib/Carp.pm; ghc: GHC.Exception; ocaml: runtime/backtrace.c.
"""

import re

from log_shipper.stages.traces.phase import (
    ALWAYS,
    COMPLETE,
    DECLARED,
    MESSAGE_LINES,
    NEVER,
    NOT_ALONE,
    PRINTABLE,
    RECORD,
    At,
    Entry,
    Family,
    from_any,
)

_DART = re.compile(r"#\d+\s+\S.* \((?:package:|dart:|file:|\S+\.dart)\S*\)$|<asynchronous suspension>$")
_TERSE = re.compile(r"(?:package:|dart:|file:///)\S+ \d+:\d+\s+\S")
_UNHANDLED = re.compile(r"Unhandled exception:$|\[ERROR:flutter/\S+\] Unhandled Exception: ")
_BOX = re.compile(r"[═=]{2,}[╡|] ?EXCEPTION CAUGHT BY ")
_BOX_END = re.compile(r"[═=]{20,}$")
_LUA = re.compile(r"stack traceback:$")
_COROUTINE = re.compile(r"coroutine \d+:$")  # OpenResty shows the stack of each
_LUA_HEAD = re.compile(r"lua(?:jit|[\d.]*): \S")
_R_HEAD = re.compile(r"Error in .{1,200} : ?")
_BEGUN = re.compile(r"Trace begun at \S+ line \d+$")  # Devel::StackTrace
_CALLED = re.compile(r"\S.* called at \S+ line \d+$")
_FORTRAN = re.compile(r"Fortran runtime error: |Error termination\. Backtrace:$")
_FORTRAN_PLACE = re.compile(r"At line \d+ of file \S+")
_FORTRAN_FRAME = re.compile(r"#\d+ +0x[0-9a-f]+ in |\tat \S+:\d+$|Error termination\. Backtrace:$")
_PERL = re.compile(r"\t\S.* called at \S+ line \d+|\teval \{\.\.\.\} called at ")
_CARP = re.compile(
    r" at \S++ line \d++(?:, <\w*+> (?:line|chunk) \d++)?\.$"
)  # Carp's, behind a message that ends with a line break
_HASKELL = re.compile(r"(?:CallStack|HasCallStack backtrace|Cost-centre stack)[ :(]|in expression starting at ")
_OCAML = re.compile(r"(?:Raised at|Re-raised at|Called from|Raised by primitive operation at) (?:\S+ in )?file \"")
_OCAML_HEAD = re.compile(r"Fatal error: exception ")
_FROM = re.compile(r"  from \S+:\d+:\d+ in '")
_CRYSTAL_CAUSE = "Caused by: "
_NUMBER = re.compile(r"\d+: ")
_CRYSTAL = re.compile(r"Unhandled exception: [^\n]{0,1000}+(?<=\))(?<=[\w:]\))$")
_NIM_FRAME = re.compile(r"/[^\s(]++\(\d+\) +\w+$")
_NIM = re.compile(r"\S+\.nims?\(\d+(?:, \d+)?\)\s+\S|\[\[?reraised from")
_R_WARNINGS = re.compile(r"Warning messages?:$")
_R_ADDED = re.compile(r"In addition: Warning messages?:$")
_TCL = re.compile(r"    (?:while executing|invoked from within|while compiling|\(\S)")
_JULIA = re.compile(r"Stacktrace:$")


def _enter(text: str, prev: str) -> Entry | None:
    if _DART.match(text) or _TERSE.match(text):
        return Entry(ALWAYS, At("dart.frames"), from_any)
    if _UNHANDLED.match(text):
        return Entry(DECLARED, At("dart.head"))
    if _BOX.match(text):
        return Entry(DECLARED, At("dart.box"))
    if _LUA.match(text) or _JULIA.match(text) or _HASKELL.match(text):
        return Entry(ALWAYS, At("sc.indented"), from_any)
    if _LUA_HEAD.match(text) or _R_HEAD.match(text):
        return Entry(DECLARED, At("sc.head", text[:1]))
    if text.startswith("Trace begun at ") and _BEGUN.match(text):
        return Entry(DECLARED, At("sc.trace"))
    if _FORTRAN_PLACE.match(text):
        return Entry(DECLARED, At("sc.fortran", "place"))
    if _FORTRAN.match(text):
        return Entry(ALWAYS if _FORTRAN_PLACE.match(prev) else DECLARED, At("sc.fortran"))
    if text == "error: called from":  # Octave
        return Entry(ALWAYS if prev.startswith("error: ") else NEVER, At("sc.indented", "octave"))
    if text.startswith("Calls: ") or text == "Execution halted":  # R
        join = ALWAYS if prev.startswith(("Error in ", "Error: ", "  ")) else NOT_ALONE
        return Entry(join, At("sc.r"), _of_r)
    if _CRYSTAL.match(text):
        return Entry(DECLARED, At("sc.indented", "crystal"))
    if text == "Traceback (most recent call last)":
        return Entry(DECLARED, At("sc.nim"))
    if ".nim(" in text and _NIM_FRAME.match(text):
        return Entry(DECLARED, At("sc.nim"))
    if _R_WARNINGS.match(text):
        return Entry(NEVER, At("sc.r.warned", "" if text[-2] == "s" else "one"))
    if text.startswith("ERROR: LoadError: "):
        return Entry(NEVER, At("sc.julia"))
    if _OCAML_HEAD.match(text) or _OCAML.match(text):
        if not _OCAML.match(text):
            return Entry(DECLARED, At("sc.ocaml"))
        return Entry(ALWAYS if "exception" in prev.lower() else DECLARED, At("sc.ocaml"), from_any)
    return None


def _of_r(text: str) -> bool:
    return text.startswith("Error")


def _indented_frame(text: str, prev: str) -> Entry | None:
    if text[0] == "\t":
        return Entry(ALWAYS, At("sc.indented", "perl")) if " called at " in text and _PERL.match(text) else None
    if text.startswith(" at ") and _CARP.match(text):
        return Entry(ALWAYS, At("sc.indented", "perl"))
    if text in ("    while executing", "    while compiling"):
        return Entry(ALWAYS, At("sc.tcl"))
    return Entry(ALWAYS, At("sc.indented")) if _FROM.match(text) else None


def _dart_head(text: str, at: At) -> At | None:
    if _DART.match(text) or _TERSE.match(text):
        return At("dart.frames")
    return None if RECORD.match(text) or at.seen >= MESSAGE_LINES else at._replace(seen=at.seen + 1)


def _dart_frames(text: str, at: At) -> At | None:
    return at if _DART.match(text) or _TERSE.match(text) else None


def _dart_box(text: str, at: At) -> At | None:
    if _BOX_END.match(text):
        return COMPLETE
    return None if RECORD.match(text) else at


def _indented(text: str, at: At) -> At | None:
    if text == "\t[C]: in ?":  # Lua's outermost
        return COMPLETE
    if at.mark == "crystal":
        if text.startswith("  from "):
            return at
        return At("sc.crystal") if text.startswith(_CRYSTAL_CAUSE) else None
    if at.mark == "perl":
        return at if _PERL.match(text) else None
    return at if text[:1] in (" ", "\t") or _HASKELL.match(text) or _COROUTINE.match(text) else None


def _crystal_cause(text: str, at: At) -> At | None:
    """The message of a cause, up to its frames."""
    if text.startswith("  from "):
        return At("sc.indented", "crystal")
    return None if RECORD.match(text) or at.seen >= MESSAGE_LINES else at._replace(seen=at.seen + 1)


def _head(text: str, at: At) -> At | None:
    """The stack of Lua's interpreter; the calls and the end of an R script, of which a message may go on set in."""
    if at.mark == "l":
        return At("sc.indented") if _LUA.match(text) else None
    if text.startswith("  ") and at.seen < MESSAGE_LINES:
        return at._replace(seen=at.seen + 1)
    return At("sc.r") if text.startswith("Calls: ") else _r(text, At("sc.r"))


def _trace(text: str, at: At) -> At | None:
    return at if _CALLED.match(text) else None


def _fortran(text: str, at: At) -> At | None:
    """libgfortran: the error, an empty line, and the stack with a place below each frame."""
    if at.mark:
        return At("sc.fortran") if _FORTRAN.match(text) else None
    return at if not text and not at.seen else at._replace(seen=1) if _FORTRAN_FRAME.match(text) else None


def _nim(text: str, at: At) -> At | None:
    return COMPLETE if text.startswith("Error: unhandled exception: ") else at if _NIM.match(text) else None


def _tcl(text: str, at: At) -> At | None:
    """By turns where it was, and the command in quotation marks, maybe over several lines."""
    if at.mark:
        if RECORD.match(text) or at.seen > 50:
            return None
        return At("sc.tcl", "" if text.endswith('"') else at.mark, at.seen + 1)
    if _TCL.match(text):
        return at
    return At("sc.tcl", "" if len(text) > 1 and text[-1] == '"' else "open") if text[:1] == '"' else None


def _r_warned(text: str, at: At) -> At | None:
    """One warning, or several with numbers; what is long goes on in a line of its own, set in."""
    if text.startswith("  "):
        return at._replace(seen=1)
    if at.mark:
        return at._replace(seen=1) if not at.seen and not RECORD.match(text) else None
    return at if _NUMBER.match(text) else None


def _julia(text: str, at: At) -> At | None:
    if _JULIA.match(text):
        return At("sc.indented")
    return None if RECORD.match(text) or at.seen > 5 else at._replace(seen=at.seen + 1)


def _r(text: str, at: At) -> At | None:
    """After the error the warnings that have waited, then the end."""
    if text == "Execution halted":
        return COMPLETE
    if at.seen:
        return None if RECORD.match(text) or at.seen > MESSAGE_LINES else at._replace(seen=at.seen + 1)
    return at._replace(seen=1) if _R_ADDED.match(text) else None


def _ocaml(text: str, at: At) -> At | None:
    return at if _OCAML.match(text) else None


SCRIPTING = Family(
    suspects=(
        r"#\d+ +\S",
        r"<asy",
        r"\[ERROR:f",
        r"═+[╡|]",
        r"={2,}[╡|]",
        r"package:",
        r"dart:",
        r"file:///\S++ \d",
        r"Unhandled exception:",
        r"stack traceback:",
        r"Stacktrace:",
        r"CallStack",
        r"HasCallStack",
        r"Cost-centre",
        r"Fatal error: exc",
        r"Raised at ",
        r"Re-rai",
        r"Called f",
        r"Calls: ",
        r"Execution h",
        r"Trace beg",
        r"lua[\d.]*+: ",
        r"luajit: ",
        r"Error in .",
        r"At line \d",
        r"Fortran run",
        r"Error term",
        r"error: called from",
        r"Warning message",
        r"ERROR: LoadError: ",
        r"/[^\s(]++\(\d+\) +\w",
        r"Traceback \(most recent call last\)(?:[\r\x1b]|$)",
    ),
    enter=_enter,
    indented=((PRINTABLE, _indented_frame),),
    steps={
        "dart.head": _dart_head,
        "dart.frames": _dart_frames,
        "dart.box": _dart_box,
        "sc.indented": _indented,
        "sc.crystal": _crystal_cause,
        "sc.ocaml": _ocaml,
        "sc.nim": _nim,
        "sc.head": _head,
        "sc.trace": _trace,
        "sc.fortran": _fortran,
        "sc.r": _r,
        "sc.r.warned": _r_warned,
        "sc.julia": _julia,
        "sc.tcl": _tcl,
    },
    waiting=("dart.head", "sc.head", "sc.julia"),
)
