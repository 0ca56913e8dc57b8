"""Whether a level word, at a place where a declaration can stand, is set off from the text as a declaration is.

`error: x`, `ERROR x`, `warn  - x`, `INFO[0085] x`, `error | x` are; `error pages`, `error_log`, `error=0`, `error: null`
are not: a field of some report, or a word of the text.
"""

import re

from log_shipper.stages.formats.levels import CHINESE, UPPER

_SCALAR = re.compile(
    r"\s{0,80}+(?:false|true|null|none|nil|<nil>|nan|n/a|yes|no|off|on|ok|enabled|disabled|-?\d[\d.,]*+\s*+(?:%|ms|s|[个条次项处起例件])?|\[\s*+\]|\{\s*+\}|\"\"|''|无|没有|否|是)\s*+[,;.]?\s*+$|\s{0,80}+0[,;] \w{1,40}+: ",
    re.IGNORECASE,
)
_PLAIN_VALUE = re.compile(
    r"\s{0,80}+(?:false|true|null|none|nil|-?\d[\d.,]*+\s*+(?:%|ms|s)?|\[\s*+\]|\{\s*+\})\s*+$", re.IGNORECASE
)
_COUNTS = re.compile(  # CRITICAL: 0, HIGH: 3
    r"\s*+\d{1,9}+(?:[,;|/]? {1,3}|\t)(?:\| )?(?:warn|err|fail|high|medium|low|crit|info|unknown|total|pass|skip|ok|notes?|notice"
    r"|debug|major|minor|fatal)[a-z]{0,10}: ?\d",
    re.IGNORECASE,
)
_CHINESE_COUNT = re.compile(r"\s*+\d{1,9}+ ?[个条次项处起例件]")  # 错误 0 个
_METHOD_TARGET = re.compile(r"\s+(?:/|\*\s|https?:)")
_BANNER = re.compile(r"\s++[A-Z!*][A-Z!*\s]*+(?:(?<=\s)\d++\s*+)?$")  # words in capitals, maybe a number
# `ERROR is no level`, `FATAL or ERROR`: the subject of a sentence
_SUBJECT = re.compile(r" (?:is|are|was|were|has|have|or|and|of|OF|means) ")
_CODE = re.compile(r"\[[A-Z][\w-]{1,40}\] ")  # VCS' Error-[SV-ERR] text
_CODE_BEFORE_COLON = re.compile(r" \[[A-Z][A-Z0-9_]{2,60}\]: ")  # Node.js' Error [ERR_MODULE_NOT_FOUND]: text
_NUMBER = re.compile(r" \(\d{3,9}\): ")  # Quartus' Error (12345): text
_PROCESS = re.compile(r"<\d{1,9}>:")  # the Enlightenment libraries' ERR<12>:
_CHANGE = re.compile(r" [-=]> [\w-]{1,40}(?: [-=]> [\w-]{1,40}){0,4}$")  # ERROR -> OK
_BEFORE_TIME = re.compile(  # the last is Dancer's, of seconds
    r" (?:[@(]?\d{4}[-/.]\d\d[-/.]\d\d[ T]\d\d:\d\d|@\d{1,6}\.\d{3,9}> )"
)
_OBJECT = re.compile(r"/[A-Za-z]\w{0,40}: ")
_SET_OFF = ("- ", "| ", ": ", ":: ", "==> ", "-> ", ">> ", "> ", "-- ", "--- ")
_UPPER_ENDS = frozenset("])>[(,;!*/|\t")


def is_value(line: str, at: int) -> bool:
    """Whether the rest of `line` is but a scalar (`0`, `none`, `[]`), or one of several counts: the word before it names a field."""
    return _SCALAR.match(line, at) is not None or _COUNTS.match(line, at) is not None


