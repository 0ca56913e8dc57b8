"""Loggers that print one record in several lines.

.NET: Microsoft.Extensions.Logging.Console/SimpleConsoleFormatter.cs; java.util.logging.SimpleFormatter; tinylog; pino-pretty:
lib/utils/prettify-object.js; tornado: log.py (LogFormatter); node: lib/internal/process/warning.js; Spring Boot:
LoggingFailureAnalysisReporter, ExtendedWhitespaceThrowableProxyConverter; play: api/http/HttpErrorHandler.scala (logServerError);
twisted: logger/_format.py (formatEventAsClassicLogText); kafka: common/config/AbstractConfig.java (logAll); tslog: its
prettyErrorTemplate and prettyErrorStackTemplate.
"""

import re

from log_shipper.stages.traces import managed
from log_shipper.stages.traces.phase import ALWAYS, COMPLETE, NOT_ALONE, RECORD, At, Entry, Family, from_any

_CATEGORY = re.compile(r"(?:^|[\s\]])(?:trce|dbug|info|warn|fail|crit): \S")
_EVENT = re.compile(r"\[-?\d+\]\s*$")
_JUL = re.compile(
    r"[A-Z][a-z]{2} \d{1,2}, \d{4},? \d{1,2}:\d\d:\d\d[\s\u202f](?:[AP]M)? ?\S+|\d{1,2} [A-Z][a-z]{2} \d{4},? \d\d:\d\d:\d\d \S+ \S+$"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[[^\]]{1,60}\] [\w.$<>]{1,200}\(\)\r?$"  # tinylog
)
_JUL_LEVEL = re.compile(r"(SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST|TRACE|DEBUG|WARN|ERROR): ")
_BARE_LEVEL = re.compile(
    r"(?:SEVERE|WARNING(?!: (?:DATA RACE|ThreadSanitizer))|INFO|CONFIG|FINE|FINER|FINEST|TRACE|DEBUG|WARN|ERROR(?!: LoadError: )): "
)
_PINO = re.compile(
    r"\[[\d:. +-]{8,40}\] (?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)(?: \(.*\))?: "
    r"|(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL) \[[\d:. +-]{8,40}\]"
)
_TORNADO = re.compile(r"\[[DIWEC] (?:\d{6}|\d{4}-\d\d-\d\d) \d\d:\d\d:\d\d(?:\.\d{3})? [\w.:]{1,60}\] ")
_SET_IN = re.compile(
    r"\[\d{4}-\d\d-\d\dT[\d:.]{8,20}Z? (?:ERROR|WARN |INFO |DEBUG|TRACE) [\w:]{1,200}\] "  # env_logger
    r"|\[\d{4}-\d\d-\d\dT[\d:.]{8,20}Z?\] +(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL): [^ ]{1,200} on [^ ]{1,200}: "  # bunyan's tool
)
_SPRING = re.compile(r"\d[\dT:.,+ Z-]{10,40}+(?:ERROR|WARN) (?:\[[^\]]{0,100}+\] )?\d+ --- \[")
_PLAY = re.compile(r"! @\w+ - .* for \([A-Z]+\) \[")
_TWISTED = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[+-]\d{4} \[[^\]]{1,200}\] \S")
_SETTINGS = re.compile(r".*[ .]\w+Config values: ?$")
_SETTING = re.compile(r"\t[\w.\-]+ = ")
_OWN_LOGGER = re.compile(r" \([\w.$]+\)$")  # behind the message, in log4j's layout of Kafka
_TSLOG = "error stack:"
_TSLOG_FRAME = re.compile(r"  • |\t\S+:\d+(?::\d+)?$")
_MEMBER = re.compile(r"    [\w.\-\"]+: ?")


def _enter(text: str, prev: str) -> Entry | None:
    if text == _TSLOG:
        return Entry(NOT_ALONE, At("log.tslog"), _is_not_tslog)
    if not text:
        if prev.endswith("] with root cause") and not RECORD.match(
            prev
        ):  # of Tomcat's message, which holds an exception's
            return Entry(NOT_ALONE, At("log.spring"), from_any)
        if prev.endswith(" : ") and " --- [" in prev and RECORD.match(prev):  # Spring's reports begin with a line break
            return Entry(ALWAYS, At("log.analysis"))
        if prev.endswith(" - ") and RECORD.match(prev):
            return Entry(ALWAYS, At("log.play"))
        return Entry(ALWAYS, At("log.spring")) if " --- [" in prev and _SPRING.match(prev) else None
    level = _JUL_LEVEL.match(text)
    if level and _JUL.match(prev):
        return Entry(ALWAYS, At("log.jul", level[1]))
    return None


