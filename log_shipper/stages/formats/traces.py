"""Uncaught exceptions, panics and aborts, as runtimes announce them, and runtimes' own warnings.

JVM, Python, Go, Rust, JavaScript (Node, Deno, browsers), Ruby, PHP, .NET, C++ and its sanitizers, glibc, Erlang and
Elixir, Dart, Lua, OCaml, Haskell, R, Perl, Objective-C, Swift, Zig, Crystal, Nim, Fortran. They need no level word: an
uncaught exception is an error, a panic or a fatal error of a runtime is critical.
"""

import re

from log_shipper.stages.formats.levels import CRITICAL, ERROR, WARNING, Found, of_word
from log_shipper.stages.formats.words import is_value

_CRITICAL = re.compile(
    r"panic: |The application panicked \(crashed\)\.$|fatal error: |fatal runtime error: |thread '[^']{0,200}+' (?:\(\d+\) )?panicked at |thread \d+ panic: "
    r"|(?:PHP )?(?:Catchable )?[Ff]atal error: |Fatal Python error: |FATAL ERROR: |Fatal Error: |Fatal:? exception"
    r"|# A fatal error has been detected by |Kernel panic - not syncing"
    r"|\*\*\* (?:stack smashing detected|buffer overflow detected) \*\*\*|\*\*\* Signal \d+: Backtracing from 0x|(?:\*\*\*|💣) Program crashed: |http: panic serving \S+: "
    r"|SIG(?:SEGV|BUS|ABRT|FPE|ILL): |unexpected fault address |Received signal \d+ SIG"
)
_ERROR = re.compile(
    r"Traceback \(most recent call last\):|[╭┌][─ ]{1,200}+Traceback \(most recent call last\)|\+ Exception Group Traceback|\| (?:Base)?ExceptionGroup: .{0,300}?\(\d+ sub-exceptions?\)$|Exception in thread (?:\"|[^:]{1,80}:$)|Exception in Tkinter callback"
    r"|Exception ignored in: |Exception in callback |Unhandled Error$|Unhandled [Ee]xception(?:\. |:| at 0x)|Unhandled [Rr]ejection(?: \(|: | at: | [A-Z]\w*(?:Error|Exception))"
    r"|Uncaught (?:\(in promise\) |[\w$.\\]*(?:Error|Exception)[: ])|[Uu]ncaught exception(?::| of type | ')|uncaughtException: |unhandledRejection: |\[UnhandledPromiseRejection|Unhandled 'error' event"
    r"|terminate called |libc\+\+abi: terminating|\*\*\* Terminating app due to uncaught|Caused by: [a-z]\w*+\.[\w.$]++"
    r"|\*\* \((?:EXIT|exit|throw|stop|[A-Z][\w.]*+)\) |\*\* \(EXIT |\*\* exception \w+: |lua[\d.]*: (?:\S+|\(command line\)):\d+: |luajit: |==\d+==ERROR: \w+Sanitizer"
    r"|Error in .{1,200}? : |Error in [\w.:]+\(.{0,200}?\) :|Fortran runtime error: |Died at \S+ line \d+|Program terminated with signal"
    r"|double free or corruption|free\(\): invalid |malloc\(\): |corrupted size vs\. prev_size|munmap_chunk\(\): invalid pointer"
    r"|goroutine \d+ \[[a-z ,0-9]+\]:|\{\"init terminating in |stack traceback:$|══╡ EXCEPTION CAUGHT BY |\*\*\* SIG[A-Z]+ (?:\(@0x[0-9a-f]+\) )?received"
    r"|\*\*\* Error in `|Assertion failed: .{1,300}? (?:\(\S+: \S+: \d+\)$|line \d+\.?$)"  # glibc's before 2.26, musl's, BSD's
    r"|----- Native stack trace -----$|\*\*\* Aborted at \d+ \([Uu]nix time|\*\*\* Check failure stack trace: \*\*\*"
    r"|(?:Execution|Unexpected) error at \S{1,200} \(\S{1,200}\)\.$|(?:Execution|Unexpected) error \([\w.$]{1,80}\) (?:at|macroexpanding|printing|reading) |Syntax error (?:\([\w.$]{1,80}\) )?(?:compiling|macroexpanding|reading source) "
    r"|Execution of .{1,200}? terminated by unhandled exception$|raised [A-Z][A-Z0-9_.]{1,80} : |An unhandled exception occurred at \$|Unhandled [A-Z][A-Z:*-]{1,80} in thread #<"
    r"|CallStack \(from HasCallStack\)|escript: exception |Error: unhandled exception|runtime error: "
)
# CamelCase name, with its package or module before it: `java.lang.IllegalStateException: …`, `Errno::ENOENT: …`
_NAMED = re.compile(
    r"(?:(?:[A-Za-z_$][\w$]*+(?:\.|::|\\))*(?:[A-Z][\w$]*?(?:Error|Exception|ExceptionGroup)|Exception(?!: \[))"
    r"|(?:[a-z_]\w*+\.){1,8}(?<=\.exceptions\.)[A-Z]\w*+)(?: \[\w+\]| \(0x[0-9A-Fa-f]{8}\)|\(\d+\)|\[[\w-]+\]|@[^\s()]{1,200}\(\d+\))?(?::\s| \(\d+ sub-exceptions?\)$)"
)
_BARE_NAME = re.compile(r"(?:[a-z_$][\w$]*+\.){1,20}[A-Z][\w$]*?(?:Error|Exception)\s*$")
_WARNING = re.compile(r"(?:\S.{0,200}?:\d+: )?(?:PHP )?[A-Z]?\w*?Warning: ")
_PYTHON_WARNING = re.compile(r"\S[^:]{0,250}+(?::[^:]{0,60}+)??:\d+: (?:[A-Z]\w{0,60}?)?Warning: ")
_RUBY = re.compile(
    r"[^\s:]{1,250}+:\d+:in [`'][^':]{0,200}+(?:'[^':]*+)?: .*\([A-Z][\w:]*+\)|[^\s:]{1,250}+:\d+:in [`'].{1,200}?': unhandled exception"
)
_REPORT = re.compile(r"=([A-Z]{4,10}) REPORT====")
_FAILED = re.compile(r"failed(?: at |\.|:|$)")
_SANITIZER = re.compile(r"\S+?:\d+:\d+: runtime error: ")
_SANITIZER_WARNS = re.compile(r"==\d+==\s?WARNING: \w+Sanitizer: ")
_HASKELL = re.compile(  # a program's name, and how GHC shows its own exceptions, and from 9.10 on any (base: GHC.Exception, GHC.IO.Exception)
    r"[^\s:]{1,200}+: (?:user error \(|<<loop>>$|Prelude\.[\w!]{1,20}+: |Uncaught exception [\w.-]{1,200}+:[\w.]{1,200}+:$|\S{1,200} Non-exhaustive \w)"
)
_PHP = re.compile(
    r"(?:PHP )?(Parse error|Warning|Notice|Deprecated|Strict Standards|Core warning|Compile warning|Recoverable fatal error|(?<=PHP )Error): "
)
_GLIB = re.compile(
    r"(?:\*\* |[\w-]*-|\(\S+:\d+\): [\w-]*?-?|\*\* \(\S+:\d+\): )(ERROR|CRITICAL|WARNING|Message|INFO|DEBUG)(?: \*\*)?: "
)
_FRAMES = re.compile(
    r"\n(?:[ \t]++(?:at \S.{0,200}?[\])\d>][ \t]*+$|at [\w.$<>/]+\(|from \S+:\d+:in |Traceback \(most recent call last\):[ \t]*+$)|.{0,200}? called at \S+ line \d+)|\n(?:#\d+ \S|\t[\w./-]++\.go:\d+ |\t?[^\s:]{1,200}:\d+:in [`'])|\n    while (?:executing|compiling)\n|\nLine \|$|\nAt (?:\S.{0,300}?|line):\d+ char:\d+$|\A\[(?:[A-Z]\w{0,60})?(?:Error|Exception)[: ].{0,500}\] \{$|\A\S{1,300}:\d+\n.*\n\s*\^+\s*$",
    re.MULTILINE,
)
NAME_ENDS: tuple[str, ...] = ("Error", "Exception", "]", ")", "Group")
# Three characters tell most lines from announcements, at a tenth of what the expressions take; a test reads these
# from the expressions.
BEGINNINGS: frozenset[str] = frozenset(
    "# A|---|***|** |+ E|💣 P|An |rai|Ass|Cal|Cat|Cau|Die|Err|Exc|FAT|Fat|For|Exe|Ker|PHP|Syn|Une|Pro|Rec|SIG|The|Tra|Unc|Unh|[Un|cor|dou|esc|fat|fre|gor|htt"
    '|lib|lua|mal|mun|pan|run|sta|ter|thr|unc|une|unh|{"i|══╡'.split("|")
) | {"| E", "| B"}
"""Of announcements, but for names of exceptions and those that begin with a place."""
ALWAYS = "=╭┌"
"""First characters of lines that are looked at in any case"""
_PHP_BEGINNINGS = frozenset("PHP Par Not Dep Str Cor Com".split())  # beside those with `arning: `
_LOOKED_AT = 400
_NAME = 240  # characters in which an exception's name ends
_MOST_SCOPES = 8  # in the name of an exception
_FRAME_LINES = 8  # behind the first: frames follow soon
_REPORTS = {"CRASH": ERROR, "SUPERVISOR": ERROR, "PROGRESS": "info"}


