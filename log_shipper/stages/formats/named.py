"""A level, or an object with one, after the name of a program, a logger or a worker, without a time before it."""

import re

from log_shipper.stages.formats import json_fields, logfmt
from log_shipper.stages.formats.levels import (
    CRITICAL,
    DEBUG,
    ERROR,
    INFO,
    LETTERS,
    SYSLOG,
    UPPER,
    WARNING,
    WORDS,
    Found,
)
from log_shipper.stages.formats.separated import WORDS_IN_CAPITALS
from log_shipper.stages.formats.words import set_off

_LEVEL_AFTER_NAME = re.compile(r"[\w./-]++::?([A-Z]{4,8})[: ]")
_IBM = re.compile(r"[A-Z]{3,6}\d{4,5}([IWE]): ")
_LEVEL_IN_NAME = re.compile(r"[\w.-]+[./]([A-Z]{4,9})(?:/[\w.]+)?:")  # Monolog: production.ERROR:
_DOTTED = re.compile(r"[a-z][\w-]{0,40}+[./](FATAL|CRITICAL|ERROR|WARN|WARNING|INFO|NOTICE|DEBUG|TRACE): ")
_UNREAL = re.compile(r"Log[A-Z]\w{0,60}: (Display|VeryVerbose): ")  # its other verbosities are words of all
_WARNING_NAME = re.compile(r"(?:[A-Z]\w*)?Warning: ")
_AFTER_PROCESS = re.compile(r"[\w-]{1,40}+\[\d{1,9}\]\.(FAT|PNC|ERR|WAR|INF|DB[0-9G])(?= )")
_ZONEMINDER = {"FAT": CRITICAL, "PNC": CRITICAL, "ERR": ERROR, "WAR": WARNING, "INF": INFO}
# A process or a duration, maybe a thread; `3042-INFO-text`
_LEVEL_AFTER_PID = re.compile(
    r"\d{1,2}:\d{2} \[?([A-Z]{4,8})(?=[ :\]])|\d{1,9} (?:(?=\S{0,60}(?:[a-z][A-Z]|[-_.\d]))[\w.-]{2,60}+ )?([A-Z]{4,8})(?= )|\d{1,9}-([A-Z]{4,8})-"
)
_GREENPLUM = re.compile(r"\d{8}:\d\d:\d\d:\d\d:(?:\d{6} )?[\w.-]{1,40}:[\w.-]{1,100}:[\w.-]{1,40}-\[([A-Z]{4,8})\]:-")
_AFTER_PEER = re.compile(
    r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}:\d{1,5} (?:(?:TLS|VERIFY|TLS Auth|AUTH) (?=E))?(ERROR|Error|WARNING|NOTE): "
)
_DASHED = re.compile(r"[\w./:@-]++ - (?:[\w./:@-]++ - )?([A-Z]{4,8}|错误|警告|致命|严重|信息|调试) - ")
_BARE_NAME = re.compile(
    r"((?:[a-z]|[A-Z][a-z]{1,20}+(?:[A-Z]|-\d))[\w./@#-]{0,59}+(?::\d{1,6}|\[\d{1,9}\])?)( *+\| *+| *+: | ++)([A-Z]{3,8})(?=[ :|-])"
)
# A name, and then a level in brackets of its own or between separators: `app.db [ERROR] text`, `app<tab>ERROR<tab>text`
_SECOND = re.compile(
    r"([A-Za-z][\w./@#:-]{0,79}+)(?:(\t++| \| ?| - )|:? ++)(?:\[[\w.-]{1,40}\][ \t|]{1,3})?(?:([\[<(]) ?([A-Z]{3,8}|[a-z]{4,8}) {0,5}[\])>]:?|([A-Z]{3,8}):?)[ \t|]++(?=[^\s|])"
)
_BEHIND_PROCESS = re.compile(
    r"[A-Za-z][\w.-]{0,60}+\[\d{1,9}\] (error|warning|warn|fatal|critical|debug|Error|Warning|Fatal): "
)
_TABBED = re.compile(r"[\w.:-]{1,80}+ {2,20}+(debug|info|warn|error)\t(?=\S)")
_TOPICS = re.compile(  # of RouterOS, the first of which is its own, and then maybe more
    r"(?:account|async|backup|bfd|bgp|bridge|caps|certificate|container|ddns|dhcp|dns|firewall|health|hotspot|interface|ipsec|l2tp|ldp|lte|manager"
    r"|ntp|ospf|ovpn|ppp|pppoe|pptp|queue|radius|radvd|route|script|snmp|ssh|sstp|system|telephony|tftp|timer|upnp|ups|vrrp|watchdog"
    r"|wireguard|wireless),(?:[a-z0-9]{2,20},){0,4}(debug|info|warning|error|critical)(?:,[a-z0-9]{2,20}){0,3} (?=\S)"
)
_BEFORE_DATE = re.compile(r"[\w.-]{1,40}(?: {1,4}[\w.-]{1,40})?:([A-Z]{4,9}):\d{4}-\d\d-\d\d ")
_CUT = {"FAT": CRITICAL, "NOT": INFO}
_LETTERS = frozenset("IWE")
_LABELS = frozenset(("LEVEL:", "Level:", "level:", "SEVERITY:", "Severity:", "severity:"))
_LABELLED = re.compile(
    r" {1,8}([A-Za-z]{4,9})(?: {2}| *[|,;\]]|$)"
)  # Db2's `2026-03-01-10.20.30.123456+060 I1E5   LEVEL: Error`
_CATEGORY = re.compile(r": [\w.`+<>-]{1,120}\[-?\d{1,9}\]")
_PATH = re.compile(r"\w+(?:\.|::|/)\w")
_ODD = re.compile(r".*(?:[._/@#\d-]|[a-z][A-Z])")
_OUTCOME = re.compile(r"\s*(?:\[ *\d+%\]|\(\d|\d+(?:\.\d+)?s\b|$)")
_BEGINS_TEXT = re.compile(r":? *(?:- |\| )?[\[\"'A-Z]|  +\S|: |\s*\| ")
_CALLED = frozenset(
    "table column index schema database topic queue command keyword tag label key value field name type flag mode event enum "
    "constant category class constraint view role user group channel option setting parameter variable header".split()
)
_GOES_ON = re.compile(
    r"(?:from|in|on|at|to|for|of|with|by|and|or|is|was|are|were|has|had|as|when|while|if|not|after|before|during|into|than|then"
    r"|packets?|responses?|status|codes?|pages?|levels?|states?|counts?|logs?|messages?|replys?|replies|events?|flags?|frames?|modes?"
    r"|lines?|files?|handlers?|handling|rates?|counters?|reports?|thresholds?|limits?|[=:|\]-])(?:\b|(?<=\W))"
)
_NAME = 100  # characters in which a name ends
MAIN_THREAD = "MainThread"
"""The name that Python gives a program's first thread."""
_SMALL_WORDS = frozenset(
    "the an a no not is was are be got get gets with and or of in on for to from by at as set use any all status state level "
    "if when this that one see has have had count type return returns returned raise raised raises into than total "
    "found saw sent read wrote hit made took gave ran lost kept held met left put see sees send sends via your my our some no "
    "echo print printf puts const static let var enum".split()
)


