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
    PRINTABLE,
    RECORD,
    At,
    Entry,
    Family,
)

_DART = re.compile(r"#\d+\s+\S.* \((?:package:|dart:|file:|\S+\.dart)\S*\)$|<asynchronous suspension>$")
_TERSE = re.compile(r"(?:package:|dart:|file:///)\S+ \d+:\d+\s+\S")
_UNHANDLED = re.compile(r"Unhandled exception:$|\[ERROR:flutter/\S+\] Unhandled Exception: ")
_BOX = re.compile(r"[═=]{2,}[╡|] ?EXCEPTION CAUGHT BY ")
_BOX_END = re.compile(r"[═=]{20,}$")
_LUA = re.compile(r"stack traceback:$")
_PERL = re.compile(r"\t\S.* called at \S+ line \d+|\teval \{\.\.\.\} called at ")
_HASKELL = re.compile(r"(?:CallStack|HasCallStack backtrace|Cost-centre stack)[ :(]|in expression starting at ")
_OCAML = re.compile(r"(?:Raised at|Re-raised at|Called from|Raised by primitive operation at) (?:\S+ in )?file \"")
_OCAML_HEAD = re.compile(r"Fatal error: exception ")
_FROM = re.compile(r"  from \S+:\d+:\d+ in '")
_CRYSTAL = re.compile(r"Unhandled exception: [^\n]{0,1000}+(?<=\))(?<=[\w:]\))$")
_NIM = re.compile(r"\S+\.nims?\(\d+(?:, \d+)?\)\s+\S|\[\[?reraised from")
_JULIA = re.compile(r"Stacktrace:$")


def _enter(text: str, prev: str) -> Entry | None:
    if _DART.match(text) or _TERSE.match(text):
        return Entry(ALWAYS, At("dart.frames"))
    if _UNHANDLED.match(text):
        return Entry(DECLARED, At("dart.head"))
    if _BOX.match(text):
        return Entry(DECLARED, At("dart.box"))
    if _LUA.match(text) or _JULIA.match(text) or _HASKELL.match(text):
        return Entry(ALWAYS, At("sc.indented"))
    if text.startswith("Calls: ") or text == "Execution halted":  # R
        return Entry(ALWAYS, At("sc.r")) if prev.startswith(("Error in ", "Error: ", "  ")) else None
    if _CRYSTAL.match(text):
        return Entry(DECLARED, At("sc.indented", "crystal"))
    if text == "Traceback (most recent call last)":
        return Entry(DECLARED, At("sc.nim"))
    if _OCAML_HEAD.match(text) or _OCAML.match(text):
        return Entry(ALWAYS if _OCAML.match(text) and "exception" in prev.lower() else DECLARED, At("sc.ocaml"))
    return None


def _indented_frame(text: str, prev: str) -> Entry | None:
    if text[0] == "\t":
        return Entry(ALWAYS, At("sc.indented", "perl")) if " called at " in text and _PERL.match(text) else None
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
        return at if _FROM.match(text) else None
    if at.mark == "perl":
        return at if _PERL.match(text) else None
    return at if text[:1] in (" ", "\t") or _HASKELL.match(text) else None


def _nim(text: str, at: At) -> At | None:
    return COMPLETE if text.startswith("Error: unhandled exception: ") else at if _NIM.match(text) else None


def _r(text: str, at: At) -> At | None:
    return COMPLETE if text == "Execution halted" else None


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
        r"Traceback \(most recent call last\)(?:[\r\x1b]|$)",
    ),
    enter=_enter,
    indented=((PRINTABLE, _indented_frame),),
    steps={
        "dart.head": _dart_head,
        "dart.frames": _dart_frames,
        "dart.box": _dart_box,
        "sc.indented": _indented,
        "sc.ocaml": _ocaml,
        "sc.nim": _nim,
        "sc.r": _r,
    },
)
