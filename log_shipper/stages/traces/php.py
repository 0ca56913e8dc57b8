"""PHP: uncaught errors with all that led to them; traces that programs and Monolog's line formatter print.

php-src: main/main.c (php_error_cb), Zend/zend_exceptions.c (ZEND_METHOD(Exception, __toString), zend_exception_error);
monolog: Formatter/LineFormatter.php (normalizeException).
"""

import re

from log_shipper.stages.traces.phase import ALWAYS, COMPLETE, DECLARED, NEVER, RECORD, At, Entry, Family, from_any

_HEADER = re.compile(r"(?:PHP )?(?:Fatal error|Warning|Recoverable fatal error|Parse error):\s+Uncaught ")
_OWN = re.compile(r"(?:PHP )?(?:Warning|Notice|Deprecated|(?:Fatal|Recoverable fatal|Parse) error):\s")
_DATED = re.compile(r"\[\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d [\w/+-]{1,40}\] (?=PHP )")  # in a file of PHP's own
_LOGGED = re.compile(r"PHP (?:Warning|Notice|Deprecated|(?:Fatal|Recoverable fatal|Parse) error):  \S")
_PLACE = re.compile(r" on line \d+$")
_MOST = 20  # lines of a warning's text
_LOOKED_AT = 2048  # of a line that has more the end is not seen
_STACK = re.compile(r"(?:PHP )?Stack trace:$|\[stacktrace\]$")
_CALL = re.compile(r"(?:PHP )?\s*#\d+ (?:\S+\(\d+\): |\{main\}|\[internal function\]: |\S+\(\d+\)$)")
_XDEBUG = re.compile(r"PHP\s+\d+\. ")
_LAST = re.compile(r"(?:PHP )?\s*#\d+ \{main\}")
_NEXT = re.compile(r"Next \S+: |Next [\w\\]+ in |\[previous exception\] ")
_THROWN = re.compile(r"(?:PHP )?\s+thrown in ")


def _enter(text: str, prev: str) -> Entry | None:
    dated = _DATED.match(text) if text[0] == "[" else None
    if dated:
        text = text[dated.end() :]
    elif _STACK.match(text):
        return Entry(ALWAYS, At("php.calls"), from_any)
    elif _CALL.match(text):
        return Entry(ALWAYS, At("php.after" if _LAST.match(text) else "php.calls"))
    if not _HEADER.match(text):
        # Each that PHP writes ends with its place: without it the text has a line break.
        opens = _LOGGED.match(text) and "Uncaught " not in text and len(text) < _LOOKED_AT and not _ends(text)
        return Entry(NEVER, At("php.open")) if opens else None
    # What ends a program is a record of its own behind a warning that PHP has printed before: it must not hide in it.
    return Entry(NEVER if dated or _OWN.match(prev) else DECLARED, At("php.head"))


def _ends(text: str) -> bool:
    return _PLACE.search(text, max(len(text) - 20, 0)) is not None


def _open(text: str, at: At) -> At | None:
    if _STACK.match(text):
        return At("php.calls")
    if RECORD.match(text) or _LOGGED.match(text) or _OWN.match(text) or at.seen >= _MOST:
        return None
    return COMPLETE if _ends(text) else at._replace(seen=at.seen + 1)


def _head(text: str, at: At) -> At | None:
    """The message may have any lines, but `Stack trace:` always ends it."""
    if _STACK.match(text):
        return At("php.calls")
    return None if RECORD.match(text) or _HEADER.match(text) or at.seen > 100 else at._replace(seen=at.seen + 1)


def _calls(text: str, at: At) -> At | None:
    if _CALL.match(text) or _XDEBUG.match(text):
        return At("php.after") if _LAST.match(text) else at
    return _after(text, at)


def _after(text: str, at: At) -> At | None:
    if _THROWN.match(text):
        return COMPLETE
    if _NEXT.match(text):
        return At("php.head")
    if text.startswith(('"}', '","')):  # where the member that Monolog writes the exception into ends
        return COMPLETE
    return At("php.blank") if not text and at.phase == "php.after" else None


def _blank(text: str, at: At) -> At | None:
    return At("php.head") if _NEXT.match(text) else None


PHP = Family(
    suspects=(
        r"PHP (?:Fatal|Warning|Notice|Deprec|Recov|Parse|Stack|#| )",
        r"\[\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d [\w/+-]{1,40}\] PHP ",
        r"Fatal error: ",
        r"Parse error: ",
        r"Warning: +Unc",
        r"Recoverable f",
        r"Stack trace:",
        r"\[stackt",
        r"#\d",
    ),
    enter=_enter,
    indented=(("#", _enter),),
    steps={"php.open": _open, "php.head": _head, "php.calls": _calls, "php.after": _after, "php.blank": _blank},
    waiting=("php.head",),
)
