"""The level in a line's header: a column, a bracket or a prefix after timestamps, process ids, threads and names.

A header is read from the left, token by token; the first level that stands where a level can stand decides, and the
first word of plain text ends the header. So `[2024-05-06 08:15:03] [worker-1] INFO error page rendered` is info, and
`2024-05-06 08:15:03 got ERROR from upstream` declares nothing.

Sources: the pattern layouts of log4j, logback and log4net, Python's logging, spdlog, Boost.Log, Serilog, NLog, zap,
zerolog, hclog, charmbracelet/log, tracing-subscriber, env_logger, Apache's and nginx' error logs, PostgreSQL's
log_line_prefix, MySQL's and MariaDB's error logs, lager, celery, airflow, oslo.log, Monolog, Minecraft, Chromium.
"""

import re

from log_shipper.stages.formats import bare, brackets, carriers, json_fields, letters, logfmt, named, priority
from log_shipper.stages.formats.effort import OBJECT, PAIRS, Effort
from log_shipper.stages.formats.levels import ABBREVIATED, ERROR, UPPER, WORDS, Found
from log_shipper.stages.formats.quick import NEXT_COLUMN, QUICK, behind_name, of_quick
from log_shipper.stages.formats.stamps import STAMP, SYSLOG_STAMP
from log_shipper.stages.formats.words import is_value, set_off

# A gap, and the word behind it if there is one
_STEP = re.compile(r"[\s,;:|*~>\])}】）：｜│•·»›‖–—▶-]{0,200}+([^\W\d_]{1,24}+)?")
_TOKEN = re.compile(r"[^\s\[\](){}<>|\"',;]{1,160}+(?![^\s\[\](){}<>|\"',;])")
_NAME = re.compile(r"[A-Za-z]*[a-z][A-Z]|[^\s]*[._:/@$#=\d\\-]|[A-Z]+$")
_JULIA = re.compile(r"\[ (Info|Warning|Error|Debug): ")
# `asyncio DEBUG Using selector`, and not `got ERROR from upstream`
_SET_OFF_AFTER_WORD = re.compile(r"(?:  | ?[\[(|\t<{:/](?!\))| [A-Z\"']| [A-Za-z]\w*(?:[./]\w+){2,}[( :])(?<!\w:)")
_BEFORE_TAG = re.compile(r" {1,8}\[[A-Z]{2,12} {0,8}\] ")  # corosync: `node1 corosync warning [TOTEM ] text`
_LONGDATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{4} (?=[A-Z])")  # NLog's ${longdate}, and then ${level}
_ODD_NAME = re.compile(r"#\d|[%+._$]\S|/\w")
_NEXT_IN_CAPITALS = re.compile(r" ([-|]) ([A-Z]{4,8}) {0,4}\1 ")
_OFFSET = re.compile(r"[+-]\d{1,3}(?= )")
_BIND_DEBUG = re.compile(r" \d: ")  # debug 1: text
_STAMP_FIRSTS = frozenset("0123456789@MTWFSJAOND一二三四五六七八九十")
_SYSLOG_FIRSTS = "JFMASOND<"
_METHODS = frozenset("GET HEAD POST PUT PATCH DELETE OPTIONS".split())
_SEQUENCE = re.compile(r" [0-9a-f]{3,8} ")  # Fabric's `[peer] start -> INFO 01a text`
_NO_NOUNS = frozenset(("warn", "debug"))  # behind a name; `upload error:` is a text, and so is `stack trace:`
_BEHIND_LETTER = frozenset(" :0123456789")
_MOST_NAMES = 3
_LONG = 36  # characters of a group that take as much to read as a token
_MOST_STAMPS = 3


def level_place(line: str) -> int:
    """Where, behind a time, the level stands that the header declares: in capitals, or alone in brackets; else 0.

    What stands before it decides alone that a level which stands there declares, and of digits only that they are digits.
    0 also where it is read quicker than looked up, and where the line is another's behind a prefix.
    """
    if behind_name(line) or carriers.text_of_wrapped(line) >= 0:
        return 0
    return Header(line, Effort()).read().place