def find(line: str) -> Found | None:
    """What a runtime's announcement at the line's beginning declares."""
    line, beginning = line[:_LOOKED_AT], line[:3]
    if "arning: " in line or beginning in _PHP_BEGINNINGS:
        found = _warning(line)
        if found is not None:
            return found
    if beginning in BEGINNINGS or line[0] in ALWAYS:
        if _CRITICAL.match(line):
            return None if is_value(line, line.find(":") + 1) else (CRITICAL, "trace")
        if _ERROR.match(line):
            return ERROR, "trace"
        if line[0] == "=":  # Erlang's error logger, and MemorySanitizer
            if _SANITIZER_WARNS.match(line):
                return WARNING, "trace"
            match = _REPORT.match(line)
            declared = (_REPORTS.get(match[1]) or of_word(match[1])) if match is not None else None
            return (declared, "trace") if declared is not None else None
    colon = line.find(":")
    return (ERROR, "trace") if _named(line, colon) or (colon >= 0 and _placed(line)) else None


def frames(message: str) -> bool:
    """Whether stack frames follow the first line of a message of several lines."""
    if (
        " at " not in message
        and ":in " not in message
        and "\n#" not in message
        and "\t" not in message
        and "    while " not in message
        and "^" not in message
        and " char:" not in message
        and "\nLine |\n" not in message
        and "] {\n" not in message
    ):
        return False
    if "Full thread dump " in message[:300]:
        return False
    return _FRAMES.search("\n".join(message.split("\n", _FRAME_LINES + 1)[: _FRAME_LINES + 1])) is not None


