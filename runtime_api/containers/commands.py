"""How `cmd` is run, by the type of the task."""

import shlex
from typing import Final

from runtime_api.schemas.task import TaskType

_BASH_ELSE_SH: Final = 'command -v bash >/dev/null 2>&1 && exec bash -c "$1"; exec sh -c "$1"'


def command_lines(task_type: TaskType, cmd: str) -> list[tuple[str, ...]]:
    """What to execute in place of the image's entrypoint and command: the first whose program the image has.

    `cmd` is not empty. A shell's `exec` leaves the process, its signals and its exit code to what it executes.
    """
    if task_type == "code_cell":
        return [("python3", "-u", "-c", cmd), ("python", "-u", "-c", cmd)]
    if task_type == "bash_cell":
        return [("sh", "-c", _BASH_ELSE_SH, "sh", cmd), ("bash", "-c", cmd)]
    return [tuple(shlex.split(cmd))]


def environment(task_type: TaskType, env: tuple[str, ...]) -> tuple[str, ...]:
    """What the caller asked for; Python's output comes as it is printed unless the caller says otherwise."""
    if task_type == "code_cell" and not any(entry.startswith("PYTHONUNBUFFERED=") for entry in env):
        return (*env, "PYTHONUNBUFFERED=1")
    return env
