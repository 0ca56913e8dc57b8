"""Ruby: errors in both orders, with causes, hints and source excerpts; backtraces that loggers print; Rails.

ruby: eval_error.c (rb_error_write, show_cause, rb_print_backtrace), the gems error_highlight and did_you_mean;
Logger::Formatter (msg2str); rails: ActionDispatch::DebugExceptions (log_error); rake: lib/rake/application.rb
(display_error_message).
"""

import re

from log_shipper.stages.traces.phase import (
    ALWAYS,
    CALLED,
    COMPLETE,
    DECLARED,
    LETTERS,
    MODULE,
    PLACE,
    RECORD,
    At,
    Entry,
    Family,
    from_any,
)

_HEADER = re.compile(r"(?:<internal:[^\s>]++>|[^\s:]++):\d++:in ['`][^']*': ")
_TOP = re.compile(r"[^\s:]++(?<=\.rb|\.ru):\d++: .*\([A-Z][\w:]*\)$")
_FROM = re.compile(r"\s+(?:\d+: )?from \S.*:\d+(?::in ['`].*|$)")
_CALLER = re.compile(r"\s++(?:\d++: )?from \S+:\d+:in ['`]|\s++(?:\d++: )?from \S+\.(?:rb|ru|rake):\d+$")
_FRAME = re.compile(r"(?:from )?(?:<internal:[^\s>]++>|[^\s:]++):\d++:in ['`][^']*'$")
_GEM = re.compile(r"\s*(?:[\w-]+ \([\w.]+\) )?[^\s:]++:\d++:in ['`][^']*'$")
_EXCERPT = re.compile(r"\s*+(?:>\s*+)?\d++: |\s*+\^")
_OMITTED = re.compile(r"\s+\.\.\. \d+ levels\.\.\.")
_THREAD = re.compile(r"#<Thread:0x\S.*> terminated with exception")
_HINT = re.compile(r"Did you mean\?|> *\d+ \| ")
_IN = re.compile(r"in ['`]")
_NESTED = re.compile(r"(?:in ['`]|#)(?:rescue|ensure) in ")
_RAILS = re.compile(r"[A-Z]\w*+(?:(?:::\w++)+|(?<=\wError)|(?<=\wException)) \(.*\):?$")
_RAILS_OPEN = re.compile(r"[A-Z]\w*+(?:::\w++)+ \(")  # the message has more lines, PostgreSQL's for instance
_OPEN = "open"
_LOGGER = re.compile(r"[DIWEFA], \[")
_REVERSE = "reverse"  # the outermost call first, and the error below its calls
_NUMBERED = re.compile(r"\s+\d+: from ")
_TAGGED = re.compile(r"[DIWEFA], \[[^\]]{1,80}\] +[A-Z]+ -- [^:\n]{0,60}: ((?:\[[^\]\s]{1,100}\] )+)\s*$")
_ABORTED = re.compile(r"ra(?:ke|ils) aborted!$")
_RAKE_LINES = 10  # of a message


def _indented(text: str, prev: str) -> Entry | None:
    if ":in " in text:
        if _GEM.match(text):
            return Entry(ALWAYS, At("rb.bare"), _is_of_logger)
        mark = _mark(text) or (_mark(prev) if _LOGGER.match(prev) else "")
        return Entry(ALWAYS, At("rb.frames", mark), from_any) if _CALLER.match(text) else None
    if _CALLER.match(text):
        return Entry(ALWAYS, At("rb.frames"), from_any)
    return Entry(DECLARED, At("rb.rails")) if text[-1] == ":" and _RAILS.match(text.lstrip()) else None


def _enter(text: str, prev: str) -> Entry | None:
    if ":in " in text:
        if _HEADER.match(text):
            return Entry(DECLARED, At("rb.head", _mark(text)))
        if _FRAME.match(text):
            return Entry(ALWAYS, At("rb.bare"), _is_of_logger)
    elif ".r" in text and _TOP.match(text):
        return Entry(DECLARED, At("rb.head"))
    if _THREAD.match(text):
        return Entry(DECLARED, At("rb.thread"))
    if _ABORTED.match(text):
        return Entry(DECLARED, At("rb.rake"))
    if text[0] == "[" and _LOGGER.match(prev):
        tags = _TAGGED.match(prev)
        return Entry(DECLARED, At("rb.tagged", tags[1])) if tags is not None and text.startswith(tags[1]) else None
    if _LOGGER.match(prev):
        if _RAILS.match(text):
            return Entry(DECLARED, At("rb.rails"))
        return Entry(DECLARED, At("rb.rails", _OPEN)) if _RAILS_OPEN.match(text) else None
    return None


