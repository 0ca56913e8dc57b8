"""The levels of JSON lines, each decoded once: what objects of the same members held is found without asking anew.

Remembered is only where a level stands (which member), never what it was, so that the answer is that of `json_fields.find`.
"""

from typing import Final

import orjson

from log_shipper.stages.formats import json_fields
from log_shipper.stages.formats.levels import LEVEL_VALUES, Found
from log_shipper.stages.members import VALUE, Members, members_of

_KINDS: Final = 2048  # of objects that are remembered
_NUMBERS: Final = 1024  # of these with a level that is a number


class Objects:
    """Text that begins with `{` -> (what it declares, its members; None where it is no object as a whole)."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[tuple[str, ...], int | None], Found] = {}  # members and a level that is a number
        self._kinds: dict[tuple[str, ...], str] = {}  # members -> the surest of them, "" if none names a level

    def __call__(self, text: str) -> tuple[Found | None, Members | None]:
        if len(text) > json_fields.LONGEST:
            return json_fields.find(text), None
        try:
            value = orjson.loads(text)
        except ValueError:
            return json_fields.find(text), None
        members = members_of(text, value)
        names = members[0]
        surest = self._kinds.get(names)
        if surest is None:
            surest = self._remember(names)
        if not surest or text.count(surest) != 1:
            return json_fields.of_whole(text, value, surest), members
        member = value[surest]
        if member.__class__ is str:
            found = LEVEL_VALUES.get(member)
            return found or json_fields.of_whole(text, value, surest), members
        number = names, member if member.__class__ is int else None
        found = self._numbers.get(number)
        if found is None:
            found = json_fields.of_whole(text, value, surest)
            if found is not None and len(text) <= VALUE and json_fields.number_decides(value, surest):
                if len(self._numbers) >= _NUMBERS:
                    self._numbers.clear()
                self._numbers[number] = found
        return found, members

    def _remember(self, names: tuple[str, ...]) -> str:
        if len(self._kinds) >= _KINDS:
            self._kinds.clear()
        surest = json_fields.surest(names) if len(names) <= json_fields.MOST_MEMBERS else ""
        self._kinds[names] = surest
        return surest