def glib(line: str) -> Found | None:
    """GLib's `(process:123): Gtk-WARNING **: text`."""
    head = line[:200]
    if "**" not in head and "-Message: " not in head and "-DEBUG: " not in head:
        return None
    match = _GLIB.match(line)
    declared = of_word(match[1]) if match is not None else None
    return (declared, "prefix") if declared is not None else None


def _named(line: str, colon: int) -> bool:
    """`java.io.IOException: text`: the name of an exception, up to the first colon (at `colon`) or alone."""
    for _ in range(_MOST_SCOPES):
        if colon < 0 or line[colon + 1 : colon + 2] != ":":  # Ruby's, C++'s Errno::ENOENT
            break
        colon = line.find(":", colon + 2, _NAME)
    if colon >= _NAME:
        return False
    if colon > 0:
        if line[:colon].endswith(NAME_ENDS) or ".exceptions." in line[:colon]:
            match = _NAMED.match(line)
            return match is not None and not is_value(line, match.end())
        return False
    return (
        len(line) <= _NAME
        and line.endswith(NAME_ENDS)
        and (_BARE_NAME.match(line) is not None or _NAMED.match(line) is not None)
    )


def _placed(line: str) -> bool:
    """Announcements that begin with a place in the source: Ruby's, UBSan's, assert(3)'s; or with a program's name: GHC's."""
    if ":in " in line and _RUBY.match(line):
        return True
    if "runtime error: " in line and _SANITIZER.match(line):
        return True
    if _HASKELL.match(line) is not None:
        return True
    asserted = line.find(": Assertion ")
    return asserted >= 0 and _FAILED.search(line, asserted) is not None


def _warning(line: str) -> Found | None:
    match = _PHP.match(line)
    if match is not None:
        if "fatal" in match[1]:
            return CRITICAL, "trace"
        if "rror" in match[1]:
            return ERROR, "trace"
        if is_value(line, match.end()):
            return None
        return ("info" if match[1] == "Notice" else WARNING), "prefix"
    if "arning: " not in line:
        return None
    match = (_WARNING.match(line) if line[0].isupper() else None) or _PYTHON_WARNING.match(line)
    if match is not None and not is_value(line, match.end()):
        return WARNING, "prefix"
    return None
