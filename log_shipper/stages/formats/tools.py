"""Compilers, build tools, package managers and clients: how each marks what it says.

`file:line:col: error: …` and its kin are chains of names that end in a level (GNU Coding Standards, "Errors"; MSBuild's
canonical error format); the rest are the tools' own marks.
"""

import re

from log_shipper.stages.formats import named
from log_shipper.stages.formats.levels import CRITICAL, DEBUG, ERROR, INFO, LETTERS, UPPER, WARNING, Found, of_word
from log_shipper.stages.formats.words import is_value

# What stands between two `: ` and declares: `error`, `fatal error C1083`, `error TS2304`, `warning #177-D`, `error[E0425]`, `[error]`, `错误`
_LEVEL_PART = re.compile(
    r"(?:\[)?((?:[Ff]atal |internal compiler |[Ii]nternal |[Dd]eprecation |DEPRECATION )?[^\W\d_]+)(?:\])?(?: ?(?:\([^()]{1,60}\)|[A-Z]{1,8}\d{1,6}|#\d{1,5}(?:-D)?)|\[[\w:-]+\])?$"
)
_WORDED = re.compile(r"(fatal|internal compiler|internal|deprecation) (error|warning)$", re.IGNORECASE)
_NAME_PART = re.compile(
    r"[^\s\"'={}]+(?:\(\d+(?:[,-]\d+)*\))?\s?$|[^\s\"'={}]+ (?:line \d+|\(\S+\))$|(?:In file included from|runsv|svlogd) \S+$"
)
_SPACED_NAME = re.compile(
    r"[^\s:]{1,200} (?:: |[\w.+-]{1,40}: (?:[a-z]+): )|(?:In file included from|runsv|svlogd) |[^\s:]{1,200} \("
)
_SUBCOMMAND = re.compile(r"([a-z][a-z0-9+_-]{1,30}+) [a-z][a-z0-9-]{1,30}+: (error|warning): (?=\S)")
_LOOKED_AT = 400
_PLACE = 250  # characters in which a place in a file ends
_NPM = re.compile(
    r"(?:npm |yarn |pnpm |bun |lerna |gyp |node-pre-gyp |prisma:)(ERR!|WARN|warn|error|info|notice|verbose|verb|http|sill|silly)(?=\s|$)"
)
_ERR = re.compile(r"[\w.@/-]{1,30} ERR! ")  # npmlog with another heading
_NPM_TYPES = {
    "ERR!": ERROR,
    "error": ERROR,
    "WARN": WARNING,
    "warn": WARNING,
    "verb": DEBUG,
    "verbose": DEBUG,
    "sill": DEBUG,
    "silly": DEBUG,
}
_YARN = re.compile(  # `warning a > b@1.0.0: text`, `warning package.json: text`
    r"(error|warning|warn|info|verbose|debug) (?=[A-Z\"']|\S{1,300}+(?<=\S\.json:) |\./\S|[a-z]{1,80}+[A-Z]\w{1,80}+: |(?:[@\w./-]{1,80}+ > ){0,20}@?[\w./-]{1,80}+@[^\s:]{1,40}+: |package-lock\.json found\.)"
)


