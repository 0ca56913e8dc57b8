"""What the document says where a caller needs a token."""

from typing import Any, Final

from runtime_api.access.gate import OPEN
from runtime_api.openapi.operations import error_answer

_SCHEME: Final = "bearer"
_METHODS: Final = frozenset(("get", "post", "patch", "delete"))


def secure(document: dict[str, Any]) -> dict[str, Any]:
    """The same object, with the scheme, and the answers of every route that asks for it."""
    for path, item in document["paths"].items():
        for method in item.keys() & _METHODS:
            operation = item[method]
            if path in OPEN:
                operation["security"] = []
                continue
            answers = operation["responses"]
            for status in (401, 403, 429):
                answers.setdefault(str(status), error_answer(status))
            challenge = {"description": "RFC 6750", "schema": {"type": "string"}}
            answers["401"]["headers"] = {"WWW-Authenticate": challenge}
    document["components"]["securitySchemes"] = {
        _SCHEME: {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of the operator's, or of its identity provider.",
        }
    }
    document["security"] = [{_SCHEME: []}]
    return document
