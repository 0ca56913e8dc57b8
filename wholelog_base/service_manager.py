"""Telling systemd, where it started us, that we are up, alive, and ending: sd_notify(3), "NOTIFY_SOCKET"."""

import contextlib
import logging
import socket
from collections.abc import Mapping
from typing import Final

NAME: Final = "NOTIFY_SOCKET"

log = logging.getLogger(__name__)


class ServiceManager:
    """Says nothing where nobody listens. Calls never wait and raise nothing."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        path = environ.get(NAME, "")
        self._address = "\0" + path[1:] if path.startswith("@") else path  # an abstract one

    def ready(self) -> None:
        self._say("READY=1")

    def alive(self) -> None:
        """More often than half of the unit's WatchdogSec."""
        self._say("WATCHDOG=1")

    def stopping(self) -> None:
        self._say("STOPPING=1")

    def _say(self, state: str) -> None:
        if not self._address:
            return
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as connection:
            connection.setblocking(False)
            try:
                connection.sendto(state.encode(), self._address)
            except OSError as error:  # it will act on our silence
                log.debug("the service manager cannot be told %s: %s", state, error)
