"""Java, Kotlin, Scala and the other languages of the JVM, and .NET: exceptions whose frames are lines of `at …`.

OpenJDK: java.lang.Throwable.printStackTrace, ThreadGroup.uncaughtException, jstack's and the crash handler's prints;
logback: ThrowableProxyConverter, RootCauseFirstThrowableProxyConverter; dropwizard: PrefixedThrowableProxyConverter; solr: its
log4j2.xml. .NET: System.Exception.ToString,
System.AggregateException.ToString, System.Diagnostics.StackTrace.ToString; Mono: mono_print_unhandled_exception.
"""

import re

from log_shipper.stages.traces.phase import (
    ALWAYS,
    COMPLETE,
    DECLARED,
    LETTERS,
    MESSAGE_LINES,
    NESTED,
    QUALIFIED,
    RECORD,
    At,
    Entry,
    Family,
    announces_more,
    from_any,
)

# A dot in the name is looked for ahead, and then the name taken as one: else each dot of a long word would be tried.
FRAME = re.compile(
    r"\s+at (?:(?!\[)(?=[^\s()]*[.$])[^\s()]*+\(|\(wrapper |(?=[^\s()]+\.[^\s()])[^\s()]++ \([^()]*\) \[0x|<[\w.-]+>\("
    r"|\d+ +\S+ +0x[0-9a-f]|[^\s()]++\(<?\w[\w $.>-]*(?::\d+)?\)$)"
)
_CLASS = re.compile(
    r"\s*(?:[A-Za-z_][\w$-]*+\.)+([\w$`+]++)(?: \(0x[0-9A-Fa-f]+\)|\((?=[\w$]*\.)[\w.$]++\)(?=:))?(?::| --->| *$)"
)
_NESTED_CLASS = re.compile(r"[A-Z]\w*+(?:\$[A-Z](?=\w*[a-z])\w*+)+(?:: |$)")  # of the default package
_REMOTE = re.compile(r"[\w.$]+(?:\([\w.$]+\): |Exception: .*\): [\w.$]+(?:Exception|Error))")
_SEVERE = "SEVERE: "  # of java.util.logging; others, the JVM too, print `WARNING: `
_NAME = re.compile(r"Exception|Error|Throwable|Failure|Fault|Timeout|Rejected|Interrupt")
_THREAD = re.compile(
    r"Exception in thread \"|Caught: (?=[\w.$]+(?:Exception|Error)\b)|Unhandled exception\. |Unhandled Exception:|\[ERROR\] FATAL UNHANDLED EXCEPTION: "
)
_UNHANDLED = re.compile(
    r"Process terminated\.|Stack overflow\.$|Fatal error\. |Exception in Application "
    r"|Exception: \S+ thrown from the UncaughtExceptionHandler in thread"
)
_CAUSE = re.compile(r"\s*(?:Caused by|Suppressed|Wrapped by|Nested Exception): ?|\s*---> ")
_REST = re.compile(
    r"\s*\.\.\. \d+ |\s*\.\.\. suppressed \d+|\s*--- End of |\s*- (?:locked|waiting|parking|eliminated) |\s*\[CIRCULAR REFERENCE"
    r"|Repeat \d+ times:|-{20,}$|\s+at \S+ *$|\s+in \(?file:|<---$"
    r"|ClientConnectionId:|Error Number:-?\d"  # SqlException's own
)
_INNER = re.compile(r" {1,3}---> [A-Za-z_][\w.]*\.\w+(?: ?\(\w{1,20}\))?: ")
_FRAMELESS = re.compile(r"\[CIRCULAR REFERENCE|DiagnosticCoroutineContextException: ")
_PART = re.compile(r"\s+at \[|File name: '|\s+(?:Detail|Hint|Where|Position): ")
_PREFIX = "! "
_CRASH = re.compile(r"# (?:A fatal error has been detected by|There is insufficient memory for) the Java Runtime")
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
_DUMP = re.compile(
    r'"|\s|$|Full thread dump |Threads class SMR info:|_java_thread_list=|0x[0-9a-f]{8,}|\}$|JNI global ref|Found \d+ deadlock'
    r"|Found one Java-level|=====|Java stack information for|Heap$|[A-Z]\w*-level"
)

CAUSE_LINES = 5
REMOTE = "remote"  # the message is what another process printed, with its frames: then an empty line, and one's own
SHORT = "short"  # Solr shows it in the record with its first frame, and then as a whole
JUL = "jul"  # printed by java.util.logging, which ends a record with an empty line


def is_header(text: str) -> bool:
    """A qualified class whose name says that it is thrown, alone or with a message."""
    match = _CLASS.match(text)
    return _NESTED_CLASS.match(text) is not None if match is None else _NAME.search(match[1]) is not None


def _indented(text: str, prev: str) -> Entry | None:
    if not FRAME.match(text):
        return None
    return Entry(ALWAYS, At("at.frames", SHORT if " => " in prev and RECORD.match(prev) else ""), from_any)


def _inner(text: str, prev: str) -> Entry | None:
    """The inner exception of one that a logger put into its line: NLog's `${message}|${exception}`."""
    return Entry(ALWAYS, At("at.head", "loose")) if _INNER.match(text) and "Exception" in prev else None


def _indented_part(text: str, prev: str) -> Entry | None:
    """PostgreSQL's report as its driver hands it to a logger."""
    return Entry(ALWAYS, _of_part(text)) if _PART.match(text) and "ERROR: " in prev else None


