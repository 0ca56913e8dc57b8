"""Before a start: find out what would only end it, and make its places."""

import os
from collections.abc import Sequence

from log_store.open import open_reader
from log_store.options import store_options
from wholelog.engine_client import engine_socket
from wholelog.places import check_address, check_socket_path, make_data_folder
from wholelog.processes import Loaded


def prepare(loaded: Sequence[Loaded]) -> None:
    """Raises CommandError, LogStoreError, SettingsError; nothing is made where who may call does not fit."""
    for one in loaded:
        check_callers(one)
    for one in loaded:
        _prepare(one)


def _prepare(one: Loaded) -> None:
    open_reader(one.settings.store_url, store_options(one.settings)).close()  # what can be told without a connection
    check_rules(one)
    engine_socket(one.settings.docker_host, os.environ)
    os.umask(0o077)  # logs are this user's alone, in a folder that was there before and may be open too
    make_data_folder(one.settings.data)
    check_socket_path(one.settings.socket_path)
    for name in ("listen", "shipper_listen", "forward_listen"):
        address = getattr(one.settings, name, None)
        if address is not None:
            check_address(address, flag="--" + name.replace("_", "-"))


def check_rules(one: Loaded) -> None:
    """Raises SettingsError where the rules file or the alerts file of the shipper does not fit."""
    if one.part.name == "shipper":
        from log_shipper.alerting.rules_file import read_alerts
        from log_shipper.rules import RuleBook

        RuleBook(one.settings)
        if one.settings.alerts is not None:
            read_alerts(one.settings.alerts)


def check_callers(one: Loaded) -> None:
    """Raises SettingsError where nobody could be told apart as the settings say, or who asks should be and is not.

    Of files with keys too, which say who the service itself is.
    """
    if one.part.name == "api":
        from runtime_api.access.open import check_access
        from runtime_api.key_files import check_key_files

        check_access(one.settings)
        check_key_files(one.settings)
    else:
        from log_shipper.exposure import check_exposure

        check_exposure(one.settings)
