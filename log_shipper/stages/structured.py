"""What a JSON or logfmt line says in fields, by the names of ECS: one flat object of bounded size, beside the message.

Bounded, since anything may be in a line: FIELDS members, DEPTH levels of objects, KEY characters of a dotted name and VALUE
of a text; what is beyond is left out, not cut. Lists of plain values stay lists; other lists are left out.
"""

import re
from collections.abc import Callable
from itertools import islice
from operator import itemgetter
from typing import Any, Final

import orjson

from log_shipper.stages import pairs
from log_shipper.stages.ecs import ECS

FIELDS: Final = pairs.MOST
DEPTH: Final = 5
KEY: Final = 200
VALUE: Final = 1024
LIST: Final = 32  # entries
LONGEST: Final = 32_768
"""Characters of a message that is looked at."""
_MEMBERS: Final = 256  # of one object that are looked at
_OBJECTS: Final = 32  # that are looked into
_PLANS: Final = 2048  # kinds of objects that are remembered
_NAMES: Final = 16_384  # names that are
_PLAIN: Final = frozenset((str, int, float, bool))
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")

_TRACE: Final = "traceparent"

Plan = tuple[tuple[str, ...], Callable[[dict[str, Any]], tuple[Any, ...]]]
"""names in ECS, and what takes their values from an object of these keys"""


class Structured:
    """(message, the rule that found its type) -> the fields as a JSON object; None where it has none.

    Records of one program have the same members, so what these are called is found once. For one thread.
    """

    def __init__(self) -> None:
        self._plans: dict[tuple[str, ...], Plan | None] = {}
        self._names: dict[str, str] = {}  # a member's dotted name -> its name in ECS, '' to leave it out

    def __call__(self, message: str, rule: str, decoded: dict[str, Any] | None = None) -> bytes | None:
        """`decoded`: the object that the message is, where it is known already."""
        if decoded is not None:
            found = decoded
        elif message[:1] == "{":
            if len(message) > LONGEST or message[-1:] not in "}\n\r \t":
                return None
            try:
                found = orjson.loads(message)
            except ValueError:
                return None
        elif rule == "field" and "=" in message:
            found = pairs.read(message)
        else:
            return None
        if len(message) <= VALUE:  # the quick way, for a flat object of a kind that came before
            keys = tuple(found)
            plan = self._plans.get(keys, _UNKNOWN)
            if plan is _UNKNOWN:
                plan = self._remember(keys)
            if plan is not None:
                names, take = plan
                values = take(found)
                if _PLAIN.issuperset(map(type, values)):
                    return _dumped(dict(zip(names, values, strict=False)))
        taken = self._bounded(found)
        return _dumped(taken) if taken else None

    def _remember(self, keys: tuple[str, ...]) -> Plan | None:
        if not 0 < len(keys) <= FIELDS:
            return None
        if len(self._plans) >= _PLANS:
            self._plans.clear()
        named = [(name, key) for key in keys if (name := self._name(key))]
        names = tuple(name for name, _ in named)
        plan = None
        if len(names) > 1 and len(set(names)) == len(names) and _TRACE not in names:
            plan = names, itemgetter(*(key for _, key in named))
        self._plans[keys] = plan
        return plan

    def _name(self, dotted: str) -> str:
        name = self._names.get(dotted)
        if name is None:
            if len(self._names) >= _NAMES:
                self._names.clear()
            lowered = dotted.lower()
            name = ECS.get(lowered, _TRACE if lowered == _TRACE else dotted)
            fits = 0 < len(name) <= KEY and name.isprintable() and not name.isspace() and name[0] != "@"
            name = self._names[dotted] = name if fits else ""
        return name

    def _bounded(self, found: dict[str, Any]) -> dict[str, Any]:
        """The slow way: nested, long, or many. The outer members come first; of two of one name the second keeps its own."""
        flat: dict[str, Any] = {}
        names = self._names
        objects = [("", found, 1)]
        for prefix, members, depth in objects:  # grows meanwhile
            for key, value in members.items() if len(members) <= _MEMBERS else islice(members.items(), _MEMBERS):
                kind = value.__class__
                if kind is dict:
                    if depth < DEPTH and len(objects) < _OBJECTS:
                        objects.append((f"{prefix}{key}."[: KEY + 1], value, depth + 1))
                    continue
                dotted = prefix + key
                name = names.get(dotted)
                if name is None:
                    name = self._name(dotted)
                if not name or (len(value) > VALUE if kind is str else kind not in _PLAIN and not _storable(value)):
                    continue
                if name == _TRACE:
                    flat.update(_trace(value))
                elif name in flat:
                    flat.setdefault(dotted, value)
                else:
                    flat[name] = value
                if len(flat) >= FIELDS:
                    return dict(islice(flat.items(), FIELDS))
        return flat


_UNKNOWN: Final[Plan] = ((), tuple)


def _dumped(taken: dict[str, Any]) -> bytes:
    # orjson writes into a buffer of 1 KiB and more: a copy of its own size lets that be used again at once, which
    # takes a quarter of the time that keeping the buffers of a whole batch does
    return b"".join((orjson.dumps(taken), b""))


def _storable(value: object) -> bool:
    """Whether a value that is no plain one is a short list of such."""
    if not isinstance(value, list) or not 0 < len(value) <= LIST:
        return False
    kinds = set(map(type, value))
    return kinds <= _PLAIN and (str not in kinds or all(len(one) <= VALUE for one in value if one.__class__ is str))


def _trace(value: object) -> dict[str, str]:
    """W3C Trace Context: version-trace-span-flags."""
    match = _TRACEPARENT.fullmatch(value) if isinstance(value, str) else None
    return {"trace.id": match[1], "span.id": match[2]} if match is not None else {}
