"""The level field of a logfmt line: `key=value key="quoted value" level=info …` from its first word on.

Source: brandur.org/logfmt, go-kit/log, logrus, slog's TextHandler, Grafana's log15; Heroku's router writes `at=`.
"""

import re

from log_shipper.stages.formats.levels import DEBUG, ERROR, INFO, WARNING, Found, of_word

_KEY = r"(?:@?[Ll]evel|lvl|[Ss]everity|[Ll]og[._]?[Ll]evel|LEVEL|SEVERITY|LL|levelname|severity_text|prio|PRIORITY|级别|日志级别)"
_QUOTED = r"'[^']*+'|\[[^\]\s]*+\]"
# Each alternative excludes those before it: with two ways to read one pair, 24 pairs had 2^24.
_PAIR = (
    r"[\w.@/:-]++=(?:\"[^\"\\]*+(?:\\.[^\"\\]*+)*\"|" + _QUOTED + rf"|(?!{_QUOTED})[^\s\"',;]*+)[^\s=\"]*+[,;]?+[\s|]++"
)
_LOOSE = r"(?![\[<]?(?:FATAL|CRITICAL|ERROR|WARN|NOTICE|INFO|DEBUG|TRACE|ALERT|EMERG)|\[(?:fatal|critical|error|warn|notice|info|debug|trace|alert|emerg))[^\s=\"]++[\s|]++"  # of a value that was not quoted
_TELLS = re.compile(_KEY)
_LEVEL = re.compile(rf"(?:(?!{_KEY}=){_PAIR}(?:{_LOOSE}){{0,3}}){{0,24}}{_KEY}=[\"']?([^\s\"',;]++)[\"']?(?=[\s,;]|$)")
_BEGINS = re.compile(r"[A-Za-z@级日][\w.@/:-]*+=(?!=)")
_TWO = re.compile(_PAIR + r"[\w.@/:-]++=")
_AT = re.compile(r"at=([A-Za-z]{4,8})(?= [\w.]{1,60}+=)")
_LABELS = re.compile(r"[\w.-]++:[^\t]*+\t[\w.-]++:")
_COLONS = re.compile(  # level: error, msg: text
    r"(?i:(?:[a-z@_][\w.-]{0,30}+: [^,:]{0,80}+(?::[^,:]{0,40}+){0,4}, ){0,6}?(?:level|severity|lvl|log_?level): (\w{1,12}+), "
    r"(?:[^,]{1,100}+, ){0,6}?(?:msg|message): )"
)
_LABELLED = re.compile(r"(?:^|\t)(?:level|severity|loglevel|log_level|lvl):(\w++)(?:\t|$)")
_CHINESE = re.compile(
    r"(?:时间[:：=] ?\S{8,30}(?: \S{5,20})?[\s,，;；|]{1,3})?(?:日志)?级别[:：=] ?[\[【]?([^\W\d_]{2,8})[\]】]?(?=[\s,，;；|]|$)"
)
_ELEMENT = re.compile(r"<[A-Za-z][\w:.-]{0,60}+(?:\s++[\w:.-]{1,60}+=\"[^\"<>]{0,300}+\"){2,20}")
_ATTRIBUTE = re.compile(r"([\w:.-]++)=\"([^\"]*+)\"")
_TIMES = frozenset("time timestamp timeMillis date datetime".split())
_HEROKU = re.compile(r"at=(info|warning|error)\b")


def begins(line: str, at: int, *, several: bool = False) -> bool:
    """Whether a pair of key and value begins at `at`, and, if there have to be `several`, another behind it."""
    return _BEGINS.match(line, at) is not None and (not several or _TWO.match(line, at) is not None)


def tells(key: str) -> bool:
    """Whether a key is one of those under which a level stands."""
    return _TELLS.fullmatch(key) is not None


def find(line: str, at: int = 0) -> Found | None:
    """What the pairs from `at` on declare; None if none of them is a level."""
    if not ("evel" in line or "lvl=" in line or "everity" in line or _may_tell(line)):
        return None
    begin = at
    for _ in range(3):  # a level= whose value is no level (`level=gold`) is passed over
        match = _LEVEL.match(line, at)
        if match is None:
            return None
        declared = of_word(match[1])
        if declared is not None:
            alone = match.start() == begin and match.end() == len(line) and line.count("=", begin) == 1
            return None if alone else (declared, "field")  # a setting by itself, such as LOGLEVEL=debug
        at = match.end()
        while line[at : at + 1] in (" ", "\t", ",", ";"):
            at += 1
    return None


def _may_tell(line: str) -> bool:
    """Whether one of the rarer keys is there at all: cheaper to ask than to read all pairs."""
    return "prio=" in line or "EVE" in line or "LL=" in line or "PRIORITY=" in line or "级别=" in line


def labelled(line: str) -> Found | None:
    """`time:2026-03-01T10:20:30Z<tab>level:error<tab>…`: labelled tab-separated values (ltsv.org); `level: error, msg: text`."""
    match = _LABELLED.search(line) if _LABELS.match(line) is not None else _COLONS.match(line)
    declared = of_word(match[1]) if match is not None else None
    return (declared, "field") if declared is not None else None


def chinese(line: str) -> Found | None:
    """`级别：错误 内容：…`, `时间：2026-03-01 10:20:30 级别：错误 …`: labels with colons, not tabs, between them."""
    match = _CHINESE.match(line)
    declared = of_word(match[1]) if match is not None and match.end() < len(line) else None
    return (declared, "field") if declared is not None else None


def at(line: str) -> Found | None:
    """`at=info msg=…`: a level that the first pair tells under the key of Heroku's programs."""
    match = _AT.match(line)
    declared = of_word(match[1]) if match is not None else None
    return (declared, "field") if declared is not None else None


def router(line: str, at: int) -> Found | None:
    """Heroku's router, whose pairs begin with the level: `at=error code=H12 desc="Request timeout" …`."""
    match = _HEROKU.match(line, at)
    declared = of_word(match[1]) if match is not None else None
    return (declared, "field") if declared is not None else None


def element(line: str) -> Found | None:
    """An event in XML, an element with a time and a level: Log4j's `<log4j:event timestamp="1" level="ERROR" …>`, FoundationDB's."""
    match = _ELEMENT.match(line) if "evel=" in line or "everity=" in line else None
    if match is None:
        return None
    attributes = dict(_ATTRIBUTE.findall(match[0]))
    level = attributes.get("level", attributes.get("severity"))
    if "Severity" in attributes and "Type" in attributes:
        declared = of_foundationdb(attributes["Severity"])
        return (declared, "field") if declared is not None else None
    declared = of_word(level) if level is not None and not _TIMES.isdisjoint(attributes) else None
    return (declared, "field") if declared is not None else None


def of_foundationdb(severity: str) -> str | None:
    """FoundationDB's trace events (flow/include/flow/Trace.h): 1 to 5 debug, 10 info, 20 and 30 warn, 40 error."""
    if not severity.isdecimal() or len(severity) > 2:
        return None
    number = int(severity)
    return DEBUG if number < 10 else INFO if number < 20 else WARNING if number < 40 else ERROR


def of_pair(text: str) -> str | None:
    """The type that a pair alone in brackets declares: `[level=error]`, `[级别:错误]`."""
    key, _, value = text.replace("：", "=").replace("级别:", "级别=").partition("=")
    return of_word(value) if key in ("level", "severity", "lvl", "loglevel", "log_level", "级别", "日志级别") else None
