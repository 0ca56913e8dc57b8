"""JavaScript and TypeScript: Node.js, Deno, Bun.

node: src/node_errors.cc (GetErrorSource, PrintException, TriggerUncaughtException), lib/internal/util/inspect.js
(formatError, `[cause]`, `[errors]`), lib/internal/process/warning.js; V8: src/execution/messages.cc (frames);
lib/events.js (identicalSequenceRange); SpiderMonkey: js/src/vm/SavedStacks.cpp (BuildStackString).
"""

import re

from log_shipper.stages.traces import managed
from log_shipper.stages.traces.phase import (
    ALWAYS,
    COMPLETE,
    DECLARED,
    ERROR_NAME,
    MESSAGE_LINES,
    NOT_ALONE,
    PLACE,
    RECORD,
    WEB_FRAME,
    At,
    Entry,
    Family,
    from_any,
)

_SCRIPT = re.compile(
    r"(?:node:\S+|\S+\.[cm]?[jt]sx?|evalmachine\S*|\[(?:eval|stdin)\](?:-wrapper)?|REPL\d+|<anonymous_script>|undefined):\d+$"
)
_NAMED = r"(?:(?<=Error)|(?<=Exception))"  # Description, Solution and Installation are headlines
_HEADER = re.compile(rf"(?:Uncaught )?[A-Z][\w$]*+{_NAMED}(?: \[\w+\])?(?:: |:$|$)|\[?UnhandledPromiseRejection")
_DENO = re.compile(rf"error: Uncaught (?:\(in promise\) )?(?:\(in worker \S+\) )?[A-Z]\w*+{_NAMED}(?:: |$)")
_STACKLESS = re.compile(rf"\[[A-Z]\w*+{_NAMED}(?: \[\w+\])?: .*\] \{{$")
_CAUSE = re.compile(r"Caused by: (?:Uncaught )?[A-Z]\w*+(?:: |$)")  # Deno; axios writes it into `stack`
_COMPARES = re.compile(r"AssertionError \[ERR_ASSERTION\]: ")  # what differs stands before the frames
_WARNING = re.compile(r"\(node:\d+\) ")
_USE = re.compile(r"\(Use `\S+ --trace-")
_PLACE = re.compile(
    r"(?:[^/.<:]*[/.<]|[\w-]{2,}:(?!\d)).*:\d+\)?$|native\)$|unknown(?: location)?\)$|<anonymous>\)?$|index \d+\)$"
)
# without a name a line and a column, or a script's name: debuggers say `at main.c:20`
_PLACE_ALONE = re.compile(
    r"(?:[^/.<:]*[/.<]|[\w-]{2,}:(?!\d)|REPL\d+:|\[[\w ]+\]).*(?::\d+|\.[cm]?[jt]sx?):\d+$|native$|unknown(?: location)?$|<anonymous>$|index \d+$"
)
_GECKO = re.compile(WEB_FRAME[1] + r"\S*:\d+:\d+$")
_EXCERPT = re.compile(r"[> ] *\d+ \| ?| +\| +\^")
_MATCHING = re.compile(
    r"\s+\.\.\. \d+ (?:lines matching|more|frames?|collapsed)|\s+\[\.\.\. lines matching original stack"
)
_SECOND = re.compile(r"Emitted '\w+' event (?:on \S+ instance )?at:|From previous event:")
_HEAP = re.compile(
    r"$|<--- |\[\d+:0x|FATAL ERROR: |----- (?:Native|JavaScript) stack trace|\s*\d+: 0x|\d+: \S.*:\d+:\d+\)?$|Aborted|v8::|==== |Security context"
)
_NAME = re.compile(r"\s+at (?:async )?[\w$.]+$")
_VERSION = re.compile(r"(?:Node\.js|Bun|Deno) v\d")


def is_warning(text: str) -> bool:
    """Node's own, of which a hint how to see more may come behind its last line."""
    return _WARNING.match(text) is not None


def is_frame(text: str) -> bool:
    """`    at name (file:line:column)`, without the name, `async`, or with a property list that opens behind it."""
    body = text.lstrip()
    if len(body) == len(text) or not body.startswith("at "):
        return False
    body = body[3:].rstrip(" {,").removeprefix("async ")
    if body.startswith("0x"):  # Valgrind's
        return False
    if body.endswith(")"):
        return _PLACE.match(body[body.rfind("(") + 1 :][-400:]) is not None
    return (" " not in body or body[0] in "/fn[") and _PLACE_ALONE.match(body[-400:]) is not None


def _indented(text: str, prev: str) -> Entry | None:
    return Entry(ALWAYS, _after_frame(text, At("js.frames")), from_any) if is_frame(text) else None


def _enter(text: str, prev: str) -> Entry | None:
    if " " not in text and text[-1].isdigit() and _SCRIPT.match(text):
        data = text.startswith(("<anonymous_script>", "undefined"))  # what JSON.parse was given
        return Entry(DECLARED, At("js.source", "data" if data else ""))
    if _HEADER.match(text):
        goes_on = text.endswith(": ") or _COMPARES.match(text)  # Prisma's messages begin in the next line
        mark = "loose" if RECORD.match(prev) or goes_on else ""
        if text[-1] == ":" and not mark:  # of Go and C, a label too
            return Entry(DECLARED, At("js.head", "", MESSAGE_LINES))
        return Entry(DECLARED, At("js.props", mark) if text.endswith("{") else At("js.head", mark))
    if text[0] == "[":
        return Entry(DECLARED, At("js.props")) if _STACKLESS.match(text) else None
    if "@" in text and _GECKO.match(text):
        return Entry(DECLARED, At("js.gecko"), from_any)
    if text.startswith("error: Uncaught "):
        return Entry(DECLARED, At("js.deno", "named" if _DENO.match(text) else ""))
    if text.startswith(("<--- Last few GCs", "FATAL ERROR: ", "----- Native stack trace -----")):
        return Entry(DECLARED, At("js.heap", "", 2 if text[0] == "-" else 0))
    if _USE.match(text):
        return Entry(ALWAYS if is_warning(prev) else NOT_ALONE, COMPLETE, is_warning)
    return None


