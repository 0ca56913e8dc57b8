"""PostgreSQL: the lines of one report, and a statement's further lines, which the server begins with a tab.

postgres: src/backend/utils/error/elog.c (send_message_to_server_log, append_with_tabs). `log_line_prefix` is free, so
a report is known by its severity and the two spaces behind the colon.
"""

import re

from log_shipper.stages.traces.phase import ALWAYS, At, Entry, Family

_LOOKED_AT = 400  # characters of the prefix
_REPORT = re.compile(
    r"(?:^|[ \]:>|)}-])(?:LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG[1-5]?|DETAIL|HINT|QUERY|CONTEXT|STATEMENT|LOCATION"
    r"|BACKTRACE|日志|错误|致命错误|比致命错误还过分的错误|警告|注意|信息|调试[1-5]?|详细信息|提示|查询|上下文|背景|语句|位置):  "
)
_PART = re.compile(
    r"(?:^|[ \]:>|)}-])(?:DETAIL|HINT|QUERY|CONTEXT|STATEMENT|LOCATION|BACKTRACE|详细信息|提示|查询|上下文|背景|语句|位置):  "
)
_POSITION = re.compile(r"LINE \d+: ")
_CARET = re.compile(r" +\^$")


def _enter(text: str, prev: str) -> Entry | None:
    if _POSITION.match(text):  # psql
        return Entry(ALWAYS, At("pg")) if _is_report(prev) else None
    if not _PART.search(text, 0, _LOOKED_AT):
        return None
    return Entry(ALWAYS if _is_report(prev) else 0, At("pg"))


def _is_report(text: str) -> bool:
    return ":  " in text and _REPORT.search(text, 0, _LOOKED_AT) is not None


def _tab(text: str, prev: str) -> Entry | None:
    return Entry(ALWAYS, At("pg")) if text[0] == "\t" and _is_report(prev) else None


def _step(text: str, at: At) -> At | None:
    if text[:1] == "\t" or _POSITION.match(text) or _CARET.match(text):
        return at
    return at if ":  " in text and _PART.search(text, 0, _LOOKED_AT) else None


POSTGRESQL = Family(first="", suspect="", enter=_enter, steps={"pg": _step}, follows=(_tab,))
