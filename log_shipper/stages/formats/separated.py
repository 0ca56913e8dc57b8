"""Levels between separators: in lines of fields, inside a bracket, in PostgreSQL's and Blue Gene/L's lines.

Sources: PostgreSQL's csvlog and log_line_prefix, activemq's and NLog's layouts, Chromium's and Minecraft's brackets,
Apache's `[module:level]`, Twisted's `[namespace#level]`, multiprocessing's `[level/process]`.
"""

import re

from log_shipper.stages.formats.levels import CHINESE, UPPER, WORDS, Found, of_word

_POSTGRES = re.compile(r"[ :](LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG[1-5]?|错误|致命错误|警告|日志|注意):  \S")
_BLUE_GENE = re.compile(r" \d{4}-\d\d-\d\d-\d\d\.\d\d\.\d\d\.\d{6} \S{1,60} [A-Z]{2,12} [A-Z_]{2,20} ([A-Z]+) ")
WORDS_IN_CAPITALS = frozenset(word.upper() for word in WORDS)


def postgres(line: str) -> Found | None:
    """PostgreSQL's severity, whatever log_line_prefix stands before it: a word, a colon and two spaces."""
    match = _POSTGRES.search(line, 0, 240)
    declared = of_word(match[1]) if match is not None and '"' not in line[: match.start()] else None
    return (declared, "prefix") if declared is not None else None


def fields(line: str, at: int) -> Found | None:
    """A field of a tab, `|`, ` - ` or comma separated line that is a level and nothing else."""
    rest = line[at : at + 600]
    for separator, most, any_case in (("\t", 6, True), ("|", 6, True), (" - ", 4, False), (",", 14, False)):
        if separator not in rest:
            continue
        for part in rest.split(separator, most)[:most]:
            part = part.strip(' "')
            if part in UPPER or (any_case and part.lower() in WORDS):
                return UPPER.get(part) or WORDS[part.lower()], "column"
    return None


def blue_gene(line: str) -> Found | None:
    """Blue Gene/L's events: `… 2005-06-03-15.42.50.675872 R02-M1 RAS KERNEL FATAL text`."""
    match = _BLUE_GENE.search(line, 0, 200)
    declared = UPPER.get(match[1]) if match is not None else None
    return (declared, "column") if declared is not None else None


def of_parts(content: str, stamped: bool) -> str | None:
    """`thread/INFO`, `ERROR:file.cc(3)`, `INFO|trainer.py:3`, `INFO  module`, `core:error`, `ns#info`, `info /a.c:3`."""
    if len(content) > 120:
        return None
    for separator in ":/|#@":
        if separator not in content:
            continue
        parts = content.split(separator)
        for part in parts:
            part = part.strip()
            if part in UPPER and len(part) > 2 and part in WORDS_IN_CAPITALS:
                return UPPER[part]
        last = parts[-1]
        if stamped and separator in ":#" and " " not in content:
            declared = WORDS.get(last.rstrip("12345678"))
            if declared is not None:
                return declared
    word, _, rest = content.partition(" ")
    if rest and word in UPPER and word in WORDS_IN_CAPITALS:
        return UPPER[word]
    return CHINESE.get(content)