def _after_frame(text: str, at: At) -> At:
    return At("js.props", at.mark) if text.endswith(" {") else At("js.frames", at.mark)


def _source(text: str, at: At) -> At | None:
    """The line of code that threw; then its mark."""
    if at.seen or (RECORD.match(text) and not at.mark):
        return At("js.mark", "uncaught") if at.seen and text.strip(" ^~\t") == "" and text.strip() else None
    return at._replace(seen=1)


def _deno(text: str, at: At) -> At | None:
    """Deno shows the line of code, as it is indented, and its mark before the frames."""
    if is_frame(text):
        return _after_frame(text, at)
    marks = text.strip(" \t") and not text.strip(" \t^~")
    if (
        marks
        or (at.seen < 3 and text[:1] in (" ", "\t"))
        or (at.mark and at.seen < MESSAGE_LINES and not RECORD.match(text))
    ):
        return at._replace(seen=at.seen + 1)
    return None


def _mark(text: str, at: At) -> At | None:
    """After the mark: a blank line and the error, or at once what was thrown without being an Error."""
    return At("js.head", "uncaught") if not text else At("js.head", "uncaught", 1)


def head(text: str, at: At) -> At | None:
    if managed.FRAME.match(text):  # of a Java class without a package
        return At("at.frames")
    if is_frame(text):
        return _after_frame(text, at)
    if _GECKO.match(text):  # Firefox and Safari
        return At("js.gecko")
    if _VERSION.match(text):
        return At("")
    if RECORD.match(text) and not (at.mark == "uncaught" and not at.seen):
        return None
    if at.seen < MESSAGE_LINES and (
        at.mark or text[:1] in (" ", "\t") or text.startswith("- ") or text == "Require stack:"
    ):
        if text.endswith(" {") and (
            _HEADER.match(text) or _HEADER.match(text, 1)
        ):  # an error without a stack: [Error: x] {
            return At("js.props", at.mark)
        return at._replace(seen=at.seen + 1)
    return None


def _frames(text: str, at: At) -> At | None:
    if is_frame(text):
        return _after_frame(text, at)
    if _MATCHING.match(text) or _NAME.match(text) or _SECOND.match(text):
        return at
    if text[:1] in (" ", "\t") and text.lstrip().startswith(("[cause]", "Caused by", "[errors]")):
        return at
    if _CAUSE.match(text):
        return at
    if not text:
        return At("js.end") if at.mark == "uncaught" else None
    return _end(text, at)


def _props(text: str, at: At) -> At | None:
    """Properties of the error, and its causes, to the closing brace."""
    if text.startswith("}"):
        return At("js.closed", at.mark)
    return at if text[:1] in (" ", "\t") or (not text and at.mark) else None


def _closed(text: str, at: At) -> At | None:
    if not text:
        return At("js.end") if at.mark == "uncaught" else None
    return _end(text, at)


def _heap(text: str, at: At) -> At | None:
    """Out of memory: the last collections and the stack of the engine itself."""
    if not _HEAP.match(text) or (at.seen and text.startswith("<---")):
        return None
    if text.startswith("----- Native"):
        return at._replace(seen=2) if at.seen < 2 else None
    return at._replace(seen=1) if text.startswith("FATAL ERROR: ") else at


def _end(text: str, at: At) -> At | None:
    if _VERSION.match(text):
        return At("")
    if _USE.match(text):
        return At("js.frames", at.mark)
    if text.startswith("digest: "):  # Next.js
        return At("js.excerpt")
    return At("js.head", "uncaught", 1) if text == "Thrown at:" else None


def _gecko(text: str, at: At) -> At | None:
    return at if _GECKO.match(text) else None


def _excerpt(text: str, at: At) -> At | None:
    return at if _EXCERPT.match(text) else None


JAVASCRIPT = Family(
    suspects=(
        ERROR_NAME,
        r"Uncaught ",
        WEB_FRAME,
        r"error: Uncaught ",
        r"\(Use `",
        r"\[UnhandledP",
        r"\[[A-Z]\w*+(?<=Error|ption)[: ]",
        r"\[eval\]",
        r"\[stdin\]",
        r"<anonymous_script>:\d",
        r"<--- Last few GCs",
        r"FATAL ERROR: ",
        r"----- Native st",
        r"file:[^\s:]++:\d++(?:[\r\x1b]|$)",
        r"node:[^\s:]++:\d++(?:[\r\x1b]|$)",
        PLACE,
    ),
    enter=_enter,
    indented=(("a", _indented),),
    steps={
        "js.source": _source,
        "js.deno": _deno,
        "js.mark": _mark,
        "js.head": head,
        "js.frames": _frames,
        "js.props": _props,
        "js.closed": _closed,
        "js.heap": _heap,
        "js.end": _end,
        "js.excerpt": _excerpt,
        "js.gecko": _gecko,
    },
    waiting=("js.head", "js.deno"),
)
