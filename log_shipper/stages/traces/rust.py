"""Rust: panics with and without backtrace, errors that main returned with their causes, tracing's pretty format.

rust: library/std/src/panicking.rs (default_hook), library/std/src/sys/backtrace.rs; anyhow: src/fmt.rs;
color-eyre: src/config.rs; miette: src/handlers/graphical.rs; tracing-subscriber: src/fmt/format/pretty.rs.
"""

import re

from log_shipper.stages.traces import javascript
from log_shipper.stages.traces.phase import ALWAYS, COMPLETE, DECLARED, NOT_ALONE, RECORD, At, Entry, Family, from_any

_HEADER = re.compile(r"thread '.*' (?:\(\d+\) )?(?:panicked at |has overflowed its stack)")
_OLD = re.compile(r"thread '.*' panicked at '")
_OLD_END = re.compile(r".*', \S+:\d+:\d+$")
_NOTE = re.compile(
    r"note: |stack backtrace:$|fatal runtime error: |thread caused non-unwinding panic|thread panicked while"
)
_LAST_NOTE = re.compile(r"note: (?:run with `RUST_BACKTRACE|Some details are omitted)")
_CAUSED = re.compile(r"(?:Caused by|Causes|Location|Stack backtrace|Backtrace):")
_CLOSING = ("}", ")", "]", "},", "),", "],")
_EYRE_PANIC = "The application panicked (crashed)."
_EYRE = re.compile(
    r"\s|Message: |Location:|Error:$|Backtrace omitted\.|Run with |(?:Suggestion|Note|Warning|Help|Caused by|Section): ?"
)
_EYRE_END = re.compile(
    r"Backtrace omitted\. Run with |Run with (?:RUST_BACKTRACE|COLORBT_SHOW_HIDDEN)=|Location: \S+:\d+$"
)
_TRACING = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]{8,20}Z {1,2}(?:ERROR|WARN) \S")
_OUT_OF_MEMORY = re.compile(r"memory allocation of \d+ bytes failed$")
_PRETTY = re.compile(r"    (?:at \S+\.rs:\d+|in \S+::\S)")


def _indented(text: str, prev: str) -> Entry | None:
    if text.startswith(("  × ", "  ⚠ ")):
        return Entry(NOT_ALONE, At("rust.miette"), _is_error)
    return Entry(ALWAYS, At("rust.pretty")) if _PRETTY.match(text) else None


def _is_error(text: str) -> bool:
    return text.startswith("Error: ")


def _enter(text: str, prev: str) -> Entry | None:
    if _HEADER.match(text):
        if _OLD.match(text):
            return Entry(DECLARED, At("rust.body" if _OLD_END.match(text) else "rust.old"))
        return Entry(DECLARED, At("rust.body" if text.endswith("its stack") else "rust.message"))
    if text in ("Caused by:", "Stack backtrace:"):
        return Entry(DECLARED if RECORD.match(prev) else NOT_ALONE, At("rust.causes"), from_any)
    if _EYRE_END.match(text):
        return Entry(NOT_ALONE, At("rust.eyre"), from_any)
    if text == _EYRE_PANIC:
        return Entry(DECLARED, At("rust.eyre"))
    if text.startswith("fatal runtime error: ") or _OUT_OF_MEMORY.match(text):
        return Entry(DECLARED, At("rust.body"))
    if text == "stack backtrace:" or text.startswith("note: run with `RUST_BACKTRACE="):
        return Entry(ALWAYS, At("rust.body", "noted" if text[0] == "n" else ""), from_any)
    if text.startswith(("Error:   × ", "Error:   ⚠ ")):
        return Entry(DECLARED, At("rust.miette"))
    if text.startswith("Error: ") and not text.endswith("{"):
        return Entry(DECLARED, At("rust.error", "loose" if RECORD.match(prev) else ""))
    return None


def logged(text: str, prev: str) -> Entry | None:
    """The empty line between an error that tracing's layout shows and its causes (anyhow's and eyre's `{:?}`)."""
    return Entry(ALWAYS, At("rust.logged")) if _TRACING.match(prev) else None


def _logged(text: str, at: At) -> At | None:
    return At("rust.causes") if _CAUSED.match(text) else None


def _message(text: str, at: At) -> At | None:
    if text.startswith("assertion `left"):
        return At("rust.assert")
    return At("rust.body") if not RECORD.match(text) else None


def _assert(text: str, at: At) -> At | None:
    """A comparison's message goes on until the two sides are shown."""
    if RECORD.match(text) or at.seen > 20:
        return None
    return At("rust.body") if text.startswith("  left: ") else at._replace(seen=at.seen + 1)


def _old(text: str, at: At) -> At | None:
    if RECORD.match(text) or at.seen > 100:
        return None
    return At("rust.body") if _OLD_END.match(text) else at._replace(seen=at.seen + 1)


def _body(text: str, at: At) -> At | None:
    if _LAST_NOTE.match(text):
        return At("rust.body", "noted")
    # of a value shown over several lines, or of the backtrace
    inside = at.mark != "noted" and (text[:1] in (" ", "\t") or text in _CLOSING)
    return at if inside or _NOTE.match(text) else None


def _error(text: str, at: At) -> At | None:
    """`Error: …`, and why. JavaScript's plain errors begin in the same way."""
    if not text:
        return None  # what comes behind it shows whether it is of the report
    if text.startswith("   0: "):
        return At("rust.eyre")
    if _CAUSED.match(text):
        return At("rust.causes")
    if at.mark or not text[0].isspace() or javascript.is_frame(text):
        return javascript.head(text, At("js.head", at.mark))
    return At("at.frames") if text[0] == "\t" else None  # the launcher of Java names a class so


def _causes(text: str, at: At) -> At | None:
    if _NOTE.match(text):
        return At("rust.body", "noted" if _LAST_NOTE.match(text) else "")
    return at if not text or text[0] in " \t" or _CAUSED.match(text) else None


def _eyre(text: str, at: At) -> At | None:
    """The sections of color-eyre's report, with blank lines between them."""
    return at if not text or _EYRE.match(text) else None


def _miette(text: str, at: At) -> At | None:
    """The drawn report of miette: set in, and an empty line behind it."""
    if not text:
        return COMPLETE
    return at if text[0] == " " else None


def _pretty(text: str, at: At) -> At | None:
    if not text:
        return COMPLETE
    return at if _PRETTY.match(text) else None


RUST = Family(
    suspects=(
        r"thread '",
        r"The application pan",
        r"fatal runtime",
        r"memory allocation of \d",
        r"Error: ",
        r"stack backtrace:",
        r"Caused by:(?:[\r\x1b]|$)",
        r"note: run with",
        r"Stack backtrace:",
        r"Backtrace omitted\. ",
        r"Run with (?:RUST|COLOR)",
        r"Location: ",
    ),
    enter=_enter,
    indented=(("a×⚠", _indented),),
    steps={
        "rust.message": _message,
        "rust.assert": _assert,
        "rust.old": _old,
        "rust.body": _body,
        "rust.error": _error,
        "rust.causes": _causes,
        "rust.logged": _logged,
        "rust.eyre": _eyre,
        "rust.miette": _miette,
        "rust.pretty": _pretty,
    },
    waiting=("rust.message", "rust.body", "rust.error", "rust.causes", "rust.eyre"),
)
