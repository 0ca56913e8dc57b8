"""One line's declaration: which rules are asked, in which order, by what the line begins with.

The outermost declaration wins, so what stands first is asked first: a marker or priority, an object, a header after a
timestamp or bracket, a leading word; then what runtimes, tools and shells print. What wraps a line of another program
(a collector's prefix, syslog's header, a buildkit step) is taken off, and the rest asked again.
"""

import re

from log_shipper.stages.formats import (
    carriers,
    decoration,
    indented,
    json_fields,
    letters,
    logfmt,
    markers,
    named,
    priority,
    prose,
    shells,
    silent,
    stamped,
    tools,
    traces,
    wordy,
)
from log_shipper.stages.formats.columns import Header
from log_shipper.stages.formats.effort import FIELDS, TEXT, Effort
from log_shipper.stages.formats.levels import UPPER, WORDS, Found
from log_shipper.stages.formats.prose import of_words
from log_shipper.stages.formats.quick import at_once
from log_shipper.stages.formats.separated import blue_gene, fields
from log_shipper.stages.formats.stamps import DATE_WORDS, STAMP, stamp_at
from log_shipper.stages.formats.words import set_off

_LEAD = re.compile(r"[^\W\d_]{1,24}+")
_NAME_MARKS = frozenset(".-_0123456789")
_BLANK = " \t\u00a0\u3000\u2009"
_DEEPEST = 3
_TAB = 8
_TEXT = 400  # characters of a line without header that are looked at


def declared(line: str, effort: Effort | None = None, depth: int = 0) -> Found | None:
    """What one line, without escapes and line ends, declares; None if nothing.

    `effort`: what may still be looked at, where other lines had their share; `depth`: how many it was taken out of.
    """
    first = line[:1]
    if first in _BLANK:
        text = line.lstrip(_BLANK) if first != "\u2009" else line.replace(first, " ").lstrip()  # pnpm's badges
        indent = len(line) - len(text) if first != "\t" else _TAB
        return _indented(text, indent, effort or Effort(), depth or 1) if text else None
    if first.isalpha() and first != "ℹ":
        return _worded(line, effort, depth)
    if first == "{":
        return json_fields.find(line) or besides_object(line, effort, depth)
    if first.isdigit() or first in "[(<【（":
        if '] "' in line and silent.of_access(line):
            return None
        found = at_once(line)
        if found is None and wordy.is_plain(line):
            return None
        begins = carriers.text_of_wrapped(line) if found is None and depth < _DEEPEST else -1
        return declared(line[begins:], effort, depth + 1) if begins >= 0 else found or _headed(line, effort, depth)
    return _marked(line, first, effort or Effort(), depth)


def besides_object(line: str, effort: Effort | None = None, depth: int = 0) -> Found | None:
    """What a line that begins with a brace declares, if not as an object."""
    if json_fields.begins(line, 0):
        inner = json_fields.line_in_docker(line)
        if inner is not None and depth < _DEEPEST:
            return declared(inner, effort, depth + 1)
        return traces.find(line) if line.startswith('{"init ') else None
    return _headed(line, effort, depth)