def stands_alone(text: str, prev: str) -> bool:
    """Whether a line of a level and its text (`INFO: ready`) follows none that java.util.logging prints above it."""
    return _BARE_LEVEL.match(text) is not None and _JUL.match(prev) is None


def console(text: str, prev: str) -> Entry | None:
    """.NET: the category in one line, the message under it by six spaces."""
    if text.startswith("      ") and _EVENT.search(prev[-24:]) and _CATEGORY.search(prev, 0, 100):
        return Entry(ALWAYS, At("log.console"))
    return None


def pretty(text: str, prev: str) -> Entry | None:
    if text.startswith("    ") and _MEMBER.match(text) and _PINO.match(prev):
        return Entry(ALWAYS, At("log.pino"))
    return None


def tornado(text: str, prev: str) -> Entry | None:
    """Tornado's and Jupyter's formatter sets in by four spaces all lines of a record but the first; so do others."""
    set_in = text.startswith("    ") and (_TORNADO.match(prev) or _SET_IN.match(prev))
    return Entry(ALWAYS, At("log.pino")) if set_in else None


def twisted(text: str, prev: str) -> Entry | None:
    """Twisted sets in by a tab all lines of a record but the first."""
    return Entry(ALWAYS, At("log.tab")) if _TWISTED.match(prev) else None


def _is_not_tslog(text: str) -> bool:
    return text != _TSLOG


def settings(text: str, prev: str) -> Entry | None:
    """Kafka's clients and brokers print what they are set to, one by one, behind a tab."""
    listed = _SETTING.match(text) and prev.endswith(("Config values: ", "Config values:")) and _SETTINGS.match(prev)
    return Entry(ALWAYS, At("log.settings")) if listed else None


def _settings_step(text: str, at: At) -> At | None:
    if _SETTING.match(text):
        return at
    return COMPLETE if _OWN_LOGGER.match(text) else None


def _tslog_step(text: str, at: At) -> At | None:
    """The file and the function of a call, and under it the place."""
    return at if _TSLOG_FRAME.match(text) else None


def _tab_step(text: str, at: At) -> At | None:
    return at if text[:1] == "\t" else None


def _console_step(text: str, at: At) -> At | None:
    return at if text.startswith("      ") else None


def _jul_step(text: str, at: At) -> At | None:
    """The record's throwable follows its message; the formatter ends it with an empty line."""
    if managed.is_header(text):
        return At("at.head", managed.JUL)
    return None


def _spring_step(text: str, at: At) -> At | None:
    """Spring Boot's pattern has an empty line before a throwable, and one after it."""
    return At("at.head", managed.JUL) if managed.is_header(text) else None


def _play_step(text: str, at: At) -> At | None:
    """The request, a line of one space, and the exception."""
    if not at.seen:
        return at._replace(seen=1) if _PLAY.match(text) else None
    if managed.is_header(text):
        return At("at.head", "loose")
    return None if text.strip() else at


def _pino_step(text: str, at: At) -> At | None:
    return at if text.startswith("    ") else None


def _analysis_step(text: str, at: At) -> At | None:
    return None if RECORD.match(text) or at.seen > 200 else at._replace(seen=at.seen + 1)


LOGGERS = Family(
    suspects=(
        r"SEVERE: ",
        r"WARNING: ",
        r"INFO: ",
        r"CONFIG: ",
        r"FINE(?:R|ST)?: ",
        r"TRACE: ",
        r"DEBUG: ",
        r"WARN: ",
        r"ERROR: ",
        r"error stack:",
    ),
    enter=_enter,
    steps={
        "log.console": _console_step,
        "log.jul": _jul_step,
        "log.pino": _pino_step,
        "log.tab": _tab_step,
        "log.settings": _settings_step,
        "log.tslog": _tslog_step,
        "log.spring": _spring_step,
        "log.play": _play_step,
        "log.analysis": _analysis_step,
    },
)
