"""Levels between separators: in lines of fields, inside a bracket, in PostgreSQL's and Blue Gene/L's lines.

Sources: PostgreSQL's csvlog and log_line_prefix, activemq's and NLog's layouts, Chromium's and Minecraft's brackets,
Apache's `[module:level]`, Twisted's `[namespace#level]`, multiprocessing's `[level/process]`.
"""

import re

from log_shipper.stages.formats.effort import PARTS, Effort
from log_shipper.stages.formats.levels import CHINESE, CRITICAL, ERROR, INFO, LETTERS, UPPER, WORDS, Found, of_word
from log_shipper.stages.formats.stamps import STAMP

_POSTGRES = re.compile(r"[ :](LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG[1-5]?|错误|致命错误|警告|日志|注意):  \S")
_FIRST_FIELD = (
    re.compile(  # behind a time: `; error; text`, `,Error,text`, ` app - error - text`; not `,error,3` of a measure
        r"(?:; ?([A-Za-z][a-z]{3,7}); ?|,([A-Za-z][a-z]{3,7}),)(?=[^\d\s])| [\w./:-]{1,60}+ - ([a-z]{4,8}) - "
    )
)
_GANESHA = re.compile(r"[^:]{1,20}(?::[^:]{1,120}){4,9}? :(FATAL|MAJ|CRIT|WARN|EVENT|INFO|(?:MID_|FULL_)?DEBUG) :")
_FALCO = re.compile(
    r"\d\d:\d\d:\d\d\.\d{9}: (Emergency|Alert|Critical|Error|Warning|Notice|Informational|Debug) (?=\S)"
)
_GO_LOGGING = re.compile(r"[^▶>]{8,140}(?: ▶ ([A-Z]{4,8}) |\] [\w.()*]{1,60} -> ([A-Z]{4,8}) +[0-9a-f]{3,8} )")
_COHERENCE = re.compile(r"[^<]{20,120}+<(Error|Warning|Info|Internal|D\d)> \(thread=")
_NAMED_LETTER = re.compile(r"\w{2,20}+ ([IWEFDCVNT]) \d{2,4}[-/]\d\d[-/]")  # NeMo
_KIND = re.compile(  # Ansible's [DEPRECATION WARNING], Xerces' [Fatal Error]
    r"(deprecation|fatal|internal|security|system|runtime|syntax) (error|warning)$", re.IGNORECASE
)
_BEPINEX = re.compile(r"(Fatal  |Error  |Warning|Message|Info   |Debug  ):([^:]{10,40})$")  # {Level,-7}:{Source,10}
_CDK = re.compile(r"(Error|Warning|Info) at /\S{1,200}$")  # aws-cdk's annotations
_IOHK = re.compile(  # iohk-monitoring's [host:logger:level:thread]
    r"[\w.-]{1,60}+:[\w.-]{1,120}+:(Debug|Info|Notice|Warning|Error|Critical|Alert|Emergency):\d{1,9}$"
)
_ONTAP = re.compile(  # EMS' [node: process: event:severity]
    r"[\w.-]{1,60}+: [\w.-]{1,60}+: [\w.]{1,80}+:(emergency|alert|error|notice|informational|info|debug)$"
)
_COUCHBASE = re.compile(r"\w+:(debug|info|warn|error),\d{4}-\d\d-")
_BLUE_GENE = re.compile(r" \d{4}-\d\d-\d\d-\d\d\.\d\d\.\d\d\.\d{6} \S{1,60} [A-Z]{2,12} [A-Z_]{2,20} ([A-Z]+) ")
WORDS_IN_CAPITALS = frozenset(word.upper() for word in WORDS)
_RUNS = re.compile(r"[^\W\d_]+")
_LONGEST = 90  # characters of a bracket that may hold a level among other things
_LONGEST_PARTS = 64  # … between separators
_ANY_LEVEL = frozenset(word.lower() for levels in (WORDS, UPPER, LETTERS) for word in levels)


def postgres(line: str) -> Found | None:
    """PostgreSQL's severity, whatever log_line_prefix stands before it: a word, a colon and two spaces."""
    match = _POSTGRES.search(line, 0, 240)
    declared = of_word(match[1]) if match is not None and '"' not in line[: match.start()] else None
    return (declared, "prefix") if declared is not None else None


def fields(line: str, at: int) -> Found | None:
    """A field of a tab, `|`, ` - ` or comma separated line that is a level and nothing else."""
    rest = line[at : at + 600]
    first = _FIRST_FIELD.match(rest)
    level = WORDS.get((first[1] or first[2] or first[3]).lower()) if first is not None else None
    if level is not None:
        return level, "column"
    for separator, most, any_case in (
        ("\t", 6, True),
        ("|", 6, True),
        (" - ", 4, False),
        (";", 6, False),
        (",", 18, False),
    ):
        if separator not in rest:
            continue
        for part in rest.split(separator, most)[:most]:
            quoted = part[:1] == '"'
            part = part.strip(' "')
            if part in UPPER or ((any_case or quoted) and part.lower() in WORDS):
                return UPPER.get(part) or WORDS[part.lower()], "column"
    return None


def blue_gene(line: str) -> Found | None:
    """Blue Gene/L's events: `… 2005-06-03-15.42.50.675872 R02-M1 RAS KERNEL FATAL text`."""
    match = _BLUE_GENE.search(line, 0, 200) if " 20" in line[:200] else None
    declared = UPPER.get(match[1]) if match is not None else None
    return (declared, "column") if declared is not None else None


