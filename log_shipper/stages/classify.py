"""The level that a line declares of itself: a first, honest rule.

Looked at: a level field of a JSON object or of logfmt, and a level word that stands where formats put it, at the
line's beginning after nothing but a timestamp, brackets and punctuation. A level word elsewhere in the text declares
nothing. A line that declares nothing takes the operator's default for its stream.
"""

import re

from log_store.fields import STDERR

_WORDS = {
    "critical": ("critical", "crit", "fatal", "panic", "emerg", "emergency", "alert", "severe"),
    "error": ("error", "err", "eror"),
    "warning": ("warning", "warn"),
    "info": ("info", "information", "notice"),
    "debug": ("debug", "trace", "verbose", "fine", "finer", "finest"),
}
_TYPE_OF = {word: log_type for log_type, words in _WORDS.items() for word in words}
_WORD = "|".join(sorted(_TYPE_OF, key=len, reverse=True))
_STAMP = r"[\[(<]?\d{2,4}[-/.:]\d{1,2}[-/.:]\d{1,4}(?:[T ]\d{1,2}:\d{2}:\d{2})?(?:[.,]\d{1,9})?(?:Z| ?[+-]\d{2}:?\d{2}| UTC)?[\])>]?"
_PREFIX = re.compile(
    rf"(?:{_STAMP}[ \t,|-]*){{0,2}}(?:[\[(<]({_WORD})[\])>]|({_WORD})(?=:|\s*[|\]-]\s|\s+[\[(]))|{_STAMP}[ \t,|-]*({_WORD})\b",
    re.IGNORECASE,
)
_FIELD = re.compile(
    rf'(?:"(?:level|severity|lvl|levelname|log\.level)"\s*:\s*"({_WORD})"|(?:^|\s)(?:level|lvl|severity)="?({_WORD})\b)',
    re.IGNORECASE,
)
_LOOKED_AT = 4096  # characters; a declaration stands at the beginning, and a message may be megabytes


class Classifier:
    """`(messages, stream)` -> (types, rules that decided: `field`, `prefix`, `default`)."""

    def __init__(self, stdout_default: str = "info", stderr_default: str = "info") -> None:
        self._defaults = (stdout_default, stderr_default)

    def __call__(self, messages: list[str], stream: str) -> tuple[list[str], list[str]]:
        default = (self._defaults[stream == STDERR], "default")
        found = [_declared(message) or default for message in messages]
        return [log_type for log_type, _ in found], [rule for _, rule in found]


def _declared(message: str) -> tuple[str, str] | None:
    head = message if len(message) <= _LOOKED_AT else message[:_LOOKED_AT]
    match = _PREFIX.match(head)
    if match:
        return _TYPE_OF[(match[1] or match[2] or match[3]).lower()], "prefix"
    if head.startswith("{") or "=" in head:
        match = _FIELD.search(head)
        if match:
            return _TYPE_OF[(match[1] or match[2]).lower()], "field"
    return None
