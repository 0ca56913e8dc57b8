"""The parameter `label`: NAME=VALUE, or NAME for any value; repeated, all of them."""

from collections.abc import Mapping
from typing import Final

from runtime_api.params.query import APART
from wholelog_base.user_labels import LONGEST

MOST: Final = 32


def read_labels(given: Mapping[str, str], problems: list[str]) -> tuple[str, ...]:
    """Each once."""
    found = tuple(dict.fromkeys(given["label"].split(APART))) if "label" in given else ()
    if len(found) > MOST:
        problems.append(f"label: {len(found)} were given, {MOST} at most")
    for one in found[:MOST]:
        if len(one) > LONGEST or one.startswith("="):
            problems.append(
                f"label: {one!r:.100} must be NAME=VALUE, or NAME for any value, of at most {LONGEST} characters"
            )
    return found
