"""Pieces of JSON Schema 2020-12, which OpenAPI 3.1 is written in."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Shape = dict[str, Any]

EMPTY_NAME = "Empty"


def text(description: str = "", **more: Any) -> Shape:
    return _described({"type": "string", **more}, description)


def number(description: str = "", kind: str = "integer", **more: Any) -> Shape:
    return _described({"type": kind, **more}, description)


def choice(values: Sequence[str], description: str = "") -> Shape:
    return _described({"type": "string", "enum": list(values)}, description)


def yes_or_no(description: str = "") -> Shape:
    return _described({"type": "boolean"}, description)


def array(items: Shape, description: str = "", **more: Any) -> Shape:
    return _described({"type": "array", "items": items, **more}, description)


def or_null(shape: Shape) -> Shape:
    return {**shape, "type": [shape["type"], "null"]}


def members(required: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None, description: str = "") -> Shape:
    """An object of an answer; others may be added to it at any time."""
    shape = {"type": "object", "required": list(required), "properties": {**required, **(optional or {})}}
    return _described(shape, description)


def taken(properties: Mapping[str, Shape], required: Sequence[str] = (), description: str = "") -> Shape:
    """An object of a body: what is empty in it counts as absent, and nothing else may be in it."""
    shape: Shape = {
        "type": "object",
        "properties": {name: one if name in required else or_empty(one) for name, one in properties.items()},
        "additionalProperties": part(EMPTY_NAME),
    }
    if required:
        shape["required"] = list(required)
    return _described(shape, description)


def or_empty(shape: Shape) -> Shape:
    """The value, or one of those that count as absent. The description stays outside, where readers look for it."""
    inner = {name: value for name, value in shape.items() if name != "description"}
    return _described({"anyOf": [inner, part(EMPTY_NAME)]}, shape.get("description", ""))


def part(name: str) -> Shape:
    """A reference to `components.schemas`."""
    return {"$ref": f"#/components/schemas/{name}"}


def whole(pattern: "re.Pattern[str] | str") -> str:
    """A pattern that must match the whole text. Python's `fullmatch` in JSON Schema's terms: ASCII classes, no flags."""
    return f"^(?:{pattern if isinstance(pattern, str) else pattern.pattern})$"


def without(characters: str) -> str:
    """A pattern of any text that has no control character but these."""
    forbidden = [code for code in (*range(0x20), 0x7F) if chr(code) not in characters]
    begins = [code for code in forbidden if code - 1 not in forbidden]
    ends = [code for code in forbidden if code + 1 not in forbidden]
    return "^[^" + "".join(f"\\u{begin:04x}-\\u{end:04x}" for begin, end in zip(begins, ends, strict=True)) + "]*$"


def empty() -> Shape:
    return {
        "description": "Counts as absent: callers may send the whole template with what they do not use left empty.",
        "anyOf": [
            {"type": "null"},
            {"const": ""},
            {"type": "array", "items": part(EMPTY_NAME)},
            {"type": "object", "additionalProperties": part(EMPTY_NAME)},
        ],
    }


def _described(shape: Shape, description: str) -> Shape:
    return {**shape, "description": description} if description else shape
