"""`tags.labels`: labels of the caller's own, by which containers and their logs are chosen."""

from typing import Final

from runtime_api.schemas.members import Members
from runtime_api.schemas.values import empty
from wholelog_base.user_labels import LONGEST, NAME_PATTERN, name_problem

MOST: Final = 32
PATTERN: Final = NAME_PATTERN


def labels_of(tags: Members) -> tuple[str, ...]:
    """As texts NAME=VALUE, in order. Tells of every problem."""
    value, place = tags.get("labels"), tags.path("labels")
    if value is None:
        return ()
    if not isinstance(value, dict):
        tags.problems.add(place, value, "must be an object of names and texts")
        return ()
    given = {name: one for name, one in value.items() if not empty(one)}
    if len(given) > MOST:
        tags.problems.say(f"{place}: has {len(given)} labels; {MOST} at most")
        return ()
    for name, one in given.items():
        if problem := name_problem(name):
            tags.problems.add(place, name, problem)
        elif not isinstance(one, str):
            tags.problems.add(f"{place}.{name}", one, "must be a string")
        elif not one.isprintable() or len(name) + 1 + len(one) > LONGEST:
            tags.problems.add(
                f"{place}.{name}", one, f"must be printable characters, {LONGEST} at most together with the name and ="
            )
    return tuple(sorted(f"{name}={one}" for name, one in given.items()))
