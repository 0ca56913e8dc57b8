"""C and C++: reports of the sanitizers, uncaught exceptions, stack traces of glog, Folly and Abseil; Zig's panics, Swift's.

compiler-rt: lib/sanitizer_common (ScopedInErrorReport, Report, ReportErrorSummary), lib/asan/asan_report.cpp,
lib/tsan/rtl/tsan_report.cpp, lib/ubsan/ubsan_diag.cpp; libstdc++: libsupc++/vterminate.cc; glog: src/signalhandler.cc; folly:
folly/debugging/symbolizer/SignalHandler.cpp; zig: lib/std/debug.zig (printSourceAtAddress);
backward-cpp: Printer (print_stacktrace); chromium: base/debug/stack_trace_posix.cc; swift: stdlib/public/runtime/Errors.cpp (reportNow), stdlib/public/libexec/swift-backtrace/main.swift.
"""

import re

from log_shipper.stages.traces.phase import (
    ALWAYS,
    COMPLETE,
    DECLARED,
    ERROR_NAME,
    MESSAGE_LINES,
    PLACE,
    RECORD,
    At,
    Entry,
    Family,
)

_RULE = re.compile(r"={65}$|={18}$")
_REPORT = re.compile(r"==\d+==\s?(?:ERROR|WARNING): \w+(?:Sanitizer)?|WARNING: ThreadSanitizer: ")
_DEADLY = re.compile(r"\w++(?<=Sanitizer):DEADLYSIGNAL$")
_SUMMARY = re.compile(r"SUMMARY: \w+Sanitizer")
_TAIL = re.compile(r"\s+\S|Shadow |=>0x|==\d+==|Exiting$|Command: |HINT: |NOTE: |Stats: ")
_ABORTING = re.compile(r"==\d+==ABORTING$")
_UB = re.compile(r"[^\s:]++:\d++(?::\d++)?: runtime error: ")
_UB_REST = re.compile(
    r"\s+#\d+ 0x|0x[0-9a-f]+: note: |<memory cannot be printed>|\S+:\d+:\d+: note: |\s[0-9a-f? ]+$|\s*[\^~ ]+$|SUMMARY: "
)
_TERMINATE = re.compile(r"terminate called after throwing an instance of ")
_FRAME = re.compile(
    r"\s+#\d+ +0x[0-9a-f]+ |\s+@ +(?:(?:0x)?[0-9a-f]{6,16} |\(nil\)|\.\.\. and at least \d)|\s*#\d+ +0x[0-9a-f]+ in |#\d+ 0x[0-9a-f]{8,16} |\s*+\d++# \S.* (?:at|in) \S+$"
)
_SYMBOL = re.compile(r"\.?/[^\s(]++\([^\s)]*\) ?\[0x[0-9a-f]+\]$")
_BACKWARD = "Stack trace (most recent call last):"
_BACKWARD_FRAME = re.compile(r"#\d+ +(?:Object|Source) \"| ")
_BACKWARD_END = re.compile(r"[A-Z][a-z]+(?: [a-z]+)* \(.*\)$")  # psiginfo(3)
_CHROMIUM = re.compile(r"Received signal \d+ [A-Z_<]|\[end of stack trace\]$| +(?:\w{2,3}: [0-9a-f]{16} *){2,4}$")
_GLOG = re.compile(r"\*\*\* (?:Check failure stack trace|Aborted at |SIG[A-Z]+ |Signal \d+ \(SIG)|PC: @ +0x")
_ZIG = re.compile(r"thread \d+ panic: ")
_ZIG_FRAME = re.compile(r"\S+:(?:\d+|\?):(?:\d+|\?): 0x[0-9a-f]+ in |\?\?\?:\?:\?")
_ZIG_ERROR = re.compile(r"error: [A-Z]\w*$")
_CARET = re.compile(r"\s*+\^$")
_GLIBC = re.compile(r"\*\*\* Error in `[^']*': ")
_MAP = re.compile(r"[0-9a-f]{8,16}-[0-9a-f]{8,16} [r-][w-][x-][ps-] ")
_SWIFT = re.compile(r"[^\s:]++(?<=\.swift):\d++: Fatal error: |Fatal error: .*: file \S+\.swift, line \d+$")
_SWIFT_STACK = "Current stack trace:"
_SWIFT_FRAME = re.compile(r"\d+ +\S+ +0x[0-9a-f]{8,16} \S.* \+ \d+$")
_SWIFT_CRASH = re.compile(r"\*\*\* Signal \d+: Backtracing from 0x|(?:\*\*\*|💣) Program crashed: ")
_GLOG_CHECK = re.compile(r"\*\*\* Check failure stack trace|PC: @")