def _headed(line: str, effort: Effort | None, depth: int) -> Found | None:
    first = line[0]
    if first == "<":
        found = priority.pri(line) or traces.find(line) or letters.angled(line) or logfmt.element(line)
        if found is None and line.startswith("<![LOG["):
            found = priority.cmtrace(line)
        if found is None and line.startswith(("<string>:", "<stdin>:")):
            found = tools.chain(line)
        if found is not None:
            return found
    elif first == "(" or line.startswith("[Unhandled"):
        found = traces.glib(line) or traces.find(line) or letters.parenthesized(line)
        if found is not None:
            return found
    elif first == "[":
        if silent.of_header(line):
            return None
        if line[17:19] == "] " or line.startswith("[conmon:"):
            found = tools.bracketed(line)
            if found is not None:
                return found
        if line.startswith("[#|") and len(line) > 3 and depth < _DEEPEST:
            return _headed(
                line[3:], effort, depth + 1
            )  # GlassFish' uniform format: [#|time|level|product|logger|pairs|text|#]
    elif line[23:26] == "Z| " or (line[18:20] == ": " and line[8:9] == "."):
        found = stamped.at_once(line)
        if found is not None:
            return found
    effort = effort or Effort()
    header = Header(line, effort).read()
    if header.found is not None:
        return header.found
    if header.stamped and not header.wraps:
        found = stamped.declared(line)
        if found is not None:
            return found
    elif first.isdigit() and not header.stamped:
        return _numbered(line, effort, depth)
    if not header.text:
        return traces.find(line)
    text = line[header.text :] if header.wraps else line[header.text :].lstrip(" \t:|-,>]›»")
    if not text or depth >= _DEEPEST:
        return None
    found = declared(text, effort, depth + 1) if header.wraps else _rest(text, effort, depth + 1)
    if found is None and header.stamped and not header.wraps and effort.left >= FIELDS:
        effort.left -= FIELDS
        found = fields(line, header.text) or blue_gene(line)
    return found


def _rest(text: str, effort: Effort, depth: int) -> Found | None:
    """The text after a header that declares nothing itself."""
    first = text[0]
    if first.isalpha():
        return (letters.tagged(text) if text[1:2] == "/" else None) or _worded(text, effort, depth)
    if first.isdigit() or first in "[(<":
        return (named.after_peer(text) or tools.find(text)) if first.isdigit() else None
    return _marked(text, first, effort, depth)


def _numbered(line: str, effort: Effort, depth: int) -> Found | None:
    """A line that begins with a number that is no time."""
    head = line[:40]
    found = named.after_number(line) or priority.kmsg(line) or letters.uptime(line) or named.after_peer(line)
    if found is not None:
        return found
    if "|" in head:
        text = carriers.text_after_name(line)
        if text >= 0 and depth < _DEEPEST:
            return declared(line[text:], effort, depth + 1)
    if ":" in head[:9]:
        found = letters.redis(line) or letters.wine(line) or tools.placed(line)
        if found is None and "%" in head:
            found = priority.cisco(line)  # behind the number of the message
        text = carriers.text_after_uptime(line) if found is None and ": " in head else -1
        return _rest(line[text:], effort, depth + 1) if text >= 0 and depth < _DEEPEST else found
    text = carriers.text_after_process(line)
    if text >= 0 and depth < _DEEPEST:
        return declared(line[text:], effort, depth + 1)
    found = priority.pri(line) if " <" in head else blue_gene(line)
    if found is not None or not head[1:2].isalnum() or head.partition(" ")[0].isdecimal():
        return found
    return tools.chain(line) or _taken_off(line, effort, depth)


