"""Taking the members of a JSON object one by one, and keeping every problem that is met on the way."""

import difflib
from collections.abc import Callable
from typing import Any, TypeVar

from runtime_api.schemas.values import empty, forbidden, shown

T = TypeVar("T")
MOST_PROBLEMS = 50  # named in one answer


class Problems:
    """A list that stops growing, so that a hostile body cannot make a hostile answer."""

    def __init__(self) -> None:
        self._named: list[str] = []
        self._more = 0

    def add(self, field: str, value: Any, right: str) -> None:
        """`field` with `value` is wrong; `right` is a phrase that goes on from there: "must be …"."""
        self.say(f"{field}: {shown(value)} {right}")

    def say(self, text: str) -> None:
        if len(self._named) < MOST_PROBLEMS:
            self._named.append(text)
        else:
            self._more += 1

    def all(self) -> list[str]:
        return self._named + ([f"and {self._more} more"] if self._more else [])


class Members:
    """The non-empty members of one object of the body. `place` is its path, '' for the body itself."""

    def __init__(self, value: Any, place: str, known: tuple[str, ...], problems: Problems) -> None:
        self.problems = problems
        self._prefix = place + "." if place else ""
        self._members: dict[str, Any] = {}
        if isinstance(value, dict):
            self._members = {name: member for name, member in value.items() if not empty(member)}
        elif not empty(value):
            problems.add(place or "the body", value, "must be a JSON object")
        for name in self._members:
            if name not in known:
                self._unknown(name, known)

    def path(self, name: str) -> str:
        return self._prefix + name

    def get(self, name: str) -> Any:
        """The member as it is; None where it is absent or empty."""
        return self._members.get(name)

    def text(self, name: str, allowed: str = "", longest: int = 4096) -> str:
        """The member if it is a text that fits; '' otherwise, with a problem unless it is absent."""
        value = self._members.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.problems.add(self.path(name), value, "must be a string")
        elif what := forbidden(value, allowed):
            self.problems.add(self.path(name), value, f"must not hold {what}")
        elif len(value.encode()) > longest:
            self.problems.add(self.path(name), value, f"is {len(value.encode())} bytes long; {longest} at most")
        else:
            return value
        return ""

    def parsed(self, name: str, parse: Callable[[str], T]) -> T | None:
        """The text as `parse` makes it; a ValueError of it becomes a problem."""
        value = self.text(name)
        if not value:
            return None
        try:
            return parse(value)
        except ValueError as error:
            self.problems.add(self.path(name), value, str(error))
            return None

    def _unknown(self, name: str, known: tuple[str, ...]) -> None:
        near = difflib.get_close_matches(name[:100], known, 1)
        hint = f"did you mean {near[0]}?" if near else "known are " + ", ".join(known)
        place = f"in {self._prefix[:-1]}" if self._prefix else "in the body"
        self.problems.say(f"{shown(name)}: there is no such member {place}; {hint}")