def _cuda(program: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """CUDA's compilers pad the level to eight characters: `ptxas error   : text`."""
    levels = (("fatal", CRITICAL), ("error", ERROR), ("warning", WARNING))
    return tuple((re.compile(rf"{program} {word} {{1,4}}: "), log_type) for word, log_type in levels)


# Marks by their first character, in the order in which they are tried.
_FORMS: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    "!": (
        (re.compile(r"! (?:LaTeX|(?:Package|Class) [\w-]{1,60}) Error: "), ERROR),
        (  # what TeX itself says (tex.web: print_err)
            re.compile(
                r"! (?:Undefined control sequence\.|Missing \S{1,12} inserted|Emergency stop\.|Extra \S{1,20}, or forgotten|Too many \}'s\."
                r"|Misplaced \S{1,20}|Paragraph ended before |Illegal parameter number |TeX capacity exceeded|File ended while scanning )"
            ),
            ERROR,
        ),
    ),
    "%": (
        (re.compile(r"%Error(?:-\w+)?: "), ERROR),
        (re.compile(r"%Warning(?:-\w+)?: "), WARNING),
    ),  # Verilator
    "-": ((re.compile(r"--> FOAM FATAL (?:IO )?ERROR"), CRITICAL), (re.compile(r"--> FOAM Warning ?:"), WARNING)),
    "@": ((re.compile(r"@ERROR: "), ERROR),),  # rsync's daemon
    "C": (
        (re.compile(r"CMake (?:Internal )?Error(?: |:)"), ERROR),
        (re.compile(r"CMake (?:Deprecation )?Warning(?: |:)"), WARNING),
    ),
    "D": (
        (
            re.compile(r"(?:Deprecation Warning|DEPRECATION WARNING)(?: \[[\w-]+\]| on line \d+[^:]{0,200}+)?: "),
            WARNING,
        ),
    ),
    "E": (
        (
            re.compile(
                r"Error response from daemon: |Error from server(?: \(\w+\))?: |Err:\d+ \S|ERR_PNPM_\w+|ERROR! "
                r"|ELIFECYCLE {1,3}Command failed "  # pnpm, of a script's exit code
            ),
            ERROR,
        ),
    ),
    "F": ((re.compile(r"FATAL ERROR: "), CRITICAL),),
    "I": (
        (re.compile(r"In addition: Warning message"), WARNING),
        (re.compile(r"Internal server error: (?=[^\s\d])"), ERROR),  # Vite's server/middlewares/error.ts
    ),
    "J": ((re.compile(r"Java HotSpot\(TM\) .{0,60}? VM warning: "), WARNING),),
    "P": (
        (re.compile(r"Package [\w-]{1,60} Error: "), ERROR),
        (re.compile(r"Package [\w-]{1,60} Warning: "), WARNING),
    ),
    "L": (
        (re.compile(r"LaTeX (?:\w{1,20} )?Warning: "), WARNING),
        (re.compile(r"LibClamAV Error: "), ERROR),
        (re.compile(r"LibClamAV Warning: "), WARNING),
    ),
    "l": ((re.compile(r"libpng error: "), ERROR), (re.compile(r"libpng warning: "), WARNING)),
    "M": ((re.compile(r"Module not found: Error: "), ERROR),),
    "O": ((re.compile(r"OpenJDK .{0,60}? VM warning: "), WARNING),),
    "T": ((re.compile(r"TLS (?:Auth )?Error: "), ERROR),),  # OpenVPN
    "V": ((re.compile(r"VERIFY ERROR: "), ERROR),),
    "W": ((re.compile(r"Warning messages?:"), WARNING), (re.compile(r"Write-Error ?: "), ERROR)),
    "d": (
        (re.compile(r"docker: Error response from daemon: |dpkg(?:-\w+)?: error processing "), ERROR),
        (re.compile(r"deprecation warning(?: \[[\w-]+\])?: "), WARNING),
    ),
    "e": (
        (re.compile(r"errors: (?:<\w{1,40}> )?[A-Z]{2,6} Error: "), ERROR),  # Roundcube's IMAP, SMTP, DB, PHP Error
        (re.compile(r"error(?:\[[\w-]+\]| [A-Z]{1,8}\d{1,6}): |error during (?:build|connect):(?: |$)"), ERROR),
    ),
    "f": (
        (re.compile(r"fail: [\w.`+<>-]+\[-?\d+\]"), ERROR),  # .NET's console logger
        (re.compile(r"fatal error(?: [A-Z]{1,8}\d{1,6})?: "), CRITICAL),
    ),
    "g": ((re.compile(r"g?make(?:\[\d+\])?: \*\*\* "), ERROR),),
    "m": ((re.compile(r"make(?:\[\d+\])?: \*\*\* |mysqldump: Got error: "), ERROR),),
    "n": _cuda("nv(?:cc|link)"),
    "p": _cuda("ptxas"),
    "r": ((re.compile(r"rsync error: "), ERROR), (re.compile(r"rsync warning: "), WARNING)),
    "S": ((re.compile(r"SCRIPT ERROR: "), ERROR),),  # Godot
    "s": ((re.compile(r"svn: E\d{6}: "), ERROR), (re.compile(r"svn: warning: "), WARNING)),
    "w": (
        (re.compile(r"wandb: ERROR "), ERROR),
        (re.compile(r"wandb: WARNING "), WARNING),
        (re.compile(r"warning(?:\[[\w-]+\]| [A-Z]{1,8}\d{1,6}): "), WARNING),
    ),
}
_NPM_FIRSTS = frozenset("npyblg")
BEGINNINGS: frozenset[str] = frozenset(
    "@ER %Er %Wa --> CMa DEP Dep ELI ERR Err FAT Int Jav LaT Lib Mod Ope Pac SCR War Wri bun dep doc dpk err fai fat gma gyp ler lib mak mys nod npm pnp pri rsy svn TLS VER wan war yar nvc nvl ptx".split()
) | {"In ", "! L", "! P", "! C", "! U", "! M", "! E", "! T", "! I", "! F"}
"""Three characters tell most lines from those with a mark; a test reads these from the expressions."""
_AT_PLACE = re.compile(r"\s*+\d{1,6}:\d{1,5}\s++(error|warning)\s{1,6}\S")
_TSC = re.compile(r"\S+?:\d+:\d+ - (error|warning|message|information)(?: TS\d+)?: ")
_HADOLINT = re.compile(r"\S+:\d+ [A-Z]{2}\d{4} (error|warning|info|style): ")
_PASCAL = re.compile(r"\S{1,200}+(?<=\))(?<=[\d,]\)) (Fatal|Error|Warning|Note|Hint): ")  # a.pas(3,5) Error: text
_RUBOCOP = re.compile(r"\S+?:\d+:\d+: ([EWF]): (?:\[Correctable\] )?[A-Z]\w+(?:/|:)")
_MAKEFILE = re.compile(r"[^\s:]{1,200}:\d+: \*\*\* ")
_KOTLIN = re.compile(r"([ew]): (?:file://)?/?\S+(?::\d+:\d+ |: \(\d+, \d+\): )")
_NCCL = re.compile(
    r"[^\s:]{1,100}+:\d{1,9}:\d{1,9} \[\d{1,4}\] (?:[\w./-]{1,100}:\d{1,6} )?NCCL (WARN|INFO|TRACE|ABORT) "
)
_VLC = re.compile(  # modules/logger/console.c: an object's address, maybe a header, the module, the kind of object
    r"\[[0-9a-f]{16}\] (?:\[[^\]]{1,60}\] )?[\w-]{1,40} [a-z]{3,20}(?: [a-z]{3,20})? (error|warning|debug): "
)
_CONMON = re.compile(r"\[conmon:([ewid])\]:? ")  # src/utils.h
_COMPACT = re.compile(r"[^\s:]{1,200}: line \d+, col \d+, (Error|Warning|Info) - ")  # eslint -f compact
_DOCUTILS = re.compile(r"[^\s:]{1,200}:\d+: \((INFO|WARNING|ERROR|SEVERE)/[1-4]\) ")
_KERNEL = re.compile(  # EXT4-fs error (device sda1): text
    r"[A-Z][A-Z\d]{1,9}(?:-fs)? (emergency|alert|critical|error|warning|notice|info|debug) \(device [^()]{1,60}\): "
)
_SCALA3 = re.compile(r"-- (?:\[E\d+\] )?(?:[A-Z]\w+ ){0,3}(Error|Warning): \S+:\d+:\d+ -")