def _worded(line: str, effort: Effort | None, depth: int) -> Found | None:
    if line[6:7] == ":" == line[13:14]:
        found = priority.decoded(line)
        if found is not None:
            return found
    dated = line[:3] in DATE_WORDS
    if dated and line[3:4] == " " and depth < _DEEPEST:
        text = carriers.text_of_syslog(line)
        if text >= 0:
            return declared(line[text:], effort, depth + 1)
        found = priority.cisco(line) if "%%" in line[:80] else None
        if found is not None:
            return found
    match = _LEAD.match(line)
    if match is None:
        return None
    word, end = match[0], match.end()
    following = line[end : end + 1]
    if depth and following == " " and ": " not in line and wordy.is_sentence(line):
        if effort is not None and effort.left >= TEXT and (":" in line or "=" in line or " - " in line):
            effort.left -= TEXT  # as `_text` would
        return None
    if following == "=" and end > 1:
        return _text(line, effort, depth)
    level = UPPER.get(word) or WORDS.get(word.lower()) or (named.cut_before_time(line) if end == 3 else None)
    if level is not None:
        if silent.of_words(line):
            return None
        if set_off(line, end, word, stamped=False):
            return level, "prefix" if following in ":：" else "column"
        # DEBUG1: text, and ssh's debug1: text
        if following.isdigit() and line[end + 1 : end + 2] == ":" and (word in UPPER or word == "debug"):
            return level, "prefix"
        return (tools.yarn(line) if following == " " and depth == 0 else None) or _text(line, effort, depth)
    if word[0] in "级日时" and (found := logfmt.chinese(line)) is not None:
        return found
    text = carriers.text_after_name(line) if "| " in line and depth < _DEEPEST else -1
    if text >= 0:
        return declared(line[text:], effort, depth + 1)
    if end == 1 or (following == "4" and word == "SLF"):
        found = letters.at_start(line) or tools.placed(line)
        if found is not None:
            return found
    if dated and STAMP.match(line) is not None:
        return _headed(line, effort, depth)
    placed = following in _NAME_MARKS and depth < _DEEPEST
    if placed:
        effort = effort or Effort()
        found = _after_place(line, effort, depth)
        if found is not None:
            return found
    if "=" not in line and ":" not in line and " - " not in line and "|" not in line:
        return of_words(line) or (_of_cluster(line, effort, depth) if word.isupper() and depth < _DEEPEST else None)
    return _text(line, effort, depth, placed)


def _text(line: str, effort: Effort | None, depth: int, placed: bool = False) -> Found | None:
    """What text without a header declares. `placed`: `_after_place` has been asked."""
    if effort is not None and effort.left < TEXT:
        return None
    found = prose.of_members(line)
    if found is not None:
        return found
    effort = effort or Effort()
    effort.left -= TEXT
    head = line[:_TEXT]
    if silent.of_words(head):
        return None
    return prose.find(head) or _taken_off(line, effort, depth, placed)


def _taken_off(line: str, effort: Effort, depth: int, placed: bool = False) -> Found | None:
    """What the rest declares, of a line that a collector put a name before, or a file's or host's name and a time."""
    if depth >= _DEEPEST:
        return None
    if "| " in line:
        at = line.find(" | ", 0, 60) + 3
        if at > 3 and " " not in line[: at - 3] and stamp_at(line, at):
            return declared(line[at:], effort, depth + 1)
    text = carriers.text_after_tag(line) if "]: " in line[:100] else -1
    if text >= 0:
        return declared(line[text:], effort, depth + 1)
    return None if placed else _after_place(line, effort, depth)


def _after_place(line: str, effort: Effort, depth: int) -> Found | None:
    """What a header declares behind a file's or a host's name: `app.log.1 2026-03-01 10:20:30 INFO text`."""
    blank = line.find(" ", 0, 80)
    if blank <= 0:
        return None
    if line[blank - 6 : blank - 5] == "-":
        text = carriers.text_after_pod(line, blank)
        if text >= 0 and (found := declared(line[text:], effort, depth + 1)) is not None:
            return found
    at = blank + 1 if line[blank + 1 : blank + 2] != " " else len(line) - len(line[blank:].lstrip(" "))
    if stamp_at(line, at):
        if line[at + 10 : at + 13] == " 20":
            return _of_cluster(line, effort, depth)
        level = WORDS.get(line[line.rfind(":", 0, blank) + 1 : blank])  # Zigbee2MQTT:info  2026-03-01 10:20:30: text
        return (level, "column") if level is not None else _headed(line[at:], effort, depth + 1)
    if line[at : at + 1] == "[":
        header = Header(line[at:], effort).read()  # WSO2's TID: [-1] [] [2026-03-01 10:20:30,123] ERROR text
        return header.found if header.stamped else None
    second = line.find(" ", at, at + 40) + 1
    full = line[second : second + 2] in ("19", "20")
    if not second or not stamp_at(line, second) or not (full or ":" in line[second : second + 24]):
        return None  # Max error: 13.1415 has no time
    middle = line[at : second - 1].rstrip(":")
    if middle == "|":
        return None  # a collector's bar, which is taken off with the name
    if line[second - 2] == ":" and middle.lower() in WORDS:
        return WORDS[middle.lower()], "prefix"  # auth-worker(12): Info: 2026-03-01 10:20:30 ERROR text
    if middle in UPPER and len(middle) > 3:
        return UPPER[middle], "column"  # app.db WARNING 2026-03-01 10:20:30 text
    return Header(line[second:], effort).read().found if full else None  # lxc c1 20240506081503.127 ERROR text


