"""Regular expressions that others write, by RE2: time and memory are linear in the text, whatever the expression.

RE2 has no backreferences and no looking around (github.com/google/re2/wiki/Syntax).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import re2

LONGEST: Final = 1000  # characters of an expression
_MEMORY: Final = 512 << 10  # bytes of one compiled expression with its states; a larger one is refused or forgets them


class Expression:
    """Compiled once. Safe to use from several threads."""

    __slots__ = ("pattern", "groups", "_compiled")

    def __init__(self, pattern: str) -> None:
        """Raises ValueError saying what is wrong."""
        if not pattern or len(pattern) > LONGEST:
            raise ValueError(f"must be a regular expression of 1 to {LONGEST} characters")
        if "\0" in pattern or not pattern.isprintable():
            raise ValueError("must not hold control characters: write them as \\x1b")
        self._compile(pattern)

    @classmethod
    def any_of(cls, patterns: Sequence[str]) -> "Expression":
        """Found where any of these is, each good by itself; in the memory of one. Raises ValueError where that can't be."""
        made = cls.__new__(cls)
        made._compile("|".join(f"(?:{pattern})" for pattern in patterns))
        return made

    def _compile(self, pattern: str) -> None:
        options = re2.Options()
        options.max_mem, options.log_errors = _MEMORY, False
        try:
            self._compiled: Any = re2.compile(pattern, options)
        except re2.error as error:
            said = error.args[0] if error.args else error
            told = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
            raise ValueError(
                f"is no regular expression of RE2 ({told}); it has no backreferences and no looking around"
            ) from error
        self.pattern = pattern
        self.groups: Mapping[str, int] = self._compiled.groupindex

    def found(self, text: str) -> bool:
        """Whether it is found anywhere in the text; `^` and `$` are the text's ends."""
        return self._compiled.search(text) is not None

    def group(self, text: str, name: str) -> str | None:
        """What the named group holds where it is first found; None where it is not; '' where the group took no part."""
        match = self._compiled.search(text)
        return None if match is None else match.group(name) or ""
