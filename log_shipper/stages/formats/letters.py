"""Levels told by one letter or mark, in formats that define it.

klog and glog, CUPS, CockroachDB, Meteor, Ruby's Logger, Android's logcat, ESP-IDF, apt, InfluxDB and Telegraf, Tornado and
Jupyter, TensorFlow and absl, MongoDB before 4.4, etcd's capnslog, onnxruntime, WebSphere, GlusterFS, Ceph, SLF4J 2, Redis' `.-*#`.
A letter alone is a word or an initial of the text: each form asks for what its format puts around it.
"""

import re

from log_shipper.stages.formats import named
from log_shipper.stages.formats.levels import CRITICAL, DEBUG, ERROR, INFO, LETTERS, WARNING, WORDS, Found
from log_shipper.stages.formats.stamps import STAMP

_AT_START = re.compile(
    r"([IWEFDCVNT])(?:"
    r"\d{4}(?:\d{2}|\d{4})?[ -]\d{2}:\d{2}:\d{2}"  # I0506 08:15:03, I240506 08:15:03, I20240506-08:15:03
    r"| (?:\d{4}-\d{2}-\d{2}[T ])?\d{2}:\d{2}:\d{2}[.,]\d{3}|\x20\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:"  # %(levelname).1s %(asctime)s
    r"| \[\d{2}/[A-Z][a-z]{2}/\d{4}:"  # CUPS: E [08/Jun/2013:11:28:58 -0700]
    r"|\[\d{4}-\d{2}-\d{2}\|"  # Tendermint: I[2024-05-06|08:15:03.127]
    r"|, \[\d{4}-\d{2}-"  # Ruby: I, [2024-05-06T
    r"|/[\w.$:-]{1,60}\s*\(\s*\d+\)\s?:"  # Android: E/Tag( 123):
    r"| \(\d{1,12}\) [\w.-]+:"  # ESP-IDF: E (1234) wifi:
    r"|\. \d{2}/\d{2} \d{2}:\d{2}:\d{2}\. "  # SQL Anywhere: E. 03/01 10:20:30.
    r")"
)
_CUPS = re.compile(r"([AXd]) \[\d{2}/[A-Z][a-z]{2}/\d{4}:")  # its emergencies, alerts and details: cupsd-logs(5)
_CUPS_TYPES = {"X": CRITICAL, "A": CRITICAL, "d": DEBUG}
_VMX = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\| [\w-]{1,30}\| ([EWI])\d{3}[:+] ")
_APT = re.compile(r"([EWNI]): (?=[A-Z'\"./a-z(<\[]{2}|[一-鿿]{2})")
_PARENTHESIZED = re.compile(r"\(([NIWC])\) \d{4}-\d{2}-\d{2}T")  # qBittorrent
_ESPHOME = re.compile(r"\[[\w.]{1,40}:\d{2,5}\]: ")  # [10:20:30][C][wifi:012]: its configuration
_COUNTER = re.compile(r" '[^']{1,160}': Count: \d")  # go-metrics' [time][C] 'consul.http': Count: 3 Sum: 12.000
_SURE = "EWIDFTV"
_ANGLED = re.compile(r"<([ewi])> \[[\w.@/-]{1,80}\] ")  # webpack
_TAGGED = re.compile(r"([DIWEV])/[A-Za-z][\w.:-]{1,40}+ ")
_SLF4J = re.compile(r"SLF4J\(([EWID])\): ")
_AFTER_STAMP = re.compile(
    r"([IWEFDCVNT])(?:"
    r"! "  # Telegraf
    r"|:? ?\| "  # capnslog
    r"| \d{1,9} \d{1,9}\] "  # Ray: [time E pid tid]
    r"|:\s"
    r"| +(?:[A-Z][A-Z_]{2,}|-) +\["  # MongoDB: I NETWORK  [conn1]
    r"|/[\w.$:-]{1,60}\s*\(\s*\d+\)\s?:"  # logcat -v time
    r"| +[\w./+-]+:\d+\]"  # TensorFlow, absl: E path/file.cc:38]
    r"| +(?:\[|\()"
    r"| [\w-]{1,20} [\w/+-]{1,60}+\.\w{1,4}:\d+ "  # lnav: D t0 file.cc:47 text
    r"| +(?:\w+\.){2,8}\w+ "  # QuestDB: I i.q.c.h.HttpServer text
    r"| +[\w.$/-]+(?:\(\d+\))?:\s"
    r"|  +[A-Z]{3,6}\d{4}[IWEA]:"  # WebSphere: E   SRVE0777E:
    r")"
)
_GLUSTER = re.compile(r"[AM] \[(?:MSGID: \d{1,9}\] \[)?[\w.-]{1,60}\.c:\d{1,6}:")  # alert, emergency
_TARANTOOL = re.compile(  # 2026-03-01 10:20:30.123 [12] main/103/init.lua E> text
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[\d{1,9}\] [\w./:@-]{2,60}+(?: [\w./-]{2,60}+)? ([FECWIVD])> "
)
_WEBSPHERE = re.compile(  # [3/1/26 10:20:30:123 UTC] 0000001b com.acme.Orders   W text
    r"\[\d[^\]]{14,40}\] [0-9a-f]{8} (?:id=\w* +)?[\w.$-]{1,120}+ +([FEWICDA]) +(?=\S)"
)
_PLACE = re.compile(r" \[[\w.-]{1,50}:\d{1,6}\] ")
_WINE = re.compile(r"[0-9a-f]{4}:(err|warn|trace):[\w.]{1,40}:\w{1,80} ")
_LLAMA = re.compile(r"\d{1,4}\.\d{2}\.\d{3}\.\d{3} ([IWED]) ")
_CEPH = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d{3,6}(?:[+-]\d{4})? [0-9a-f]{8,16} +-1 ")
_AUDITED = re.compile(r"A +(?:[A-Z]{3,6}\d{4}I: |(?:\w+\.){2,8}\w+ )")  # WebSphere, QuestDB
_LOGCAT = re.compile(r"\d{1,10}[ -]{1,10}\d{1,10}(?:/\S{1,120}+)? ([VDIWEFA])[ /]")
_TABBED = re.compile(r"([IWEFDCVNT])[\t ]")
_BRACKETED = re.compile(
    r"\[\s?([IWEFDCVNT])(?: (?=\d{2,4}[-/:]?\d{2})|:[\w:-]*, |\d{3,4} \d\d:\d\d:\d\d\.| [\w./-]{1,120}\.(?:cpp|cc|cu|h):\d{1,6}\] )"
)
_REDIS = re.compile(
    r"\d{1,7}:(?:\d{1,7}:)?[XCSM] \d{1,2} [A-Z][a-z]{2} (?:\d{4} )?\d{2}:\d{2}:\d{2}(?:\.\d{3})? ([-.*#]) "
)
_REDIS_OLD = re.compile(
    r"\[\d{1,7}(?::[XCSM])?\] \d{1,2} [A-Z][a-z]{2} (?:\d{4} )?\d{2}:\d{2}:\d{2}(?:\.\d{3})? ([-.*#]) "
)
_HANA = re.compile(r"([diwef]) [\w.-]{1,40}+ +[\w.-]{1,80}\(\d+\) : ")
_MARKS = {".": DEBUG, "-": DEBUG, "*": INFO, "#": WARNING}


