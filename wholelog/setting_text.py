"""A setting's value as a user would write it: what its `parse` takes back."""

import json
import re
from dataclasses import Field
from typing import Any

from wholelog_base.settings import duration

MASK = "***"


def as_text(field: "Field[Any]", value: Any) -> str:
    """Of a secret only whether there is one."""
    if field.metadata["secret"]:
        return MASK if value else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if field.metadata["parse"] is duration:
        return f"{value:g}s"
    if isinstance(value, tuple):
        host, port = value
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    # A password may stand in a URL.
    return re.sub(r"(?<=//)[^/@]*@", MASK + "@", str(value))


def as_toml(field: "Field[Any]", value: Any) -> str:
    """A line of the config file that sets it; of a secret a comment."""
    shown = as_text(field, value)
    bare = isinstance(value, int) and not field.metadata["secret"]
    line = f"{field.name} = {shown if bare else json.dumps(shown, ensure_ascii=False)}"
    return f"# {line}" if MASK in shown else line
