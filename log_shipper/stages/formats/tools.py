"""Compilers, build tools, package managers and clients: how each marks what it says.

`file:line:col: error: …` and its kin are chains of names that end in a level (GNU Coding Standards, "Errors"; MSBuild's
canonical error format); the rest are the tools' own marks.
"""

import re

from log_shipper.stages.formats.levels import CRITICAL, DEBUG, ERROR, INFO, LETTERS, WARNING, Found, of_word
from log_shipper.stages.formats.words import is_value

# What stands between two `: ` and declares: `error`, `fatal error C1083`, `error TS2304`, `error[E0425]`, `[error]`, `错误`
_LEVEL_PART = re.compile(
    r"(?:\[)?((?:[Ff]atal |internal compiler |[Ii]nternal |[Dd]eprecation |DEPRECATION )?[^\W\d_]+)(?:\])?(?: ?(?:\([a-z]+\)|[A-Z]{1,8}\d{1,6})|\[[\w:-]+\])?$"
)
_WORDED = re.compile(r"(fatal|internal compiler|internal|deprecation) (error|warning)$", re.IGNORECASE)
_NAME_PART = re.compile(
    r"[^\s\"'={}]+(?:\(\d+(?:[,-]\d+)*\))?\s?$|[^\s\"'={}]+ (?:line \d+|\(\S+\))$|(?:In file included from|runsv|svlogd) \S+$"
)
_NPM = re.compile(r"(?:npm|yarn|pnpm|bun) (ERR!|WARN|warn|error|info|notice|verb|http|sill|silly)(?=\s|$)")
_NPM_TYPES = {
    "ERR!": ERROR,
    "error": ERROR,
    "WARN": WARNING,
    "warn": WARNING,
    "verb": DEBUG,
    "sill": DEBUG,
    "silly": DEBUG,
}
_YARN = re.compile(r"(error|warning|info|verbose) (?=[A-Z\"']|\S+\.json: )")
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[\w./+-]*make(?:\[\d+\])?: \*\*\* "), ERROR),
    (re.compile(r"CMake (?:Internal )?Error(?: |:)"), ERROR),
    (re.compile(r"CMake (?:Deprecation )?Warning(?: |:)"), WARNING),
    (re.compile(r"(?:docker: )?Error response from daemon: |Error from server(?: \(\w+\))?: |Err:\d+ \S"), ERROR),
    (re.compile(r"dpkg(?:-\w+)?: error processing |error during (?:build|connect): "), ERROR),
    (re.compile(r"\s?ERR_PNPM_\w+"), ERROR),
    (re.compile(r"fail: [\w.`+<>-]+\[-?\d+\]"), ERROR),  # .NET's console logger
    (re.compile(r"svn: E\d{6}: "), ERROR),
    (re.compile(r"svn: warning: "), WARNING),
    (re.compile(r"(?:rsync|LibClamAV|ffmpeg|mysqldump: Got|tar:) [Ee]rror:? "), ERROR),
    (re.compile(r"(?:rsync|LibClamAV|.{0,60}? VM) [Ww]arning: "), WARNING),
    (
        re.compile(
            r"(?:deprecation warning|[Dd]eprecation [Ww]arning|DEPRECATION WARNING)(?: \[[\w-]+\]| on line \d+[^:]*)?: "
        ),
        WARNING,
    ),
    (re.compile(r"(?:FATAL|fatal) ERROR: |ERROR! "), ERROR),
    (re.compile(r"error(?:\[\w+\]| [A-Z]{1,8}\d{1,6}): "), ERROR),
    (re.compile(r"warning(?:\[\w+\]| [A-Z]{1,8}\d{1,6}): "), WARNING),
    (re.compile(r"Warning message(?:s)?:|In addition: Warning message"), WARNING),
)
_FIRSTS = frozenset("mgrCEedswWfFDLtOJM/_.bn \u00a0")
_AT_PLACE = re.compile(r"\s*\d{1,6}:\d{1,5}\s+(error|warning)\s{1,3}\S")
_TSC = re.compile(r"\S+?:\d+:\d+ - (error|warning|message) TS\d+: ")
_HADOLINT = re.compile(r"\S+:\d+ [A-Z]{2}\d{4} (error|warning|info|style): ")
_RUBOCOP = re.compile(r"\S+?:\d+:\d+: ([EWF]): (?:\[Correctable\] )?[A-Z]\w+(?:/|:)")
_KOTLIN = re.compile(r"([ew]): (?:file://)?/?\S+:\d+:\d+ ")
_SCALA3 = re.compile(r"-- (?:\[E\d+\] )?(?:[A-Z]\w+ ){0,3}(Error|Warning): \S+:\d+:\d+ -")


def find(line: str) -> Found | None:
    """What a tool's own mark at the line's beginning declares."""
    return own_mark(line) or chain(line)


def own_mark(line: str) -> Found | None:
    """What a mark that is one tool's own declares."""
    if line[0] not in _FIRSTS:
        return None
    match = _NPM.match(line)
    if match is not None:
        return _NPM_TYPES.get(match[1], INFO), "tool"
    for form, log_type in _FORMS:
        if form.match(line):
            return (CRITICAL if line[:5].lower() == "fatal" else log_type), "tool"
    return None


def chain(line: str) -> Found | None:
    """Names that end in `: `, then a level and `: `: `main.c:3:5: error: …`, `remote: error: …`, `nginx: [emerg] …`."""
    if ":" not in line:
        return None
    parts = (line[:400] + " ").replace("：", ": ").split(": ", 6)
    for place, part in enumerate(parts[:-1]):
        if place and part.startswith("["):
            return _bracketed(part)
        declared = _of_part(part.rstrip())
        if declared is not None and place > 0:
            following = sum(len(each) + 2 for each in parts[: place + 1])
            return None if is_value(line, following) else (declared, "prefix")
        if _NAME_PART.match(part) is None or (place == 0 and part.startswith(("http", "--"))):
            return _named_place(line)
    return _bracketed(parts[-1]) if len(parts) > 1 else None


def _bracketed(part: str) -> Found | None:
    """`nginx: [emerg] bind() failed`, `mysqld: [Warning] text`."""
    closed = part.find("]", 1, 14)
    declared = of_word(part[1:closed].strip()) if part.startswith("[") and closed > 2 else None
    return (declared, "bracket") if declared is not None else None


def _of_part(part: str) -> str | None:
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


def _named_place(line: str) -> Found | None:
    match = _TSC.match(line) or _HADOLINT.match(line)
    if match is None:
        return None
    return of_word(match[1]) or INFO, "tool"


def placed(line: str) -> Found | None:
    """Linters' lines that begin with a place: eslint's `  3:5  error  text`, rubocop's `a.rb:3:5: W: …`, kotlinc's `e: …`."""
    match = _AT_PLACE.match(line)
    if match is not None:
        return of_word(match[1]) or ERROR, "tool"
    match = _RUBOCOP.match(line)
    if match is not None:
        return LETTERS[match[1]], "letter"
    match = _KOTLIN.match(line)
    if match is not None:
        return LETTERS[match[1].upper()], "letter"
    match = _SCALA3.match(line)
    return (of_word(match[1]) or ERROR, "tool") if match is not None else None


def yarn(line: str) -> Found | None:
    """Yarn 1 prints its level as a bare word before a sentence: `error Command failed with exit code 1.`"""
    match = _YARN.match(line)
    return (of_word(match[1]) or ERROR, "tool") if match is not None else None