def _indented_header(text: str, prev: str) -> Entry | None:
    """Tomcat's OneLineFormatter sets in by a tab all of a throwable; so does Java's launcher, which it calls an error."""
    if text[0] != "\t" or not ("Exception" in text or "Error" in text) or not is_header(text):
        return None
    logged = RECORD.match(prev) or prev.startswith("Error: ")
    return Entry(DECLARED, At("at.head", "loose" if logged else "", 0 if logged else MESSAGE_LINES))


def _enter(text: str, prev: str) -> Entry | None:
    if is_header(text):
        if _REMOTE.match(text):
            return Entry(DECLARED, At("at.head", REMOTE))
        # A logger stamps each of its records: what has no stamp before the first frame is the exception's message.
        return Entry(DECLARED, At("at.head", "loose" if RECORD.match(prev) else ""), None, ":", _logged)
    if _THREAD.match(text) or _UNHANDLED.match(text):
        remote = text[:1] == "E" and _REMOTE.match(text, text.find('" ') + 2)
        loose = _THREAD.match(text) or text == "Process terminated. Assertion failed."
        return Entry(DECLARED, At("at.head", REMOTE if remote else "loose" if loose else ""))
    if text[:2] == _PREFIX:
        return Entry(DECLARED, At("at.prefixed")) if is_header(text[2:]) else None
    if text.startswith("Full thread dump "):
        return Entry(ALWAYS if _TIME.match(prev) else DECLARED, At("at.dump"))
    if _CRASH.match(text):
        return Entry(ALWAYS if prev == "#" else DECLARED, At("at.crash"))
    return None


def _logged(record: str, text: str) -> At | None:
    """The record above has more lines than one, of itself or of the error's message; java.util.logging writes to stderr, where
    little else does."""
    if record.startswith(_SEVERE):
        return At("at.head", JUL)
    message = text.partition(": ")[2]
    repeats = len(message) > 2 and record.endswith(message) and RECORD.match(record) is not None
    return At("at.head", "loose") if repeats or announces_more(record) else None


def _head(text: str, at: At) -> At | None:
    """After the exception's class: lines of its message, then frames."""
    if FRAME.match(text):
        return At("at.frames", at.mark)
    if _CAUSE.match(text):
        return _cause(text, at)
    if _REST.match(text):
        return At("at.frames", at.mark)
    if _PART.match(text):
        return at
    if text.endswith("nested exception is:"):  # javax.mail and RMI write a second exception into the message
        return at._replace(mark=at.mark or "loose")
    if RECORD.match(text) or at.seen >= MESSAGE_LINES or _THREAD.match(text):
        return None
    if at.mark or text[:1] in (" ", "\t"):
        return at._replace(seen=at.seen + 1)
    return None


def _frames(text: str, at: At) -> At | None:
    if FRAME.match(text) or _REST.match(text):
        return at
    if at.mark == SHORT and is_header(text):
        return At("at.head")
    if not text and at.mark in (JUL, REMOTE):
        return COMPLETE if at.mark == JUL else At("at.remote")
    if text == "  Exception data:":  # Npgsql
        return At("at.data", at.mark)
    return _cause(text, at) if _CAUSE.match(text) else None


def _prefixed(text: str, at: At) -> At | None:
    """Dropwizard marks each line of a throwable."""
    return at if text.startswith(_PREFIX) else None


def _data(text: str, at: At) -> At | None:
    return at if text.startswith("    ") else _frames(text, At("at.frames", at.mark))


def _remote(text: str, at: At) -> At | None:
    if text == "Driver stacktrace:":  # Spark
        return at
    return At("at.frames") if FRAME.match(text) or _CAUSE.match(text) else None


def _cause(text: str, at: At) -> At:
    mark = at.mark if at.mark in (JUL, REMOTE) else "loose"
    # a cause that was printed without frames must not take what follows it
    seen = 0 if at.mark else MESSAGE_LINES - CAUSE_LINES
    return At("at.frames" if _FRAMELESS.search(text) else "at.head", mark, seen)


def _part(text: str, at: At) -> At | None:
    if not text and at.mark:
        return At("log.spring")
    return _of_part(text) if _PART.match(text) else None


def _of_part(text: str) -> At:
    """The report may be in the middle of Tomcat's record, behind which Spring Boot prints an empty line and the throwable."""
    return At("at.part", "root" if text.endswith("] with root cause") else "")


def _dump(text: str, at: At) -> At | None:
    return at if _DUMP.match(text) else None


def _crash(text: str, at: At) -> At | None:
    return at if text[:1] == "#" or text.startswith("[error occurred during") else None


MANAGED = Family(
    suspects=(
        r"Exception in",
        r"Exception: ",
        r"Unhandled [eE]xception[.:]",
        r"Process term",
        r"Caught: ",
        r"Stack ov",
        r"Fatal error\.",
        r"Full thread",
        r"\[ERROR\] FATAL U",
        r"# A fatal",
        r"# There is ins",
        r"! [\w.$]+(?::[\r\x1b ]|[\r\x1b]|$)",
        NESTED,
        QUALIFIED,
    ),
    enter=_enter,
    indented=(("a", _indented), ("DHWP", _indented_part), (LETTERS, _indented_header), ("-", _inner)),
    steps={
        "at.head": _head,
        "at.frames": _frames,
        "at.prefixed": _prefixed,
        "at.remote": _remote,
        "at.part": _part,
        "at.data": _data,
        "at.dump": _dump,
        "at.crash": _crash,
    },
    waiting=("at.head",),
)
