"""docs/rest.md, made from the OpenAPI document: `python -m wholelog.rest_page > docs/rest.md`."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

from runtime_api.openapi.document import document
from wholelog_base.version import VERSION

_WAIT_LIMIT: Final = 60.0
_PREFIX: Final = "#/components/schemas/"
_HEAD: Final = """# REST reference
Made from the OpenAPI document by `python -m wholelog.rest_page`; `/openapi.json` of a running API is the same in full, with
the patterns and bounds of every value, and `/docs` shows it as a page. [Reading logs](logs.md) and [tasks](tasks.md) explain.

Every answer of JSON is an envelope of `timestamp`, `status`, `message` and `data`; below, *data* is what `data` holds. An error
has the status, a message that names the field, its value and what would be right, and empty `data`.
"""

Shape = Mapping[str, Any]


def page() -> str:
    told = document(VERSION, _WAIT_LIMIT)
    shapes = told["components"]["schemas"]
    parts = [_HEAD, "\n".join(_statuses(told["paths"]))]
    for path, routes in told["paths"].items():
        for method, operation in routes.items():
            if method != "parameters":
                parameters = [*routes.get("parameters", ()), *operation.get("parameters", ())]
                parts.append("\n".join(_route(path, method, operation, parameters, shapes)))
    parts.append("\n".join(_shapes(shapes)))
    return "\n".join(parts)


def _route(path: str, method: str, operation: Shape, parameters: list[Shape], shapes: Shape) -> Iterator[str]:
    yield f"## `{method.upper()} {path}`"
    yield f"{operation['summary']}. {operation.get('description', '')}".strip()
    yield ""
    if parameters:
        yield "| parameter | in | value | meaning |"
        yield "| --- | --- | --- | --- |"
        for one in parameters:
            name = f"`{one['name']}`" + (" (required)" if one.get("required") else "")
            yield _row(name, one["in"], _kind(one.get("schema", {})), one.get("description", ""))
        yield ""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body is not None:
        yield "Body: " + _kind(body)
        yield ""
    answers = operation["responses"]
    yield "Answers: " + ", ".join(sorted(answers))
    data = _data(answers.get("200", {}))
    if data is not None:
        members = ", ".join(f"`{name}` ({_kind(shape)})" for name, shape in _members(data).items())
        yield ""
        yield f"*data*: {members or _kind(data)}"
    yield ""


def _statuses(paths: Shape) -> Iterator[str]:
    """Each error once, with what it means."""
    yield "| status | means |"
    yield "| --- | --- |"
    meanings: dict[str, str] = {}
    for routes in paths.values():
        for method, operation in routes.items():
            if method != "parameters":
                meanings |= {
                    status: answer["description"]
                    for status, answer in operation["responses"].items()
                    if status >= "400" and status not in meanings
                }
    for status in sorted(meanings):
        yield _row(status, meanings[status])
    yield ""


def _data(answer: Shape) -> Shape | None:
    envelope = answer.get("content", {}).get("application/json", {}).get("schema", {})
    found: Shape | None = envelope.get("properties", {}).get("data")
    return found


def _shapes(shapes: Shape) -> Iterator[str]:
    yield "# Shapes"
    for name, shape in sorted(shapes.items()):
        members = _members(shape)
        if members:
            yield f"## {name}"
            yield shape.get("description", "")
            yield ""
            yield from _table("", members, set(shape.get("required", ())))
            yield ""


def _table(prefix: str, members: Shape, required: set[str]) -> Iterator[str]:
    yield "| member | value | meaning |"
    yield "| --- | --- | --- |"
    yield from _rows(prefix, members, required)


def _rows(prefix: str, members: Shape, required: set[str]) -> Iterator[str]:
    for name, shape in members.items():
        mark = " (required)" if name in required else ""
        yield _row(f"`{prefix}{name}`{mark}", _kind(shape), shape.get("description", ""))
        inner, suffix = _inner(shape)
        if inner is not None:
            yield from _rows(f"{prefix}{name}{suffix}.", _members(inner), set(inner.get("required", ())))


def _inner(shape: Shape) -> tuple[Shape | None, str]:
    """The object within a shape, where it has one that is not told of elsewhere."""
    for one in [shape, *shape.get("anyOf", ())]:
        if _members(one):
            return one, ""
        items = one.get("items", {})
        for inner in [items, *items.get("anyOf", ())]:
            if _members(inner):
                return inner, "[]"
    return None, ""


def _members(shape: Shape) -> Shape:
    found: Shape = shape.get("properties", {})
    return found


def _kind(shape: Shape) -> str:
    """What a value is, in a few words."""
    if "$ref" in shape:
        return f"[{shape['$ref'].removeprefix(_PREFIX)}](#{shape['$ref'].removeprefix(_PREFIX).lower()})"
    if "enum" in shape:
        return " ".join(f"`{one}`" for one in shape["enum"] if one != "")
    if "const" in shape:
        return f"`{shape['const']}`"
    if "anyOf" in shape:
        kinds = [_kind(one) for one in shape["anyOf"]]
        kinds = [kind for kind in dict.fromkeys(kinds) if "Empty" not in kind]
        return " or ".join(kinds)
    if _members(shape):
        return "object of " + ", ".join(f"`{name}`" for name in _members(shape))
    kind = shape.get("type", "any")
    if kind == "array":
        return "list of " + _kind(shape.get("items", {}))
    named: dict[str, str] = {
        "string": "text",
        "integer": "whole number",
        "boolean": "`true` or `false`",
        "null": "`null`",
    }
    if isinstance(kind, list):
        return " or ".join(named.get(str(one), str(one)) for one in kind)
    bounds = [f"{word} {shape[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in shape]
    return " ".join([named.get(str(kind), str(kind)), *bounds])


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(str(cell).split()).replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.stdout.write(page())
