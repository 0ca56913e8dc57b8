"""PostgreSQL: the lines of one report, and a statement's further lines, which the server begins with a tab.

postgres: src/backend/utils/error/elog.c (send_message_to_server_log, append_with_tabs). `log_line_prefix` is free, so
a report is known by its severity and the two spaces behind the colon.
"""

import re

from log_shipper.stages.traces.phase import ALWAYS, NEVER, At, Entry

_LOOKED_AT = 400  # characters: the prefix
_SEVERITIES = frozenset(
    "LOG ERROR FATAL PANIC WARNING NOTICE INFO DEBUG DEBUG1 DEBUG2 DEBUG3 DEBUG4 DEBUG5"
    " 日志 错误 致命错误 比致命错误还过分的错误 警告 注意 信息 调试".split()
)
_PARTS = frozenset(
    "DETAIL HINT QUERY CONTEXT STATEMENT LOCATION BACKTRACE 详细信息 提示 查询 上下文 背景 语句 位置".split()
)
_PART_ENDS = tuple(_PARTS)
_WORD = re.compile(r"[^\W_]++$")
_POSITION = re.compile(r"LINE \d+: ")
_CARET = re.compile(r" +\^$")


def _word(text: str) -> str:
    """What stands before the first colon with two spaces behind it; a table has more."""
    colon = text.find(":  ", 0, _LOOKED_AT)
    found = colon > 0 and text[colon + 3 : colon + 4] != " " and _WORD.search(text[max(0, colon - 15) : colon])
    return found[0] if found else ""


def is_part(text: str) -> bool:
    colon = text.find(":  ", 0, _LOOKED_AT)
    return colon > 0 and text.endswith(_PART_ENDS, 0, colon) and _word(text) in _PARTS


def _is_report(text: str) -> bool:
    word = _word(text)
    return word in _SEVERITIES or word in _PARTS


def enter(text: str, prev: str) -> Entry | None:
    if text.startswith("LINE "):  # psql shows where in the statement
        return Entry(ALWAYS, At("pg")) if _POSITION.match(text) and _is_report(prev) else None
    if not is_part(text):
        return None
    return Entry(ALWAYS if _is_report(prev) else NEVER, At("pg"))


def tab(text: str, prev: str) -> Entry | None:
    return Entry(ALWAYS, At("pg")) if text[0] == "\t" != prev[0] and _is_report(prev) else None


def step(text: str, at: At) -> At | None:
    if text[:1] == "\t" or _POSITION.match(text) or _CARET.match(text):
        return at
    return at if is_part(text) else None
