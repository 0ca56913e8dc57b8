"""The frames of a stack trace: which function of which file, and whether it is of the user's own code.

A file goes by its name alone and without a line's number: where a program lies, and what stands above a function, change
with every release.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

MOST_FRAMES: Final = 10  # nearest to the error
_LINES: Final = 2000  # of a message that are looked at
_BUILD: Final = re.compile(
    r"<[0-9a-f]{16,}>|\[[0-9a-f]{8,}\]|\d+"
)  # what another build of the same code calls otherwise
_LAMBDA: Final = re.compile(r"\$\$?Lambda\S*|\$Proxy\d*|__\w+|<lambda_\w+>|lambda_method\d*")


@dataclass(frozen=True, slots=True)
class Frame:
    file: str  # '' where the runtime does not say
    function: str
    own: bool

    @property
    def name(self) -> str:
        file = re.split(r"[/\\]", self.file)[-1]
        function = _LAMBDA.sub("λ", self.function)
        return _BUILD.sub("", f"{file}:{function}")


# Each with the groups `file` and `function`, where the language tells them; the first that fits a line counts.
_FORMS: Final = tuple(
    re.compile(form)
    for form in (
        r"\s*(?:[|+]\s*)?File \"(?P<file>[^\"\n]{1,500})\", line \d+(?:, in (?P<function>\S.{0,200}))?$",  # Python
        # Java, Kotlin, Scala: `at a.b.C.m(C.java:5)`, with a module or loader before it
        r"\s+at (?:[\w.@$-]{1,200}/{1,2})?(?P<function>[\w.$<>/λ-]{1,300})\((?P<file>[\w$ -]{1,200}\.(?:java|kt|scala|groovy|clj)):\d+\)",
        r"\s+at (?:[\w.@$-]{1,200}/{1,2})?(?P<function>[\w.$<>/-]{1,300})\((?P<file>Native Method|Unknown Source|<generated>)\)",
        # .NET: `at A.B.M(String s) in /src/B.cs:line 5`, mono: `at A.M (System.Int32 n) [0x00006] in <..>:0`
        r"\s+at (?P<function>[\w.`+<>$|\[\],-]{1,300}) ?\([^()]{0,500}\)(?: \[0x\w+\])? in (?P<file>[^\n]{1,500}?):(?:line )?\d+\s*$",
        # Node: `at f (/app/a.js:3:4)`, `at /app/a.js:3:4`; bun, deno, browsers alike
        r"\s+at (?P<function>(?:async |new )?[^\n()]{1,200}?(?: \[as [^\]\n]{1,100}\])?) \((?P<file>[^\n()]{1,500}?):\d+:\d+\),?",
        r"\s+at (?:async )?(?P<file>[^\n():]{0,10}:?[^\n():]{1,500}):\d+:\d+,?(?: \{)?$",
        r"\s+at (?P<function>[\w.`+<>$|\[\],-]{1,300}) ?\([^()\n]{0,500}\)\s*$",
        # Ruby: `from z.rb:2:in 'munch'`, and the first line of a report
        r"\s*(?:from )?(?P<file>[^\s:]{1,300}):\d+:in [`'](?P<function>[^'\n]{1,200})'",
        r"#\d+ (?P<file>[^\n(]{1,300})\(\d+\): (?P<function>[\w\\:>{}-]{1,200})\(",  # PHP
        r"\s+\d{1,4}:\s+(?:0x[0-9a-f]+ - )?(?P<function>[\w<>:&{}# ,.\[\]()*;='-]{1,300}?)(?:::h[0-9a-f]{16})?$",  # Rust
        r"#\d+\s+(?:0x[0-9a-f]+ )?in (?P<function>\S.{0,200}?) (?P<file>\S{1,300}?)(?::\d{1,9}){0,3}$",  # sanitizers, gdb
        # Erlang, Elixir: `(app 0.1.0) lib/a.ex:5: A.f/1`
        r"\s+\((?:[\w.-]+ ){0,3}[\w.-]+\) (?P<file>[\w./-]{1,300}):\d+: (?P<function>\S{1,200})",
        r"\s+(?P<file>[\w./-]{1,300}\.(?:pl|pm|lua|ex|exs)):\d+:? (?:in |: )?(?:function |method )?(?P<function>[^\n]{1,200})$",
    )
)
_GO_CALL: Final = re.compile(r"(?P<function>[\w./~-]{1,300}(?:\(\*?[\w\[\].]{1,100}\)[\w.\[\]-]{0,200})?)\([^\n]*\)$")
_GO_PLACE: Final = re.compile(r"\t(?P<file>\S[^\n:]{0,300}):\d+(?: \+0x[0-9a-f]+)?$")
_RUST_PLACE: Final = re.compile(r"\s+at (?P<file>[^\s:][^\n:]{0,300}):\d+(?::\d+)?$")

_FOREIGN_FILES: Final = re.compile(
    r"/(?:site|dist)-packages/|/lib(?:64)?/python\d|^<frozen |^<string>$|\\lib\\(?:site-packages|asyncio|threading)"
    r"|/node_modules/|^node:|^internal/|^bun:|^deno:|^ext:"
    r"|/usr/(?:local/)?(?:lib|share)/|/go/src/|/go/pkg/mod/|/pkg/mod/|/vendor/|^/rustc/|/\.cargo/|/rustlib/"
    r"|/gems/|^<internal:|/rubies/|/lib/ruby/|^<[0-9a-f]{32}>|^\[?native code|^Native Method$|^<generated>$|^-e$"
    r"|/_/src/|^/_/|/deps/"
)
_FOREIGN_FUNCTIONS: Final = re.compile(
    r"(?:java|javax|jdk|sun|com\.sun|kotlin|kotlinx|scala|groovy|clojure|org\.springframework|org\.apache|org\.junit"
    r"|org\.hibernate|org\.eclipse\.jetty|io\.netty|reactor|ch\.qos|com\.zaxxer"
    r"|System|Microsoft|Mono|core::|std::|alloc::|__rustc|rust_|tokio::|_?start_thread|__libc|clone)(?:[.:_/$(]|$)"
    r"|<(?:alloc|core|std|tokio)::|runtime\.|runtime/|net/http\.|testing\.|reflect\.|sync\.|panic$|__rust_|_start$"
)


def frames_of(lines: Iterable[str]) -> list[Frame]:
    """In the order of the lines; a frame that follows itself (recursion) once."""
    found: list[Frame] = []
    for frame in _frames(lines):
        if not found or found[-1] != frame:
            found.append(frame)
    return found


def chosen(frames: list[Frame], *, nearest_last: bool) -> list[str]:
    """Names of the user's own frames nearest to the error; of all, where none is."""
    own = [frame for frame in frames if frame.own] or frames
    names = [frame.name for frame in own]
    return names[-MOST_FRAMES:] if nearest_last else names[:MOST_FRAMES]


def _frames(lines: Iterable[str]) -> Iterator[Frame]:
    waiting = ""  # a function whose file stands in the next line
    for number, line in enumerate(lines):
        if number >= _LINES:
            return
        if waiting:
            place = _GO_PLACE.match(line) or _RUST_PLACE.match(line)
            yield _frame(place["file"] if place else "", waiting)
            waiting = ""
            if place:
                continue
        if line[:1] not in " \t#|+" and line.endswith(")") and (call := _GO_CALL.match(line)):
            waiting = call["function"]
            continue
        for form in _FORMS:
            match = form.match(line)
            if match:
                told = match.groupdict()
                if "file" in told:
                    yield _frame(told["file"] or "", told.get("function") or "")
                elif line.lstrip()[:1].isdigit():
                    waiting = told["function"] or ""
                else:
                    yield _frame("", told["function"] or "")
                break
    if waiting:
        yield _frame("", waiting)


def _frame(file: str, function: str) -> Frame:
    foreign = _FOREIGN_FILES.search(file) or _FOREIGN_FUNCTIONS.match(function)
    return Frame(file.strip(), function.strip(), not foreign)