def _frame(text: str, prev: str) -> Entry | None:
    shown = "0x" in text or "# " in text
    return Entry(ALWAYS, At("cpp.frames")) if shown and _FRAME.match(text) else None


def _enter(text: str, prev: str) -> Entry | None:
    if _FRAME.match(text) or _SYMBOL.match(text):
        return Entry(ALWAYS, At("cpp.frames"))
    if _REPORT.match(text):
        closing = "rule" if prev.startswith("=" * 18) and len(prev) == 18 else ""
        return Entry(ALWAYS if _RULE.match(prev) else DECLARED, At("cpp.report", closing))
    if text[0] == "=" and len(text) == 65 and _RULE.match(text):
        return Entry(DECLARED, At("cpp.rule"))  # the one above a report
    if _DEADLY.match(text):
        return Entry(DECLARED, At("cpp.deadly"))
    if ": runtime error: " in text and _UB.match(text):
        return Entry(DECLARED, At("cpp.ub"))
    if _TERMINATE.match(text):
        return Entry(DECLARED, At("cpp.terminate"))
    if _ZIG.match(text):
        return Entry(DECLARED, At("cpp.zig"))
    if ": 0x" in text and _ZIG_ERROR.match(prev) and _ZIG_FRAME.match(text):  # which main has returned
        return Entry(ALWAYS, At("cpp.zig", "frame"))
    if _GLIBC.match(text):
        return Entry(DECLARED, At("cpp.glibc"))
    if _GLOG.match(text):
        return Entry(ALWAYS if _GLOG_CHECK.match(text) else DECLARED, At("cpp.frames"))
    if text == _BACKWARD:
        return Entry(DECLARED, At("cpp.backward"))
    if text.startswith("Received signal ") and _CHROMIUM.match(text):
        return Entry(DECLARED, At("cpp.frames"))
    if _SWIFT.match(text):
        return Entry(DECLARED, At("swift.fatal"))
    if text == _SWIFT_STACK:
        return Entry(DECLARED, At("swift.frames"))
    return Entry(DECLARED, At("swift.crash")) if _SWIFT_CRASH.match(text) else None


def _rule(text: str, at: At) -> At | None:
    return At("cpp.report") if _REPORT.match(text) else None


def _deadly(text: str, at: At) -> At | None:
    return at if _RULE.match(text) else At("cpp.report") if _REPORT.match(text) else None


def _report(text: str, at: At) -> At | None:
    """Any line, up to the summary; the summary of a race is followed by a rule."""
    if _SUMMARY.match(text):
        return At("cpp.summary", at.mark)
    if at.mark and _RULE.match(text):
        return COMPLETE
    return None if RECORD.match(text) or at.seen > 5000 else at._replace(seen=at.seen + 1)


def _summary(text: str, at: At) -> At | None:
    if at.mark and _RULE.match(text):
        return COMPLETE
    if at.mark or not _TAIL.match(text) or (text[0] in " \t" and not at.seen):
        return None
    if _ABORTING.match(text):
        return COMPLETE
    return at._replace(seen=1) if text.startswith("Shadow ") else at  # what it shows of the memory is set in