def subcommand(line: str) -> Found | None:
    """`guix build: error: text`, and what argparse says of a command's own arguments: a program, one of its commands, and a level."""
    match = _SUBCOMMAND.match(line)
    if match is None or not named.may_be_name(match[1]) or is_value(line, match.end()):
        return None  # see also: warning: text
    return of_word(match[2]) or ERROR, "prefix"


def find(line: str) -> Found | None:
    """What a tool's own mark at the line's beginning declares."""
    return own_mark(line) or chain(line)


def own_mark(line: str) -> Found | None:
    """What a mark that is one tool's own declares."""
    if line[:3] not in BEGINNINGS and " ERR! " not in line[:40]:
        return None
    first = line[0]
    if first in _NPM_FIRSTS:
        match = _NPM.match(line)
        if match is not None:
            return _NPM_TYPES.get(match[1], INFO), "tool"
    if " ERR! " in line[:40] and _ERR.match(line):
        return ERROR, "tool"
    for form, log_type in _FORMS.get(first, ()):
        if form.match(line):
            return log_type, "tool"
    return None


def chain(line: str) -> Found | None:
    """Names that end in `: `, then a level and `: `: `main.c:3:5: error: …`, `remote: error: …`, `nginx: [emerg] …`."""
    head = line[:_LOOKED_AT]
    colon = head.find(":")
    if colon < 0 or (" " in head[:colon] and _SPACED_NAME.match(head) is None) or head.startswith("http"):
        return _named_place(head)
    parts = (head + " ").replace("：", ": ").split(": ", 6)
    following = len(parts[0]) + 2
    if _NAME_PART.match(parts[0]) is None:
        return _named_place(head)
    if len(parts) > 1 and parts[1].startswith("error while loading shared libraries"):  # ld.so
        return ERROR, "prefix"
    named = _of_part(parts[0]) if ":" in parts[0] and len(parts) > 1 else None
    if named is not None:
        return named, "column"
    for part in parts[1:-1]:
        if part.startswith("["):
            return _bracketed(part)
        following += len(part) + 2
        declared = _of_part(part.rstrip())
        if declared is not None:
            return None if is_value(line, following) else (declared, "prefix")
        if _NAME_PART.match(part) is None:
            return _named_place(head)
    return _bracketed(parts[-1]) if len(parts) > 1 and parts[-1].startswith("[") else _named_place(head)


