"""Whether an address of ours can be reached from another machine."""

import ipaddress
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wholelog_base.addresses import Address


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


def stays_here(address: Address) -> bool:
    """Whether only this machine reaches it: a unix socket or the loopback."""
    return isinstance(address, Path) or is_loopback(address[0])