def after_name(line: str) -> Found | None:
    """`app.db:ERROR:text`, `app.db - ERROR - text`, `app: {"level":"error", …}`: a level or an object after one name."""
    match = _DASHED.match(line) if " - " in line else None
    if match is None:
        colon = line.find(":", 0, 80)
        if colon > 0 and line[colon + 1 : colon + 3].lstrip(":")[:1].isupper():
            match = _LEVEL_AFTER_NAME.match(line)
    if match is None and ":" in line[:40]:
        match = _DOTTED.match(line)
    level = UPPER.get(match[1].upper()) if match is not None else None
    if level is not None:
        return level, "column"
    colon = line.find(": {", 0, 60)
    if colon > 0 and " " not in line[:colon]:
        return json_fields.record(line, colon + 2)
    return None


def before_date(line: str) -> Found | None:
    """`md   main:WARNING:2026-03-01 10h20.30 UTC:12: text`: a level between colons, before a date."""
    match = _BEFORE_DATE.match(line)
    level = UPPER.get(match[1]) if match is not None else None
    return (level, "column") if level is not None else None


def tabbed(line: str) -> Found | None:
    """Prosody's console: `s2sin55d0c4f3a1b0    error<tab>text`, a padded name and then the level (util.startup)."""
    match = _TABBED.match(line)
    return (WORDS[match[1]], "column") if match is not None else None


