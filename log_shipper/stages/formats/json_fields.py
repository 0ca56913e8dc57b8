"""The level field of a JSON object, by key and value.

Keys of: zap, zerolog, logrus, log15, slog, pino, bunyan, winston, Python's JSON formatters, structlog, loguru, logback
and log4j2 layouts, Serilog (compact and full), NLog, .NET's JSON console, Elastic Common Schema, Google Cloud Logging,
GELF, OpenTelemetry (log data model and OTLP/JSON), journald's export, MongoDB 4.4+, MySQL 8's JSON error log, Monolog,
Falco, Kibana 7, Nextcloud, PostgreSQL 15, LoggerJSON. The object's own field decides over one inside its message or its attributes.
"""

import json
import re
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any, Final

import orjson

from log_shipper.stages.formats.levels import CRITICAL, DEBUG, ERROR, INFO, Found, of_number, of_word
from log_shipper.stages.formats.logfmt import of_foundationdb
from log_shipper.stages.formats.plain import without_escapes

# Keys without case, `_`, `-`, `.`, `@`: what names a level in words or numbers, the surer ones first.
_SCALES: Final = {
    "level": "level", "severity": "severity", "lvl": "level", "levelname": "level", "loglevel": "level",
    "severitytext": "level", "levelstr": "level", "severityname": "level", "logseverity": "level", "sev": "level",
    "loglevelname": "level", "logsyslogseverityname": "level", "levelno": "python",
    "levelvalue": "logback", "severitynumber": "opentelemetry", "severitylevel": "azure", "logsyslogseveritycode": "syslog",
    "syslogseverity": "syslog", "syslogseveritycode": "syslog", "prio": "words", "priority": "words", "leveldisplayname": "level",
    "errorseverity": "level", "severitylabel": "level", "levellabel": "level", "leveltext": "level", "levelstring": "level",
    "syslogseveritytext": "level", "logseverityname": "level", "loglvl": "level", "msglevel": "level",
    "级别": "level", "日志级别": "level", "等级": "level",
}  # fmt: skip
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+){0,4000}"'  # bounded: each escape costs memory while the match lasts
_MEMBER = rf"{_STRING}\s*+:\s*+(?:{_STRING}|[-+.\w]++)\s*+,\s*+"
_KEY = r"(?:@?[Ll]evel|[Ss]everity|lvl|[Ll]evel[Nn]ame|[Ll]og[._]?[Ll]evel)"
_FLAT = re.compile(
    rf'\{{\s{{0,64}}+(?:(?!"{_KEY}")(?!"(?:@t|[Pp]riority)"){_MEMBER}){{0,32}}"({_KEY})"\s*+:\s*+"?([-+\w]++)"?\s*+[,}}]'
)
_FLAT_REPR = re.compile(_FLAT.pattern.replace('"', "'"))
# As node shows an object (winston's prettyPrint): in one line, or over several with its own members set in by two.
_SHOWN = re.compile(
    r"\{ (?:[\w$]++: (?:'[^'\\]*+(?:\\.[^'\\]*+){0,400}'|[-+.\w]++), ){0,32}(?:level|severity): '(\w{1,20})'(?:,| \})"
    r"|\{\n(?:[^\n]*+\n){0,200}?  (?:level|severity): '(\w{1,20})',?\n"
)
_BEGINS = re.compile(r"\{\s{0,64}+(?:[\"'}]|$)")
LONGEST: Final = 32768
"""Characters of JSON that are parsed at most; of longer text the members before the level are walked through."""
MOST_MEMBERS: Final = 64
_DRESSED = re.compile(  # an enumeration's member, and a level in brackets: OTLP's SEVERITY_NUMBER_ERROR2, Python's LogLevel.ERROR, [ERROR]
    r"(?:<?(?:log[_.]?)?(?:level|severity)(?:_?number)?[._]|\[ ?)([a-z]{3,11})(?:\d|: \d{1,2}>| ?\])?", re.IGNORECASE
)
_KIBANA = frozenset("fatal error warn warning info debug trace".split())
_DEEPEST = 3
_COLOURED = 64  # characters of a level with its colours


