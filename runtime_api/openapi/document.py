"""The whole OpenAPI document."""

from typing import Any

from runtime_api.openapi import answers, bodies, problems
from runtime_api.openapi.operations import paths
from runtime_api.openapi.security import secure
from runtime_api.openapi.shapes import EMPTY_NAME, empty


def document(version: str, wait_limit: float, *, secured: bool = False) -> dict[str, Any]:
    """OpenAPI 3.1. `wait_limit`: seconds, the setting. `secured`: whether a caller needs a token."""
    found = {
        "openapi": "3.1.0",
        "info": {
            "title": "Wholelog",
            "version": version,
            "description": (
                "Runs containers and keeps every line they wrote: whole, once, in order, of the right type, with a plain "
                "statement of whether all of it is there. Every answer of JSON is an envelope: timestamp, status, "
                "message, data."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": "containers", "description": "start, list, show, delete"},
            {"name": "logs", "description": "read what they wrote"},
            {"name": "problems", "description": "errors that are alike"},
            {"name": "health", "description": "of this service"},
            {"name": "about", "description": "of this API"},
        ],
        "paths": paths(wait_limit),
        "components": {
            "schemas": {EMPTY_NAME: empty(), "Task": bodies.task(), **answers.components(), **problems.components()}
        },
    }
    return secure(found) if secured else found
