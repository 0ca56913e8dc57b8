"""Whether whoever should not could reach the API."""

from pathlib import Path

from wholelog_base.addresses import Address
from wholelog_base.loopback import stays_here


def exposure_problem(access: str, address: Address, insists: bool) -> str:
    """'' where it may listen there."""
    if access != "none" or insists or stays_here(address):
        return ""
    host = "" if isinstance(address, Path) else address[0]
    return (
        f"listen: {host!r} can be reached from other machines, and whoever reaches it could start containers here: set access "
        "to tokens or jwt (docs/access.md), listen to an address of 127.0.0.1 or a unix socket (unix:///PATH), or "
        "listen_unprotected to true where something else keeps them out"
    )


def group_problem(address: Address, group: str) -> str:
    """'' where it can be given the socket."""
    if not group or isinstance(address, Path):
        return ""
    return f"listen_group: {group!r} could be given a unix socket alone: set listen to unix:///PATH, or listen_group to nothing"
