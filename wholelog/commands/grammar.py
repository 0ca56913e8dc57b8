"""The flags of the commands that talk to the API."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from log_store.fields import STREAMS
from log_store.problem import STATES
from wholelog.commands.names import EPILOG
from wholelog.commands.run_flags import add_run
from wholelog.terminal.colours import CHOICES
from wholelog.terminal.lines import FORMATS

SHELLS: Final = ("bash", "zsh", "fish")
TASK_TYPES: Final = ("code_cell", "algorithm", "bash_cell")
EXPORT_FORMATS: Final = ("ndjson", "text", "csv")


def add_flags(name: str, parser: argparse.ArgumentParser) -> None:
    """Those of one command; the settings' are not among them."""
    parser.epilog = EPILOG
    _COMMANDS[name](parser)


def _ps(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-a", "--all", action="store_true", help="those that have ended, too")
    _label(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="only their ids")
    parser.add_argument("--no-trunc", action="store_true", help="ids in full")
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table", help="json: an object a line")


def _rm(parser: argparse.ArgumentParser) -> None:
    _containers(parser, "+")
    parser.add_argument("-f", "--force", action="store_true", help="stop those that run")


def _logs(parser: argparse.ArgumentParser) -> None:
    _containers(parser, "*", "id, prefix, name or task id; or a pattern of names such as 'wholelog-train*'")
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the log is sealed")
    parser.add_argument("-n", "--tail", metavar="N", help="only the last so many; all for all")
    parser.add_argument("-r", "--reverse", action="store_true", help="the newest first")
    _selection(parser)
    _whose(parser)
    parser.add_argument("-o", "--output", choices=FORMATS, default="text", help="json: an object a line")
    parser.add_argument("-t", "--timestamps", action="store_true", help="the time before each line")
    parser.add_argument("--show-type", action="store_true", help="the type before each line")
    parser.add_argument("--no-prefix", action="store_true", help="no name before the lines of several containers")
    parser.add_argument("--raw", action="store_true", help="control characters as they are, on a terminal too")
    parser.add_argument("--color", choices=CHOICES, default="auto", help="auto: on a terminal, unless NO_COLOR is set")
    _strict(parser)


def _export(parser: argparse.ArgumentParser) -> None:
    _containers(parser, "?")
    parser.add_argument("--also", action="append", default=[], metavar="CONTAINER", help="with it, in one order")
    parser.add_argument("file", nargs="?", type=Path, help="where to; absent: NAME.ndjson here; - for stdout")
    parser.add_argument("--file", dest="into", type=Path, metavar="FILE", help="the same, where no container is named")
    _selection(parser)
    _whose(parser)
    parser.add_argument("-o", "--output", choices=EXPORT_FORMATS, help="absent: as the file's name ends, else ndjson")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")
    _strict(parser)


def _problems(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("problems", nargs="*", metavar="PROBLEM", help="ids, to show them in full; absent: a list")
    said = parser.add_mutually_exclusive_group()
    said.add_argument("--resolve", action="store_true", help="they are put right; one that is seen again has regressed")
    said.add_argument("--ignore", action="store_true", help="they do not matter: no alert for them")
    said.add_argument("--reopen", action="store_true", help="take that back")
    parser.add_argument("--note", default="", help="why")
    parser.add_argument("--state", action="append", default=[], choices=STATES, help="of the list: only these")
    parser.add_argument("--container", metavar="CONTAINER", default="", help="of the list: only those seen in it")
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table", help="json: an object a line")


def _top(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-d", "--delay", type=_seconds, default=2.0, metavar="SECONDS", help="between two looks")
    parser.add_argument("-n", "--count", type=int, default=0, help="end after so many looks")


def _completion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS)


def _containers(parser: argparse.ArgumentParser, nargs: str | None, what: str = "id, prefix, name or task id") -> None:
    from wholelog.commands.completion import container_names

    name = "container" if nargs in (None, "?") else "containers"
    action = parser.add_argument(name, nargs=nargs, metavar="CONTAINER", help=what)
    action.completer = container_names  # type: ignore[attr-defined]  # argcomplete looks for it


def _selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="TIME", default="", help="from then on: 10m, 2026-11-24T06:00:00Z, seconds")
    parser.add_argument("--until", metavar="TIME", default="", help="up to then")
    parser.add_argument("--type", action="append", default=[], help="only these: error,warning or '>=warning'")
    parser.add_argument(
        "--stream", choices=STREAMS, help="only what was written to it; wholelog: what the service says of the task"
    )
    parser.add_argument("-g", "--grep", metavar="WORDS", default="", help='only messages with these words or "phrases"')
    parser.add_argument("--regex", metavar="EXPRESSION", default="", help="only messages in which this (RE2) is found")


def _whose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task-id", action="append", default=[], metavar="ID", help="all containers of this task")
    parser.add_argument("--task-type", action="append", default=[], choices=TASK_TYPES, help="of tasks of this type")
    parser.add_argument("--uid", action="append", default=[], help="of this user")
    _label(parser)


def _label(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-l", "--label", action="append", default=[], metavar="NAME[=VALUE]", help="with this label; repeated: with all"
    )


def _strict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--strict", action="store_true", help="exit code 3 unless the log is sealed")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.1 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError("must be from 0.1 to 86400 seconds")
    return seconds


_COMMANDS: Final[dict[str, Callable[[argparse.ArgumentParser], None]]] = {
    "run": add_run,
    "ps": _ps,
    "rm": _rm,
    "logs": _logs,
    "export": _export,
    "top": _top,
    "problems": _problems,
    "completion": _completion,
}