def _is_of_logger(text: str) -> bool:
    """Its formatter puts an error's message, its class and its calls in lines of their own."""
    return _LOGGER.match(text) is not None


def _mark(text: str) -> str:
    line = text.partition("\n")[0]
    method = _IN.search(line)
    return "cause" if method is not None and _NESTED.search(line, method.start()) else ""


def _thread(text: str, at: At) -> At | None:
    return At("rb.head", _mark(text)) if _HEADER.match(text) else None


def _head(text: str, at: At) -> At | None:
    """After the header: more lines of its message, an excerpt with carets, hints, then where it was called from."""
    if not text:
        return At("rb.excerpt", at.mark) if not at.seen else None
    if _HINT.match(text) or text[0] in " \t":
        return _frames(text, at) or at._replace(seen=1)
    # the error's class closes the first line of a message even if there are more
    return At("rb.more", at.mark, 1) if at.mark == "cause" and not at.seen and not RECORD.match(text) else None


def _more(text: str, at: At) -> At | None:
    if _FROM.match(text):
        return _frames(text, at)
    return at._replace(seen=at.seen + 1) if at.seen < 50 and not RECORD.match(text) else None


def _excerpt(text: str, at: At) -> At | None:
    """After the blank line: one line of code, its carets, hints, frames."""
    if not at.seen:
        return None if RECORD.match(text) or not text else at._replace(seen=1)
    if _FROM.match(text):
        return _frames(text, at)
    return at if _HINT.match(text) or (text[:1] in (" ", "\t", "^") and text.strip()) else None


def _frames(text: str, at: At) -> At | None:
    mark = at.mark or (_REVERSE if _NUMBERED.match(text) else _mark(text))
    if _FROM.match(text) or _OMITTED.match(text):
        return At("rb.frames", mark)
    # A cause follows without a word, but what it was raised in says that there is one.
    if not at.mark or not _HEADER.match(text):
        return None
    return At("rb.head", _REVERSE if at.mark == _REVERSE else _mark(text))


def _bare(text: str, at: At) -> At | None:
    return at if _FRAME.match(text) or _GEM.match(text) or _OMITTED.match(text) else None


def _rails(text: str, at: At) -> At | None:
    if at.mark:
        if RECORD.match(text) or at.seen >= _RAKE_LINES:
            return None
        return At("rb.rails") if text.endswith((")", "):")) else at._replace(seen=at.seen + 1)
    if text and _RAILS_OPEN.match(text) and not _RAILS.match(text):
        return At("rb.rails", _OPEN)
    if not text.strip() or _GEM.match(text) or text == "Causes:" or _RAILS.match(text):
        return at
    return at if _EXCERPT.match(text) else None


def _tagged(text: str, at: At) -> At | None:
    """Rails puts the tags of a request before each line of a record: ActiveSupport::TaggedLogging, log_array."""
    return at if text.startswith(at.mark) else None


def _rake(text: str, at: At) -> At | None:
    """The message, its calls, causes in the same manner, the tasks that led there."""
    if _FRAME.match(text) or _GEM.match(text):
        return At("rb.rake", "calls")
    if text.startswith("(See full trace by running task with "):
        return COMPLETE
    if text.startswith("Tasks: TOP => "):
        return At("rb.rake", "tasks")
    if at.mark == "calls" and not text:
        return at._replace(mark="blank")
    if at.mark in ("calls", "blank") and text == "Caused by:":
        return At("rb.rake")
    if at.mark or at.seen >= _RAKE_LINES or RECORD.match(text) or _ABORTED.match(text):
        return None
    return at._replace(seen=at.seen + 1)


RUBY = Family(
    suspects=(
        PLACE,
        r"#<Thread:",
        r"rake aborted!",
        r"rails aborted!",
        r"<internal:",
        r"\[[^\]\s]{1,100}+\] [A-Z][\w:]*+ \(",
        CALLED,
        MODULE,
    ),
    enter=_enter,
    indented=((LETTERS + "0123456789/.", _indented),),
    steps={
        "rb.thread": _thread,
        "rb.head": _head,
        "rb.more": _more,
        "rb.excerpt": _excerpt,
        "rb.frames": _frames,
        "rb.bare": _bare,
        "rb.rails": _rails,
        "rb.tagged": _tagged,
        "rb.rake": _rake,
    },
    waiting=("rb.head", "rb.more"),
)