def at_start(line: str) -> Found | None:
    """A letter at the line's beginning."""
    match = _AT_START.match(line) or _APT.match(line) or _SLF4J.match(line)
    if match is None and line[0] in _CUPS_TYPES and _CUPS.match(line) is not None:
        return _CUPS_TYPES[line[0]], "letter"
    return (LETTERS[match[1]], "letter") if match is not None else None


def tagged(text: str) -> Found | None:
    """`E/nsHttp text`, as Firefox logs behind its process and thread."""
    match = _TAGGED.match(text)
    return (LETTERS[match[1]], "letter") if match is not None else None


def parenthesized(line: str) -> Found | None:
    """`(W) 2026-03-01T10:20:30 - text`."""
    match = _PARENTHESIZED.match(line)
    return (LETTERS[match[1]], "letter") if match is not None else None


def crossed(line: str) -> Found | None:
    """`⨯ text`, `⚠ text`: marks of Next.js (packages/next/src/build/output/log.ts), apex/log and log-symbols.

    Test runners use other crosses, people the picture (`⚠️`).
    """
    return (ERROR if line[0] == "⨯" else WARNING, "letter") if line[1:2] == " " else None


def angled(line: str) -> Found | None:
    """`<w> [webpack.cache] text`."""
    match = _ANGLED.match(line)
    return (LETTERS[match[1].upper()], "letter") if match is not None else None