def begins(text: str, at: int) -> bool:
    """Whether a JSON object, or Python's repr of a dict, may begin at `at`."""
    return _BEGINS.match(text, at) is not None


_RECORD = re.compile(r'"(?:msg|message|short_message|time|ts|timestamp|@timestamp|event)"\s*+:')


def record(text: str, at: int) -> Found | None:
    """Like `find`, for an object after a name: only if it has a message or a time, as a log record has."""
    return find(text, at) if _RECORD.search(text, at) is not None else None


def _squeezed(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "").replace(".", "").replace("@", "")


def surest(keys: Iterable[str]) -> str:
    """Of the members of an object the one that is the first to be asked for the level; "" if none names one."""
    ranked = [(_ORDER.get(_squeezed(key) if len(key) < 32 else "", len(_SCALES)), key) for key in keys]
    rank, key = min(ranked, key=itemgetter(0), default=(len(_SCALES), ""))
    return key if rank < len(_SCALES) else ""


def number_decides(value: dict[str, Any], key: str) -> bool:
    """Whether what `value` declares is told by the number of `key`, the surest of its members, and by its members' names."""
    if (
        type(value[key]) is not int
        or ("reqId" in value and "remoteAddr" in value)
        or _of_value(key, value[key]) is None
    ):
        return False
    return not _RECORD_KEYS.isdisjoint(value) or _SCALES[_squeezed(key)] not in ("level", "severity")


def of_whole(text: str, value: dict[str, Any], key: str) -> Found | None:
    """What the object `value` declares that `text` was decoded to; `key` is the surest of its members.

    Of a member that comes twice (slog writes such) decoding leaves the last, and the record's own is the first.
    """
    if key and text.count(f'"{key}"') > 1:
        found = _piecewise(text, text.index("{"))
        if found is not None:
            return found
    return _of_decoded(value)


def _of_decoded(value: object) -> Found | None:
    declared = _of_object(value, 0)
    return (declared, "field") if declared is not None else None


def find(text: str, at: int = 0) -> Found | None:
    """What the object that begins at `at` declares; None if it declares nothing or is no object."""
    whole = _whole(text, at) if len(text) - at <= LONGEST else None
    if whole is not None:
        return of_whole(text[at:] if at else text, whole, surest(whole) if len(whole) <= MOST_MEMBERS else "")
    return _piecewise(text, at)


