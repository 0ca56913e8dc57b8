"""Labels of a container that are its user's own, by which its log is chosen: as texts NAME=VALUE, in order."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

OURS: Final = "wholelog."
"""How the names of our own labels begin: see `labels`."""
MOST: Final = 64  # of one container; an image brings some, too
LONGEST: Final = 255  # characters of a text NAME=VALUE
LONGEST_NAME: Final = 100
NAME_PATTERN: Final = r"[a-zA-Z0-9](?:[a-zA-Z0-9._/-]*[a-zA-Z0-9])?"
"""As Docker and Kubernetes write them: team, com.example.team, example.com/team."""
_NAME: Final = re.compile(NAME_PATTERN, re.ASCII)


def name_problem(name: str) -> str:
    """'' for the name of a label that a task may have."""
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        return f"must be at most {LONGEST_NAME} letters, digits, '.', '-', '_' and '/', the first and the last a letter or digit"
    if name.lower().startswith(OURS):
        return f"must not begin with {OURS}, as Wholelog's own labels do"
    return ""


def texts_of(labels: Mapping[str, str]) -> tuple[str, ...]:
    """Of all that a container has those that can be chosen by: not ours, none that is too long or no text, the first MOST."""
    texts = (f"{name}={value}" for name, value in sorted(labels.items()) if not name.lower().startswith(OURS))
    return tuple(text for text in texts if len(text) <= LONGEST and text.isprintable())[:MOST]


def named(texts: Sequence[str]) -> dict[str, str]:
    """The other way round."""
    return {name: value for name, _, value in (text.partition("=") for text in texts)}


def fits(labels: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether each that is wanted, NAME=VALUE or NAME with any value, is among these texts."""
    return all(one in labels if "=" in one else any(text.startswith(one + "=") for text in labels) for one in wanted)
