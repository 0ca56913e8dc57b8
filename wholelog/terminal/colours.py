"""Colours of the terminal, and whether to use them."""

from collections.abc import Mapping
from typing import Final, Protocol

CHOICES: Final = ("auto", "always", "never")
TYPES: Final = {"critical": "1;31", "error": "31", "warning": "33", "debug": "2"}
_OF_CONTAINERS: Final = ("36", "35", "32", "34", "33", "96", "95", "92", "94", "93")


class Terminal(Protocol):
    def isatty(self) -> bool: ...


def wanted(choice: str, stream: Terminal, environ: Mapping[str, str]) -> bool:
    """`auto`: on a terminal that has colours, unless NO_COLOR is set (no-color.org)."""
    if choice != "auto":
        return choice == "always"
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def painted(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if code else text


def of_container(number: int) -> str:
    return _OF_CONTAINERS[number % len(_OF_CONTAINERS)]
