"""How `cmd` is run, by the type of the task."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from runtime_api.containers import cell_streams
from runtime_api.schemas.task import TaskType

FOLDER: Final = ".wholelog"  # at the container's root; where what does not fit into an argument list lies
_FILE: Final = f"/{FOLDER}/cmd"
LONGEST_IN_LINE: Final = 100_000  # bytes; Linux takes 131,071 in one argument (MAX_ARG_STRLEN)
_BASH_ELSE_SH: Final = 'command -v bash >/dev/null 2>&1 && exec bash -c "$1"; exec sh -c "$1"'
_BASH_ELSE_SH_FILE: Final = f"command -v bash >/dev/null 2>&1 && exec bash {_FILE}; exec sh {_FILE}"
_PLAIN_FILE: Final = f"exec(compile(open('{_FILE}', 'rb').read(), '<string>', 'exec'))"
_ORDERED: Final = "import sys; cell = {}; exec(sys.argv[1], cell); cell['run'](sys.argv[2], globals())"
_ORDERED_FILE: Final = _ORDERED.replace("sys.argv[2]", f"open('{_FILE}', 'rb').read()")


@dataclass(frozen=True, slots=True)
class Command:
    """What to execute in place of the image's entrypoint and command: the first line whose program the image has.

    No line: the image's own. `files`: name below FOLDER -> content, there before the start.
    """

    lines: tuple[tuple[str, ...], ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)


def command_of(task_type: TaskType, cmd: str, *, ordered: bool = True) -> Command:
    """A shell's `exec` leaves the process, its signals and its exit code to what it executes.

    `ordered`: a code cell's stdout and stderr keep their order (cell_streams.py).
    """
    if not cmd:
        return Command()
    if task_type == "algorithm":
        return Command((tuple(shlex.split(cmd)),))
    source = cmd.encode()
    short = len(source) <= LONGEST_IN_LINE
    files = {} if short else {"cmd": source}
    if task_type == "code_cell":
        words = _python_words(cmd, short, ordered)
        return Command((("python3", *words), ("python", *words)), files)
    if short:
        return Command((("sh", "-c", _BASH_ELSE_SH, "sh", cmd), ("bash", "-c", cmd)), files)
    return Command((("sh", "-c", _BASH_ELSE_SH_FILE, "sh"), ("bash", _FILE)), files)


def _python_words(cmd: str, short: bool, ordered: bool) -> tuple[str, ...]:
    if not ordered:
        return ("-u", "-c", cmd if short else _PLAIN_FILE)
    boot = Path(cell_streams.__file__).read_text()
    return ("-u", "-c", _ORDERED, boot, cmd) if short else ("-u", "-c", _ORDERED_FILE, boot)


def environment(task_type: TaskType, env: tuple[str, ...]) -> tuple[str, ...]:
    """What the caller asked for; Python's output comes as it is printed unless the caller says otherwise."""
    if task_type == "code_cell" and not any(entry.startswith("PYTHONUNBUFFERED=") for entry in env):
        return (*env, "PYTHONUNBUFFERED=1")
    return env
