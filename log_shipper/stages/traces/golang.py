"""Go: panics, fatal errors, dumps of all goroutines, the race detector.

Go: runtime/panic.go (printpanics, fatalthrow), runtime/traceback.go, runtime/signal_unix.go, runtime/debug.Stack,
net/http.(*conn).serve; race reports: compiler-rt/lib/tsan/rtl/tsan_report.cpp (the Go part).
"""

import re

from log_shipper.stages.traces.phase import (
    ALWAYS,
    COMPLETE,
    DECLARED,
    NEVER,
    PRINTABLE,
    QUALIFIED,
    RECORD,
    At,
    Entry,
    Family,
    from_any,
)

_HEADER = re.compile(
    r"panic: |fatal error: |runtime: (?:goroutine stack exceeds|out of memory|unexpected)|unexpected fault address 0x"
    r"|SIG(?:QUIT|SEGV|ABRT|BUS|FPE|ILL|TRAP|SYS): \S|fatal: (?:bad g|morestack)"
)
_GOROUTINE = re.compile(r"goroutine \d+ [^\[\n]*+\[.*\]:$|goroutine running on other thread|runtime stack:$")
_CALL = re.compile(
    r"[\w/%~-][\w./%~*\[\]\-$,()]*\((?:\.\.\.|[0-9a-fx{}, ?._]*)\)$|created by |\.\.\.\d* ?(?:additional )?frames elided|\.\.\.additional"
)
_REGISTER = re.compile(
    r"(?:[re][a-z0-9]{1,2}|r\d+|rflags|eflags|[cfgdes]s|pc|sp|lr|fault|trap|error|oldmask)\s+0x[0-9a-f]|PC=0x"
)
_NOTE = re.compile(r"\[signal |\[recovered|goroutine |runtime|fatal error: |panic: |signal |\[originating from|m=\d+ ")
_PLACE = re.compile(r"\t[^\s/]*+/\S+\.(?:go|s|c|h):\d+(?: \+0x[0-9a-f]+.*)?$")
_FUNCTION = re.compile(r"[\w/%~-]*+\.[\w./%~*()\[\]{}…-]++$")
_STACKED = re.compile(
    r"main\.(?![a-z]{1,4}$)[\w(]|[\w.-]++/[^\s()]*+\(\*\w+\)\.\w|main\.(?:main|init|run)$"
)  # pkg/errors, `%+v`
_ZAP = re.compile(r"\S+\t\S*(?:WARN|ERROR|PANIC|FATAL|warn|error|panic|fatal)\S*\t")
_GIN_FILE = re.compile(r"/\S+:\d+ \(0x[0-9a-f]+\)$")
_RECOVERY = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[Recovery\] .*panic recovered:$")
_REQUEST = re.compile(r"[A-Z]+ \S++ HTTP/")
_RULE = re.compile(r"={18}$")
_RACE = re.compile(
    r"\s|$|(?:Previous )?(?:Read|Write|[Aa]tomic \w+) |Previous |Goroutine |Mutex |As if |Location is |SUMMARY: |\[failed"
)


def _indented(text: str, prev: str) -> Entry | None:
    if text[0] != "\t" or ":" not in text or not _PLACE.match(text):
        return None
    return Entry(ALWAYS, At("go.stack" if _FUNCTION.match(prev) else "go.body"), from_any)


def _enter(text: str, prev: str) -> Entry | None:
    if _HEADER.match(text):
        return Entry(DECLARED, At("go.head"))
    if _GOROUTINE.match(text):
        return Entry(ALWAYS if "panic" in prev else DECLARED, At("go.body"), from_any)
    if text.startswith("[signal SIG"):
        return Entry(ALWAYS, At("go.head"))
    if text.startswith("WARNING: DATA RACE"):
        return Entry(ALWAYS if _RULE.match(prev) else DECLARED, At("go.race"))
    if _GIN_FILE.match(text):
        return Entry(ALWAYS, At("go.gin"))
    if text.endswith("panic recovered:") and _RECOVERY.match(text):
        return Entry(NEVER, At("go.request"))
    if _REQUEST.match(text):
        return Entry(ALWAYS, At("go.request")) if prev.endswith("panic recovered:") else None
    # zap's console encoder puts the stack under the line, without a header and without arguments
    if not _FUNCTION.match(text):
        return None
    if _ZAP.match(prev):
        return Entry(ALWAYS, At("go.stack", "", 1))
    return Entry(DECLARED, At("go.stack", "", 1), from_any) if prev and _STACKED.match(text) else None


def _head(text: str, at: At) -> At | None:
    """Before the first goroutine: messages go on indented since Go 1.18."""
    if not text or text[0] in " \t" or _NOTE.match(text) or _REGISTER.match(text):
        return At("go.body") if _GOROUTINE.match(text) else at
    return None


def _body(text: str, at: At) -> At | None:
    if not text:
        return At("go.blank")
    if text[0] == "\t":
        return at._replace(seen=0)
    return at if _CALL.match(text) or _REGISTER.match(text) or text.startswith(("[signal ", "...")) else None


def _stack(text: str, at: At) -> At | None:
    """Functions, each with its place below it."""
    if text[:1] == "\t":
        return at._replace(seen=0)
    return at._replace(seen=1) if not at.seen and _FUNCTION.match(text) else None


def _blank(text: str, at: At) -> At | None:
    """Blank lines stand between goroutines and before the registers."""
    return At("go.body") if _GOROUTINE.match(text) or _REGISTER.match(text) else None


def _race(text: str, at: At) -> At | None:
    if _RULE.match(text):
        return COMPLETE
    return at if _RACE.match(text) else None


def _request(text: str, at: At) -> At | None:
    """gin shows the error, where it debugs also the request, before the stack."""
    if _GIN_FILE.match(text):
        return At("go.gin")
    return at._replace(seen=at.seen + 1) if at.seen < 60 and not RECORD.match(text) else None


def _gin(text: str, at: At) -> At | None:
    if not text:  # it resets the colour in a line of its own
        return COMPLETE
    return at if text[0] == "\t" or (_GIN_FILE.match(text) and not RECORD.match(text)) else None


GO = Family(
    suspects=(
        r"panic: ",
        r"fatal ",
        r"runtime: ",
        r"runtime stack",
        r"unexpected f",
        r"goroutine ",
        r"SIG[A-Z]{3}",
        r"WARNING: DATA",
        r"\[signal S",
        r"/[^\s:]++:\d++ \(0x",
        ("12", r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[Reco"),
        ("GPDHO", r"(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \S++ HTTP/"),
        QUALIFIED,
    ),
    enter=_enter,
    indented=((PRINTABLE, _indented),),
    steps={
        "go.head": _head,
        "go.body": _body,
        "go.stack": _stack,
        "go.blank": _blank,
        "go.race": _race,
        "go.request": _request,
        "go.gin": _gin,
    },
    waiting=("go.head", "go.stack"),
)
