"""The command line's grammar. Flags are made from the settings; nothing is decided here."""

import argparse
import difflib
import os
from collections.abc import Sequence
from dataclasses import Field
from pathlib import Path
from typing import Any, NoReturn

from log_store.fields import STDOUT, WRITTEN
from wholelog.client_settings import OWN, ClientSettings
from wholelog.commands import completion
from wholelog.commands.grammar import add_flags
from wholelog.commands.names import COMMANDS as CLIENT_COMMANDS
from wholelog.driver_options import FORMATS
from wholelog.processes import all_parts, setting_fields
from wholelog.setting_text import as_text
from wholelog_base.settings import SharedSettings, flag

COMMANDS = {
    **CLIENT_COMMANDS,
    "up": "run the API and the shipper, and keep them running",
    "api": "run the REST API alone",
    "shipper": "run the shipper alone",
    "config": "print every setting, its value and where it came from",
    "check": "try Docker, store, socket and folders, a line each",
    "status": "how the running service is, a line each, with what to do; exit code 1 where something is not well",
    "audit": "ask the shipper whether each container's log is whole; exit code 1 where one is not",
    "classify": "show what lines from standard input become, and which rule decided",
    "reclassify": "apply the rules as they are now to what is stored, for a time range",
    "alerts": "test: say what the rules for alerts would have told of a time range",
    "retention": "show what retention would remove by these settings (logs_for, logs_limit), and what must stay",
    "backup": "copy the store (SQLite), the tasks and what else must outlive the machine, while the service runs",
    "restore": "put a backup into a data folder that holds nothing yet",
    "token": "make a token for a caller of the API: prints it once, and the line for the file that access_tokens names",
    "driver-options": "print the log driver's options for a container of one's own",
    "version": "print the version",
}
_MARK = "setting:"  # before a setting's name in the parsed result, so that no setting can clash with a flag of ours


class _OneLine(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, dict[str, str]]:
    """What was asked, and the flags by setting name. Ends the process with one line a problem and exit code 2."""
    parser = _OneLine(prog="wholelog", description="Containers by REST, and every line they write.", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    parsers = {
        name: commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        for name, text in COMMANDS.items()
    }
    # Only the command that was asked for pays for its flags.
    asks = completion.MARK in os.environ
    asked = next((word for word in (completion.typed() if asks else arguments) if word in parsers), "")
    if asked in CLIENT_COMMANDS:
        add_flags(asked, parsers[asked])
    if asked and asked not in ("version", "completion"):
        _add_settings(parsers[asked], _classes(asked))
    if asked == "driver-options":
        parsers[asked].add_argument(
            "--format", choices=FORMATS, default="run", help="for docker run, compose, or daemon.json"
        )
    if asked == "audit":
        parsers[asked].add_argument("container", nargs="?", default="", help="id, prefix or name; absent: all")
        parsers[asked].add_argument("--repair", action="store_true", help="write all that Docker still has again")
    if asked == "retention":
        parsers[asked].add_argument("--dry-run", action="store_true", help="as without it: the shipper alone removes")
    if asked in ("backup", "restore"):
        parsers[asked].add_argument("folder", type=Path, metavar="FOLDER", help="of the backup")
    if asked == "token":
        _add_token(parsers[asked])
    if asked == "classify":
        _add_classify(parsers[asked])
    if asked == "reclassify":
        _add_reclassify(parsers[asked])
    if asked == "alerts":
        _add_alerts(parsers[asked])
    if asks:
        completion.answer(parser)
    found, unknown = parser.parse_known_args(arguments)
    if unknown:
        _refuse(parsers.get(found.command, parser), unknown)
    if not found.command:
        parser.print_help()
        parser.exit(2)
    flags = {n.removeprefix(_MARK): v for n, v in vars(found).items() if n.startswith(_MARK) and v is not None}
    return found, flags


def _add_classify(parser: argparse.ArgumentParser) -> None:
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--jsonl", action="store_true", help='JSON objects, one a line: {"log": …, "container", "stream", "time_ns"}'
    )
    form.add_argument("--stream", choices=WRITTEN, default=STDOUT, help="what plain lines were written to")
    parser.add_argument(
        "--log-settings",
        metavar="JSON",
        default="",
        help="how to read the lines, as task_desc.log and the label have it",
    )
    parser.add_argument("--each-line", action="store_true", help="join no lines: each is a message")


def _add_token(parser: argparse.ArgumentParser) -> None:
    from runtime_api.access.caller import ROLES

    parser.add_argument("uid", metavar="UID", help="whose it is; their containers carry it")
    parser.add_argument("--role", choices=ROLES, default="user", help="monitor: /metrics alone (default: user)")
    parser.add_argument("--add", action="store_true", help="put the line into the file, and print the token alone")


def _add_reclassify(parser: argparse.ArgumentParser) -> None:
    form = "RFC 3339, an epoch, or so long ago: 2h, 7d"
    parser.add_argument("--from", dest="start", metavar="TIME", required=True, help=form)
    parser.add_argument("--until", dest="end", metavar="TIME", default="0s", help=form + " (default: now)")
    parser.add_argument(
        "--container", metavar="NAME", default="", help="id, its beginning, name or task id; absent: all"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")


def _add_alerts(parser: argparse.ArgumentParser) -> None:
    form = "RFC 3339, an epoch, or so long ago: 2h, 7d"
    parser.add_argument("action", choices=("test",), help="nobody is told of anything")
    parser.add_argument("--from", dest="start", metavar="TIME", required=True, help=form)
    parser.add_argument("--until", dest="end", metavar="TIME", default="0s", help=form + " (default: now)")
    parser.add_argument("--rule", metavar="NAME", default="", help="only this one; absent: all")
    parser.add_argument(
        "--container", metavar="NAME", default="", help="id, its beginning, name or task id; absent: all"
    )


def _classes(command: str) -> list[type]:
    if command in CLIENT_COMMANDS:
        return [ClientSettings]
    if command in ("driver-options", "backup", "restore"):
        return [SharedSettings]
    if command == "token":
        return [part.settings for part in all_parts() if part.name == "api"]
    named = "shipper" if command in ("audit", "classify", "reclassify", "retention", "alerts") else command
    return [part.settings for part in all_parts() if named in ("up", "config", "check", "status", part.name)]


def _add_settings(parser: argparse.ArgumentParser, classes: Sequence[type]) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="TOML file of settings")
    fields: dict[str, Field[Any]] = {}
    for cls in classes:
        own = setting_fields(cls)
        fields.update({name: own[name] for name in OWN} if cls is ClientSettings else own)
    for name, field in fields.items():
        default = as_text(field, field.default)
        text = field.metadata["meaning"] + (f" (default: {default})" if default else "")
        switch = field.metadata["parse"] is flag
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            dest=_MARK + name,
            metavar="true|false" if switch else "VALUE",
            help=text.replace("%", "%%"),
            nargs="?" if switch else None,
            const="true" if switch else None,
        )


def _refuse(parser: argparse.ArgumentParser, unknown: Sequence[str]) -> NoReturn:
    options = [option for action in parser._actions for option in action.option_strings]
    lines = []
    for word in [w for w in unknown if w.startswith("-")] or unknown:
        near = difflib.get_close_matches(word.partition("=")[0], options, 1)
        hint = f"did you mean {near[0]}?" if near else f"see {parser.prog} --help"
        lines.append(
            f"{parser.prog}: {word}: there is no such {'flag' if word.startswith('-') else 'argument'}; {hint}\n"
        )
    parser.exit(2, "".join(lines))