def set_off(line: str, end: int, word: str, *, stamped: bool) -> bool:
    """Whether the level `word` that ends at `end` declares; `stamped`: a timestamp or bracket stands before it."""
    following = line[end : end + 1]
    capitals = word in UPPER
    if following == ":" or following == "：":
        return _before_colon(line, end + 1, capitals, stamped)
    if following == "-":
        if line.startswith("--- ", end):  # Verdaccio's `error--- text`: its levels are padded to five
            return len(word) == 5
        return line[end + 1 : end + 2] == "[" and _CODE.match(line, end + 1) is not None
    if following == "":
        return capitals or stamped or word in CHINESE
    if following == " ":
        return _before_space(line, end, word, capitals, stamped)
    if following in "\t|":
        return stamped or capitals or not is_value(line, end + 1)
    if following == "!" and word in ("Error", "Warning"):
        return line[end + 1 : end + 2] == " "
    if capitals:
        if following == "*":
            return line[end - len(word) - 1 : end - len(word)] == "*"  # Sling's *ERROR*
        if following == "(" and line[end + 1 : end + 2] == ")":
            return False  # ERROR() {
        return following in _UPPER_ENDS or (following == "<" and _PROCESS.match(line, end) is not None)
    if following == ",":
        return _BEFORE_TIME.match(line, end + 1) is not None  # error, 2026-03-01 10:20:30, text
    # `info(scope): text` (Zig), `critical/ConfigItem: text` (Icinga), `<Error>`
    if following == "(":
        closed = line.find("):", end, end + 60)
        return closed > 0 and " " not in line[end:closed] and not is_value(line, closed + 2)  # Error(s): 0
    return stamped and (following in "]>)" or (following == "/" and _OBJECT.match(line, end) is not None))


def _before_colon(line: str, at: int, capitals: bool, stamped: bool) -> bool:
    following = line[at : at + 1]
    if not (stamped or capitals) and (
        (following == "" and line[:at].islower()) or (line.startswith("alert: ") and " " not in line[at:].strip())
    ):
        return False  # a label of C, the name of one of Prometheus' rules
    if following == "" or following in " \t":
        if (
            capitals and line[at - 2].isascii()
        ):  # what a program writes in capitals is rarely a field, and `ERROR: no` is a text
            return _COUNTS.match(line, at) is None and (stamped or _PLAIN_VALUE.match(line, at) is None)
        return not is_value(line, at)
    if following == ":":
        return capitals and stamped  # 2026-03-01 10:20:30,123::INFO::[main:3] text
    return (capitals or following >= "\u2e80") and not (line[at - 1] == "：" and is_value(line, at))


def _before_space(line: str, end: int, word: str, capitals: bool, stamped: bool) -> bool:
    rest = line[end + 1 : end + 5]
    if rest[:2] in ("->", "=>") and _CHANGE.match(line, end) is not None:
        return False
    if word in CHINESE and _CHINESE_COUNT.match(line, end) is not None:
        return False
    if capitals:
        if rest[:2] in ("= ", "=="):
            return rest[:3] == "==>"
        if word == "TRACE" and _METHOD_TARGET.match(line, end):
            return False
        if stamped:
            return True
        counted = rest[0:1] == " " and _PLAIN_VALUE.match(line, end) is not None  # ERROR    12
        return not counted and _BANNER.match(line, end) is None and _SUBJECT.match(line, end) is None
    if word in CHINESE:
        return True
    if rest.startswith(_SET_OFF):
        return stamped or not is_value(line, end + 3)
    if rest[:1] == " " or rest[:1] == "\t":
        return stamped or not (is_value(line, end) or line[end:].lstrip().startswith("= "))
    if rest[:1] == "[" and rest[1:3].isdigit():
        return True  # error [2026-03-01 10:20:30 Z] text
    if rest[:1] == "[" and _CODE_BEFORE_COLON.match(line, end) is not None:
        return True
    if rest[:1] == "(" and _NUMBER.match(line, end) is not None:
        return True
    if rest[:1] in "@12(" and _BEFORE_TIME.match(line, end) is not None:
        return True
    return stamped and rest[:1] in ("[", "<")
