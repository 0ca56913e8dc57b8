"""The flags of `wholelog run`: those of `docker run`, as far as the API offers what they ask for."""

import argparse
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from wholelog.client.request import Task
from wholelog.errors import UsageProblem

TYPES: Final = ("code_cell", "bash_cell", "algorithm")
_NOT_OFFERED: Final = {
    ("-i", "--interactive", "-t", "--tty", "-it", "-ti"): "a task has no terminal and no input",
    ("-v", "--volume", "--mount"): "a task sees no folder of this machine",
    ("-p", "--publish", "-P", "--publish-all", "--network", "--net"): "the API decides about the network",
    ("--entrypoint", "-u", "--user", "--privileged", "--restart", "--gpus"): "the API has no such thing",
}
_DEFAULT_IMAGE: Final = "-"


class _NotOffered(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option: str | None = None) -> None:
        reason = next(why for options, why in _NOT_OFFERED.items() if option in options)
        parser.error(f"{option}: not offered: {reason}")


def add_run(parser: argparse.ArgumentParser) -> None:
    parser.usage = "wholelog run [FLAGS] IMAGE [COMMAND [ARGUMENT ...]]"
    parser.add_argument("image", nargs="?", metavar="IMAGE", help="- for the default one of the type")
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND", help="absent: the image's own")
    parser.add_argument("--type", choices=TYPES, help="algorithm unless --python or --bash is given")
    script = parser.add_mutually_exclusive_group()
    script.add_argument(
        "--python", metavar="FILE", help="run this source (- for stdin) as a code_cell; IMAGE may be absent"
    )
    script.add_argument(
        "--bash", metavar="FILE", help="run this script (- for stdin) as a bash_cell; IMAGE may be absent"
    )
    parser.add_argument(
        "-e", "--env", action="append", default=[], metavar="NAME[=VALUE]", help="without = as it is here"
    )
    parser.add_argument("--env-file", action="append", default=[], type=Path, metavar="FILE", help="of such lines")
    parser.add_argument(
        "--secret", action="append", default=[], metavar="NAME", help="of a variable: its value is masked in the log"
    )
    parser.add_argument("--cpus", default="", metavar="NUMBER", help="0.5, 2, 500m")
    parser.add_argument("-m", "--memory", default="", metavar="SIZE", help="512m, 2g, 512Mi")
    parser.add_argument("-w", "--workdir", default="", metavar="PATH", help="absolute, in the container")
    parser.add_argument("--upload-path", default="", metavar="PATH", help="where outputs lie, in the container")
    parser.add_argument("--name", default="", metavar="TASK_ID", help="the container is called wholelog-TASK_ID")
    parser.add_argument(
        "-l", "--label", action="append", default=[], metavar="NAME=VALUE", help="by which it and its log are chosen"
    )
    parser.add_argument("--timeout", default="", metavar="TIME", help="stop a run that takes longer: 30s, 10m, 2h")
    parser.add_argument("--retries", default="", metavar="N", help="further runs after one that failed")
    parser.add_argument("--callback-url", default="", metavar="URL", help="told of the end by a POST")
    parser.add_argument("--request-id", default="", metavar="ID", help="the same one again starts nothing twice")
    parser.add_argument("-d", "--detach", action="store_true", help="print the container's id and end")
    parser.add_argument("--rm", action="store_true", help="delete the container at the end; its log stays")
    parser.add_argument(
        "--in-order", action="store_true", help="show nothing before the log is sealed, then all in order"
    )
    parser.add_argument("--print", action="store_true", help="show the request as a line of curl, start nothing")
    parser.add_argument("--raw", action="store_true", help="control characters as they are, on a terminal too")
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    parser.add_argument(
        "--strict", action="store_true", help="exit code 3 where the task's is 0 and the log is not whole"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="only the lines, no word of ours but warnings")
    for options in _NOT_OFFERED:
        parser.add_argument(*options, action=_NotOffered, nargs=0, help=argparse.SUPPRESS)


def task_of(asked: argparse.Namespace, environ: Mapping[str, str], stdin: Any) -> Task:
    """`stdin`: read where a script of `-` asks for it. Raises UsageProblem, OSError."""
    task_type = asked.type or ("code_cell" if asked.python else "bash_cell" if asked.bash else "algorithm")
    image = "" if asked.image in (None, _DEFAULT_IMAGE) else asked.image
    script = asked.python or asked.bash
    if (asked.python and task_type != "code_cell") or (asked.bash and task_type != "bash_cell"):
        raise UsageProblem(f"--type {task_type} goes neither with --python nor --bash of another type")
    if script and asked.words:
        raise UsageProblem(f"{' '.join(asked.words)!r:.60}: a command goes not together with --python or --bash")
    if not script and asked.image is None:
        raise UsageProblem("IMAGE is missing; - stands for the default one of the type")
    return Task(
        type=task_type,
        cmd=_source(script, stdin) if script else _command(task_type, asked.words),
        image=image,
        task_id=asked.name,
        cpu_limit=asked.cpus,
        mem_limit=asked.memory,
        secrets=asked.secret,
        env=[
            *_env_files(asked.env_file, environ),
            *(_variable(one, environ) for one in asked.env if _known(one, environ)),
        ],
        download_path=asked.workdir,
        upload_path=asked.upload_path,
        request_id=asked.request_id,
        labels=dict(map(_label, asked.label)),
        more={"timeout": asked.timeout, "retries": asked.retries, "callback_url": asked.callback_url},
    )


def _command(task_type: str, words: Sequence[str]) -> str:
    if task_type == "algorithm":
        return shlex.join(words)
    if len(words) > 1:
        raise UsageProblem(f"a {task_type} takes its whole source as one argument; put it in quotes")
    return words[0] if words else ""


def _source(file: str, stdin: Any) -> str:
    try:
        return str(stdin.read()) if file == "-" else Path(file).read_text("utf-8")
    except UnicodeDecodeError as error:
        raise UsageProblem(f"{file}: is not UTF-8: {error}") from error


def _env_files(files: Sequence[Path], environ: Mapping[str, str]) -> list[str]:
    """Of lines NAME=VALUE, or NAME for the value it has here; # begins a comment, as with docker run."""
    found = []
    for file in files:
        lines = [line.strip("\r") for line in file.read_text("utf-8").split("\n")]
        given = [line.lstrip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
        found += [_variable(line, environ) for line in given if _known(line, environ)]
    return found


def _label(given: str) -> tuple[str, str]:
    name, _, value = given.partition("=")
    if not value:
        raise UsageProblem(f"--label {given!r:.60}: must be NAME=VALUE")
    return name, value


def _known(given: str, environ: Mapping[str, str]) -> bool:
    return "=" in given or given in environ


def _variable(given: str, environ: Mapping[str, str]) -> str:
    return given if "=" in given else f"{given}={environ[given]}"
