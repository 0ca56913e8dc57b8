"""The parameters that say which containers: by name, or by what is known of them."""

from typing import Final

from log_store.query import Whose
from log_store.several import MOST_CONTAINERS
from runtime_api.params.labels import read_labels
from runtime_api.params.query import APART
from runtime_api.schemas.task import TASK_TYPES

NAMES: Final = ("container_id", "task_id", "type", "uid", "label")
_CHOOSING: Final = NAMES[:-1]
_LONGEST: Final = 255


def read_container(given: dict[str, str], problems: list[str], name: str = "container_id") -> str:
    """Of a route that is about one container."""
    container = given.get(name, "")
    if not container:
        problems.append(f"{name}: missing; it must be a container's id, an unambiguous prefix of it, or its name")
    _check(name, container, problems)
    return container


def read_whose(given: dict[str, str], problems: list[str]) -> tuple[tuple[str, ...], Whose]:
    """Names of containers as they were given, each once, and what else must be so of each. At least one of all these."""
    found = {name: tuple(dict.fromkeys(given[name].split(APART))) if name in given else () for name in _CHOOSING}
    labels = read_labels(given, problems)
    if not any(found.values()) and "label" not in given:
        problems.append(
            "container_id: missing; it must be a container's id, an unambiguous prefix of it, or its name; several by "
            "repeating it, or all with a task_id, type, uid or label"
        )
    for name, values in found.items():
        for value in values:
            _check(name, value, problems)
    for kind in found["type"]:
        if kind not in TASK_TYPES:
            problems.append(f"type: {kind!r:.60} must be one of {', '.join(TASK_TYPES)}")
    if len(found["container_id"]) > MOST_CONTAINERS:
        problems.append(
            f"container_id: {len(found['container_id'])} were given, at most {MOST_CONTAINERS} are read together"
        )
    return found["container_id"], Whose((), found["task_id"], found["type"], found["uid"], labels)


def _check(name: str, value: str, problems: list[str]) -> None:
    if len(value) > _LONGEST or not value.isprintable():
        problems.append(f"{name}: {value!r:.100} must be at most {_LONGEST} printable characters")
