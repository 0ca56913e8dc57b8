"""`task_desc.secrets`: which of its variables hold what must not stand in its log."""

from collections.abc import Sequence
from typing import Any, Final

from runtime_api.schemas.members import Members
from runtime_api.schemas.values import empty
from wholelog_base.secret_files import values_of

MOST: Final = 64
MOST_LINES: Final = 512  # of all their values: each is looked for in every line of the log


def secret_names(desc: Members, env: Sequence[str]) -> tuple[str, ...]:
    """`env`: its variables as they were found to fit. Tells of every problem, and never of a value."""
    value = desc.get("secrets")
    entries: list[Any] = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    entries = [entry for entry in entries if not empty(entry)]
    if value is not None and (not isinstance(value, (str, list)) or len(entries) > MOST):
        desc.problems.add(desc.path("secrets"), value, f"must be a list of at most {MOST} names of variables in env")
        return ()
    known = {entry.partition("=")[0] for entry in env}
    names = []
    for number, entry in enumerate(entries):
        if not isinstance(entry, str) or entry not in known:
            place = desc.path("secrets") if isinstance(value, str) else f"{desc.path('secrets')}[{number}]"
            # Whoever wrote the value in place of the name must not find it in an error.
            desc.problems.say(f"{place}: must be the name of a variable in env")
        else:
            names.append(entry)
    lines = sum(content.count("\n") + 1 for content in values_of(env, names, ()).values())
    if lines > MOST_LINES:
        desc.problems.say(f"{desc.path('secrets')}: their values have {lines} lines; {MOST_LINES} at most")
        return ()
    return tuple(dict.fromkeys(names))
