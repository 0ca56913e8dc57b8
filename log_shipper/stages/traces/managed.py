"""Java, Kotlin, Scala and the other languages of the JVM, and .NET: exceptions whose frames are lines of `at …`.

OpenJDK: java.lang.Throwable.printStackTrace, ThreadGroup.uncaughtException, jstack's and the crash handler's prints;
logback: ThrowableProxyConverter, RootCauseFirstThrowableProxyConverter. .NET: System.Exception.ToString,
System.AggregateException.ToString, System.Diagnostics.StackTrace.ToString; Mono: mono_print_unhandled_exception.
"""

import re

from log_shipper.stages.traces.phase import ALWAYS, DECLARED, MESSAGE_LINES, RECORD, At, Entry, Family

FRAME = re.compile(
    r"\s+at (?:[^\s()]*[.$][^\s()]*\(|\(wrapper |[^\s()]+\.[^\s()]+ \(|<[\w.-]+>\(|\d+ +\S+ +0x[0-9a-f]|[^\s()]+\(<?\w[\w $.>-]*(?::\d+)?\)$)"
)
HEADER = re.compile(
    r"\s*(?:[A-Za-z_][\w$-]*\.)+[\w$`+]*(?:Exception|Error|Throwable|Failure|Fault|Timeout|Rejected|Interrupt)[\w$`+\[\],]*"
    r"(?: \(0x[0-9A-Fa-f]+\))?(?::| --->| *$)"
)
_THREAD = re.compile(r"Exception in thread \"|Exception: \S+ thrown from the UncaughtExceptionHandler in thread")
_UNHANDLED = re.compile(
    r"Unhandled exception\. |Unhandled Exception:|\[ERROR\] FATAL UNHANDLED EXCEPTION: |Process terminated\.|Stack overflow\.$"
    r"|Fatal error\. |Exception in Application "
)
_CAUSE = re.compile(r"\s*(?:Caused by|Suppressed|Wrapped by|Nested Exception): ?|\s*---> ")
_REST = re.compile(
    r"\s*\.\.\. \d+ |\s*\.\.\. suppressed \d+|\s*--- End of |\s*- (?:locked|waiting|parking|eliminated) |\s*\[CIRCULAR REFERENCE"
    r"|Repeat \d+ times:|-{20,}$|\s+at \S+ *$|\s+in \(?file:|<---$"
)
_PART = re.compile(r"\s+at \[|File name: '|\s+(?:Detail|Hint|Where|Position): ")
_CRASH = re.compile(r"# (?:A fatal error has been detected by|There is insufficient memory for) the Java Runtime")
_DUMP = re.compile(
    r'"|\s|$|Full thread dump |Threads class SMR info:|_java_thread_list=|0x[0-9a-f]{8,}|\}$|JNI global ref|Found \d+ deadlock'
    r"|Found one Java-level|=====|Java stack information for|Heap$|[A-Z]\w*-level"
)


def _enter(text: str, prev: str) -> Entry | None:
    if text[:1] in (" ", "\t") and FRAME.match(text):
        return Entry(ALWAYS, At("at.frames"))
    if HEADER.match(text):
        # A logger stamps each of its records: what has no stamp before the first frame is the exception's message.
        return Entry(DECLARED, At("at.head", "loose" if RECORD.match(prev) else ""))
    if _THREAD.match(text) or _UNHANDLED.match(text):
        return Entry(DECLARED, At("at.head", "loose"))
    if text.startswith("Full thread dump "):
        return Entry(DECLARED, At("at.dump"))
    if _CRASH.match(text):
        return Entry(ALWAYS if prev == "#" else DECLARED, At("at.crash"))
    return None


def _head(text: str, at: At) -> At | None:
    """After the exception's class: lines of its message, then frames."""
    if FRAME.match(text):
        return At("at.frames", at.mark)
    if _CAUSE.match(text):
        return At("at.head", "loose")
    if _REST.match(text):
        return At("at.frames", at.mark)
    if _PART.match(text):
        return at
    if RECORD.match(text) or at.seen >= MESSAGE_LINES or _THREAD.match(text):
        return None
    if at.mark or text[:1] in (" ", "\t"):
        return at._replace(seen=at.seen + 1)
    return None


def _frames(text: str, at: At) -> At | None:
    if FRAME.match(text) or _REST.match(text):
        return at
    return At("at.head", "loose") if _CAUSE.match(text) else None


def _dump(text: str, at: At) -> At | None:
    return at if _DUMP.match(text) else None


def _crash(text: str, at: At) -> At | None:
    return at if text[:1] == "#" or text.startswith("[error occurred during") else None


MANAGED = Family(
    first="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ#_[",
    suspect=r"Exception in|Exception:|(?:[A-Za-z_][\w$-]*+\.)+[\w$`+]*(?:Exception|Error|Throwable|Failure|Fault|Timeout|Rejected"
    r"|Interrupt)|Unhandled |\[ERROR\] F|Process t|Stack o|Fatal error\.|Full thread|# [AT]",
    enter=_enter,
    steps={"at.head": _head, "at.frames": _frames, "at.dump": _dump, "at.crash": _crash},
)