def _whole(text: str, at: int) -> dict[str, Any] | None:
    """The object that is all of the text from `at` on; None where there is none."""
    if text[-1:] not in "}\n\r \t":
        return None
    try:
        value = orjson.loads(text[at:] if at else text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def line_in_docker(text: str) -> str | None:
    """The line in a record of Docker's json-file, `{"log":"…\\n","stream":"stderr","time":"…"}`; None for any other object."""
    if not text.startswith('{"log":"') or '"stream":"std' not in text:
        return None
    value = _decoded(text, 0)
    if not isinstance(value, dict) or not value.keys() <= _DOCKERS or not isinstance(value.get("log"), str):
        return None
    return str(value["log"]).rstrip("\r\n") or None


def _piecewise(text: str, at: int) -> Found | None:
    """What is long, cut off, followed by other text, or Python's repr: members are read up to the level."""
    flat = _FLAT.match(text, at)
    if flat is not None:
        sure = not flat[2][0].isdigit() or (len(flat[2]) > 1 and _RECORD.search(text, at) is not None)
        declared = _of_value(flat[1], flat[2]) if sure else None
        if declared is not None:
            return declared, "field"
    elif text[at + 1 : at + 2] == "'":
        flat = _FLAT_REPR.match(text, at)
        declared = _of_value(flat[1], flat[2]) if flat is not None else None
        return (declared, "field") if declared is not None else None
    elif text[at + 1 : at + 2] in (" ", "\n"):
        shown = _SHOWN.match(text, at)
        declared = _of_value("level", shown[1] or shown[2]) if shown is not None else None
        if declared is not None:
            return declared, "field"
    if len(text) - at > LONGEST or "}" not in text:
        return None
    value = _decoded(text, at)
    return _of_decoded(value) if value is not None else None


def _decoded(text: str, at: int) -> object:
    """The object that begins at `at`, whatever follows it; None where there is none."""
    try:
        return _DECODER.raw_decode(text, at)[0]
    except (ValueError, RecursionError):
        return None


_DECODER = json.JSONDecoder()


def _of_value(key: str, value: object) -> str | None:
    squeezed = _squeezed(key)
    scale = _SCALES.get(squeezed)
    if key == "PRIORITY":
        scale = "syslog"
    if scale is None or value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        if "\x1b" in value:
            value = without_escapes(value[:_COLOURED])  # winston's colorize() before json()
        declared = of_word(value.strip())
        dressed = _DRESSED.fullmatch(value.strip()) if declared is None else None
        if dressed is not None:
            declared = of_word(dressed[1])
        if declared is not None:
            return declared
        if not value.isascii() or not value.isdecimal() or len(value) > 6:
            return None
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and abs(value) < 1_000_000:
        return of_number(value, scale)
    return None


def _of_object(value: object, depth: int) -> str | None:
    if not isinstance(value, dict) or depth > _DEEPEST:
        return None
    if value.get("reqId") is not None and "remoteAddr" in value and type(value.get("level")) is int:
        return of_number(value["level"], "azure")  # Nextcloud: 0 debug … 4 fatal
    if "source" in value and "data" in value and type(value.get("log_level")) is int:
        return _LAGER.get(value["log_level"])
    record = depth > 0 or not _RECORD_KEYS.isdisjoint(value)  # a bare number says nothing in `{"player":"a","level":3}`
    best, rank = None, len(_SCALES)
    for key, member in value.items():
        squeezed = _squeezed(key) if len(key) < 32 else ""
        place = _ORDER.get(squeezed, len(_SCALES))
        if place < rank and not isinstance(member, dict | list):
            declared = _of_value(key, member)
            if declared is not None and (record or _SCALES[squeezed] not in ("level", "severity") or _worded(member)):
                best, rank = declared, place
    return best or _of_dialect(value) or (_of_other_key(value) if depth == 0 else None) or _of_nested(value, depth)


def _worded(value: object) -> bool:
    return isinstance(value, str) and not value.strip().isdecimal()


_DOCKERS = frozenset(("log", "stream", "time", "attrs"))
_LAGER = {0: DEBUG, 1: INFO, 2: ERROR, 3: CRITICAL}  # Cloud Foundry's
_RECORD_KEYS = frozenset(
    "msg message short_message time timestamp ts @timestamp MESSAGE Message Timestamp asctime body log err hostname v".split()
)
_ORDER = {key: place for place, key in enumerate(_SCALES)}


def _of_dialect(value: dict[str, Any]) -> str | None:
    """Objects whose level is told by keys that mean it in one program's format only."""
    mark = value.get("@l", value.get("s") if "c" in value and "t" in value else None)
    if isinstance(mark, str):  # Serilog's compact format, MongoDB
        return of_word(mark)
    if "@t" in value and ("@m" in value or "@mt" in value):
        return INFO  # the compact format leaves Information out
    if isinstance(value.get("prio"), int) and isinstance(value.get("label"), str):
        return of_word(value["label"])  # MySQL
    if "ddsource" in value or "ddtags" in value:  # Datadog's reserved attribute
        mark = value.get("status")
        return of_word(mark) if isinstance(mark, str) else None
    if "Machine" in value and "Type" in value and isinstance(value.get("Severity"), str):
        return of_foundationdb(value["Severity"])
    mark = value.get("L")
    if isinstance(mark, str) and "M" in value:  # zap's short keys
        return of_word(mark)
    if value.get("type") == "log" and isinstance(value.get("tags"), list) and value["tags"]:
        return _of_kibana(value["tags"], "pid" in value and "@timestamp" in value)
    return None


def _of_kibana(tags: list[object], whole: bool) -> str | None:
    """The level among the tags of Kibana 5 to 7: the first, or in a `whole` record anywhere: `["status","plugin:x","error"]`."""
    for tag in tags if whole else tags[:1]:
        if isinstance(tag, str) and (not whole or tag in _KIBANA):
            return of_word(tag)
    return None


def _of_other_key(value: dict[str, Any]) -> str | None:
    """The level of a record that has its only one under a key of its own: `event_level`, `shop.severity`.

    Such a key may also name a measure or a setting (`battery_level`, `min_level`), and a wrong error wakes somebody. So
    it counts only where the object has a message and a time, as a record has, and only one such key; and either the key
    names the record, or the value is a word that nothing but a log level takes and the key speaks of nothing else.
    """
    keys = [key for key in value if key[-5:].lower() == "level" or key[-8:].lower() == "severity"]
    if len(keys) != 1 or _MESSAGES.isdisjoint(value) or _TIMES.isdisjoint(value):
        return None
    word, key = value[keys[0]], _squeezed(keys[0])
    if not isinstance(word, str) or len(key) > _LONGEST_KEY:
        return None
    of = key.removesuffix("level").removesuffix("severity")
    if of in _OF_RECORD or word.lower() in _LEVELS_ALONE and not any(other in of for other in _OF_ELSE):
        return of_word(word)
    return None


_MESSAGES = frozenset("msg message MESSAGE Message event body text short_message".split())
_TIMES = frozenset("time timestamp ts @timestamp Timestamp Time asctime datetime date t".split())
_OF_RECORD = frozenset("event evt msg message record entry logentry line app application journal".split())
_LEVELS_ALONE = frozenset("debug dbg info inf warn wrn error err fatal trace".split())
_OF_ELSE = (
    "min max default thresh config console file root target filter effective current new old prev from set allow require "
    "accept desire access alert alarm risk threat vuln incident issue ticket finding rule battery water power noise signal "
    "zoom skill user player support error debug trace verbos isolation compress trust security service sla"
).split()
_LONGEST_KEY = 32


def _of_nested(value: dict[str, Any], depth: int) -> str | None:
    for inner in _inner_objects(value):
        if isinstance(inner, str):
            inner = _unescaped(inner)
        declared = _of_object(inner, depth + 1)
        if declared is not None:
            return declared
    return None


def _inner_objects(value: dict[str, Any]) -> Iterator[object]:
    level = value.get("level", value.get("Level"))
    if isinstance(level, dict):  # loguru's {"name": …, "no": …}, log4js' {"level": …, "levelStr": …}
        name = level.get("name", level.get("levelStr"))
        yield {"level": name} if name is not None else level
    context = value.get("context")
    if isinstance(context, dict) and isinstance(context.get("logLevel"), int):  # Roarr
        yield {"loglevel": context["logLevel"], "message": ""}
    for key in (
        "_meta",
        "log",
        "syslog",
        "record",
        "@fields",
        "fields",
        "message",
        "msg",
        "MESSAGE",
        "@message",
        "Message",
    ):
        if key in value:
            yield value[key]
    for key in ("resourceLogs", "scopeLogs", "logRecords"):  # OTLP/JSON: the first record's
        if isinstance(value.get(key), list) and value[key]:
            yield value[key][0]


def _unescaped(text: str) -> object:
    text = text.strip()
    if not text.startswith("{"):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def escaped(text: str) -> Found | None:
    """What an object declares that was encoded twice: the line is a JSON string that holds it."""
    if not text.startswith('"{') or len(text) > LONGEST:
        return None
    try:
        inner = json.loads(text)
    except (ValueError, RecursionError):
        return None
    declared = _of_object(_unescaped(inner), 1) if isinstance(inner, str) else None
    return (declared, "field") if declared is not None else None
