"""Whether an API without authentication can be reached from another machine."""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any


def is_loopback(host: str, resolve: Callable[..., Any] = socket.getaddrinfo) -> bool:
    """Whether all that the host stands for is this machine's loopback; '' and a name that is not known are not."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        pass
    try:
        found = {str(info[4][0]) for info in resolve(host, None, type=socket.SOCK_STREAM)} if host else set()
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(ipaddress.ip_address(one.partition("%")[0]).is_loopback for one in found)


def exposure_problem(access: str, host: str, insists: bool) -> str:
    """'' where it may listen there."""
    if access != "none" or insists or is_loopback(host):
        return ""
    return (
        f"listen: {host!r} can be reached from other machines, and whoever reaches it could start containers here: set access "
        "to tokens or jwt (docs/access.md), or listen_unprotected to true where something else keeps them out"
    )