def _of_cluster(line: str, effort: Effort | None, depth: int) -> Found | None:
    """An event of a cluster behind its alert's name, or a dash: a line of syslog's, or one of Blue Gene/L."""
    text = carriers.text_of_cluster(line)
    return declared(line[text:], effort, depth + 1) if text >= 0 else blue_gene(line)


def _marked(line: str, first: str, effort: Effort, depth: int) -> Found | None:
    """A line that begins with neither letter, digit nor bracket."""
    if first == '"':
        if line.startswith('"{'):
            return json_fields.escaped(line)
        stamp = STAMP.match(line, 1)
        return fields(line, stamp.end()) if stamp is not None else None
    if line.startswith("####<"):  # WebLogic's files
        return _headed(line[4:], effort, depth)
    if first == "+" and depth < _DEEPEST and decoration.zoned(line):
        return declared(line[decoration.ZONE :], effort, depth + 1)
    if first in ":#⨯⚠":
        found = markers.find(line) if first in ":#" else letters.crossed(line)
        if found is not None:
            return found
    if silent.of_marks(line):
        return None
    if first in "*%.!@":
        found = priority.cisco(line) or (tools.own_mark(line) if first in "%!@" else decoration.bold(line))
        if found is not None:
            return found
    found = traces.find(line) or (traces.glib(line) if first == "*" else None)
    if found is not None:
        return found
    if first == "@" or (first == "#" and line[1:2].isdigit()):
        text = carriers.text_after_name(line)
        if text >= 0 and depth < _DEEPEST:
            return declared(line[text:], effort, depth + 1)
        return _headed(line, effort, depth) if STAMP.match(line) is not None else None
    if first in "/.-<~'":  # a path: a script's, a compiler's; what cmd.exe does not know
        found = shells.find(line) or tools.find(line) or tools.placed(line)
        if found is not None or first != "-":
            return found
        found = _of_cluster(line, effort, depth) if depth < _DEEPEST else None
        found = found or (tools.yarn(line[2:]) if line[1:2] == " " else None)
        if found is not None:
            return found
    decorated = decoration.length(line, first) if depth < _DEEPEST else 0
    return declared(line[decorated:], effort, depth + 1) if decorated else None


def _indented(text: str, indent: int, effort: Effort, depth: int) -> Found | None:
    """Indented text: a padded column, a header, a linter's place, a trace; not `  error: x`, the member of some report."""
    first = text[0]
    if first.isdigit():
        return tools.placed(text) or _headed(text, effort, depth)
    if first in "[(<{":
        return None if indent > 1 and indented.is_aside(text) else declared(text, effort, depth)
    if first.isalpha():
        match = _LEAD.match(text)
        if match is None:
            return None
        word, end = match[0], match.end()
        if indent < 2:
            return None if " | " in text and first.islower() else _worded(text, effort, depth)  # psql's tables
        level = indented.column(text, word, end)
        if level is not None:
            return level, "column"
        if word[:3] in DATE_WORDS and STAMP.match(text) is not None:
            return _headed(text, effort, depth)
        return traces.find(text) if text.startswith(("Traceback ", "Exception in ")) else None
    return _marked(text, first, effort, depth)
