"""Completion in the shell: argcomplete asks this program itself, with what has been typed so far."""

import argparse
import os
from typing import Any, Final

_NAME: Final = "wholelog"
MARK: Final = "_ARGCOMPLETE"  # in the environment: a shell asks


def script(shell: str) -> str:
    from argcomplete.shell_integration import shellcode

    return str(shellcode([_NAME], shell=shell))


def typed() -> list[str]:
    """The words on the line that a shell asks about."""
    return os.environ.get("COMP_LINE", "").split()[1:]


def answer(parser: argparse.ArgumentParser) -> None:
    """Tell the shell, and end the process."""
    import argcomplete

    argcomplete.autocomplete(parser, always_complete_options=False)


def container_names(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> list[str]:
    """Of the containers that there are; ids only where one has been begun. Nothing where the API does not answer."""
    from wholelog.client.blocking import Client
    from wholelog.client.errors import ClientError
    from wholelog.client.patience import Retries
    from wholelog.client_settings import client_settings, token_of
    from wholelog_base.settings import SettingsError

    try:
        settings = client_settings({}, os.environ, None)
        with Client(settings.url, token=token_of(settings), retries=Retries(seconds=0)) as client:
            found = client.containers()
    except (ClientError, SettingsError):
        return []
    names = [one.name for one in found if one.name.startswith(prefix)]
    names += [one.task_id for one in found if prefix and one.task_id.startswith(prefix)]
    return names or [one.container_id[:12] for one in found if prefix and one.container_id.startswith(prefix)]
