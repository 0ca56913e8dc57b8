"""The levels of JSON lines, each decoded once: what objects of the same members held is found without asking anew.

Remembered is only where a level stands (which member), never what it was, so that the answer is that of `json_fields.find`.
"""

from typing import Any, Final

import orjson

from log_shipper.stages.formats import json_fields
from log_shipper.stages.formats.levels import LEVEL_VALUES, Found

_KINDS: Final = 2048  # of objects that are remembered


class Objects:
    """Text that begins with `{` -> (what it declares, the object; None where it is none as a whole)."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, ...], str] = {}  # members -> the surest of them, "" if none names a level

    def __call__(self, text: str) -> tuple[Found | None, dict[str, Any] | None]:
        if len(text) > json_fields.LONGEST or text[-1:] not in "}\n\r \t":
            return json_fields.find(text), None
        try:
            value = orjson.loads(text)
        except ValueError:
            return json_fields.find(text), None
        keys = tuple(value)
        surest = self._kinds.get(keys)
        if surest is None:
            surest = self._remember(keys)
        if surest:
            member = value[surest]
            found = LEVEL_VALUES.get(member) if member.__class__ is str else None
            if found is not None and text.count(surest) == 1:
                return found, value
        return json_fields.of_whole(text, value, surest), value

    def _remember(self, keys: tuple[str, ...]) -> str:
        if len(self._kinds) >= _KINDS:
            self._kinds.clear()
        surest = json_fields.surest(keys) if len(keys) <= json_fields.MOST_MEMBERS else ""
        self._kinds[keys] = surest
        return surest