def _ub(text: str, at: At) -> At | None:
    if not text:
        return At("cpp.ub.end") if at.seen else None
    return at._replace(seen=1 if _FRAME.match(text) else at.seen) if _UB_REST.match(text) else None


def _ub_end(text: str, at: At) -> At | None:
    return COMPLETE if _SUMMARY.match(text) else None


def _terminate(text: str, at: At) -> At | None:
    """What was thrown, and of its message what is set in: the process ends here, so nobody else has written that."""
    if at.seen:
        more = text[:1] in (" ", "\t") and at.seen <= MESSAGE_LINES
        return at._replace(seen=at.seen + 1) if more else None
    return at._replace(seen=1) if text.startswith("  what():") else None


def _zig(text: str, at: At) -> At | None:
    """Each frame, and under it the line of code and its mark. `seen`: how many lines have followed the frame."""
    if _ZIG_FRAME.match(text):
        return At("cpp.zig", "frame")
    if not at.mark:
        return None
    if at.seen == 1:
        return At("cpp.zig", "shown") if _CARET.match(text) else None
    return None if at.mark == "shown" or RECORD.match(text) else at._replace(seen=1)


def _glibc(text: str, at: At) -> At | None:
    """Before 2.27 a broken heap was shown with the stack and all that is mapped."""
    return at if text.startswith("======= ") or text.endswith("]") or _MAP.match(text) else None


def _backward(text: str, at: At) -> At | None:
    return at if _BACKWARD_FRAME.match(text) else COMPLETE if _BACKWARD_END.match(text) else None


def _swift_fatal(text: str, at: At) -> At | None:
    """The stack at once, or after a blank line what swift-backtrace makes of the signal."""
    if not text:
        return at._replace(seen=1)
    if _SWIFT_CRASH.match(text):
        return At("swift.crash")
    return At("swift.frames") if text == _SWIFT_STACK and not at.seen else None


def _swift_crash(text: str, at: At) -> At | None:
    """Any line, up to the one that says how long it took."""
    if text.startswith("Backtrace took "):
        return COMPLETE
    return None if RECORD.match(text) or at.seen > 5000 else at._replace(seen=at.seen + 1)


def _swift_frames(text: str, at: At) -> At | None:
    return at if _SWIFT_FRAME.match(text) else None


def _frames(text: str, at: At) -> At | None:
    if _FRAME.match(text) or _SYMBOL.match(text) or _CHROMIUM.match(text):
        return COMPLETE if text[0] == "[" else at._replace(seen=1)
    return at if not at.seen and _GLOG.match(text) else None


NATIVE = Family(
    suspects=(
        r"==\d+==",
        r"={65}(?:[\r\x1b]|$)",
        r"WARNING: Thr",
        r"terminate called after",
        r"thread \d+ panic: ",
        r"PC: @",
        r"\*\*\* [CASEP]",
        r"💣 P",
        r"Fatal error: ",
        r"Current stack trace:",
        r"#\d+ +0x",
        r"Stack trace \(most",
        r"Received signal \d",
        r"/[^\s(]++\([^\s)]*\) ?\[0x",
        r"\./[^\s(]++\([^\s)]*\) ?\[0x",
        ERROR_NAME,
        PLACE,
    ),
    enter=_enter,
    indented=(("#@0123456789", _frame),),
    steps={
        "cpp.rule": _rule,
        "cpp.deadly": _deadly,
        "cpp.report": _report,
        "cpp.summary": _summary,
        "cpp.ub": _ub,
        "cpp.ub.end": _ub_end,
        "cpp.terminate": _terminate,
        "cpp.zig": _zig,
        "cpp.glibc": _glibc,
        "cpp.frames": _frames,
        "cpp.backward": _backward,
        "swift.fatal": _swift_fatal,
        "swift.frames": _swift_frames,
        "swift.crash": _swift_crash,
    },
)