def after_stamp(line: str, at: int, gap: str) -> Found | None:
    """A letter in the column after a timestamp; `gap` is what stands between them."""
    letter = line[at]
    match = _AFTER_STAMP.match(line, at) if letter in LETTERS else None
    if match is None and line[at + 1 : at + 2] in " >":
        found = _behind_header(line, at)
        if found is not None:
            return found
    if letter in LETTERS:
        match = match or (_TABBED.match(line, at) if "\t" in gap else None)
        return (LETTERS[letter], "letter") if match is not None else None
    if letter in "diwef":
        match = _HANA.match(line, at)  # SAP HANA: `e commlib  commlibImpl.cpp(00456) : text`
        return (LETTERS[letter.upper()], "letter") if match is not None else None
    if letter in "AM":
        if _GLUSTER.match(line, at) is not None:
            return CRITICAL, "letter"
        return (INFO, "letter") if letter == "A" and _AUDITED.match(line, at) else None
    return None


def _behind_header(line: str, at: int) -> Found | None:
    """The letter at `at`, where all that stands before it is a header of Tarantool's or WebSphere's."""
    match = _TARANTOOL.match(line) or _WEBSPHERE.match(line)
    if match is None or match.start(1) != at:
        return None
    informs = match[1] in "CA" and line[at + 1] == " "  # WebSphere's configuration and audit
    return (INFO if informs else LETTERS[match[1]]), "letter"


def logcat(line: str, at: int) -> Found | None:
    """`pid tid L ` after a timestamp (logcat -v threadtime); A is an assertion that failed."""
    match = _LOGCAT.match(line, at)
    if match is None:
        return None
    return LETTERS["F" if match[1] == "A" else match[1]], "letter"


def alone(letter: str, bracket: str, following: str, stamped: bool, before: str) -> str | None:
    """What a letter alone in brackets declares; `before`: the plain word that stands before it, if one does."""
    if following[:1].islower() or (letter == "C" and _COUNTER.match(following)):
        return None  # [E]dit
    if letter == "C" and _ESPHOME.match(following):
        return INFO
    if letter in "AM" and stamped:
        return before_place(following)
    if before:
        known = bracket == "[" and letter in _SURE and named.is_camel(before)
    elif bracket == "(":
        known = stamped
    else:
        known = stamped or letter in _SURE or (letter == "C" and STAMP.match(following.lstrip(" [")) is not None)
        known = known and bracket == "["
    return LETTERS.get(letter) if known else None


def before_place(following: str) -> str | None:
    """The type of beego's `[A] [router.go:12]` and `[M] …`, alert and emergency, by what follows the letter."""
    return CRITICAL if _PLACE.match(following) is not None else None


def wine(line: str) -> Found | None:
    """Wine's `0024:err:module:import_dll text`, behind a thread's id; its `fixme` says what it cannot do yet, not how bad that is."""
    match = _WINE.match(line)
    return (WORDS[match[1]], "column") if match is not None else None


def uptime(line: str) -> Found | None:
    """`0.12.345.678 W srv  load_model: text`: llama.cpp's minutes, seconds, milli- and microseconds, and a letter."""
    match = _LLAMA.match(line)
    return (LETTERS[match[1]], "letter") if match is not None else None


def vmx(line: str) -> Found | None:
    """`2026-03-01T10:20:30.123Z| vmx| W115: text`: VMware's log of a virtual machine."""
    match = _VMX.match(line)
    return (LETTERS[match[1]], "letter") if match is not None else None


def ceph(line: str) -> Found | None:
    """Ceph's `2026-03-01T10:20:30.123+0000 7f5d1c7fa700 -1 text`: -1 is its error, what is above says how much is wanted."""
    return (ERROR, "priority") if _CEPH.match(line) is not None else None


def bracketed(line: str, at: int) -> Found | None:
    """`[E 240506 08:15:03 web:12] `, `[W:onnxruntime:, graph.cc:1348 Graph] `, PyTorch's `[W socket.cpp:663] ` and `[E506 08:15:03.127 …`."""
    match = _BRACKETED.match(line, at)
    return (LETTERS[match[1]], "letter") if match is not None else None


def redis(line: str) -> Found | None:
    """Redis' mark after its process, role and time."""
    match = _REDIS.match(line) if line[0] != "[" else _REDIS_OLD.match(line)
    return (_MARKS[match[1]], "letter") if match is not None else None