class Header:
    """One pass over a line's header.

    `found` is its level, `text` where the header ended, `stamped` whether it had a time, `wraps` whether what follows
    is another program's whole line.
    """

    __slots__ = ("line", "effort", "found", "text", "stamped", "wraps", "place", "_names", "_plain", "_plain_at", "_paired", "_pairs", "_label", "_stamps")  # fmt: skip

    def __init__(self, line: str, effort: Effort) -> None:
        self.line = line
        self.effort = effort
        self.found: Found | None = None
        self.text = 0
        self.stamped = False
        self.wraps = False
        self.place = 0  # see `level_place`
        self._names = self._plain_at = self._stamps = 0
        self._plain = self._paired = self._pairs = self._label = False

    def read(self) -> "Header":
        line, end, pos, effort = self.line, len(self.line), 0, self.effort
        while effort.left > 0:
            effort.left -= 1
            step = _STEP.match(line, pos)
            if step is None:
                break
            start, word = step.start(1), step[1]
            if word is not None:
                after = self._word(start, word, line[pos:start])
            elif (start := step.end()) >= end:
                break
            elif (first := line[start]) in brackets.GROUPS:
                after = self._group(start, first)
            elif first.isdigit() or first == "@":
                after = self._number(start)
            else:
                after = self._token(start) if pos and _ODD_NAME.match(line, start) else -1
            if after < 0:
                break
            pos = after
            if self.stamped and not self._plain and (self._names or line[0] not in _SYSLOG_FIRSTS):
                if bare.sentence(line, pos):
                    break
        return self

    def _group(self, start: int, first: str) -> int:
        line = self.line
        if first == "{" and self.effort.left >= OBJECT and json_fields.begins(line, start):
            self.effort.left -= OBJECT
            self.found = json_fields.find(line, start)
            if self.found is not None:
                return -1
        inside = start + 1
        while line[inside : inside + 1] == " " and inside < start + 12:
            inside += 1
        if line[inside : inside + 1] in _STAMP_FIRSTS:
            stamp = STAMP.match(line, inside)
            if stamp is not None and not line[stamp.end() : stamp.end() + 1].isdigit():  # Chromium's [pid:tid:1124/…
                return self._past_stamp(stamp.end())
        if first == "[" and line[inside + 1 : inside + 2] in _BEHIND_LETTER:
            self.found = letters.bracketed(line, start)
            if self.found is not None:
                return -1
        group = brackets.GROUPS[first].match(line, start)
        if group is None:
            julia = _JULIA.match(line, start)
            self.found = (WORDS[julia[1].lower()], "prefix") if julia is not None else None
            return -1
        end = group.end()
        self.effort.left -= (end - start) // _LONG
        if brackets.is_before_arrow(line, start, end):
            return -1
        if first == "(" and start > 0 and line[start - 1].isalnum():  # log.Fatal(err)
            return self._past_group(end)
        plain = self._plain_word() if self._plain else None
        declared = brackets.declared(group[1], first, line[end : end + 60], self.stamped, plain, self.effort)
        if declared is not None:
            self.found = declared, "bracket"
            if first == "[" and self.stamped and not self._plain and group[1].strip().isalpha():
                self.place = start + 1
            return -1
        if not self.stamped and brackets.is_text(line, start, end):
            return -1
        return self._past_group(end)

    def _past_group(self, end: int) -> int:
        if not self._names:
            self.text = end
        return end

    def _number(self, start: int) -> int:
        line = self.line
        stamp = STAMP.match(line, start)
        if stamp is not None:
            return self._past_stamp(stamp.end())
        if self.stamped:
            self.found = letters.logcat(line, start)
            if self.found is not None:
                return -1
        return self._token(start)

    def _past_stamp(self, end: int) -> int:
        line = self.line
        self.stamped = True
        self.text = end
        self._stamps += 1
        if self._stamps > 1:
            self.effort.left -= 1
            if self._stamps > _MOST_STAMPS:
                return -1
        quick = QUICK.match(line, end)
        self.found = of_quick(line, quick) if quick is not None else None
        if self.found is not None and quick is not None:
            self.place = quick.start(3 if quick[4] is None else 4)
            return -1
        following = line[end : end + 1]
        if following and (following.isalnum() or following in "._/"):
            return -1 if following != "T" else end
        return end

    def _word(self, start: int, word: str, gap: str) -> int:
        line, end = self.line, start + len(word)
        declared = UPPER.get(word) or WORDS.get(word.lower())
        if declared is not None or word == "fail":
            if self._level(start, end, word, gap, declared):
                return -1
        elif len(word) == 1:
            self.found = letters.after_stamp(line, start, gap) if self.stamped else None
            if self.found is not None:
                return -1
        elif word in bare.PLACED:
            self.found = bare.of_place(line, end, word) if self.stamped and not self._names else None
            if self.found is not None:
                return -1
        elif word in _METHODS and line.startswith(" /", end):
            return -1  # a request: what stands in it declares nothing
        return self._other_word(start)

    def _level(self, start: int, end: int, word: str, gap: str, declared: str | None) -> bool:
        """Whether the level `word` ends the header."""
        line = self.line
        if word == "fail" and named.of_dotnet(line, end):
            declared = ERROR
        if declared == "critical" and line.startswith((" error: ", " error : ", " exception: "), end):
            end += line[end + 1 :].index(":") + 1  # fatal error: x, and chrony's Fatal error : x
        if declared is not None and line[end : end + 1].isdigit() and line[end + 1 : end + 2] in (":", " ", "]"):
            end += 1  # DEBUG1:, trace2
        elif declared is not None and line[end : end + 1] in "+-" and word in UPPER:
            offset = _OFFSET.match(line, end)
            end = offset.end() if offset is not None else end  # slog's ERROR+4, DEBUG-4
        elif word == "debug" and _BIND_DEBUG.match(line, end) is not None:
            end += 2
        if declared is not None and (self.stamped or self.text):
            if self._declares(start, end, word, gap):
                self.found = declared, "prefix" if line[end : end + 1] in ":：" else "column"
                if self.stamped and word in UPPER and not (self._plain or self._label):
                    self.place = start
                return True
            if self._plain and line.startswith(": ", end):
                return True  # a prefix that other rules may read: what follows it is text
        self.effort.left -= 1
        return False

    def _declares(self, start: int, end: int, word: str, gap: str) -> bool:
        line = self.line
        if end == len(line):
            counted = line[start - 1] == " " and line[start - 2].isdigit() and self.text < start - 1  # 1 error
            return (
                not self._label
                and not ("->" in gap or "*" in gap)
                and (word in UPPER or (self.stamped and not self._names and not counted))
            )
        if "->" in gap:
            of_clamav = self._names == 0 and word in UPPER and line[end : end + 2] == ": "  # time -> WARNING: text
            return of_clamav or (len(word) == 4 and _SEQUENCE.match(line, end) is not None)
        if word not in UPPER and line[end + 1 : end + 2] in ("-", "|"):
            column = _NEXT_IN_CAPITALS.match(line, end)  # … - alert - DEBUG - text: a logger's name, and then the level
            if column is not None and column[2] in UPPER:
                return False
        if self._plain:
            wide = "  " in gap and line[end : end + 2] == ": "
            if word in UPPER:
                behind = (
                    line.startswith(("] ", ") "), start - 2) and line[end : end + 2] == ": "
                )  # db [main] ERROR: text
                called = named.may_be_name(self._plain_word()) and named.before_text(line, self._plain_at, start, end)
                return (
                    wide
                    or behind
                    or called
                    or _SET_OFF_AFTER_WORD.match(line, end) is not None
                    or self._after_program(end)
                )
            if (word in ABBREVIATED or word in _NO_NOUNS) and line[end : end + 2] == ": ":
                return not is_value(line, end + 2)  # orders warn: text
            return wide or ("\t" in gap and line[end : end + 1] == "\t") or _BEFORE_TAG.match(line, end) is not None
        if word == "TRACE" and NEXT_COLUMN.match(line, end) is not None:
            return False
        if self._label and line.startswith((" ->", " =>"), end):
            return False  # state: ERROR -> OK
        if set_off(line, end, word, stamped=True):
            return self._names < 2 or word in UPPER or line[end : end + 1] != " "
        if line[end : end + 1] != " " or not self.stamped:
            return False
        if "|" in gap or "\t" in gap or "  " in gap:
            return word in UPPER or word.lower() in ABBREVIATED or bare.in_column(line, end, word)
        if self._names:
            return False
        if word.lower() in ABBREVIATED or (word[0].isupper() and _LONGDATE.match(line)):
            return True
        return bare.declares(line, start, end, word)

    def _plain_word(self) -> str:
        return self.line[self._plain_at : self._plain_at + 24].partition(" ")[0]

    def _after_program(self, end: int) -> bool:
        """`ppocr ERROR: text`: whether the plain word before the level reads as a program's name."""
        line, at = self.line, self._plain_at
        return line[end : end + 2] == ": " and named.after_bare_name(line[at : at + 200]) is not None

    def _other_word(self, start: int) -> int:
        line = self.line
        if not self.stamped or not self.text:
            stamp = STAMP.match(line, start) if line[start] in _STAMP_FIRSTS else None
            if stamp is not None:
                return self._past_stamp(stamp.end())
            if not (self.stamped or self.text):
                return -1
        if self.stamped and self._names == 0 and not self._pairs:
            after = self._wrapped(start)
            if after is not None:
                return after
        if not self._paired and "=" in line and logfmt.begins(line, start, several=self._plain):
            self._paired = True
            self.effort.left -= PAIRS
            self.found = logfmt.find(line, start) or (logfmt.router(line, start) if "router]" in line[:start] else None)
            if self.found is not None:
                return -1
        return self._token(start)

    def _wrapped(self, start: int) -> int | None:
        """Another program's line after a host and a tag, or after a container runtime's stream: where to go on."""
        line = self.line
        syslog = line[0] in _SYSLOG_FIRSTS and SYSLOG_STAMP.search(line, 0, start) is not None
        self.found = priority.selector(line, start) or (priority.after_host(line, start) if syslog else None)
        if self.found is not None:
            return -1
        text = carriers.text_of_other(line, start, syslog)
        if text >= 0:
            self.text = text
            self.wraps = True
            return -1
        if "]." in line:
            self.found = named.after_process(line, start)
            if self.found is not None:
                return -1
        program = carriers.after_program(line, start) if "] " in line else -1
        if program < 0:
            return None
        self._names = 1
        return program

    def _token(self, start: int) -> int:
        """Past a name, an id or a number of the header; -1 where the text begins."""
        line = self.line
        match = _TOKEN.match(line, start)
        if match is None:
            return -1
        token, end = match[0], match.end()
        if "=" in token:
            self._pairs = True
            return end
        if token.isdecimal():
            return -1 if self._label else end
        if not self.stamped:
            self.found = named.warning(line, start, token)
            return -1
        if token.startswith("LOG"):
            self.found = named.of_log(token, line[end : end + 1])
            if self.found is not None:
                return -1
        if ":" in token:
            self.found = named.in_token(line, start, token)
            if self.found is not None:
                return -1
        a_name = _NAME.match(token) is not None or line[end : end + 1] == "["
        if not a_name:
            if self._plain and token != "main":
                return -1
            self._plain, self._plain_at = token != "main" and not named.is_column(line, start, end), start
        self._label = token[-1] == ":" and token[:-1].isascii() and token[:-1].isalpha()
        self._names += 1
        return end if self._names <= _MOST_NAMES else -1
