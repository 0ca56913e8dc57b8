"""What a bracket in a line's header declares: a level alone in it, one beside a module or a thread, a letter, a mask.

Sources: as of `columns`; SSSD's masks, X.Org's marks, beego's and ESPHome's letters.
"""

import re

from log_shipper.stages.formats import letters, logfmt, named, priority
from log_shipper.stages.formats.effort import Effort
from log_shipper.stages.formats.levels import ABBREVIATED, UPPER, WORDS, XORG
from log_shipper.stages.formats.separated import of_parts

GROUPS = {
    "[": re.compile(r"\[([^\[\]]{0,250}+(?:\[[^\[\]]{0,100}+\][^\[\]]{0,100}+){0,12})\]"),
    "(": re.compile(r"\(([^()]{0,250}+(?:\([^()]{0,100}+\)[^()]{0,100}+){0,12})\)"),
    "<": re.compile(r"<([^<>]{1,200}+(?:<[^<>]{0,100}+>)?)>"),
    "{": re.compile(r"\{([^{}]{0,250}+|\{[^{}]{0,250}+\})\}"),
    "（": re.compile(r"（([^（）]{0,100}+)）"),
    "【": re.compile(r"【([^【】]{0,100}+)】"),
}
_SCRIPTS_MARK = re.compile(
    r"\[(?:[^\w\s]|i)\] +([A-Z]{3})(?! {0,8}:|\w)"
)  # and a text: Pi-hole's `[✓] FTL is listening`
_THREAD = re.compile(  # `[alert] DEBUG com.acme.AlertJob - text`: logback's `[%thread] %-5level %logger - %msg`
    r" (?:TRACE|DEBUG|INFO|WARN|ERROR) {1,2}[a-z][\w$]{0,40}\.[\w.$]{1,60}+ +- "
)
_NO_FORWARDERS = frozenset(
    "alert fatal critical crit emergency emerg panic notice severe".split()
)  # sbt's are [info], [error]
_LINK = re.compile(r": (?:#|https?://|[\w./-]+\.(?:md|html)\b)\S*$")  # Markdown's, by what stands in its brackets


def is_text(line: str, start: int, end: int) -> bool:
    """Whether what stands from `start` to `end`, behind no time, is a script's mark before a text, or a tag: `<p>Warning: text`."""
    mark = _SCRIPTS_MARK.match(line, start)
    if mark is not None and mark[1].lower() in ABBREVIATED:
        return True
    return line[start] == "<" and line[end : end + 1].isalpha()


def is_before_arrow(line: str, start: int, end: int) -> bool:
    """`(error) => handle(error)`; `[error] => 3`, a member as PHP's print_r shows it (Zend/zend.c: print_hash)."""
    if line[start] == "(":
        return line.startswith((" =>", "=>", " ->"), end)
    return line[start] == "[" and not start and line.startswith(" =>", end) and line[1 : end - 1].islower()


def declared(content: str, first: str, following: str, stamped: bool, plain: str | None, effort: Effort) -> str | None:
    """The type that the bracket `first` with `content` declares, before `following`.

    `stamped`: a time stands before it; `plain`: the plain word that does, if one does.
    """
    content = content.strip()
    low = content.lower()
    level = WORDS.get(low) or UPPER.get(content)
    if level is not None:
        return level if _stands(content, low, first, following, stamped, plain) else None
    if stamped and low in ("system", "log", "success", "audit", "status"):
        return "info"
    if first == "(":
        if content in XORG:
            return XORG[content]
        if stamped and following[:1] == ":" and content.startswith("0x"):
            return priority.of_mask(content)
    if len(content) == 1:
        return letters.alone(content, first, following, stamped, plain or "")
    if "." in content and (content.startswith("ID ") if first == "[" else stamped and first == "<"):
        return priority.of_bracket(content)
    stamped = stamped or following.startswith(" [pid ")  # Apache's through syslog, which writes the time
    paired = "=" in content or "级别" in content
    return of_parts(content, low, stamped, effort) or (logfmt.of_pair(content) if paired else None)


def _stands(content: str, low: str, first: str, following: str, stamped: bool, plain: str | None) -> bool:
    if first == "(" and following[:1] == ":" and following[1:2] not in ("", " "):
        return False  # (ERR):error occurred
    if first == "<" and stamped and following[:1] not in (" ", "\t", ":") and "</" in following:
        return False
    if first == "(" and not stamped and not following:
        return False
    if first == "[" and not stamped and (following[:1] == "." or _LINK.match(following)):
        return False  # [error]: errors.md
    if first == "{" and not stamped and content not in UPPER:
        return False  # { error }
    if first == "<" and not stamped:
        # <Error> is a tag more often than not
        sure = len(content) == 3 or low != "error" or (content in UPPER and "</" not in following)
        if not (following[:1] in (" ", "\t") or (following[:2] == ": " and content in UPPER)) or not sure:
            return False
    if first == "[" and low in _NO_FORWARDERS and _THREAD.match(following) is not None:
        return False  # a thread's name
    if plain is not None and named.is_called(plain):
        return False  # tag [ERROR] removed
    return plain is None or content in UPPER or following[:1] == ":" or named.may_be_name(plain)
