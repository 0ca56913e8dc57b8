"""A setting's value as a user would write it: what its `parse` takes back."""

import json
from collections.abc import Mapping
from dataclasses import Field
from typing import Any

from wholelog_base.addresses import as_text as address_text
from wholelog_base.addresses import tcp_address, tcp_or_unix
from wholelog_base.settings import duration, size, without_passwords

MASK = "***"
_DURATIONS = {"d": 86_400, "h": 3600, "m": 60}  # largest first
_SIZES = {"g": 1 << 30, "m": 1 << 20, "k": 1 << 10}


def as_text(field: "Field[Any]", value: Any) -> str:
    """Of a secret only whether there is one; nothing for what is unset."""
    if value is None:
        return ""
    if field.metadata["secret"]:
        return MASK if value else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if field.metadata["parse"] is duration:
        return _with_unit(value, _DURATIONS, "s")
    if field.metadata["parse"] is size:
        return _with_unit(value, _SIZES, "")
    if field.metadata["parse"] in (tcp_address, tcp_or_unix):
        return address_text(value)
    if isinstance(value, tuple):
        return without_passwords(" ".join(value))
    return without_passwords(str(value))


def as_toml(field: "Field[Any]", value: Any) -> str:
    """A line of the config file that sets it; of a secret a comment."""
    shown = as_text(field, value)
    bare = shown in ("true", "false") or (isinstance(value, int) and shown.isdecimal())
    line = f"{field.name} = {shown if bare else json.dumps(shown, ensure_ascii=False)}"
    return f"# {line}" if MASK in shown else line


def _with_unit(value: float, units: Mapping[str, int], smallest: str) -> str:
    for unit, factor in units.items():
        if value and value % factor == 0:
            return f"{int(value // factor)}{unit}"
    whole = int(value)
    return f"{whole if whole == value else value!r}{smallest}"
