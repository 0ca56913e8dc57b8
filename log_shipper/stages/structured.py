"""What a JSON or logfmt line says in fields, by the names of ECS: one flat object of bounded size, beside the message.

Bounded, since anything may be in a line: FIELDS members, DEPTH levels of objects, KEY characters of a dotted name and VALUE
of a text; what is beyond is left out, not cut. Lists of plain values stay lists; other lists are left out.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import orjson

from log_shipper.stages.ecs import ECS

FIELDS: Final = 64
DEPTH: Final = 5
KEY: Final = 200
VALUE: Final = 1024
LIST: Final = 32  # entries
LONGEST: Final = 32_768
"""Characters of a message that is looked at."""
_LOGFMT: Final = 4096  # characters of a logfmt line that are looked at
_MEMBERS: Final = 256  # of one object that are looked at
_OBJECTS: Final = 32  # that are looked into
_PLANS: Final = 2048  # kinds of objects that are remembered
_PLAIN: Final = frozenset((str, int, float, bool))
_PAIR: Final = re.compile(r'(?<![^\s,;|])([A-Za-z_@][\w.@/-]{0,99}+)=(?:"([^"\\]*+(?:\\.[^"\\]*+)*)"|([^\s",;]*+))')
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")

Plan = tuple[tuple[str, ...], bool]
"""the names of an object's members in ECS, '' to leave one out; whether they are taken one by one"""


class Structured:
    """(message, the rule that found its type) -> the fields as a JSON object; None where it has none.

    Records of one program have the same members, so what these are called is found once. For one thread.
    """

    def __init__(self) -> None:
        self._plans: dict[tuple[str, ...], Plan] = {}

    def __call__(self, message: str, rule: str) -> bytes | None:
        if message[:1] == "{":
            return self._of_json(message)
        return self._of_logfmt(message) if rule == "field" and "=" in message else None

    def _of_json(self, message: str) -> bytes | None:
        if len(message) > LONGEST or message[-1:] not in "}\n\r \t":
            return None
        try:
            found = orjson.loads(message)
        except ValueError:
            return None
        return self._renamed(found, len(message))

    def _of_logfmt(self, message: str) -> bytes | None:
        """Keys, and values as texts; of a key that comes twice the last value."""
        found = [match.groups() for match in islice(_PAIR.finditer(message, 0, _LOGFMT), FIELDS)]
        pairs = {key: plain or _unescaped(quoted) if plain or quoted else None for key, quoted, plain in found}
        return self._renamed(pairs, len(message))

    def _renamed(self, found: dict[str, Any], length: int) -> bytes | None:
        if len(found) > FIELDS:
            taken = _bounded(found)
            return orjson.dumps(taken) if taken else None
        keys = tuple(found)
        plan = self._plans.get(keys)
        if plan is None:
            plan = self._remember(keys)
        names, simple = plan
        taken = {name: value for name, value in zip(names, found.values(), strict=True) if name and value is not None}
        if not simple or length > VALUE or not _PLAIN.issuperset(map(type, taken.values())):
            taken = _bounded(found)
        return orjson.dumps(taken) if taken else None

    def _remember(self, keys: tuple[str, ...]) -> Plan:
        if len(self._plans) >= _PLANS:
            self._plans.clear()
        names = _names(keys)
        kept = [name for name in names if name]
        simple = len(kept) == len(set(kept)) <= FIELDS and not any(key.lower() == "traceparent" for key in keys)
        self._plans[keys] = names, simple
        return names, simple


def _names(keys: tuple[str, ...]) -> tuple[str, ...]:
    """In ECS. Of two members that would have one name the second keeps its own."""
    taken: set[str] = set()
    names: list[str] = []
    for key in keys:
        name = ECS.get(key.lower(), key)
        name = key if name in taken else name
        if name:
            taken.add(name)
        names.append(name if _fits(name) and not name.startswith("@") else "")
    return tuple(names)


def _fits(name: str) -> bool:
    return 0 < len(name) <= KEY and name.isprintable() and not name.isspace()


def _bounded(found: dict[str, Any]) -> dict[str, Any]:
    """The slow way: nested, long, or many."""
    flat: dict[str, Any] = {}
    for key, value in _flat(found):
        name = ECS.get(key.lower(), key)
        name = key if name in flat else name
        if key.lower() == "traceparent":
            flat.update(_trace(value))
        elif name and _fits(name) and name not in flat and not name.startswith("@"):
            flat[name] = value
        if len(flat) >= FIELDS:
            break
    return flat


def _flat(found: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Plain members with their dotted names, the outer ones first."""
    objects = [("", found, 1)]
    for prefix, members, depth in objects:  # grows meanwhile
        for key, value in islice(members.items(), _MEMBERS):
            if isinstance(value, dict):
                if depth < DEPTH and len(objects) < _OBJECTS:
                    objects.append((f"{prefix}{key}."[: KEY + 1], value, depth + 1))
            elif isinstance(value, list):
                if 0 < len(value) <= LIST and all(map(_plain, value)):
                    yield prefix + key, value
            elif _plain(value):
                yield prefix + key, value


def _plain(value: object) -> bool:
    return (
        value is not None and not isinstance(value, dict | list) and not (isinstance(value, str) and len(value) > VALUE)
    )


def _trace(value: object) -> dict[str, str]:
    """W3C Trace Context: version-trace-span-flags."""
    match = _TRACEPARENT.fullmatch(value) if isinstance(value, str) else None
    return {"trace.id": match[1], "span.id": match[2]} if match is not None else {}


def _unescaped(quoted: str) -> str:
    if "\\" not in quoted:
        return quoted
    try:
        return str(orjson.loads(f'"{quoted}"'))
    except ValueError:
        return quoted
