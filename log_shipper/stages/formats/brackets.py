"""What a bracket in a line's header declares: a level alone in it, one beside a module or a thread, a letter, a mask.

Sources: as of `columns`; SSSD's masks, X.Org's marks, beego's and ESPHome's letters.
"""

import re

from log_shipper.stages.formats import letters, logfmt, named, priority
from log_shipper.stages.formats.levels import UPPER, WORDS, XORG, of_number
from log_shipper.stages.formats.separated import of_parts

_LINK = re.compile(r": (?:#|https?://|[\w./-]+\.(?:md|html)\b)\S*$")  # Markdown's, by what stands in its brackets

_PYTHON = frozenset(("10", "15", "20", "30", "40", "50"))
_PROCESS = re.compile(r" \[[\w.-]{1,50} \d{1,9}\] ")  # Checkmk's `… [40] [cmk.base 1234] text`


def declared(content: str, first: str, following: str, stamped: bool, plain: str | None) -> str | None:
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
    if stamped and first == "[" and content in _PYTHON and _PROCESS.match(following) is not None:
        return of_number(int(content), "python")
    if len(content) == 1:
        return letters.alone(content, first, following, stamped, plain or "")
    if "." in content and (content.startswith("ID ") if first == "[" else stamped and first == "<"):
        return priority.of_bracket(content)
    stamped = stamped or following.startswith(" [pid ")  # Apache's through syslog, which writes the time
    return of_parts(content, stamped) or (logfmt.of_pair(content) if "=" in content or "级别" in content else None)


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
    if plain is not None and named.is_called(plain):
        return False  # tag [ERROR] removed
    return plain is None or content in UPPER or following[:1] == ":" or named.may_be_name(plain)
