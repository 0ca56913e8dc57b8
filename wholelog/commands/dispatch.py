"""From a parsed command line to the command that talks to the API."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from typing import Final

from wholelog.client.blocking import Client
from wholelog.client.errors import ClientError
from wholelog.client.patience import Retries
from wholelog.client_settings import client_settings, token_of
from wholelog.commands.containers import ps, rm, top
from wholelog.commands.context import Context
from wholelog.commands.export import export
from wholelog.commands.logs import drop_output, logs
from wholelog.commands.names import DONE, FAILED, INTERRUPTED, RUN_FAILED
from wholelog.commands.notices import Notices
from wholelog.commands.problems import problems
from wholelog.commands.run import run

_COMMANDS: Final[Mapping[str, Callable[[Context], int]]] = {
    "run": run,
    "ps": ps,
    "rm": rm,
    "logs": logs,
    "export": export,
    "top": top,
    "problems": problems,
}


def dispatch(asked: argparse.Namespace, flags: Mapping[str, str]) -> int:
    """The exit code. Raises SettingsError, CommandError, OSError."""
    settings = client_settings(flags, os.environ, asked.config)
    told = Notices(lambda text: _say(asked, text))
    retries = Retries(first_contact=False, told=told)
    if settings.retry_for is not None:
        retries = Retries(seconds=settings.retry_for, told=told)
    try:
        with Client(settings.url, token=token_of(settings), retries=retries) as client:
            context = Context(asked, client, settings.url, os.environ, sys.stdin, sys.stdout, sys.stderr)
            return _guarded(context)
    except ClientError as error:
        _say(asked, str(error))
        return RUN_FAILED if asked.command == "run" else FAILED


def _say(asked: argparse.Namespace, text: str) -> None:
    print(f"wholelog {asked.command}: {' '.join(text.split())}", file=sys.stderr, flush=True)


def _guarded(context: Context) -> int:
    try:
        code = _COMMANDS[context.asked.command](context)
        context.stdout.flush()
        return code
    except BrokenPipeError:  # `wholelog logs … | head`
        drop_output(context)
        return DONE
    except KeyboardInterrupt:
        return INTERRUPTED
