"""How `cmd` is run, by the type of the task."""

import shlex
from dataclasses import dataclass, field
from typing import Final

from runtime_api.schemas.task import TaskType

FOLDER: Final = ".wholelog"  # at the container's root; where what does not fit into an argument list lies
_FILE: Final = f"/{FOLDER}/cmd"
LONGEST_IN_LINE: Final = 100_000  # bytes; Linux takes 131,071 in one argument (MAX_ARG_STRLEN)
_BASH_ELSE_SH: Final = 'command -v bash >/dev/null 2>&1 && exec bash -c "$1"; exec sh -c "$1"'
_BASH_ELSE_SH_FILE: Final = f"command -v bash >/dev/null 2>&1 && exec bash {_FILE}; exec sh {_FILE}"
_RUN_FILE: Final = f"exec(compile(open('{_FILE}', 'rb').read(), '<string>', 'exec'))"


@dataclass(frozen=True, slots=True)
class Command:
    """What to execute in place of the image's entrypoint and command: the first line whose program the image has.

    No line: the image's own. `files`: name below FOLDER -> content, there before the start.
    """

    lines: tuple[tuple[str, ...], ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)


def command_of(task_type: TaskType, cmd: str) -> Command:
    """A shell's `exec` leaves the process, its signals and its exit code to what it executes."""
    if not cmd:
        return Command()
    if task_type == "algorithm":
        return Command((tuple(shlex.split(cmd)),))
    source = cmd.encode()
    short = len(source) <= LONGEST_IN_LINE
    files = {} if short else {"cmd": source}
    if task_type == "code_cell":
        run = cmd if short else _RUN_FILE
        return Command((("python3", "-u", "-c", run), ("python", "-u", "-c", run)), files)
    if short:
        return Command((("sh", "-c", _BASH_ELSE_SH, "sh", cmd), ("bash", "-c", cmd)), files)
    return Command((("sh", "-c", _BASH_ELSE_SH_FILE, "sh"), ("bash", _FILE)), files)


def environment(task_type: TaskType, env: tuple[str, ...]) -> tuple[str, ...]:
    """What the caller asked for; Python's output comes as it is printed unless the caller says otherwise."""
    if task_type == "code_cell" and not any(entry.startswith("PYTHONUNBUFFERED=") for entry in env):
        return (*env, "PYTHONUNBUFFERED=1")
    return env