def _bracketed(part: str) -> Found | None:
    """`nginx: [emerg] bind() failed`, `mysqld: [Warning] text`."""
    closed = part.find("]", 1, 14)
    declared = of_word(part[1:closed].strip()) if part.startswith("[") and closed > 2 else None
    return (declared, "bracket") if declared is not None else None


def _of_part(part: str) -> str | None:
    if ":" in part and "(" not in part:  # app.tasks:ERROR, and not jq's error (at <stdin>:1)
        last = part[part.rindex(":") + 1 :]
        return UPPER[last] if len(last) > 3 and last in UPPER else None
    if len(part) > 40:
        return None
    match = _LEVEL_PART.match(part)
    if match is None:
        return None
    word = match[1]
    worded = _WORDED.match(word)
    if worded is not None:
        if worded[2].lower() == "warning":
            return WARNING
        return CRITICAL if worded[1].lower() == "fatal" else ERROR
    if word.isascii() and len(word) < 3:
        return None
    return of_word(word)


def _named_place(head: str) -> Found | None:
    """tsc's `a.ts:3:5 - error TS2304: …`, hadolint's `Dockerfile:3 DL3008 warning: …`, docutils' `a.rst:3: (ERROR/3) …`."""
    match = _TSC.match(head) if " - " in head else None
    if match is None and ": (" in head:
        match = _DOCUTILS.match(head)
    elif match is None and ": line " in head:
        match = _COMPACT.match(head)
    if match is None and ": " in head:
        match = _HADOLINT.match(head) or _PASCAL.match(head)
    if match is None:
        return None
    return of_word(match[1]) or INFO, "tool"


def placed(line: str) -> Found | None:
    """Linters' lines that begin with a place: eslint's `  3:5  error  text`, rubocop's `a.rb:3:5: W: …`, kotlinc's `e: …`."""
    first, second = line[0], line[1:3]
    if first.isdigit():
        match = _AT_PLACE.match(line)
        return (of_word(match[1]) or ERROR, "tool") if match is not None else None
    if second == ": " and first in "ew":
        match = _KOTLIN.match(line)
        return (LETTERS[match[1].upper()], "letter") if match is not None else None
    if first == "-" and second == "- ":
        match = _SCALA3.match(line)
        return (of_word(match[1]) or ERROR, "tool") if match is not None else None
    head = line[:_PLACE]
    if " NCCL " in head:
        match = _NCCL.match(head)
        return (of_word(match[1]) or INFO, "column") if match is not None else None
    if ": *** " in head and _MAKEFILE.match(head):
        return ERROR, "tool"
    if ": E: " in head or ": W: " in head or ": F: " in head:
        match = _RUBOCOP.match(head)
        return (LETTERS[match[1]], "letter") if match is not None else None
    return None


def bracketed(line: str) -> Found | None:
    """VLC's `[000055d1f0a0c800] main input error: text`, conmon's `[conmon:w]: text`."""
    match = _VLC.match(line) or _CONMON.match(line)
    if match is None:
        return None
    return (of_word(match[1].upper()) or INFO), "letter" if len(match[1]) == 1 else "prefix"


def filesystem(line: str) -> Found | None:
    """The kernel's `EXT4-fs error (device sda1): text`."""
    match = _KERNEL.match(line)
    return (of_word(match[1]) or INFO, "prefix") if match is not None else None


def yarn(line: str) -> Found | None:
    """Yarn 1, and winston's simplest formats, print a bare word before a sentence: `error Command failed with exit code 1.`

    Next.js 13 puts a dash before it: `- error ./app/page.js`, `- error unhandledRejection: text`.
    """
    match = _YARN.match(line)
    return (of_word(match[1]) or ERROR, "tool") if match is not None else None
