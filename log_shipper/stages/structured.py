"""What a JSON or logfmt line says in fields, by the names of ECS: one flat object of bounded size, beside the message.

Bounded, since anything may be in a line: FIELDS members, DEPTH levels of objects, KEY characters of a dotted name and VALUE
of a text; what is beyond is left out, not cut. Lists of plain values stay lists; other lists are left out.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Any, Final

import orjson

from log_shipper.stages import pairs
from log_shipper.stages.ecs import ECS
from log_shipper.stages.members import VALUE, Decoded, Members, Values, members_of, object_of

FIELDS: Final = pairs.MOST
DEPTH: Final = 5
KEY: Final = 200
LIST: Final = 32  # entries
LONGEST: Final = 32_768
"""Characters of a message that is looked at."""
_MEMBERS: Final = 256  # of one object that are looked at
_OBJECTS: Final = 32  # that are looked into
_PLANS: Final = 2048  # kinds of objects that are remembered
_NAMES: Final = 16_384  # names that are
_PLAIN: Final = frozenset((str, int, float, bool))
_VERBATIM: Final = frozenset((str, int))  # types whose values a format writes as JSON has them
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")

_TRACE: Final = "traceparent"


@dataclass(frozen=True, slots=True)
class Plan:
    """How the fields of flat objects with the same members are written, and of pairs with the same keys."""

    take: Callable[[Any], tuple[Any, ...]]  # what is stored
    types: tuple[type, ...] = ()  # of these values …
    texts: str = ""  # … with which this is the format of the fields; texts and whole numbers only
    encoded: bytes = b""  # the format for values in JSON; b"" where all has to be looked at


class Structured:
    """The fields of messages as JSON objects, by row; a message that says nothing has none.

    Records of one program have the same members, so how their fields are written is found once. For one thread.
    """

    def __init__(self) -> None:
        self._objects: dict[tuple[str, ...], Plan | None] = {}  # None: one has come
        self._pairs: dict[tuple[str, ...], Plan | None] = {}
        self._names: dict[str, str] = {}  # a member's dotted name -> its name in ECS, '' to leave it out

    def __call__(self, messages: list[str], rules: list[str], decoded: Decoded) -> dict[int, bytes]:
        """`rules`: what found the types; `decoded`: what messages were read as already."""
        written: dict[int, bytes] = {}
        objects, pairs = self._objects, self._pairs
        for row, rule in enumerate(rules):
            members = decoded.get(row)
            if members is None:
                message = messages[row]
                members = _read(message) if rule == "field" or message[:1] == "{" else None
                if members is None:
                    continue
            names, found, plain = members
            plans = objects if found.__class__ is dict else pairs
            plan = plans.get(names) or self._remember(plans, members, len(messages[row]))
            if plain and plan.texts:
                values = plan.take(found)
                if tuple(map(type, values)) == plan.types:
                    written[row] = (plan.texts % values).encode()
                    continue
            fields = self._encoded(messages[row], members, plan)
            if fields:
                written[row] = fields
        return written

    def of(self, message: str, rule: str) -> bytes | None:
        """The fields of one message."""
        return self([message], [rule], {}).get(0)

    def _encoded(self, message: str, members: Members, plan: Plan) -> bytes:
        found = members[1]
        if plan.encoded and len(message) <= VALUE:
            values = plan.take(found)
            flat = isinstance(found, tuple) or dict not in map(type, found.values())
            if flat and _PLAIN.issuperset(map(type, values)):
                return plan.encoded % tuple(map(orjson.dumps, values))
        fields = self._bounded(object_of(members))
        # orjson writes into a buffer of 1 KiB and more: a copy of its own size lets that be used again at once, which
        # takes a quarter of the time that keeping the buffers of a whole batch does
        return b"".join((orjson.dumps(fields), b"")) if fields else b""

    def _remember(self, plans: dict[tuple[str, ...], Plan | None], members: Members, size: int) -> Plan:
        """A plan is made for what comes a second time: there are programs whose every object has members of its own."""
        names, found, _ = members
        if size > VALUE or len(names) > FIELDS:
            return _NO_PLAN
        if names not in plans:
            if len(plans) >= _PLANS:
                plans.clear()
            plans[names] = None
            return _NO_PLAN
        called = [self._name(name) for name in names]
        where = zip(called, names if isinstance(found, dict) else range(len(names)), strict=True)
        places: dict[str, Any] = {name: place for name, place in where if name}
        alone = 1 < len(places) == len(names) - called.count("") and _TRACE not in places
        nested = isinstance(found, dict) and dict in map(type, found.values())
        plan = plans[names] = _plan(places, found) if alone and not nested else _NO_PLAN
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


_NO_PLAN: Final = Plan(tuple)


def _plan(places: dict[str, Any], found: Values | dict[str, Any]) -> Plan:
    """`places`: by names in ECS, the members of `found` that hold what is stored, two at least."""
    take = itemgetter(*places.values())
    types = tuple(map(type, take(found)))
    names = [orjson.dumps(name).decode().replace("%", "%%") for name in places]
    texts = ",".join(f'{name}:"%s"' if kind is str else f"{name}:%s" for name, kind in zip(names, types, strict=True))
    encoded = ",".join(f"{name}:%b" for name in names)
    return Plan(take, types, f"{{{texts}}}" if _VERBATIM.issuperset(types) else "", f"{{{encoded}}}".encode())


def _read(message: str) -> Members | None:
    if message[:1] != "{":
        return pairs.members(message) if "=" in message else None
    if len(message) > LONGEST or message[-1:] not in "}\n\r \t":
        return None
    try:
        return members_of(message, orjson.loads(message))
    except ValueError:
        return None


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
