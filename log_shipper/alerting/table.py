"""One table of the alerts file: its members taken one by one, and what is wrong with them."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from wholelog_base.linear import Expression
from wholelog_base.settings import duration

NAME: Final = re.compile(r"[\w .:/-]{1,100}")
_SECOND: Final = 10**9


class Table:
    """`where`: a key -> FILE:LINE:COLUMN. A member that does not fit counts as absent, and is said."""

    def __init__(
        self, kind: str, members: Mapping[str, Any], where: Callable[[str], str], known: tuple[str, ...]
    ) -> None:
        self.members, self.problems = members, list[str]()
        self._kind, self._where = kind, where
        for key in members:
            if key not in known:
                self.say(key, f"{key}: there is no such key; known are {', '.join(known)}")

    def say(self, key: str, what: str) -> None:
        self.problems.append(f"{self._where(key)}: [[{self._kind}]] {what}")

    def text(self, key: str, right: str = "must be a text", form: "re.Pattern[str] | None" = None) -> str:
        value = self.members.get(key, "")
        if isinstance(value, str) and (not value or form is None or form.fullmatch(value)):
            return value
        self.say(key, f"{key}: {_shown(value)} {right}")
        return ""

    def name(self, key: str) -> str:
        if not self.members.get(key):
            self.say("", f"{key}: is missing")
            return ""
        return self.text(key, "must be 1 to 100 letters, digits, spaces and _.:/-", NAME)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or one."""
        value = self.members.get(key, [])
        several = [value] if isinstance(value, str) else value
        if isinstance(several, list) and all(isinstance(one, str) and one for one in several):
            return tuple(several)
        self.say(key, f"{key}: {_shown(value)} must be a list of texts")
        return ()

    def choice(self, key: str, known: tuple[str, ...]) -> str:
        value = self.members.get(key, "")
        if key in self.members and value not in known:
            self.say(key, f"{key}: {_shown(value)} must be one of {', '.join(known)}")
            return ""
        return str(value)

    def number(self, key: str, least: int, most: int) -> int:
        value = self.members.get(key, 0)
        if key in self.members and (type(value) is not int or not least <= value <= most):
            self.say(key, f"{key}: {_shown(value)} must be a whole number from {least} to {most}")
            return 0
        return int(value)

    def duration(self, key: str) -> int:
        """ns; 0 where it is not there."""
        value = self.members.get(key)
        if value is None:
            return 0
        try:
            seconds = duration(value) if isinstance(value, str) else 0.0
            if 1 <= seconds <= 366 * 86_400:
                return int(seconds * _SECOND)
        except ValueError:
            seconds = 0.0
        self.say(key, f"{key}: {_shown(value)} must be a duration from 1s to 366d, such as 30s, 10m, 2h")
        return 0

    def expression(self, key: str) -> Expression | None:
        if key not in self.members:
            return None
        try:
            if isinstance(self.members[key], str):
                return Expression(self.members[key])
            raise ValueError("must be a regular expression")
        except ValueError as error:
            self.say(key, f"{key}: {_shown(self.members[key])} {error}")
            return None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"