def of_identifier(line: str) -> Found | None:
    """`AMQ9999E: text`: IBM's message identifiers end in a severity."""
    match = _IBM.match(line)
    return (LETTERS[match[1]], "letter") if match is not None else None


def of_topics(line: str) -> Found | None:
    """RouterOS' `system,error,critical text`: topics, of which the last that is a level says how bad it is."""
    match = _TOPICS.match(line)
    return (WORDS[match[1]], "column") if match is not None else None


def may_be_name(word: str) -> bool:
    """Whether a plain word is a program's name rather than a sentence's first, as far as its form tells."""
    return word.islower() and word not in _SMALL_WORDS and not word.endswith(("ed", "ing"))


def is_column(line: str, start: int, end: int) -> bool:
    """Whether what stands from `start` to `end` stands alone between two separators of one kind."""
    following = line[end : end + 1]
    if following == "\t":
        return line[start - 1] == "\t"
    return following == " " and line.startswith((" | ", " - "), end) and line.startswith(line[end : end + 3], start - 3)


def is_called(word: str) -> bool:
    """Whether a word says what the next one is the name of: `tag ERROR removed`."""
    return word in _CALLED


def before_text(line: str, at: int, start: int, end: int) -> bool:
    """Whether the level in capitals from `start` to `end`, right behind a name at `at`, is none of the text's words.

    `orders ERROR - text` and `orders ERROR cannot open x`, and not `replica ERROR packet`, `proxy ERROR from upstream`.
    """
    if line.startswith(" - ", end):
        return True
    if is_called(line[at : start - 1]):
        return False  # table ERROR created
    return line.find(" ", at) == start - 1 and line[end : end + 1] == " " and _GOES_ON.match(line, end + 1) is None


def is_camel(word: str) -> bool:
    return sum(map(str.isupper, word)) > 1 and not word.isupper()


def after_bare_name(line: str) -> Found | None:
    """`worker-3 ERROR text`, `auth-service | INFO | text`, `root WARNING Text`: a column of names, and then one of levels.

    A name that is a plain word may open a sentence (`got ERROR from …`): there the text has to begin as one.
    """
    behind_process = _BEHIND_PROCESS.match(line) if "] " in line[:_NAME] else None
    if behind_process is not None:
        return WORDS[behind_process[1].lower()], "prefix"
    blank = line.find(" ")
    if "," in line[:blank] and (topics := of_topics(line)) is not None:
        return topics
    if line[blank + 1 : blank + 2].islower() and "\t" not in line[:_NAME]:
        return None  # two words of a sentence: the commonest there is
    found = (tabbed(line) if "\t" in line[:_NAME] else None) or _set_off(line)
    if found is not None:
        return found
    match = _BARE_NAME.match(line)
    if match is None or "::" in match[1]:
        return None
    level = UPPER.get(match[3])
    if len(match[3]) == 3 and "|" in match[2]:
        return None  # a table
    if level is None or match[3] not in WORDS_IN_CAPITALS or _OUTCOME.match(line, match.end()) is not None:
        return None
    name = match[1]
    if name[0].isupper() and not is_camel(name):  # Thread-1
        after = line[match.end() + 1 :]
        if after.isupper() or _GOES_ON.match(after) is not None:
            return None  # Type-1 ERROR rates, Chapter-3 ERROR HANDLING
    if (
        name.isalpha()
        and name != MAIN_THREAD
        and (
            name in _SMALL_WORDS
            or not (name.islower() or is_camel(name))
            or match[2] == ": "
            or not _BEGINS_TEXT.match(line, match.end())
        )
    ):
        return None
    return level, "column"


def _set_off(line: str) -> Found | None:
    match = _SECOND.match(line)
    if match is None:
        return None
    name, separator, bracket, bracketed, bare = match.groups()
    word = (bracketed or bare).upper()
    sure = bracket == "[" and (_PATH.match(name) is not None or "]:" in match[0])
    if bracketed is not None and bracketed.islower() and not sure:
        return None
    if word not in WORDS_IN_CAPITALS or (bare and not separator) or _OUTCOME.match(line, match.end()) is not None:
        return None
    odd = _ODD.match(name) is not None
    if name in _CALLED:
        return None
    if not odd and not separator and (bracket == "(" or not name.islower() or name in _SMALL_WORDS):
        return None  # found [ERROR] in the text
    return UPPER[word], "bracket" if bracketed else "column"


