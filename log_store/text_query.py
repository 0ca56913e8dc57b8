"""Words, phrases and regular expressions that a message must hold: one meaning for every backend, decided here and nowhere else.

A query is parts between spaces; a part in double quotes may hold spaces. All parts must occur. A part is one word, or
several (`"disk full"`, `foo.bar`, `日志`) that must follow each other with nothing between them but what is no word.

A *word* is a run of letters, digits and underscores (Unicode's, as Python's `\\w`); each character of a script that is
written without spaces (Chinese, Japanese, Korean, Thai, Lao, Burmese, Khmer) is a word by itself. Words match whole: `err`
is not found in `error`, `foo` is in `foo.bar`. Upper and lower case are the same. A terminal's escape sequence parts words and
is none.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import re2

MOST_CHARACTERS: Final = 500
MOST_WORDS: Final = 30
_REGEX_MEMORY: Final = 4 << 20  # bytes of one compiled

_ALONE: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u30ff\u3105-\u312f"
    "\u3131-\u318e\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc"
    "\U0001b000-\U0001b16f\U00020000-\U000323af"
)
_RUN: Final = f"(?:(?![{_ALONE}])\\w)"  # a letter of a script with spaces
_WORD: Final = re.compile(f"{_RUN}+|[{_ALONE}]")
_STANDS_ALONE: Final = re.compile(f"[{_ALONE}]")
_ESCAPE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()*+][0-9A-Za-z]|[@-Z\\^_])")
"""A terminal's sequence (ECMA-48): the `36m` before a coloured word does not belong to it."""
_PART: Final = re.compile(r'"([^"]*)"|([^\s"]+)')


class TextQueryError(ValueError):
    """Its text says what is wrong with a query, and what would be right."""


@dataclass(frozen=True)
class TextQuery:
    """`parts`: of each its words in lower case; `regex`: what must be found, too, '': nothing."""

    parts: tuple[tuple[str, ...], ...]
    regex: str = ""

    @cached_property
    def words(self) -> tuple[str, ...]:
        """All that must occur, the longest first."""
        return tuple(sorted({word for part in self.parts for word in part}, key=lambda word: (-len(word), word)))

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(_pattern(part)) for part in self.parts)

    @cached_property
    def _regex(self) -> Any:
        return _compiled(self.regex)

    def matches(self, message: str) -> bool:
        if self.parts:
            text = (_ESCAPE.sub("\x1b", message) if "\x1b" in message else message).lower()
            for word in self.words:  # much quicker than the patterns, and most messages end here
                if word not in text:
                    return False
            if not all(pattern.search(text) for pattern in self._patterns):
                return False
        return not self.regex or bool(self._regex.search(message.encode("utf-8", "replace")))


def parse_regex(text: str) -> str:
    """A regular expression in RE2's syntax (https://github.com/google/re2/wiki/Syntax), in which no message takes more
    than linear time. Raises TextQueryError."""
    if len(text) > MOST_CHARACTERS:
        raise TextQueryError(f"has {len(text)} characters, must have at most {MOST_CHARACTERS}")
    try:
        _compiled(text)
    except re2.error as error:
        said = error.args[0] if error.args else error
        said = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        raise TextQueryError(
            f"is no regular expression that RE2 takes (neither look-around nor back-references): {said}"
        ) from error
    return text


def _compiled(text: str) -> Any:
    options = re2.Options()
    options.max_mem = _REGEX_MEMORY
    options.log_errors = False
    return re2.compile(text.encode("utf-8", "replace"), options)


def parse_text_query(text: str) -> TextQuery:
    """Raises TextQueryError."""
    if len(text) > MOST_CHARACTERS:
        raise TextQueryError(f"has {len(text)} characters, must have at most {MOST_CHARACTERS}")
    if text.count('"') % 2:
        raise TextQueryError('a double quote is not closed: write a phrase as "two words"')
    parts: list[tuple[str, ...]] = []
    for quoted, bare in _PART.findall(_ESCAPE.sub("\x1b", text)):
        words = tuple(_WORD.findall((quoted or bare).lower()))
        if not words:
            raise TextQueryError(f"{(quoted or bare)[:50]!r} holds no letter and no digit, by which alone is searched")
        parts.append(words)
    if not parts:
        raise TextQueryError("holds no word")
    if sum(map(len, parts)) > MOST_WORDS:
        raise TextQueryError(f"has {sum(map(len, parts))} words, must have at most {MOST_WORDS}")
    return TextQuery(tuple(dict.fromkeys(parts)))


def _pattern(words: tuple[str, ...]) -> str:
    pattern = ""
    runs = False
    for number, word in enumerate(words):
        ran, runs = runs, not _STANDS_ALONE.match(word)
        if number:
            pattern += r"[^\w]+" if ran and runs else r"[^\w]*"
        # No word character of the same kind may stand beside a run: else it is a part of another word.
        pattern += f"(?<!{_BEHIND}){re.escape(word)}(?!{_RUN})" if runs else word
    return pattern


# A look-behind of one character that is a word's and does not stand alone.
_BEHIND: Final = f"[^\\W{_ALONE}]"