def spelled(line: str) -> Found | None:
    """A level that only its place tells: Falco's `10:20:30.123456789: Error File …`, go-logging's `… ▶ ERRO 001 text`."""
    match = _FALCO.match(line) or _GO_LOGGING.match(line) or _COHERENCE.match(line)
    declared = of_word(match[match.lastindex or 1]) if match is not None else None
    return (declared, "column") if declared is not None else None


def ganesha(line: str) -> str | None:
    """The type in NFS-Ganesha's fields between colons: `01/03/2026 10:20:30 : epoch 69a : host : … :NFS STARTUP :EVENT :text`."""
    match = _GANESHA.match(line)
    if match is None:
        return None
    return {"MAJ": ERROR, "EVENT": INFO}.get(match[1]) or UPPER.get(match[1].rpartition("_")[2])


def of_parts(content: str, low: str, stamped: bool, effort: Effort) -> str | None:
    """`thread/INFO`, `ERROR:file.cc(3)`, `INFO|trainer.py:3`, `INFO  module`, `core:error`, `ns#info`, `info /a.c:3`."""
    if len(content) > _LONGEST:
        couchbase = _COUCHBASE.match(content)  # its node and its module make it long
        return WORDS[couchbase[1]] if couchbase is not None else None
    words = _ANY_LEVEL.intersection(_RUNS.findall(low))
    if not words:
        return None
    if len(words) > 1 or len(min(words)) > 1:  # no mere letter, as in [w-1]
        effort.left -= PARTS
    if max(map(len, words)) == 1:
        return _of_letter(content, stamped)
    capitals = len(content) <= _LONGEST_PARTS and [
        upper for word in words if len(word) > 2 and (upper := word.upper()) in content and upper in WORDS_IN_CAPITALS
    ]
    for separator in ":/|#@":
        if separator not in content:
            continue
        if capitals:
            standing = [at for word in capitals if (at := _standing(content, word, separator)) >= 0]
            if standing:
                match = _RUNS.match(content, min(standing))
                return UPPER[match[0]] if match is not None else None
        first, last = content.partition(separator)[0], content.rpartition(separator)[2]
        if stamped and separator in ":#" and " " not in content and "::" not in content:  # not a path: app::error
            declared = WORDS.get(last.rstrip("0123456789"))
            if declared is not None:
                return declared
        if separator == "|" and first.lower() in WORDS and STAMP.match(content.partition("|")[2].lstrip()) is not None:
            return WORDS[first.lower()]  # [error|2026-03-01 10:20:30]
        if stamped and separator == "|" and first in LETTERS:
            return LETTERS[first]
        if separator == "#" and " " not in content and first.lower() in WORDS:
            return WORDS[first.lower()]  # monad-logger's [Error#SQL]
    placed = _IOHK.match(content) or (_ONTAP.match(content) if stamped else None)
    if placed is not None:
        return of_word(placed[1])
    kind = _KIND.match(content)
    if kind is not None and content[0].isupper():
        return CRITICAL if kind[1].lower() == "fatal" else WORDS[kind[2].lower()]
    couchbase = _COUCHBASE.match(content)
    if couchbase is not None:
        return WORDS[couchbase[1]]
    mixed = _BEPINEX.match(content) or _CDK.match(content)
    if mixed is not None:
        return UPPER[mixed[1].rstrip().upper()]
    word, _, rest = content.partition(" ")
    if rest and word in UPPER and word in WORDS_IN_CAPITALS:
        return UPPER[word]
    if rest:
        return _of_words(content, word, rest)
    return CHINESE.get(content)


def _of_letter(content: str, stamped: bool) -> str | None:
    """Of a bracket in which no word but a single letter could be a level: Foreman's `[W|app|5f2c]`, NeMo's `[NeMo W 2024-05-06 …]`."""
    first, bar, _ = content.partition("|")
    if stamped and bar and first in LETTERS:
        return LETTERS[first]
    letter = _NAMED_LETTER.match(content)
    return LETTERS[letter[1]] if letter is not None else None


def _standing(content: str, word: str, separator: str) -> int:
    """Where `word`, maybe with a number behind it (Chromium's VERBOSE1), stands alone between two separators; -1: nowhere."""
    at = content.find(word)
    while at >= 0:
        end = at + len(word)
        if (
            content[:at].rstrip()[-1:] in ("", separator)
            and content[end:].lstrip("0123456789").lstrip()[:1] in ("", separator)
        ):  # fmt: skip
            return at
        at = content.find(word, end)
    return -1


def _of_words(content: str, word: str, rest: str) -> str | None:
    """A level before a time or behind an id: `severe 2024/05/06 10:20:30 main`, `NeMo W 2024-05-06 …`, `main(1) ERR`."""
    declared = UPPER.get(word.upper())
    if declared is not None:
        return declared if STAMP.match(rest.lstrip("|- ")) is not None else None
    letter = _NAMED_LETTER.match(content)
    if letter is not None:
        return LETTERS[letter[1]]
    before, _, last = content.rpartition(" ")
    known = last in WORDS_IN_CAPITALS or last in ("dbg", "trc")  # vibe.d's
    if known and not before.replace(" ", "").isalpha():
        return WORDS[last.lower()]
    return None