def warning(line: str, at: int, token: str) -> Found | None:
    """`DeprecationWarning:`."""
    return (WARNING, "prefix") if token.endswith("Warning:") and _WARNING_NAME.match(line, at) else None


def in_token(line: str, at: int, token: str) -> Found | None:
    """`production.ERROR:`, `DeprecationWarning:`, `name:LEVEL:text`: a level, behind a time, that is part of a name with a colon."""
    found = warning(line, at, token)
    if found is not None:
        return found
    if token[0] in "级日" and (labelled := logfmt.chinese(line[at:])) is not None:
        return labelled
    if token.startswith("Log") and (unreal := _UNREAL.match(line, at)) is not None:
        return INFO if unreal[1] == "Display" else DEBUG, "prefix"
    if token.startswith("fluent.") and token[7:-1] in WORDS and line.startswith(" {", at + len(token)):
        return WORDS[token[7:-1]], "column"  # what Fluentd says of itself: its tag is the level's name
    if token[-2] in _LETTERS and (ibm := _IBM.match(line, at)) is not None:
        return LETTERS[ibm[1]], "letter"  # IBM's message identifiers end in a severity: AMQ9207W:
    if token in _LABELS and not (line[at - 1] == " " and line[at - 2].isalpha()):  # log level: error
        match = _LABELLED.match(line, at + len(token))
        level = WORDS.get(match[1].lower()) if match is not None else None
        return (level, "field") if level is not None else None
    in_name = _LEVEL_IN_NAME.match(line, at) if "." in token or "/" in token else None
    if in_name is not None and in_name[1] in UPPER:
        return UPPER[in_name[1]], "column"
    for part in token.split(":", 4)[1:]:
        if len(part) > 3 and part in UPPER and part in WORDS_IN_CAPITALS:
            return UPPER[part], "column"
    return None


def of_log(token: str, following: str) -> Found | None:
    """Quill's `LOG_INFO`, `LOG_TRACE_L1`; stunnel's `LOG3[ui]: text`, a severity of syslog."""
    if token.startswith("LOG_"):
        level = UPPER.get(token[4:].partition("_L")[0])
        return (level, "column") if level is not None else None
    if following == "[" and len(token) == 4 and token[3] in "01234567":
        return SYSLOG[int(token[3])], "priority"
    return None


def after_peer(line: str) -> Found | None:
    """OpenVPN's prefix behind a client's address: `10.0.0.7:41194 TLS Error: text`, `10.0.0.7:41194 WARNING: text`."""
    match = _AFTER_PEER.match(line)
    level = UPPER.get(match[1].upper()) if match is not None else None
    return (level, "prefix") if level is not None else None


def of_dotnet(line: str, end: int) -> bool:
    """Whether the `fail` that ends at `end`, behind a time, is a level: `fail: Acme.Orders[14] text`."""
    return _CATEGORY.match(line, end) is not None


def after_process(line: str, at: int) -> Found | None:
    """ZoneMinder's `web_php[118770].ERR [10.0.0.1] [text]`."""
    match = _AFTER_PROCESS.match(line, at)
    return (_ZONEMINDER.get(match[1], DEBUG), "column") if match is not None else None


def cut_before_time(line: str) -> str | None:
    """Chronicles' `FAT 2026-03-01 10:20:30` and `NOT 2026-…`, words elsewhere; `words.set_off` sees the time."""
    return _CUT.get(line[:3]) if line[3:5] == " 2" else None


def after_number(line: str) -> Found | None:
    """`12 INFO text`, `54 [main] …`, `3042-INFO-text`, `10:20 ERROR text`: a level behind a process, a duration, an hour."""
    if line[8:9] == ":":  # 20260301:10:20:30:004042 gpstart:mdw:gpadmin-[ERROR]:-text
        greenplum = _GREENPLUM.match(line)
        level = UPPER.get(greenplum[1]) if greenplum is not None else None
        return (level, "bracket") if level is not None else None
    match = _LEVEL_AFTER_PID.match(line)
    if match is not None:
        word = match[1] or match[2] or match[3]
        level = UPPER.get(word)
        if level is not None and (match[3] or set_off(line, match.end(), word, stamped=True)):
            return level, "column"
    return None
